package operation

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts the pages in.
func Mount(d *desk.Desk) {
	at := func(pattern string, roles []workforceapi.Role, h func(http.ResponseWriter, *http.Request, *desk.Desk) error) {
		d.Page(pattern, roles, page.Handler(func(w http.ResponseWriter, r *http.Request) error { return h(w, r, d) }))
	}
	at("GET /stays/{id}/operations", desk.Everybody, operationsPage)
	at("POST /stays/{id}/operations", desk.Doctors, operatePage)
	at("POST /operations/search", desk.Doctors, procedureSearch)
}
