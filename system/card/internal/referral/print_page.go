package referral

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// printPage gives form 057/у or 028/у: ?lang=ky or ru.
func printPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	ref, err := Open(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	lang := page.PaperLang(ctx)
	pdf, err := PDF(text.With(ctx, d.Site.Texts, lang), d, ref)
	if err != nil {
		return err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.Seen(ctx, tx, ref.Patient.PIN, "referral.print", ref.ID)
	})
	if err != nil {
		return err
	}
	return page.ShowPDF(w, ref.Form+"-"+ref.Number+"-"+string(lang)+".pdf", pdf)
}

// PDF sets the form. The QR code leads to the page on which anybody may check it.
func PDF(ctx context.Context, d *desk.Desk, r Referral) ([]byte, error) {
	word := func(key string) string { return text.T(ctx, key) }
	names, err := namesOf(ctx, d)
	if err != nil {
		return nil, err
	}
	p := r.Patient
	details, err := patient.LoadDetails(ctx, d.DB.Read, p.ID)
	if err != nil {
		return nil, err
	}
	doc := document.New(document.Options{
		Title: text.T(ctx, "card.referral.paper_title."+r.Form), Number: Grouped(r.Number), Issuer: names[r.From], // text: card.referral.paper_title.*
		Form: text.T(ctx, "card.referral.paper_form", "Form", r.Form), Subtitle: kindWord(ctx, r.Form, r.Purpose), Lang: text.LangOf(ctx), At: r.WrittenAt,
		Note:   text.T(ctx, "card.referral.paper_note", "Until", text.Date(r.ValidUntil)),
		Person: p.Name(ctx), Stamp: word("card.print.stamp"),
	})
	doc.Rows(
		document.Row{Key: word("card.referral.to"), Value: joinWith(", ", names[r.To], departmentWord(ctx, d, r.To, r.ToDepartment))},
		document.Row{Key: word("card.referral.purpose"), Value: purposeWord(ctx, r.Purpose) + ", " + urgencyWord(ctx, r.Urgency)},
		document.Row{Key: word("card.print.patient"), Value: p.Name(ctx)},
		document.Row{Key: word("card.print.pin"), Value: pin.Grouped(p.PIN)},
		document.Row{Key: word("card.print.born"), Value: joinWith(", ", birthDay(p), p.Age(ctx, clock.DateOf(r.WrittenAt)), p.SexWord(ctx))},
		document.Row{Key: word("card.print.address"), Value: p.Address},
		document.Row{Key: word("card.details.workplace"), Value: details.Workplace},
		document.Row{Key: word("card.print.policy"), Value: p.Policy},
		document.Row{Key: word("card.form.category"), Value: categoryWord(ctx, p.Category, details.Privilege)},
		document.Row{Key: word("card.col.diagnosis"), Value: text.Joined(r.Code, r.Diagnosis)},
		document.Row{Key: word("card.referral.written"), Value: text.Moment(r.WrittenAt)},
		document.Row{Key: word("card.referral.valid"), Value: text.Date(r.ValidUntil)},
	)
	doc.Heading(word("card.referral.reason"))
	doc.Text(r.Reason)
	if r.History != "" {
		doc.Heading(word("card.referral.history"))
		doc.Text(r.History)
	}
	if r.State == Accepted {
		doc.Strong(text.T(ctx, "card.referral.paper_awaited", "At", text.Moment(r.AppointedAt)))
	}
	doc.Signatures(
		document.Signature{Role: joinWith(", ", word("card.referral.doctor"), workforceapi.TitleHere(ctx, r.ByRole)), Name: r.ByName},
		document.Signature{Role: word("card.form.head")},
	)
	if r.Conclusion != "" { // under its own doctor's name, not under that of who asked
		doc.Heading(word("card.referral.conclusion"))
		doc.Text(r.Conclusion)
		steps, err := stepsOf(ctx, d.DB.Read, r.ID)
		if err != nil {
			return nil, err
		}
		s := concluded(steps)
		doc.Text(joinWith(", ", names[r.To], text.Moment(s.At)))
		doc.Signatures(document.Signature{Role: word("card.referral.concluded_by"), Name: s.ByName})
	}
	doc.QR(d.BaseURL+"/check/referral/"+r.CheckCode, word("card.referral.paper_check"), d.BaseURL)
	return doc.PDF()
}

// birthDay is "" where only a year is supposed.
func birthDay(p patient.Patient) string {
	if p.BirthDate.IsZero() {
		return ""
	}
	return text.Date(p.BirthDate)
}

// checked is what anybody may know of a paper in their hand.
type checked struct {
	R    Referral
	From string
	To   string
	Now  time.Time
}

// checkPage says whether a paper is genuine, to whoever holds it: number, form,
// where to, the person's initials and how long it holds; nothing of the illness.
func checkPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	code := r.PathValue("code")
	if len(code) < 20 || len(code) > 100 {
		return fail.New(fail.NotFound, "card.referral.check_none")
	}
	ref, ok, err := one(ctx, d.DB.Read, `r.check_code = $1`, code)
	if err != nil {
		return err
	}
	if !ok {
		return fail.New(fail.NotFound, "card.referral.check_none")
	}
	names, err := namesOf(ctx, d)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, checkView(checked{R: ref, From: names[ref.From], To: names[ref.To], Now: d.Clock.Now()}))
}

// initials are «Ж. Э. А.».
func initials(names ...string) string {
	var parts []string
	for _, n := range names {
		if runes := []rune(n); len(runes) > 0 {
			parts = append(parts, string(runes[0])+".")
		}
	}
	return strings.Join(parts, " ")
}

// categoryWord is that of co-payment with its document, "" without one.
func categoryWord(ctx context.Context, category, document string) string {
	if category == "" {
		return ""
	}
	return text.Joined(patient.CategoryWord(ctx, category), document)
}
