// Package newborn registers the children born in the hospital from the stay of
// their mother, and ties both: the child becomes a patient under the mother's
// surname until they have a name and a ПИН.
package newborn

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// Bounds of what is taken for true.
const (
	lightest, heaviest  = 300, 8000 // grams
	shortest, longest   = 20, 70    // centimetres
	mostTogether        = 9
	worstScore, topMark = 0, 10  // Apgar (V. Apgar, 1953)
	youngest, eldest    = 10, 60 // years of a mother
)

// NotSaid is an Apgar score that nobody took, such as of a child born on the way.
const NotSaid = -1

// Birth is what the maternity ward writes of one child.
type Birth struct {
	BornAt    time.Time
	Sex       string // patient.Female, Male, Unknown
	Weight    int    // grams
	Length    int    // centimetres
	Apgar1    int    // at the first minute, NotSaid
	Apgar5    int    // at the fifth
	Live      bool
	Plurality int // how many were born; 0 is one
	Order     int // of this child among them, from 1; 0 is the first
	Note      string
}

// Child is a birth that was written.
type Child struct {
	Birth
	ID           string
	Patient      string // id of the child as a patient, "" when born dead
	Name         string // "" while they have none
	MotherID     string
	MotherName   string
	MotherStay   string
	Organisation string
	ByName       string
	CreatedAt    time.Time
}

// Score is an Apgar score for a page, "" when nobody took it.
func Score(n int) string {
	if n == NotSaid {
		return ""
	}
	return strconv.Itoa(n)
}

// check says what is wrong with the birth by itself.
func (b Birth) check(mother stay.View, now time.Time) []fail.Finding {
	var findings []fail.Finding
	wrong := func(bad bool, field, key string, pairs ...any) {
		if bad {
			findings = append(findings, fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)})
		}
	}
	wrong(b.BornAt.IsZero(), "born_at", "kit.field.required")
	wrong(b.BornAt.After(now), "born_at", "card.at.future")
	wrong(!b.BornAt.IsZero() && b.BornAt.Before(mother.AdmittedAt.Add(-onTheWay)), "born_at", "card.newborn.before_admission", "At", text.Moment(mother.AdmittedAt))
	wrong(!mother.DischargedAt.IsZero() && b.BornAt.After(mother.DischargedAt), "born_at", "card.newborn.after_discharge", "At", text.Moment(mother.DischargedAt))
	wrong(b.Sex != patient.Female && b.Sex != patient.Male && b.Sex != patient.Unknown, "sex", "kit.field.choose")
	wrong(b.Weight < lightest || b.Weight > heaviest, "weight", "card.newborn.weight_bounds", "Least", lightest, "Most", heaviest)
	wrong(b.Length < shortest || b.Length > longest, "length", "card.newborn.length_bounds", "Least", shortest, "Most", longest)
	for field, score := range map[string]int{"apgar1": b.Apgar1, "apgar5": b.Apgar5} {
		wrong(score != NotSaid && (score < worstScore || score > topMark), field, "card.newborn.apgar_bounds", "Most", topMark)
	}
	wrong(b.Live && b.Apgar1 == 0 && b.Apgar5 == 0, "apgar1", "card.newborn.apgar_live")
	wrong(!b.Live && (b.Apgar1 > 0 || b.Apgar5 > 0), "apgar1", "card.newborn.apgar_still")
	wrong(b.Plurality < 1 || b.Plurality > mostTogether, "plurality", "card.newborn.plurality_bounds", "Most", mostTogether)
	wrong(b.Order < 1 || b.Order > b.Plurality, "order", "card.newborn.order_bounds", "Most", b.Plurality)
	return findings
}

// onTheWay is how long before the admission a child may have been born whom the
// mother brings with her.
const onTheWay = 24 * time.Hour

// Register writes the birth under the mother's stay in the reader's
// organisation and, of a live child, the patient: one child an order, however
// many write it at once. The second is told fail.Conflict "card.newborn.already".
func Register(ctx context.Context, d *desk.Desk, motherStay string, b Birth) (Child, error) {
	v, err := stay.Find(ctx, d, motherStay)
	if err != nil {
		return Child{}, err
	}
	b.Plurality, b.Order = max(b.Plurality, 1), max(b.Order, 1)
	if findings := append(suits(v.Patient, clock.DateOf(b.BornAt)), b.check(v, d.Clock.Now())...); len(findings) > 0 {
		return Child{}, fail.Fields(findings...)
	}
	staff := desk.Of(ctx)
	asked := Child{
		Birth: b, ID: id.New(), MotherID: v.Patient.ID, MotherName: v.Patient.FullName(), MotherStay: v.ID,
		Organisation: v.Organisation, ByName: staff.Name, CreatedAt: d.Clock.Now(),
	}
	var c Child
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		c = asked
		if c.MotherID, err = lockMother(ctx, d.DB, tx, v.ID); err != nil {
			return err
		}
		if b.Live {
			p, _, err := patient.Insert(ctx, tx, ofMother(v.Patient, c, staff))
			if err != nil {
				return err
			}
			c.Patient = p.ID
		}
		if err := insert(ctx, tx, c, staff.PIN); err != nil {
			return err
		}
		return d.Seen(ctx, tx, v.Patient.PIN, "newborn.register", c.ID)
	})
	if db.Unique(err) {
		return Child{}, fail.New(fail.Conflict, "card.newborn.already", "Order", b.Order)
	}
	return c, err
}

// suits says whether the patient of the stay can have given birth. What is not
// known stops nobody.
func suits(mother patient.Patient, on clock.Date) []fail.Finding {
	if mother.Sex == patient.Male {
		return []fail.Finding{{Field: "born_at", Key: "card.newborn.not_woman"}}
	}
	if years := mother.BirthDate.YearsAt(on); !mother.BirthDate.IsZero() && (years < youngest || years > eldest) {
		return []fail.Finding{{Field: "born_at", Key: "card.newborn.mother_age", Args: fail.Args("Years", years)}}
	}
	return nil
}

// ofMother is the child as a patient: the mother's surname and address, and the
// place among several, which tells them apart until they have names.
func ofMother(mother patient.Patient, c Child, staff desk.Staff) patient.Patient {
	p := patient.Patient{
		Kind: patient.Newborn, FamilyName: mother.FamilyName, BirthDate: clock.DateOf(c.BornAt), Sex: c.Sex,
		Region: mother.Region, Address: mother.Address, Rural: mother.Rural, Citizenship: mother.Citizenship, Country: mother.Country,
		Category: "child", CreatedAt: c.CreatedAt, CreatedBy: staff.PIN, Organisation: staff.Post.Organisation,
	}
	if c.Plurality > 1 {
		p.BirthOrder = c.Order
	}
	return p
}
