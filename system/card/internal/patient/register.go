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

// Who is registered by hand: nobody knows who they are, or they say it
// themselves (a foreigner, a newborn, or while the register does not answer).
const (
	kindUnknown = "unknown"
	kindKnown   = "known"
)

// oldest is the greatest age in years that is taken for true.
const oldest = 130

// readPerson reads the form of a registration by hand; findings are left in it.
func readPerson(form *page.Form, today clock.Date) Patient {
	p := Patient{
		Sex: form.Choice("sex", Female, Male, Unknown), Insured: false,
		Description: form.Text("description", 2000), Alerts: form.Text("alerts", 1000),
	}
	kind := form.Choice("kind", kindUnknown, kindKnown)
	if age := strings.TrimSpace(form.Get("age")); age != "" {
		years, err := strconv.Atoi(age)
		if err != nil || years < 0 || years > oldest {
			form.Fail("age", "card.register.age", "Most", oldest)
		}
		p.BirthYear = today.Year - years
	}
	if kind == kindUnknown {
		if p.Description == "" {
			form.Fail("description", "card.register.description_required")
		}
		return p
	}
	p.FamilyName, p.GivenName, p.Patronymic = form.Need("family_name", 100), form.Need("given_name", 100), form.Text("patronymic", 100)
	p.Address, p.Citizenship, p.Passport = form.Text("address", 300), form.Text("citizenship", 100), form.Text("passport", 40)
	if form.Get("birth_date") != "" || p.BirthYear == 0 {
		p.BirthDate, p.BirthYear = form.Date("birth_date"), 0
		if today.Before(p.BirthDate) {
			form.Fail("birth_date", "card.register.born_later")
		} else if !p.BirthDate.IsZero() && p.BirthDate.YearsAt(today) > oldest {
			form.Fail("birth_date", "card.register.too_old", "Most", oldest)
		}
	}
	if written := form.Text("pin", 40); written != "" {
		number, err := pin.Parse(written)
		if err != nil {
			form.Fail("pin", fail.As(err).Key, pairs(fail.As(err).Args)...)
		}
		p.PIN, p.Insured = number, true
	}
	return p
}

// alike are people already registered under the same name and birth date: the
// one before the clerk may be one of them.
func alike(ctx context.Context, d *desk.Desk, p Patient) ([]Patient, error) {
	if p.PIN != "" || p.FullName() == "" || p.BirthDate.IsZero() {
		return nil, nil
	}
	return sameName(ctx, d.DB.Read, p)
}
