package outside

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

const (
	newest = 6   // lines of the panel
	most   = 300 // lines of the page
)

// May says whether the reader may see what other systems wrote.
func May(ctx context.Context) bool { return desk.Is(ctx, desk.Ward) }

// Mount puts in the page of all that other systems wrote; see May.
func Mount(d *desk.Desk) {
	d.Page("GET /patients/{id}/outside", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return outsidePage(w, r, d) })
}

// view is what other systems wrote about a patient.
type view struct {
	Patient patient.Patient
	Lines   []Line
	Kinds   map[string]int
	Kind    string // that is shown alone, "" for all
}

func (v view) total() int {
	n := 0
	for _, one := range v.Kinds {
		n += one
	}
	return n
}

func (v view) sorted() []string { return slices.Sorted(maps.Keys(v.Kinds)) }

// Panel is what a patient's page shows of it, nothing where there is nothing.
// Give it to patient.Mount.
func Panel(d *desk.Desk) patient.Panel {
	return func(ctx context.Context, p patient.Patient) (templ.Component, error) {
		v, err := open(ctx, d, p, "", newest)
		if err != nil || len(v.Lines) == 0 {
			return templ.NopComponent, err
		}
		return panelView(v), nil
	}
}

// open reads the lines and records that they were shown.
func open(ctx context.Context, d *desk.Desk, p patient.Patient, kind string, limit int) (view, error) {
	v := view{Patient: p, Kind: kind}
	var err error
	if v.Kinds, err = kinds(ctx, d.DB.Read, p.ID, p.PIN); err != nil || len(v.Kinds) == 0 {
		return v, err
	}
	if v.Lines, err = lines(ctx, d.DB.Read, p.ID, p.PIN, kind, limit); err != nil {
		return v, err
	}
	return v, d.Seen(ctx, d.DB.Single(), p.PIN, "outside.read", p.ID)
}

func outsidePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	p, err := patient.Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	v, err := open(ctx, d, p, r.URL.Query().Get("kind"), most)
	if err != nil {
		return err
	}
	if len(v.Lines) == 0 { // open recorded nothing, and the page names the patient
		if err := d.Seen(ctx, d.DB.Single(), p.PIN, "outside.read", p.ID); err != nil {
			return err
		}
	}
	return page.Render(w, r, http.StatusOK, outsideView(v))
}
