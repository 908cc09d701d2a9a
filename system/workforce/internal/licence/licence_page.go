package licence

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/scan"
)

// Pages shows licences and takes new ones.
type Pages struct{ Book Book }

// Mount puts the pages in their places.
func (p Pages) Mount(o *office.Office) {
	const at = "/organisations/{code}/licences"
	o.Own("GET "+at, p.list)
	o.Edited("POST "+at, p.add)
	o.Kept("POST "+at+"/{id}/withdraw", p.withdraw)
	o.Edited("POST "+at+"/{id}/cancel", p.cancel)
}

type view struct {
	o            organisation.Organisation
	all          []Licence
	today        clock.Date
	form         *page.Form
	edits, keeps bool
}

func (p Pages) view(r *http.Request, form *page.Form) (view, error) {
	ctx := r.Context()
	o, err := organisation.Find(ctx, p.Book.DB.Read, r.PathValue("code"), p.Book.Today())
	if err != nil {
		return view{}, err
	}
	m := office.Of(ctx)
	v := view{o: o, today: p.Book.Today(), form: form, edits: m.Edits(o.Code) && !o.Shut, keeps: m.Keeps()}
	v.all, err = Of(ctx, p.Book.DB.Read, o.Code)
	return v, err
}

func (p Pages) list(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r, page.NewForm("licence_kind", "medical"))
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, listPage(v))
}

func (p Pages) add(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, pdf, err := scan.ReadForm(w, r, "scan")
	if err != nil {
		return err
	}
	l := Licence{Organisation: r.PathValue("code"), Number: form.Text("number", 60), Kind: form.Get("licence_kind"), From: form.Date("from")}
	if form.Get("until") != "" {
		l.Until = form.Date("until")
	}
	if !form.OK() {
		form.Findings = append(form.Findings, scan.Wrong("scan", pdf)...)
	}
	if form.OK() {
		err := p.Book.Add(ctx, l, pdf, office.Of(ctx).Actor(l.Organisation))
		if err == nil {
			page.Notice(w, "workforce.licence.done")
			return page.Redirect(w, r, organisation.Address(l.Organisation, "/licences"))
		}
		if !form.Take(err) {
			return err
		}
	}
	v, err := p.view(r, form)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, listPage(v))
}

func (p Pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	code := r.PathValue("code")
	if err := p.Book.Withdraw(ctx, code, r.PathValue("id"), p.Book.Today(), office.Of(ctx).Actor(code)); err != nil {
		return err
	}
	page.Notice(w, "workforce.licence.withdraw_done")
	return page.Redirect(w, r, organisation.Address(code, "/licences"))
}

func (p Pages) cancel(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	code := r.PathValue("code")
	if err := p.Book.Cancel(ctx, code, r.PathValue("id"), office.Of(ctx).Actor(code)); err != nil {
		return err
	}
	page.Notice(w, "workforce.cancel.done")
	return page.Redirect(w, r, organisation.Address(code, "/licences"))
}

var tones = map[State]string{Valid: "done", Soon: "attention", Later: "info", Over: "danger", Withdrawn: "danger"}

func (v view) state(ctx context.Context, l Licence) (label, tone string) {
	s := l.On(v.today)
	return text.T(ctx, "workforce.licence."+string(s)), tones[s] // text: workforce.licence.*
}

func (v view) field(ctx context.Context, name string) design.Field {
	f := design.FieldOf(ctx, v.form, name, "workforce.field."+name)
	f.Autocomplete = "off"
	switch name {
	case "until":
		f.Required, f.Hint = false, text.T(ctx, "workforce.licence.until_hint")
	case "scan":
		f.Required, f.Placeholder, f.Hint = false, ".pdf,application/pdf", text.T(ctx, "workforce.scan.hint", "Count", scan.MaxBytes>>20)
	}
	return f
}

func kindOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, k := range Kinds {
		options = append(options, design.Option{Value: k, Label: text.T(ctx, "workforce.licence.kind."+k)}) // text: workforce.licence.kind.*
	}
	return options
}
