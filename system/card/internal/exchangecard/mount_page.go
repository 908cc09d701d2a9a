package exchangecard

import (
	"net/http"
	"time"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Policy of the jobs of exchange cards: a clinic that is away for days is still
// found again.
var Policy = job.Policy{MaxAttempts: 2000, FirstDelay: 2 * time.Second, MaxDelay: 2 * time.Minute}

// Mount puts in pages and jobs; cards are the other end of the exchange, own is
// the address where a woman finds her card at the portal.
func Mount(d *desk.Desk, cards cardapi.ExchangeCards, own string) {
	at := func(pattern string, roles []workforceapi.Role, h func(http.ResponseWriter, *http.Request, *desk.Desk) error) {
		d.Page(pattern, roles, page.Handler(func(w http.ResponseWriter, r *http.Request) error { return h(w, r, d) }))
	}
	at("GET /antenatal/{id}/card", desk.Ward, cardPage)
	at("POST /antenatal/{id}/card", desk.Ward, givePage)
	at("GET /antenatal/{id}/113.pdf", desk.Ward, printPage)
	at("POST /antenatal/{id}/close", desk.Doctors, closePage)
	at("POST /antenatal/{id}/reopen", desk.Doctors, reopenPage)
	at("GET /tear-offs", desk.Ward, inboxPage)
	at("GET /tear-offs/{root}", desk.Ward, tearOffPage)
	at("POST /tear-offs/{root}", desk.Ward, readPage)
	d.Queue.Handle(noticeJob, Policy, notify(d, messageapi.Client{Exchange: d.Exchange}, own))
	d.Queue.Handle(readJob, Policy, sendRead(cards))
}
