// Package maternity is what a maternity hospital writes of a birth into form
// 113/у, the exchange card: it opens the card of the antenatal clinic, signs the
// birth and what became of each newborn, and returns the two tear-offs: about
// the woman to her clinic, about each child to the children's clinic (MC-3).
// Newborns themselves are registered by the room newborn.
package maternity

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// What may be chosen.
var (
	Modes        = []string{"spontaneous", "induced", "vacuum", "forceps", "breech", "caesarean_planned", "caesarean_urgent"}
	MotherStates = []string{"discharged", "transferred", "died"}
	Feedings     = []string{"", "breast", "mixed", "formula"}
	ChildStates  = []string{"alive", "died"} // of a child born alive, when it leaves
)

// Kinds of signed parts.
const (
	birthPart   = "birth"
	newbornPart = "newborn"
)

// onTheWay is how long before the admission a child may have been born.
const onTheWay = 24 * time.Hour

// mostLoss bounds the blood loss in millilitres.
const mostLoss = 15_000

// Confinement is a stay for a birth.
type Confinement struct {
	Stay     stay.View
	Card     *cardapi.ExchangeCard // nil: none was opened
	Basis    string
	OpenedAt time.Time
	OpenedBy string
	Birth    *antenatal.Signed[cardapi.Birth]
	Children []newborn.Child
	Details  map[string]antenatal.Signed[cardapi.Newborn] // by id of the child
	Sent     []Sent
}

// Sent is a tear-off in its newest version and how far it has come.
type Sent struct {
	cardapi.TearOff
	About       string
	DeliveredAt time.Time
	ReadAt      time.Time
	ReadName    string
}

// sentAbout is the tear-off of the kind about the child; nil: none yet.
func (c Confinement) sentAbout(kind, about string) *Sent {
	for i := range c.Sent {
		if c.Sent[i].Kind == kind && c.Sent[i].About == about {
			return &c.Sent[i]
		}
	}
	return nil
}

// Read loads a confinement for a page and records the access.
func Read(ctx context.Context, d *desk.Desk, stayID string) (Confinement, error) {
	v, err := stay.Read(ctx, d, stayID)
	if err != nil {
		return Confinement{}, err
	}
	return load(ctx, d.DB.Read, v)
}

// OpenCard opens the woman's exchange card through the exchange: by the code
// that she shows, or because she was admitted. What came is kept with the stay;
// opening it again brings it up to date. A card of another woman is not shown.
func OpenCard(ctx context.Context, d *desk.Desk, cards cardapi.ExchangeCards, stayID, code string) error {
	v, err := stay.Find(ctx, d, stayID)
	if err != nil {
		return err
	}
	if v.State != stay.Open {
		return fail.New(fail.Conflict, "card.history.closed", "At", text.Moment(v.DischargedAt))
	}
	q := cardapi.CardQuery{Basis: cardapi.BasisAdmission, PIN: v.Patient.PIN, Organisation: v.Organisation, Stay: v.ID}
	if code != "" {
		q = cardapi.CardQuery{Basis: cardapi.BasisShown, Code: code, Organisation: v.Organisation, Stay: v.ID}
	}
	card, err := cards.OpenCard(ctx, q)
	if err != nil {
		return err
	}
	if v.Patient.PIN != "" && card.Mother.PIN != v.Patient.PIN {
		return fail.Fields(fail.Finding{Field: "code", Key: "card.maternity.another_woman"})
	}
	return keep(ctx, d, v.ID, v.Patient.PIN, q.Basis, card)
}

func keep(ctx context.Context, d *desk.Desk, stayID, pin, basis string, card cardapi.ExchangeCard) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := writing.HoldOpen(ctx, d, tx, stayID); err != nil {
			return err
		}
		if err := keepCard(ctx, tx, stayID, card, basis, desk.Of(ctx), d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, pin, "maternity.open_card", stayID)
	})
}

// WriteBirth signs how the pregnancy ended in this stay, or a correction of it.
func WriteBirth(ctx context.Context, d *desk.Desk, stayID string, w antenatal.Writing, in cardapi.Birth) error {
	return write(ctx, d, stayID, birthPart, "", w, func(tx *sql.Tx, h writing.Held) (any, []fail.Finding, error) {
		c, err := cardOf(ctx, tx, stayID)
		if err != nil {
			return nil, nil, err
		}
		if c != nil && !in.EndedAt.IsZero() {
			in.Days = c.DatedFrom.DaysUntil(clock.DateOf(in.EndedAt))
		}
		return in, checkBirth(in, h, d.Clock.Now()), nil
	})
}

