package application

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
)

// newest stands for the newest discharge when the list could not be had.
const newest = "newest"

// maxWords bounds what the person writes in a field, in characters.
const maxWords = 1000

func (d *Desk) mountOrder() {
	d.Public("GET /services/{id}/order", d.form)
	d.Page("POST /services/{id}/order", d.send)
}

// orderView is what the form shows.
type orderView struct {
	Service catalogue.Service
	Person  cabinet.Person
	Form    *page.Form
	Heads   []cardapi.Head
	Away    bool // the card did not give the list
}

// form shows the application, filled in from ЕСИ (PT-3), or says to somebody
// not signed in that and why they need to be (PT-2).
func (d *Desk) form(w http.ResponseWriter, r *http.Request) error {
	s, ok := catalogue.Ordered(r.PathValue("id"))
	if !ok {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	p, ok, err := d.Who(r)
	if err != nil {
		return err
	}
	if !ok {
		return page.Render(w, r, http.StatusOK, signInPage(s))
	}
	v := d.view(r.Context(), s, p, page.NewForm("token", id.New()))
	if v.Form.Get("stay") == "" && len(v.Heads) == 1 {
		v.Form.Set("stay", v.Heads[0].Stay)
	}
	return page.Render(w, r, http.StatusOK, orderPage(v))
}

func (d *Desk) view(ctx context.Context, s catalogue.Service, p cabinet.Person, form *page.Form) orderView {
	v := orderView{Service: s, Person: p, Form: form}
	if s.ID != catalogue.DischargeSummary {
		return v
	}
	quick, cancel := context.WithTimeout(ctx, atOnce)
	defer cancel()
	heads, err := d.Card.Summaries(quick, p.PIN)
	if err != nil {
		d.Log.InfoContext(ctx, "the card gave no list of discharges", "system", "portal", "error", err.Error())
		v.Away = true
	}
	v.Heads = heads
	return v
}

func (d *Desk) send(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	s, ok := catalogue.Ordered(r.PathValue("id"))
	if !ok {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	var in Input
	if s.ID == catalogue.DischargeSummary {
		if in.Stay = form.Need("stay", 100); in.Stay == newest {
			in.Stay = ""
		}
	}
	if s.ID == catalogue.DataCorrection {
		in.Wrong, in.Right, in.Lang = form.Need("wrong", maxWords), form.Need("right", maxWords), text.LangOf(r.Context())
	}
	if !form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, orderPage(d.view(r.Context(), s, p, form)))
	}
	applicationID, err := d.Order(r.Context(), p, s.ID, form.Get("token"), in)
	if err != nil {
		return err
	}
	if s.Signature == "" {
		page.Notice(w, "portal.order.sent")
	}
	return page.Redirect(w, r, "/my/applications/"+applicationID)
}

// area is a field in which the person writes.
func area(ctx context.Context, form *page.Form, name, key, hint string) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.Hint, f.MaxLength, f.Rows, f.Wide = text.T(ctx, hint), maxWords, 4, true
	return f
}

// stays are the discharges to choose from.
func stays(ctx context.Context, v orderView) []design.Option {
	if v.Away {
		return []design.Option{{Value: newest, Label: text.T(ctx, "portal.order.newest"), Hint: text.T(ctx, "portal.order.newest_hint"), Selected: true}}
	}
	options := make([]design.Option, 0, len(v.Heads))
	for _, h := range v.Heads {
		options = append(options, design.Option{
			Value: h.Stay, Label: h.OrganisationName.Here(ctx),
			Hint: text.Moment(h.AdmittedAt) + " – " + text.Moment(h.DischargedAt),
		})
	}
	return options
}

// own is what ЕСИ has filled in.
func own(ctx context.Context, p cabinet.Person) []design.Row {
	return []design.Row{
		{Key: text.T(ctx, "portal.doc.name"), Value: p.Name},
		{Key: text.T(ctx, "portal.doc.pin"), Value: pin.Grouped(p.PIN)},
		{Key: text.T(ctx, "portal.profile.email"), Value: p.Email},
		{Key: text.T(ctx, "portal.profile.phone"), Value: p.Phone},
	}
}
