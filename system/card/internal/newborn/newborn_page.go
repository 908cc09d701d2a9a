package newborn

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// Mount puts in the page of the children born in a stay.
func Mount(d *desk.Desk) {
	d.Page("GET /stays/{id}/newborns", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return listPage(w, r, d) })
	d.Page("POST /stays/{id}/newborns", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return registerPage(w, r, d) })
}

// Panel is what a patient's page shows of births. Give it to patient.Mount.
func Panel(d *desk.Desk) patient.Panel {
	return func(ctx context.Context, p patient.Patient) (templ.Component, error) {
		birth, born, err := OfChild(ctx, d.DB.Read, p.ID)
		if err != nil {
			return nil, err
		}
		children, err := OfMother(ctx, d.DB.Read, p.ID)
		return Ties(children, birth, born), err
	}
}

// births is what the page shows.
type births struct {
	Stay     stay.View
	Children []Child
	Form     *page.Form // nil: every child of the birth is written
	Admits   bool       // the reader may admit a child
}

// listPage begins with the next child: now, and the order after the last. After
// the last of those who were born a further one has to be asked for (?more=1).
func listPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	v, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("born_at", page.InputMoment(d.Clock.Now()), "live", "1", "sex", "", "plurality", "1", "order", "1")
	children, err := OfStay(ctx, d.DB.Read, v.ID)
	if err != nil {
		return err
	}
	if n := len(children); n > 0 {
		last := children[n-1]
		if n >= last.Plurality && r.URL.Query().Get("more") == "" {
			return render(w, r, births{Stay: v, Children: children}, http.StatusOK)
		}
		form.Set("plurality", strconv.Itoa(max(last.Plurality, n+1)))
		form.Set("order", strconv.Itoa(n+1))
	}
	return render(w, r, births{Stay: v, Children: children, Form: form}, http.StatusOK)
}

func render(w http.ResponseWriter, r *http.Request, v births, status int) error {
	v.Admits = slices.Contains(desk.Doctors, desk.Of(r.Context()).Post.Role)
	return page.Render(w, r, status, birthsView(v))
}

func registerPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID := r.Context(), r.PathValue("id")
	b := readBirth(form)
	if form.OK() {
		child, err := Register(ctx, d, stayID, b)
		if err == nil {
			page.Notice(w, "card.newborn.done")
			if child.Patient == "" {
				return page.Redirect(w, r, "/stays/"+stayID+"/newborns")
			}
			return page.Redirect(w, r, "/patients/"+child.Patient)
		}
		if !form.Take(err) {
			return err
		}
	}
	v, err := stay.Read(ctx, d, stayID)
	if err != nil {
		return err
	}
	children, err := OfStay(ctx, d.DB.Read, stayID)
	if err != nil {
		return err
	}
	return render(w, r, births{Stay: v, Children: children, Form: form}, http.StatusUnprocessableEntity)
}

func readBirth(form *page.Form) Birth {
	return Birth{
		BornAt: form.Moment("born_at"), Sex: form.Choice("sex", patient.Female, patient.Male, patient.Unknown),
		Weight: number(form, "weight", 0), Length: number(form, "length", 0),
		Apgar1: number(form, "apgar1", NotSaid), Apgar5: number(form, "apgar5", NotSaid),
		Live:      form.Choice("live", "1", "0") == "1",
		Plurality: number(form, "plurality", 1), Order: number(form, "order", 1), Note: form.Text("note", 1000),
	}
}

// number reads a whole number; nothing typed is what is given.
func number(form *page.Form, name string, nothing int) int {
	typed := strings.TrimSpace(form.Get(name))
	if typed == "" {
		return nothing
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 {
		form.Fail(name, "card.newborn.number")
	}
	return n
}
