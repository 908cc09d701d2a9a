// Package observation is the temperature sheet of a stay: temperature, pulse,
// pressure, respiration and SpO2, written in one line by a nurse, signed when
// written, drawn as the paper form (MC-1, form 004/у).
package observation

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Vitals are what was measured; zero is not measured.
type Vitals struct {
	Temperature int // tenths of a degree Celsius
	Pulse       int // a minute
	Systolic    int // mmHg
	Diastolic   int // mmHg
	Respiration int // a minute
	Saturation  int // SpO2, per cent
}

// Observation is a line of the sheet in one version.
type Observation struct {
	ID       string
	StayID   string
	Root     string
	Version  int
	Reason   string
	Struck   bool // the line was a mistake
	At       time.Time
	Vitals   Vitals
	ByPIN    string
	ByName   string
	SignedAt time.Time
	Former   []Observation // the newest first
}

func (o Observation) author() string {
	if n := len(o.Former); n > 0 {
		return o.Former[n-1].ByPIN
	}
	return o.ByPIN
}

// Measuring is a new line of the sheet, or with Root a correction.
type Measuring struct {
	Once   string
	Root   string
	Seen   int    // the version that was corrected
	Reason string // of the correction
	Struck bool   // the line was a mistake altogether
	At     time.Time
	Vitals Vitals
}

// Measure writes and signs a line. The same page sent twice is written once; a
// correction is a new version by its author or a head.
func Measure(ctx context.Context, d *desk.Desk, stayID string, in Measuring) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		hold := writing.HoldOpen
		if in.Root != "" {
			hold = writing.Hold
		}
		h, err := hold(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		staff, now, action := desk.Of(ctx), d.Clock.Now(), "observation.write"
		findings := append(h.Moment(in.At, now), in.Vitals.check(in.Struck)...)
		o := Observation{
			ID: in.Once, StayID: stayID, Root: in.Once, Version: 1, At: in.At, Vitals: in.Vitals,
			ByPIN: staff.PIN, ByName: staff.Name, SignedAt: now,
		}
		if in.Root != "" {
			last, err := find(ctx, tx, stayID, in.Root)
			if err != nil {
				return err
			}
			if err := writing.MayCorrect(staff, last.author()); err != nil {
				return err
			}
			if last.ID == in.Once {
				return nil // sent twice
			}
			if last.Version != in.Seen {
				return fail.New(fail.Conflict, "card.history.corrected_meanwhile")
			}
			findings = append(findings, writing.Required("reason", in.Reason)...)
			o.Root, o.Version, o.Reason, o.Struck, action = in.Root, last.Version+1, in.Reason, in.Struck, "observation.correct"
		}
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		if err := insert(ctx, tx, o); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, action, stayID)
	})
}

// check holds the values within what a living person can have. The finding is
// for the field "line".
func (v Vitals) check(struck bool) []fail.Finding {
	if v == (Vitals{}) {
		if struck {
			return nil
		}
		return []fail.Finding{{Field: "line", Key: "card.vitals.empty"}}
	}
	within := func(n, low, high int) bool { return n == 0 || n >= low && n <= high }
	switch {
	case !within(v.Temperature, 250, 450):
		return []fail.Finding{{Field: "line", Key: "card.vitals.temperature_wrong"}}
	case !within(v.Pulse, 10, 300):
		return []fail.Finding{{Field: "line", Key: "card.vitals.pulse_wrong"}}
	case !within(v.Systolic, 30, 300) || !within(v.Diastolic, 10, 200) || v.Systolic != 0 && v.Diastolic >= v.Systolic || (v.Systolic == 0) != (v.Diastolic == 0):
		return []fail.Finding{{Field: "line", Key: "card.vitals.pressure_wrong"}}
	case !within(v.Respiration, 3, 99):
		return []fail.Finding{{Field: "line", Key: "card.vitals.respiration_wrong"}}
	case !within(v.Saturation, 30, 100):
		return []fail.Finding{{Field: "line", Key: "card.vitals.saturation_wrong"}}
	}
	return nil
}
