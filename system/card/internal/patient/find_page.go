package patient

import (
	"context"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Panel is a part of a patient's page that another subject draws.
type Panel func(ctx context.Context, p Patient) (templ.Component, error)

// Mount puts in the pages of patients.
func Mount(d *desk.Desk, panels ...Panel) {
	d.Page("GET /patients", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return listPage(w, r, d) })
	d.Page("POST /patients/find", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return findPage(w, r, d) })
	d.Page("GET /patients/new", desk.Ward, func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, registerView(page.NewForm("kind", Nameless, "sex", ""), ""))
	})
	d.Page("POST /patients/new", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return registerPage(w, r, d) })
	d.Page("POST /countries/search", desk.Everybody, countriesPage)
	d.Page("GET /patients/{id}/identify", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return identifyPage(w, r, d) })
	d.Page("POST /patients/{id}/identify", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return identifiedPage(w, r, d) })
	d.Page("GET /patients/{id}/details", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return detailsPage(w, r, d) })
	d.Page("POST /patients/{id}/details", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return savePage(w, r, d) })
	d.Page("GET /patients/{id}", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return patientPage(w, r, d, panels) })
}

// listPage is the search, and below it whom the doctor treats.
func listPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	mine, err := ofDoctor(ctx, d.DB.Read, staff.Post.Organisation, staff.PIN)
	if err != nil {
		return err
	}
	o, err := d.Directory.Organisation(ctx, staff.Post.Organisation)
	if err != nil {
		return err
	}
	if err := d.SeenAll(ctx, pinsOf(mine), "ward.read"); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, listView(page.NewForm(), mine, o, d.Clock.Now()))
}

func pinsOf(stays []current) []string {
	var pins []string
	for _, s := range stays {
		pins = append(pins, s.Patient.PIN)
	}
	return pins
}

// findPage takes a ПИН, or a surname with or without a birth date. Both are a
// person's data and therefore come in the body, never in an address.
func findPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	asked := ask(form.Text("q", 200))
	switch {
	case asked.pin != "":
		return findByPIN(w, r, d, form, asked.pin)
	case !asked.enough():
		form.Fail("q", "card.find.more")
		return page.Render(w, r, http.StatusUnprocessableEntity, foundView(form, nil, clock.DateOf(d.Clock.Now())))
	}
	ctx := r.Context()
	found, err := byName(ctx, d.DB.Read, asked.name, asked.born, most)
	if err != nil {
		return err
	}
	pins := make([]string, 0, len(found))
	for _, p := range found {
		pins = append(pins, p.PIN)
	}
	if err := d.SeenAll(ctx, pins, "patient.find"); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, foundView(form, found, clock.DateOf(d.Clock.Now())))
}

func findByPIN(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, typed string) error {
	ctx := r.Context()
	number, err := pin.Parse(typed)
	if err != nil {
		form.Fail("q", fail.As(err).Key, pairs(fail.As(err).Args)...)
		return page.Render(w, r, http.StatusUnprocessableEntity, foundView(form, nil, clock.DateOf(d.Clock.Now())))
	}
	p, deceased, err := Find(ctx, d, number)
	switch {
	case fail.Is(err, fail.NotFound):
		return page.Render(w, r, http.StatusOK, registerView(byHand(number), "card.find.not_in_register"))
	case fail.Is(err, fail.Unavailable), fail.Is(err, fail.BadNeighbor), fail.Is(err, fail.Forbidden):
		// The sick do not wait for a register: they are registered by hand.
		d.Log.WarnContext(ctx, "population register not asked", "system", "card", "error", err.Error())
		return page.Render(w, r, http.StatusOK, registerView(byHand(number), "card.find.register_away"))
	case err != nil:
		return err
	}
	if deceased {
		page.Notice(w, "card.find.deceased")
	}
	return page.Redirect(w, r, "/patients/"+p.ID)
}

// byHand is the form of a person whose ПИН is known and nothing else: sex and
// birth date are read from the ПИН.
func byHand(number string) *page.Form {
	born, _ := pin.BirthDate(number)
	return page.NewForm("kind", Citizen, "pin", pin.Grouped(number), "sex", pin.Sex(number), "birth_date", born.String())
}

func pairs(args map[string]any) []any {
	var list []any
	for name, value := range args {
		list = append(list, name, value)
	}
	return list
}

func patientPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, panels []Panel) error {
	ctx := r.Context()
	p, err := Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	if p.MergedInto != "" {
		page.Notice(w, "card.patient.merged")
		return page.Redirect(w, r, "/patients/"+p.MergedInto)
	}
	stays, err := staysOf(ctx, d.DB.Read, p.ID)
	if err != nil {
		return err
	}
	if err := seen(ctx, d, p); err != nil {
		return err
	}
	view := record{Patient: p, Stays: stays, Now: d.Clock.Now(), Names: names(ctx, d, stays), Own: desk.Of(ctx).Post.Organisation}
	view.Ward = d.Directory.PlaceOf(ctx, view.Own).Ward
	view.Admits = slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role)
	if view.Details, err = LoadDetails(ctx, d.DB.Read, p.ID); err != nil {
		return err
	}
	if view.Recognised, err = Identities(ctx, d.DB.Read, p.ID); err != nil {
		return err
	}
	for _, panel := range panels {
		part, err := panel(ctx, p)
		if err != nil {
			return err
		}
		view.Panels = append(view.Panels, part)
	}
	return page.Render(w, r, http.StatusOK, recordView(view))
}

// names are the organisations of the stays, by code.
func names(ctx context.Context, d *desk.Desk, stays []past) map[string]string {
	names := map[string]string{}
	for _, s := range stays {
		if _, ok := names[s.Organisation]; !ok {
			names[s.Organisation] = d.Directory.Name(ctx, s.Organisation).Here(ctx)
		}
	}
	return names
}
