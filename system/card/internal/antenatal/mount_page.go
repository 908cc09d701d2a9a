package antenatal

import (
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts in the pages of a clinic. The exchange card is the room exchangecard's.
func Mount(d *desk.Desk) {
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
}

// clinics are the organisations to which a tear-off may go.
func clinics(all []workforceapi.Organisation) []workforceapi.Organisation {
	return slices.DeleteFunc(slices.Clone(all), func(o workforceapi.Organisation) bool { return !directory.IsClinic(o) })
}
