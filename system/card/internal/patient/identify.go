package patient

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// Identity is who a patient turned out to be.
type Identity struct {
	Person Patient // name, birth date, sex, ПИН or passport; what stays empty is not known
	Ground string  // by what they were recognised
}

// Recognised is one time that it became known who a patient is.
type Recognised struct {
	Was    Patient
	Ground string
	At     int64 // microseconds
	ByName string
}

// When it became known.
func (r Recognised) When() time.Time { return db.Time(r.At) }

// Identify gives a patient without a ПИН the person they turned out to be. All
// that was written of them stays with them, and who they were held for is kept.
// When the ПИН is another patient's, that one's id is given with fail.Conflict
// "card.identify.known": the two are to be merged.
func Identify(ctx context.Context, d *desk.Desk, patientID string, in Identity) (other string, err error) {
	if in.Ground == "" {
		return "", fail.Fields(fail.Finding{Field: "ground", Key: "kit.field.required"})
	}
	if in.Person.PIN != "" {
		if in.Person, err = fromRegister(ctx, d, in.Person); err != nil {
			return "", err
		}
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := lock(ctx, d.DB, tx, patientID)
		if err != nil {
			return err
		}
		if p.MergedInto != "" {
			return fail.New(fail.Conflict, "card.patient.merged_meanwhile")
		}
		if p.PIN != "" {
			return fail.New(fail.Conflict, "card.identify.has_pin")
		}
		if in.Person.PIN != "" {
			known, ok, err := byPIN(ctx, tx, in.Person.PIN)
			if err != nil {
				return err
			}
			if ok {
				other = known.ID
				return fail.New(fail.Conflict, "card.identify.known")
			}
		}
		if err := insertIdentity(ctx, tx, d, p, in.Ground); err != nil {
			return err
		}
		if err := setIdentity(ctx, tx, became(p, in.Person)); err != nil {
			return err
		}
		return d.Seen(ctx, tx, in.Person.PIN, "patient.identify", patientID)
	})
	if db.Unique(err) { // registered between the look and the writing
		known, ok, look := byPIN(ctx, d.DB.Read, in.Person.PIN)
		if look == nil && ok {
			return known.ID, fail.New(fail.Conflict, "card.identify.known")
		}
	}
	return other, err
}

// fromRegister takes what the population register says over what was typed; a
// register that is away or knows nobody leaves the typed.
func fromRegister(ctx context.Context, d *desk.Desk, typed Patient) (Patient, error) {
	person, err := populationapi.Client{Exchange: d.Exchange}.Person(ctx, typed.PIN, desk.Of(ctx).PIN, "treatment")
	switch {
	case err == nil:
		p := ofRegister(typed.PIN, person)
		p.Kind = Citizen
		return p, nil
	case fail.Is(err, fail.NotFound), fail.Is(err, fail.Unavailable), fail.Is(err, fail.BadNeighbor), fail.Is(err, fail.Forbidden):
		if typed.FullName() == "" {
			return typed, fail.Fields(fail.Finding{Field: "family_name", Key: "card.identify.name_required"})
		}
		return typed, nil
	}
	return typed, err
}

// became is the patient with what is known of the person now; what is not said
// stays as it was.
func became(p, person Patient) Patient {
	person.ID, person.Alerts, person.Description = p.ID, p.Alerts, p.Description
	if person.Kind == "" || person.Kind == Nameless {
		person.Kind = Citizen
	}
	if p.Kind == Newborn && person.PIN == "" {
		person.Kind = Newborn // named, the ПИН comes later
	}
	keep := func(now *string, was string) {
		if *now == "" {
			*now = was
		}
	}
	keep(&person.FamilyName, p.FamilyName)
	keep(&person.GivenName, p.GivenName)
	keep(&person.Region, p.Region)
	keep(&person.Address, p.Address)
	keep(&person.Passport, p.Passport)
	keep(&person.Citizenship, p.Citizenship)
	keep(&person.Country, p.Country)
	if person.Sex == Unknown || person.Sex == "" {
		person.Sex = p.Sex
	}
	if person.BirthDate.IsZero() && person.BirthYear == 0 {
		person.BirthDate, person.BirthYear = p.BirthDate, p.BirthYear
	}
	person.Rural = person.Rural || p.Rural && person.Address == p.Address
	person.Insured = person.Insured || p.Insured
	return person
}

func insertIdentity(ctx context.Context, tx *sql.Tx, d *desk.Desk, was Patient, ground string) error {
	content, err := json.Marshal(was)
	if err != nil {
		return err
	}
	staff := desk.Of(ctx)
	return addIdentity(ctx, tx, id.New(), was.ID, string(content), ground, db.Micros(d.Clock.Now()), staff.PIN, staff.Name)
}
