package referral

import (
	"context"
	"net/http"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// CapacityJob asks other systems for free beds; order it every ten minutes.
const CapacityJob = "referral.capacity"

// Mount puts in the pages, jobs and the service of referrals. mailbox is the
// address of the state mailbox.
func Mount(d *desk.Desk, p *exchangeapi.Provider, mailbox string) {
	notifier := Notifier{Desk: d, Messages: messageapi.Client{Exchange: d.Exchange}, Mailbox: mailbox}
	post := Post{Desk: d, To: To(d.Exchange)}
	d.Queue.Handle(NotifyJob, job.Policy{}, notifier.Notify)
	d.Queue.Handle(ExpireJob, job.Policy{}, Expire(d))
	d.Queue.Handle(HandJob, HandPolicy, post.Hand)
	d.Queue.Handle(CapacityJob, job.Policy{MaxAttempts: 3, FirstDelay: 5 * time.Second}, post.AskCapacity)
	cardapi.ServeReferrals(p, Service{Desk: d})

	with := func(h func(w http.ResponseWriter, r *http.Request, d *desk.Desk) error) page.Handler {
		return func(w http.ResponseWriter, r *http.Request) error { return h(w, r, d) }
	}
	d.Page("GET /referrals", desk.Figures, with(journalPage))
	d.Page("GET /stays/{id}/referrals", desk.Ward, with(ofStayPage))
	d.Page("GET /patients/{id}/referrals/new", desk.Doctors, with(newPage))
	d.Page("POST /patients/{id}/referrals/new", desk.Doctors, with(writePage))
	d.Page("GET /referrals/{id}", desk.Ward, with(referralPage))
	d.Page("POST /referrals/{id}", desk.Doctors, with(answerPage))
	d.Page("GET /referrals/{id}/results", desk.Ward, with(resultsPage))
	d.Page("GET /referrals/{id}/redirect", desk.Doctors, with(redirectPage))
	d.Page("POST /referrals/{id}/redirect", desk.Doctors, with(redirectDoPage))
	d.Page("GET /referrals/{id}/referral.pdf", desk.Ward, with(printPage))
	d.Site.Handle(d.Mux, "GET /check/referral/{code}", with(checkPage))
}

// refusedLately is how long a refusal asks the sender for another way. Later the
// patient has found one or the illness another name.
const refusedLately = 30 * 24 * time.Hour

// Waiting are referrals that ask the reader's department for something, or the
// whole organisation when they have none.
type Waiting struct {
	Received int // to be answered
	Refused  int // sent, refused, and nowhere else referred to since
}

// All is what the navigation counts.
func (w Waiting) All() int { return w.Received + w.Refused }

// Counting asks how many referrals wait.
func Counting(ctx context.Context, d *desk.Desk, w *Waiting) db.Question {
	post := desk.Of(ctx).Post
	return countingNew(post.Organisation, post.Department, d.Clock.Now(), &w.Received, &w.Refused)
}
