package printout

import (
	"context"
	"database/sql"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// Mount puts the printed case history in.
func Mount(d *desk.Desk) {
	d.Page("GET /stays/{id}/history.pdf", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return printPage(w, r, d) })
}

// printPage gives form 003/у: ?lang=ky or ru, ?part= for one of Parts, ?entry=
// for one entry, ?operation= for one operation.
func printPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, query := r.Context(), r.URL.Query()
	part := query.Get("part")
	if part != "" && !slices.Contains(Parts, part) {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	view, err := stay.Find(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	lang := page.PaperLang(ctx)
	pdf, err := PDF(text.With(ctx, d.Site.Texts, lang), d, view, Which{part, query.Get("entry"), query.Get("operation")})
	if err != nil {
		return err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.Seen(ctx, tx, view.Patient.PIN, "history.print", view.ID)
	})
	if err != nil {
		return err
	}
	return page.ShowPDF(w, "003-"+string(lang)+".pdf", pdf)
}
