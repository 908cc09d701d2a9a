package journal

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// printPage gives the journal as form 001/у, ?lang=ky or ru, with the wish of
// the page; opening the book records whom it shows.
func printPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	lang := page.PaperLang(r.Context())
	r = r.WithContext(text.With(r.Context(), d.Site.Texts, lang))
	v, err := open(r, d, "reception.print")
	if err != nil {
		return err
	}
	pdf, err := v.pdf(r.Context())
	if err != nil {
		return err
	}
	return page.ShowPDF(w, "001-"+string(lang)+".pdf", pdf)
}

// pdf sets the journal, who came first on top: a book is read from its beginning.
func (v book) pdf(ctx context.Context) ([]byte, error) {
	doc := document.New(document.Options{
		Title: text.T(ctx, "card.journal.print_title"), Form: text.T(ctx, "card.journal.print_form"), Issuer: v.Organisation.Name.Here(ctx),
		Subtitle: text.Date(v.Wish.From) + " — " + text.Date(v.Wish.Until), Lang: text.LangOf(ctx), At: v.Now, Note: text.Moment(v.Now),
	})
	table := document.Table{Empty: text.T(ctx, "card.journal.none"), Columns: []document.Column{
		{Label: "№"},
		{Label: text.T(ctx, "card.journal.at"), Width: 2.4},
		{Label: text.T(ctx, "card.col.patient"), Width: 5},
		{Label: text.T(ctx, "card.journal.print_came"), Width: 3.4},
		{Label: text.T(ctx, "card.col.diagnosis"), Width: 4},
		{Label: text.T(ctx, "card.journal.outcome"), Width: 4.4},
	}}
	for i := range v.Lines {
		l := v.Lines[len(v.Lines)-1-i]
		person := []string{l.Patient.Name(ctx), "", pin.Grouped(l.Patient.PIN), l.Patient.Address}
		if !l.Patient.BirthDate.IsZero() {
			person[1] = text.Date(l.Patient.BirthDate)
		}
		came := []string{kindWord(ctx, l.Kind), broughtWord(ctx, l.BroughtBy), v.Referrers[l.Referrer]}
		outcome := []string{v.department(ctx, l.Department), l.Doctor}
		if l.Stay == "" {
			outcome = []string{text.T(ctx, "card.journal.refused_line", "Number", l.Refusal.Called(), "Reason", l.why(ctx)), l.Refusal.Help, l.Refusal.SentTo, l.Doctor}
		}
		table.Rows = append(table.Rows, []string{
			strconv.Itoa(i + 1), text.Moment(l.At), strings.Join(slices.DeleteFunc(person, func(s string) bool { return s == "" }), "\n"), known(came), text.Joined(l.Code, l.Text), known(outcome),
		})
	}
	doc.Table(table)
	doc.Text(text.T(ctx, "card.journal.totals", "Admitted", v.Totals.Admitted, "Planned", v.Totals.Planned, "Emergency", v.Totals.Emergency, "Refused", v.Totals.Refused))
	return doc.PDF()
}

// known joins what is known of the parts.
func known(parts []string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, ", ")
}
