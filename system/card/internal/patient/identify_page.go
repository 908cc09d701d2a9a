package patient

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// identifyPage begins with what the card holds the patient for.
func identifyPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	p, err := Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	kind := p.Kind
	if kind == Nameless || kind == Newborn {
		kind = Citizen
	}
	form := page.NewForm("kind", kind, "family_name", p.FamilyName, "given_name", p.GivenName, "patronymic", p.Patronymic, "sex", p.Sex,
		"birth_date", p.BirthDate.String(), "passport", p.Passport, "address", p.Address, "citizenship_text", text.Joined(p.Citizenship, CountryName(ctx, p.Country)))
	if err := seen(ctx, d, p); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, identifyView(p, form, clock.DateOf(d.Clock.Now())))
}

func identifiedPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, today := r.Context(), clock.DateOf(d.Clock.Now())
	p, err := Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	in := Identity{Person: readIdentity(form, today), Ground: form.Need("ground", 500)}
	if form.OK() {
		other, err := Identify(ctx, d, p.ID, in)
		switch {
		case err == nil:
			page.Notice(w, "card.identify.done")
			return page.Redirect(w, r, "/patients/"+p.ID)
		case other != "":
			page.Notice(w, fail.As(err).Key)
			return page.Redirect(w, r, "/merge/compare?a="+other+"&b="+p.ID)
		case !form.Take(err):
			return err
		}
	}
	if err := seen(ctx, d, p); err != nil {
		return err
	}
	form.Arrange("pin", "family_name", "given_name", "patronymic", "birth_date", "age", "sex", "kind", "citizenship", "passport", "address", "ground")
	return page.Render(w, r, http.StatusUnprocessableEntity, identifyView(p, form, today))
}

// readIdentity asks a name only of who has no ПИН: the register knows the others.
func readIdentity(form *page.Form, today clock.Date) Patient {
	p := Patient{Kind: form.Choice("kind", Citizen, Foreigner), Sex: form.Choice("sex", Female, Male, Unknown)}
	if page.Clean(form.Get("family_name")) == "" && page.Clean(form.Get("pin")) != "" {
		readPIN(form, &p)
	} else {
		readNamed(form, today, &p)
	}
	if p.Kind == Foreigner {
		readForeigner(form, &p)
	}
	return p
}

// countriesPage answers POST /countries/search for design.Combobox.
func countriesPage(w http.ResponseWriter, r *http.Request) error {
	type suggestion struct {
		Value string `json:"value"`
		Label string `json:"label"`
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	answer := []suggestion{}
	for _, code := range countriesLike(r.Context(), form.Get("words"), 12) {
		answer = append(answer, suggestion{code, CountryName(r.Context(), code)})
	}
	return page.JSON(w, http.StatusOK, answer)
}
