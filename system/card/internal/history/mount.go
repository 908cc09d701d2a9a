package history

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts the pages of the case history in.
func Mount(d *desk.Desk) {
	at := func(pattern string, roles []workforceapi.Role, h func(http.ResponseWriter, *http.Request, *desk.Desk) error) {
		d.Page(pattern, roles, page.Handler(func(w http.ResponseWriter, r *http.Request) error { return h(w, r, d) }))
	}
	at("GET /stays/{id}", desk.Everybody, historyPage)
	at("POST /stays/{id}/find", desk.Everybody, findPage)
	at("POST /stays/{id}/entries", desk.Doctors, writePage)
	at("POST /stays/{id}/draft", desk.Doctors, draftPage)
	at("POST /stays/{id}/entries/correct", desk.Doctors, correctPage)
}
