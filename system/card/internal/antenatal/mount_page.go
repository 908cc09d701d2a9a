package antenatal

import (
	"net/http"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Policy of the jobs of exchange cards: a clinic that is away for days is still
// found again.
var Policy = job.Policy{MaxAttempts: 2000, FirstDelay: 2 * time.Second, MaxDelay: 2 * time.Minute}

// Mount puts in pages and jobs; cards are the other end of the exchange.
func Mount(d *desk.Desk, cards cardapi.ExchangeCards) {
	at := func(pattern string, roles []workforceapi.Role, h func(http.ResponseWriter, *http.Request, *desk.Desk) error) {
		d.Page(pattern, roles, page.Handler(func(w http.ResponseWriter, r *http.Request) error { return h(w, r, d) }))
	}
	at("GET /antenatal", desk.Ward, listPage)
	at("GET /antenatal/rules", desk.Ward, rulesPage)
	at("GET /patients/{id}/pregnancy", desk.Ward, womanPage)
	at("POST /patients/{id}/pregnancy", desk.Ward, registerPage)
	at("POST /patients/{id}/pregnancy/take-over", desk.Ward, takeOverPage)
	at("GET /antenatal/{id}", desk.Ward, visitsPage)
	at("POST /antenatal/{id}", desk.Ward, visitPage)
	at("GET /antenatal/{id}/registration", desk.Ward, registrationPage)
	at("POST /antenatal/{id}/registration", desk.Ward, correctRegistrationPage)
	at("GET /antenatal/{id}/results", desk.Ward, resultsPage)
	at("POST /antenatal/{id}/results", desk.Ward, resultPage)
	at("GET /antenatal/{id}/card", desk.Ward, cardPage)
	at("POST /antenatal/{id}/card", desk.Ward, givePage)
	at("GET /antenatal/{id}/113.pdf", desk.Ward, printPage)
	at("POST /antenatal/{id}/close", desk.Doctors, closePage)
	at("POST /antenatal/{id}/reopen", desk.Doctors, reopenPage)
	at("GET /tear-offs", desk.Ward, inboxPage)
	at("GET /tear-offs/{root}", desk.Ward, tearOffPage)
	at("POST /tear-offs/{root}", desk.Ward, readPage)
	d.Queue.Handle(noticeJob, Policy, notify(d, messageapi.Client{Exchange: d.Exchange}))
	d.Queue.Handle(readJob, Policy, sendRead(cards))
}

// clinics are the organisations to which a tear-off may go.
func clinics(all []workforceapi.Organisation) []workforceapi.Organisation {
	return slices.DeleteFunc(slices.Clone(all), func(o workforceapi.Organisation) bool { return !directory.IsClinic(o) })
}
