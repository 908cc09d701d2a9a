package treated

import (
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// alike says that two forms of one hospital, of which one has no ПИН, may be of one
// person, and nothing in them says that they are two. Who has a name is known by it and
// by what another says; of whom there is no name, or of two of whom only the name is
// known, the stay says it.
func alike(a, b insuranceapi.Case) bool {
	nameA, nameB := named(a), named(b)
	if nameA != "" && nameB != "" {
		if nameA != nameB || another(a.Patient, b.Patient) {
			return false
		}
		return !born(a.Patient).IsZero() || !born(b.Patient).IsZero() || oneStay(a, b)
	}
	return !another(a.Patient, b.Patient) && !farApart(a.Patient, b.Patient) && oneStay(a, b)
}

// another says that two forms are of two people: born on two days, of two mothers, or
// of two places among those born together. What one of them does not say tells nobody
// apart; nor does the day of birth of somebody without a name, being a guess.
func another(a, b insuranceapi.Patient) bool {
	bornA, bornB := born(a), born(b)
	if !bornA.IsZero() && !bornB.IsZero() && bornA != bornB && !nameless(a.Name) && !nameless(b.Name) {
		return true
	}
	if rule.WellFormed(a.Mother) && rule.WellFormed(b.Mother) && a.Mother != b.Mother {
		return true
	}
	return a.BirthOrder > 0 && b.BirthOrder > 0 && a.BirthOrder != b.BirthOrder
}

// guessed is by how many years the age of somebody unknown may be guessed wrong.
const guessed = 20

// farApart says that the sexes or the ages, be they guessed, are of two people.
func farApart(a, b insuranceapi.Patient) bool {
	if a.Sex != b.Sex && said(a.Sex) && said(b.Sex) {
		return true
	}
	bornA, bornB := born(a), born(b)
	return !bornA.IsZero() && !bornB.IsZero() && max(bornA.Year-bornB.Year, bornB.Year-bornA.Year) > guessed
}

func said(sex string) bool { return sex == "female" || sex == "male" }

// oneStay says that two forms may be of one stay in the hospital. Of two unknown people
// the day of admission is asked, since a form typed anew is minutes off; where one of
// them is known, the minute, since many known people come on a day. Both say the day of
// discharge alike, or the main diagnosis to its category.
func oneStay(a, b insuranceapi.Case) bool {
	unit := minuteOf
	if unknown(a.Patient) && unknown(b.Patient) {
		unit = dayOf
	}
	if unit(a.AdmittedAt) != unit(b.AdmittedAt) {
		return false
	}
	return dayOf(a.DischargedAt) == dayOf(b.DischargedAt) || (category(a) != "" && category(a) == category(b))
}

// unknown says that neither name nor ПИН nor day of birth tells who this is: a name is
// none by itself, and a day of birth by itself is a guess.
func unknown(p insuranceapi.Patient) bool {
	return p.PIN == "" && (nameless(p.Name) || p.BirthDate.IsZero())
}

func dayOf(t time.Time) string { return clock.DateOf(t).String() }

func minuteOf(t time.Time) string { return t.UTC().Format("2006-01-02T15:04") }

// category is that of the main diagnosis: I21 of I21.0; "" for none.
func category(c insuranceapi.Case) string {
	code, ok := rule.MainCode(c)
	if !ok || len(code) < 3 {
		return ""
	}
	return code[:3]
}

// born is the day of birth that the form says, or else its ПИН; zero for neither.
func born(p insuranceapi.Patient) clock.Date {
	if p.BirthDate.IsZero() && rule.WellFormed(p.PIN) {
		day, _ := pin.BirthDate(p.PIN)
		return day
	}
	return p.BirthDate
}

// nobody is how a hospital writes that it does not know a name, as it is compared.
var nobody = []string{"белгисиз", "неизвестн", "не установлен", "неустановлен", "unknown"}

// nameless says that the form names nobody: it has no name, or says in its place that
// there is none («Неизвестный мужчина»).
func nameless(name string) bool {
	folded := text.Fold(name)
	for _, word := range nobody {
		if strings.HasPrefix(folded, word) {
			return true
		}
	}
	return folded == ""
}

// named is the patient's name as it is compared; "" for none.
func named(c insuranceapi.Case) string {
	if nameless(c.Patient.Name) {
		return ""
	}
	return text.Fold(c.Patient.Name)
}

// person is name and birth date as they are compared; "" unless the form says both.
func person(c insuranceapi.Case) string {
	if named(c) == "" || c.Patient.BirthDate.IsZero() {
		return ""
	}
	return named(c) + "|" + c.Patient.BirthDate.String()
}

// inCommon is the name that both forms bear; "" where they have none in common.
func inCommon(a, b insuranceapi.Case) string {
	if named(a) == named(b) {
		return named(a)
	}
	return ""
}
