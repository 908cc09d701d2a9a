package patient

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// most is how many people a search by name shows.
const most = 30

// Find is the patient of the ПИН. Who is not in the card yet is asked of the
// population register and registered with what it says. fail.NotFound: the
// register knows nobody; fail.Unavailable: it does not answer.
func Find(ctx context.Context, d *desk.Desk, number string) (p Patient, deceased bool, err error) {
	p, ok, err := byPIN(ctx, d.DB.Read, number)
	if err != nil || ok {
		return p, false, err
	}
	person, err := populationapi.Client{Exchange: d.Exchange}.Person(ctx, number, desk.Of(ctx).PIN, "treatment")
	if err != nil {
		return p, false, err
	}
	p, _, err = Register(ctx, d, ofRegister(number, person))
	return p, person.Deceased, err
}

// ofRegister takes over what the register knows; what it does not know stays empty.
func ofRegister(number string, person populationapi.Person) Patient {
	p := Patient{
		PIN: number, FamilyName: person.FamilyName, GivenName: person.GivenName, Patronymic: person.Patronymic,
		BirthDate: person.BirthDate, Sex: person.Sex, Region: person.Address.Region, Address: person.Address.Text,
		Rural: person.Address.Rural, Passport: person.Passport.Series + person.Passport.Number,
		Citizenship: person.Citizenship, Insured: true,
	}
	if p.Sex != Female && p.Sex != Male {
		p.Sex = Unknown
	}
	return p
}

// Register writes a patient, or gives the one who has the ПИН already.
func Register(ctx context.Context, d *desk.Desk, p Patient) (registered Patient, isNew bool, err error) {
	staff := desk.Of(ctx)
	p.CreatedAt, p.CreatedBy, p.Organisation = d.Clock.Now(), staff.PIN, staff.Post.Organisation
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		registered, isNew, err = Insert(ctx, tx, p)
		if err != nil || !isNew {
			return err
		}
		return d.Seen(ctx, tx, p.PIN, "patient.register", registered.ID)
	})
	return registered, isNew, err
}

var dateInQuery = regexp.MustCompile(`\d{1,2}\.\d{1,2}\.\d{4}|\d{4}-\d{2}-\d{2}`)

// question is what was typed into the one search field.
type question struct {
	pin  string     // digits, still to be checked
	name string     // folded beginning of surname, given name, patronymic
	born clock.Date // zero: not given
}

var digits = regexp.MustCompile(`^[\d\s\x{00a0}-]+$`)

func ask(typed string) question {
	typed = strings.TrimSpace(typed)
	if digits.MatchString(typed) && len(dateInQuery.FindString(typed)) != len(typed) {
		return question{pin: typed}
	}
	var q question
	if written := dateInQuery.FindString(typed); written != "" {
		if parts := strings.Split(written, "."); len(parts) == 3 {
			written = pad(parts[0]) + "." + pad(parts[1]) + "." + parts[2]
		}
		q.born, _ = clock.ParseDate(written)
		typed = dateInQuery.ReplaceAllString(typed, " ")
	}
	q.name = text.Fold(strings.Join(strings.FieldsFunc(typed, func(r rune) bool { return r == ' ' || r == ',' || r == '.' }), " "))
	return q
}

func pad(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

// enough says that a search by name would not show half the hospital.
func (q question) enough() bool {
	return utf8.RuneCountInString(q.name) >= 3 || (q.name != "" && !q.born.IsZero())
}
