// Package round is the day of a ward: what is due to each patient and who has
// had it, the measurements of the whole ward on one page, and what one shift
// hands over to the next (MC-1).
package round

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Lying is a patient of the ward with the bed.
type Lying struct {
	ward.Lying
	Bed string // "" without one
}

// Patients of the department in the order of the beds, those without a bed last.
func Patients(ctx context.Context, d *desk.Desk, department string) ([]Lying, error) {
	organisation := desk.Of(ctx).Post.Organisation
	beds, unbedded, err := ward.Floor(ctx, d, organisation, department)
	if err != nil {
		return nil, err
	}
	var all []Lying
	for _, b := range beds {
		if b.Taken != nil {
			all = append(all, Lying{*b.Taken, b.Name})
		}
	}
	for _, l := range unbedded {
		all = append(all, Lying{l, ""})
	}
	return all, nil
}

// Due is a dose and whose it is.
type Due struct {
	order.Dose
	Patient Lying
}

// Key names the dose in a form.
func (d Due) Key() string { return d.Order.ID + "." + dueWord(d) }

// Today is what is due in the department.
type Today struct {
	Waiting  []Due // nobody has marked them, by the hour
	Done     []Due // marked
	Standing []Due // orders in force that have no hour: diet, regime, when needed
}

// A ward's night has two dates: a dose of late evening is given after midnight, and
// that of midnight is made ready before it.
const (
	overnight = 12 * time.Hour // how long a dose of yesterday that nobody marked still waits
	soon      = time.Hour      // how far ahead the round looks when it does not show the whole day
)

// DueAt gathers what is due in the department at the moment: the day, what was left
// of the evening before, and what the next hour brings after midnight.
func DueAt(ctx context.Context, d *desk.Desk, department string, patients []Lying, now time.Time) (Today, error) {
	var today Today
	day, eve, morrow := clock.DateOf(now), clock.DateOf(now.Add(-24*time.Hour)), clock.DateOf(now.Add(24*time.Hour))
	orders, err := order.InForce(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, department, eve.Start())
	if err != nil {
		return today, err
	}
	for _, p := range patients {
		for _, dose := range order.Doses(orders[p.StayID], eve) {
			if dose.Mark == nil && now.Sub(dose.Due) <= overnight {
				today.Waiting = append(today.Waiting, Due{dose, p})
			}
		}
		for _, dose := range order.Doses(orders[p.StayID], day) {
			if dose.Mark == nil {
				today.Waiting = append(today.Waiting, Due{dose, p})
			} else {
				today.Done = append(today.Done, Due{dose, p})
			}
		}
		for _, dose := range order.Doses(orders[p.StayID], morrow) {
			if dose.Mark == nil && dose.Due.Before(now.Add(soon)) {
				today.Waiting = append(today.Waiting, Due{dose, p})
			}
		}
		for _, o := range orders[p.StayID] {
			over := !o.LastDay.IsZero() && o.LastDay.Before(day)
			if len(o.Hours) == 0 && o.EndedAt.IsZero() && !over {
				today.Standing = append(today.Standing, Due{order.Dose{Order: o}, p})
			}
		}
	}
	// A dose whose order was ended before its hour is due no longer.
	today.Waiting = slices.DeleteFunc(today.Waiting, func(due Due) bool { return !due.Order.EndedAt.IsZero() })
	byHour := func(a, b Due) int { return a.Due.Compare(b.Due) }
	slices.SortStableFunc(today.Waiting, byHour)
	slices.SortStableFunc(today.Done, byHour)
	return today, nil
}

// Note is what the next shift must know of a patient.
type Note struct {
	Body   string
	At     time.Time
	ByName string
}

// Tell writes a note for the next shift. Notes are added, never changed.
func Tell(ctx context.Context, d *desk.Desk, stayID, once, body string) error {
	if err := writing.CheckOnce(once); err != nil {
		return err
	}
	if err := writing.Invalid(writing.Required("body", body)); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		if err := insertNote(ctx, tx, once, stayID, body, desk.Of(ctx), d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "handover.note", stayID)
	})
}

// shift is how far back a handover looks.
const shift = 24 * time.Hour

// State is a patient as one shift hands them over to the next.
type State struct {
	Patient Lying
	Notes   []Note // of the last day, the newest first
	Vitals  *observation.Observation
	Waiting []Due    // not marked though due
	Refused []Due    // not given, with the reason
	Asked   []string // requests without an answer
}

// Handover is the list of the department.
func Handover(ctx context.Context, d *desk.Desk, department string) ([]State, error) {
	patients, err := Patients(ctx, d, department)
	if err != nil {
		return nil, err
	}
	now := d.Clock.Now()
	today, err := DueAt(ctx, d, department, patients, now)
	if err != nil {
		return nil, err
	}
	organisation := desk.Of(ctx).Post.Organisation
	notes, err := notesOf(ctx, d.DB.Read, organisation, department, now.Add(-shift))
	if err != nil {
		return nil, err
	}
	asked, err := asked(ctx, d.DB.Read, organisation, department)
	if err != nil {
		return nil, err
	}
	last, err := observation.LastOf(ctx, d.DB.Read, organisation, department)
	if err != nil {
		return nil, err
	}
	var all []State
	for _, p := range patients {
		s := State{Patient: p, Notes: notes[p.StayID], Asked: asked[p.StayID]}
		if o, ok := last[p.StayID]; ok {
			s.Vitals = &o
		}
		for _, due := range today.Waiting {
			if due.Patient.StayID == p.StayID && due.Due.Before(now) {
				s.Waiting = append(s.Waiting, due)
			}
		}
		for _, due := range today.Done {
			if due.Patient.StayID == p.StayID && !due.Mark.Given {
				s.Refused = append(s.Refused, due)
			}
		}
		all = append(all, s)
	}
	return all, nil
}
