// Package history shows what was changed in an organisation, by whom, with the
// values before and after.
package history

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

// Pages shows changes.
type Pages struct {
	DB    *db.DB
	Clock clock.Clock
}

// Mount puts the page in its place: the management's and the register's keepers'.
func (p Pages) Mount(o *office.Office) {
	o.Edited("GET /organisations/{code}/changes", p.list)
}

func (p Pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := organisation.Find(ctx, p.DB.Read, r.PathValue("code"), clock.DateOf(p.Clock.Now()))
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	changes, err := change.Of(ctx, p.DB.Read, o.Code, before, change.PageSize)
	if err != nil {
		return err
	}
	prev := ""
	if before != "" {
		prev = organisation.Address(o.Code, "/changes")
	}
	return page.Render(w, r, http.StatusOK, listPage(o, change.Shown(changes), prev, change.Next(r, changes)))
}
