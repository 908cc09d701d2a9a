// Package patient keeps the people whom the hospital treats: found by ПИН, by
// name and birth date, or registered as unknown.
package patient

import (
	"context"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Sexes as the database, FHIR and the fund name them.
const (
	Female  = "female"
	Male    = "male"
	Unknown = "unknown"
)

// Patient is one person.
type Patient struct {
	ID           string
	PIN          string // "" for an unknown person, a newborn, a foreigner
	FamilyName   string
	GivenName    string
	Patronymic   string
	BirthDate    clock.Date
	BirthYear    int // by estimate, when there is no birth date; 0: none
	Sex          string
	Region       string // СОАТЕ
	Address      string
	Rural        bool
	Passport     string
	Citizenship  string
	Insured      bool
	Policy       string
	Category     string // of co-payment
	Alerts       string // allergies and the like, one a line
	Description  string // of an unknown person
	CreatedAt    time.Time
	CreatedBy    string
	Organisation string
	Kind         string // Citizen, Foreigner, Nameless, Newborn
	Country      string // of a foreigner, ISO 3166-1 alpha-2
	BirthOrder   int    // of a newborn without a name among several; 0: alone
	MergedInto   string // id of the patient who is this one; "" stands alone
	PolicyFrom   clock.Date
	PolicyUntil  clock.Date
}

// Categories of co-payment as clerks know them; which of them is freed from
// what is the fund's to say.
var Categories = []string{"", "child", "pensioner", "pregnant", "disabled", "veteran", "low_income"}

// FullName is surname, given name, patronymic; "" for a nameless person.
func (p Patient) FullName() string {
	return text.Joined(p.FamilyName, p.GivenName, p.Patronymic)
}

// Name is FullName, or the words for a newborn or an unknown person.
func (p Patient) Name(ctx context.Context) string {
	if p.Kind == Newborn && p.GivenName == "" {
		return p.newbornName(ctx)
	}
	if name := p.FullName(); name != "" {
		return name
	}
	switch p.Sex {
	case Female:
		return text.T(ctx, "card.patient.unknown_woman")
	case Male:
		return text.T(ctx, "card.patient.unknown_man")
	}
	return text.T(ctx, "card.patient.unknown_person")
}

// SexWord is the sex in the reader's language.
func (p Patient) SexWord(ctx context.Context) string {
	switch p.Sex {
	case Female:
		return text.T(ctx, "card.sex.female")
	case Male:
		return text.T(ctx, "card.sex.male")
	}
	return text.T(ctx, "card.sex.unknown")
}

// Age is «66 лет», «5 месяцев», «12 дней» on the day given, «около 40 лет» by
// estimate, "" when nothing is known.
func (p Patient) Age(ctx context.Context, on clock.Date) string {
	if p.BirthDate.IsZero() {
		if p.BirthYear == 0 {
			return ""
		}
		return text.T(ctx, "card.patient.about_years", "Count", max(0, on.Year-p.BirthYear))
	}
	years := p.BirthDate.YearsAt(on)
	if years > 0 {
		return text.T(ctx, "card.patient.years", "Count", years)
	}
	months := (on.Year-p.BirthDate.Year)*12 + int(on.Month) - int(p.BirthDate.Month)
	if on.Day < p.BirthDate.Day {
		months--
	}
	if months > 0 {
		return text.T(ctx, "card.patient.months", "Count", months)
	}
	return text.T(ctx, "card.patient.days", "Count", max(0, p.BirthDate.DaysUntil(on)))
}

// AlertLines are the alerts, one each.
func (p Patient) AlertLines() []string {
	var lines []string
	for line := range strings.SplitSeq(p.Alerts, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Address is the patient's page, "" for a reader who may not open it.
func Address(ctx context.Context, id string) string {
	if !desk.Is(ctx, desk.Ward) {
		return ""
	}
	return "/patients/" + id
}

// Banner is the patient as the top of a page shows them; a stay adds bed, day
// and doctor.
func (p Patient) Banner(ctx context.Context, today clock.Date) design.Patient {
	return design.Patient{
		Name: p.Name(ctx), Age: p.Age(ctx, today), Sex: p.SexWord(ctx), PIN: pin.Grouped(p.PIN),
		Alerts: append(p.marks(ctx), p.AlertLines()...), Href: Address(ctx, p.ID),
	}
}

// marks stand before the alerts: who is not known must not be mistaken.
func (p Patient) marks(ctx context.Context) []string {
	if word := p.KindWord(ctx); word != "" && p.Kind != Foreigner && (p.Kind == Nameless || p.Kind == Newborn) {
		return []string{word}
	}
	return nil
}

// Disagreements are the keys of sentences about what the ПИН and the person's
// own data say differently: a warning, never a refusal (FACTS, ПИН).
func (p Patient) Disagreements() []string {
	var keys []string
	if p.PIN == "" {
		return nil
	}
	if sex := pin.Sex(p.PIN); sex != "" && p.Sex != Unknown && sex != p.Sex {
		keys = append(keys, "card.patient.pin_sex")
	}
	if born, ok := pin.BirthDate(p.PIN); ok && !p.BirthDate.IsZero() && born != p.BirthDate {
		keys = append(keys, "card.patient.pin_birth_date")
	}
	return keys
}