func checkBirth(in cardapi.Birth, h writing.Held, now time.Time) []fail.Finding {
	var findings []fail.Finding
	wrong := func(bad bool, field, key string, pairs ...any) {
		if bad {
			findings = append(findings, fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)})
		}
	}
	findings = append(findings, writing.OneOf("ending", in.Ending, exchangecard.Endings)...)
	findings = append(findings, writing.OneOf("mother_state", in.MotherState, MotherStates)...)
	first := gestation.MilestoneOn(gestation.BirthFrom, clock.DateOf(now)).Days
	wrong(in.BloodLoss < 0 || in.BloodLoss > mostLoss, "blood_loss", "card.antenatal.unlikely")
	wrong(in.Days < 0 || in.Days > gestation.MilestoneOn(gestation.Longest, clock.DateOf(now)).Days, "weeks", "card.antenatal.unlikely")
	if in.Ending == exchangecard.EndingUndelivered {
		return findings
	}
	wrong(in.EndedAt.IsZero(), "ended_at", "kit.field.required")
	wrong(in.EndedAt.After(now), "ended_at", "card.antenatal.day_future")
	wrong(!in.EndedAt.IsZero() && in.EndedAt.Before(h.AdmittedAt.Add(-onTheWay)), "ended_at", "card.maternity.before_admission", "At", text.Moment(h.AdmittedAt))
	wrong(!h.DischargedAt.IsZero() && in.EndedAt.After(h.DischargedAt), "ended_at", "card.history.at_after_discharge", "At", text.Moment(h.DischargedAt))
	wrong(!in.LabourAt.IsZero() && in.LabourAt.After(in.EndedAt), "labour_at", "card.maternity.labour_after")
	if in.Ending == exchangecard.EndingBirth {
		findings = append(findings, writing.OneOf("mode", in.Mode, Modes)...)
		wrong(in.Days != 0 && in.Days < first, "ending", "card.antenatal.loss_not_birth", "Weeks", first/7)
	}
	wrong(in.Ending == exchangecard.EndingMiscarriage && in.Days >= first, "ending", "card.antenatal.birth_not_loss", "Weeks", first/7)
	if in.Anaesthesia != "" {
		findings = append(findings, writing.OneOf("anaesthesia", in.Anaesthesia, operation.Anaesthesia)...)
	}
	return findings
}

// WriteNewborn signs what became of a child that was born alive: feeding,
// vaccinations, screening, how it left. What its registration knows is taken
// from there.
func WriteNewborn(ctx context.Context, d *desk.Desk, stayID, childID string, w antenatal.Writing, in cardapi.Newborn) error {
	return write(ctx, d, stayID, newbornPart, childID, w, func(tx *sql.Tx, _ writing.Held) (any, []fail.Finding, error) {
		child, err := childOf(ctx, tx, stayID, childID)
		if err != nil {
			return nil, nil, err
		}
		return facts(child, in), checkNewborn(in, child, clock.DateOf(d.Clock.Now())), nil
	})
}

func childOf(ctx context.Context, tx *sql.Tx, stayID, childID string) (newborn.Child, error) {
	children, err := newborn.OfStay(ctx, tx, stayID)
	if err != nil {
		return newborn.Child{}, err
	}
	for _, c := range children {
		if c.ID == childID && c.Live {
			return c, nil
		}
	}
	return newborn.Child{}, fail.New(fail.NotFound, "card.maternity.no_child")
}

// facts fills in what the registration of the newborn knows.
func facts(c newborn.Child, in cardapi.Newborn) cardapi.Newborn {
	in.Patient, in.BornAt, in.Order, in.Sex = c.Patient, c.BornAt, c.Order, c.Sex
	in.WeightG, in.LengthCM, in.Apgar1, in.Apgar5 = c.Weight, c.Length, c.Apgar1, c.Apgar5
	in.Name = c.Name
	if !c.Live {
		in.State = "stillborn"
	} else if in.State == "" {
		in.State = "alive"
	}
	return in
}

func checkNewborn(in cardapi.Newborn, child newborn.Child, today clock.Date) []fail.Finding {
	findings := writing.OneOf("child_state", in.State, ChildStates)
	findings = append(findings, writing.OneOf("feeding", in.Feeding, Feedings)...)
	born := clock.DateOf(child.BornAt)
	for field, day := range map[string]clock.Date{"bcg": in.BCG, "hepatitis_b": in.HepatitisB, "screening": in.Screening, "left_on": in.LeftOn} {
		switch {
		case day.IsZero():
		case day.Before(born):
			findings = append(findings, fail.Finding{Field: field, Key: "card.maternity.before_birth", Args: fail.Args("Day", text.Date(born))})
		case today.Before(day):
			findings = append(findings, fail.Finding{Field: field, Key: "card.antenatal.day_future"})
		}
	}
	if in.HeadCM != 0 && (in.HeadCM < 15 || in.HeadCM > 60) {
		findings = append(findings, fail.Finding{Field: "head", Key: "card.antenatal.unlikely"})
	}
	if in.LeftWeightG != 0 && (in.LeftWeightG < 300 || in.LeftWeightG > 9000) {
		findings = append(findings, fail.Finding{Field: "left_weight", Key: "card.antenatal.unlikely"})
	}
	return findings
}

// write signs a part of the confinement; content checks it within the lock. A
// first version needs an open stay and stands alone: who writes it at the same
// time is told. Corrections are the author's or a head's, also after the stay.
func write(ctx context.Context, d *desk.Desk, stayID, kind, about string, w antenatal.Writing, content func(*sql.Tx, writing.Held) (any, []fail.Finding, error)) error {
	if err := writing.CheckOnce(w.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		w := w // what is filled in is of this run alone
		hold := writing.HoldOpen
		if w.Root != "" {
			hold = writing.Hold
		}
		h, err := hold(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		if known, err := partExists(ctx, tx, w.Once); err != nil || known {
			return err // sent twice
		}
		body, findings, err := content(tx, h)
		if err != nil {
			return err
		}
		last, author, root, err := lastPart(ctx, tx, stayID, kind, about)
		if err != nil {
			return err
		}
		action := "maternity." + kind
		switch {
		case root != w.Root || last != w.Seen:
			return fail.New(fail.Conflict, "card.history.corrected_meanwhile")
		case w.Root == "":
			w.Root, w.Reason = w.Once, ""
		default:
			if err := writing.MayCorrect(desk.Of(ctx), author); err != nil {
				return err
			}
			findings = append(findings, writing.Required("reason", w.Reason)...)
			action += "_correct"
		}
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		if err := begin(ctx, tx, stayID); err != nil {
			return err
		}
		if err := insertPart(ctx, tx, stayID, kind, about, w, last+1, body, desk.Of(ctx), d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, action, stayID)
	})
}
