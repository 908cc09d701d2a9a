package exchangecard

import (
	"context"
	"database/sql"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// printPage gives form 113/у: ?lang=ky or ru, ?part= for one of Parts.
func printPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	record, err := antenatal.Load(ctx, d.DB.Read, r.PathValue("id"), desk.Of(ctx).Post.Organisation)
	if err != nil {
		return err
	}
	p, err := paperOf(ctx, d, record)
	if err != nil {
		return err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.Seen(ctx, tx, record.Patient.PIN, "antenatal.print", record.ID)
	})
	if err != nil {
		return err
	}
	return Print(w, r, d, p, record.Organisation)
}

// Print sends the paper; issuer is the organisation that prints it.
func Print(w http.ResponseWriter, r *http.Request, d *desk.Desk, p Paper, issuer string) error {
	part := r.URL.Query().Get("part")
	if part != "" && !slices.Contains(Parts, part) {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	lang := page.PaperLang(r.Context())
	pdf, err := p.in(r.Context(), d, lang, issuer, part)
	if err != nil {
		return err
	}
	return page.ShowPDF(w, "113-"+string(lang)+".pdf", pdf)
}

// paperOf is the form of a record as it stands: with the code that opens it, and
// what the hospital returned.
func paperOf(ctx context.Context, d *desk.Desk, r antenatal.Record) (Paper, error) {
	card := r.Card()
	p := Paper{Card: &card, At: d.Clock.Now()}
	codes, err := codesOf(ctx, d.DB.Read, r.ID)
	if err != nil {
		return p, err
	}
	if len(codes) > 0 && r.State == antenatal.Open {
		p.Show = ShowAddress(d.BaseURL, codes[0].Code)
	}
	returned, err := tearOffsOf(ctx, d.DB.Read, r.ID)
	if err == nil && len(returned) > 0 {
		p.Mother = &returned[0].TearOff
	}
	return p, err
}

// in sets the paper, or a part of it, in a language; issuer is who prints it.
func (p Paper) in(ctx context.Context, d *desk.Desk, lang text.Lang, issuer, part string) ([]byte, error) {
	ctx = text.With(ctx, d.Site.Texts, lang)
	p.Names = antenatal.Names(ctx, d)
	p.Issuer = p.Names[issuer]
	return p.PDF(ctx, part)
}
