package patient

import (
	"context"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// oldest is the greatest age in years that is taken for true.
const oldest = 130

// readPerson reads the form of a registration by hand: nobody knows who they are,
// or they say it themselves (a foreigner, or a citizen whose ПИН is not at hand).
// Findings are left in the form.
func readPerson(form *page.Form, today clock.Date) Patient {
	p := Patient{
		Kind: form.Choice("kind", Nameless, Foreigner, Citizen), Sex: form.Choice("sex", Female, Male, Unknown),
		Description: form.Text("description", 2000), Alerts: form.Text("alerts", 1000),
	}
	if age := strings.TrimSpace(form.Get("age")); age != "" {
		years, err := strconv.Atoi(age)
		if err != nil || years < 0 || years > oldest {
			form.Fail("age", "card.register.age", "Most", oldest)
		}
		p.BirthYear = today.Year - years
	}
	if p.Kind == Nameless {
		if p.Description == "" {
			form.Fail("description", "card.register.description_required")
		}
		return p
	}
	readNamed(form, today, &p)
	if p.Kind == Foreigner {
		readForeigner(form, &p)
	}
	return p
}

// readNamed reads what is asked of everybody with a name.
func readNamed(form *page.Form, today clock.Date, p *Patient) {
	p.FamilyName, p.GivenName, p.Patronymic = form.Need("family_name", 100), form.Need("given_name", 100), form.Text("patronymic", 100)
	p.Address, p.Citizenship, p.Passport = form.Text("address", 300), form.Text("citizenship_text", 100), form.Text("passport", 40)
	if form.Get("birth_date") != "" || p.BirthYear == 0 {
		p.BirthDate, p.BirthYear = form.Date("birth_date"), 0
		if today.Before(p.BirthDate) {
			form.Fail("birth_date", "card.register.born_later")
		} else if !p.BirthDate.IsZero() && p.BirthDate.YearsAt(today) > oldest {
			form.Fail("birth_date", "card.register.too_old", "Most", oldest)
		}
	}
	readPIN(form, p)
}

func readPIN(form *page.Form, p *Patient) {
	written := form.Text("pin", 40)
	if written == "" {
		return
	}
	number, err := pin.Parse(written)
	if err != nil {
		form.Fail("pin", fail.As(err).Key, pairs(fail.As(err).Args)...)
	}
	p.PIN, p.Insured = number, true
}

// readForeigner: known by the passport of a country, never by a ПИН.
func readForeigner(form *page.Form, p *Patient) {
	var ok bool
	if p.Country, ok = Country(p.Citizenship); !ok {
		form.Fail("citizenship", "card.register.country")
	}
	p.Citizenship = ""
	if p.Passport == "" {
		form.Fail("passport", "card.register.passport_required")
	}
	if p.PIN != "" {
		form.Fail("pin", "card.register.foreigner_pin")
	}
}

// alike are people already registered under the same name and birth date: the
// one before the clerk may be one of them.
func alike(ctx context.Context, d *desk.Desk, p Patient) ([]Patient, error) {
	if p.PIN != "" || p.FullName() == "" || p.BirthDate.IsZero() {
		return nil, nil
	}
	return sameName(ctx, d.DB.Read, p)
}
