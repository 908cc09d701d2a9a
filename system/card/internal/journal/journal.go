// Package journal is the reception's journal of admissions and refusals, form
// 001/у: who came, who was laid where, who was not and why, and what was done for
// them.
package journal

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
)

// Reasons are why somebody who came was not admitted.
var Reasons = []string{"no_indication", "outpatient", "other_profile", "no_place", "by_patient", "quarantine", "died", "other"}

const (
	mostHours = 720                // since the onset, as of an admission
	lateAfter = 7 * 24 * time.Hour // a refusal is not written later than that
)

// Refusal is who came and was not admitted.
type Refusal struct {
	ID              string
	Patient         string // id
	Kind            string // reception.Planned, Emergency
	At              time.Time
	HoursSinceOnset int
	BroughtBy       string
	Referrer        string
	Code            string // ICD-10
	Text            string
	Reason          string
	ReasonText      string
	Help            string // what was done
	SentTo          string
	Year, Number    int // in the journal
}

// Refuse writes the refusal and gives its number in the journal of the year:
// without gaps and without doubles, however many write at once.
func Refuse(ctx context.Context, d *desk.Desk, r Refusal) (Refusal, error) {
	p, err := patient.Load(ctx, d.DB.Read, r.Patient)
	if err != nil {
		return r, err
	}
	if findings, err := check(ctx, d, &r); err != nil {
		return r, err
	} else if len(findings) > 0 {
		return r, fail.Fields(findings...)
	}
	if r.Kind == reception.Planned {
		r.HoursSinceOnset = 0
	}
	r.ID, r.Year = id.New(), clock.DateOf(r.At).Year
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := reception.Hold(ctx, d.DB, tx, p.ID); err != nil {
			return err
		}
		lies, open, err := reception.OpenStay(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if open && !r.At.Before(lies.AdmittedAt) {
			return fail.New(fail.Conflict, "card.refuse.lies", "At", text.Moment(lies.AdmittedAt))
		}
		if r.Number, err = number.NextOf(ctx, tx, number.Refusals, desk.Of(ctx).Post.Organisation, r.Year); err != nil {
			return err
		}
		if err := insertRefusal(ctx, tx, d.Clock.Now(), r); err != nil {
			return err
		}
		return d.Seen(ctx, tx, p.PIN, "reception.refuse", r.ID)
	})
	return r, err
}

func check(ctx context.Context, d *desk.Desk, r *Refusal) ([]fail.Finding, error) {
	var findings []fail.Finding
	wrong := func(bad bool, field, key string, pairs ...any) {
		if bad {
			findings = append(findings, fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)})
		}
	}
	now := d.Clock.Now()
	wrong(r.Kind != reception.Planned && r.Kind != reception.Emergency, "kind", "kit.field.choose")
	wrong(r.At.IsZero(), "at", "kit.field.required")
	wrong(r.At.After(now), "at", "card.at.future")
	wrong(!r.At.IsZero() && now.Sub(r.At) > lateAfter, "at", "card.refuse.late", "Days", int(lateAfter/(24*time.Hour)))
	wrong(r.HoursSinceOnset < 0 || r.HoursSinceOnset > mostHours, "hours", "card.admit.hours_bounds", "Most", mostHours)
	wrong(!slices.Contains(reception.BroughtBy, r.BroughtBy), "brought_by", "kit.field.choose")
	wrong(!slices.Contains(Reasons, r.Reason), "reason", "kit.field.choose")
	wrong(r.Reason == "other" && r.ReasonText == "", "reason_text", "kit.field.required")
	wrong(strings.TrimSpace(r.Help) == "", "help", "card.refuse.help_required")
	wrong(r.Reason == "other_profile" && r.SentTo == "", "sent_to", "card.refuse.sent_required")
	code, err := d.ICD.Resolve(ctx, r.Code, "")
	if e := fail.As(err); e != nil {
		if e.Kind != fail.Invalid {
			return nil, err
		}
		wrong(true, "diagnosis", e.Key)
		return findings, nil
	}
	if r.Text == "" {
		r.Text = code.Name
	}
	return findings, nil
}

// Wish is what is asked of the journal.
type Wish struct {
	From, Until clock.Date // both included
	What        string     // admitted, refused; "" both
	Kind        string     // planned, emergency; "" both
	Department  string     // 2 digits; "" all
}

// Line is a row of the journal.
type Line struct {
	Patient    patient.Patient
	Stay       string // id, "" of a refusal
	At         time.Time
	Kind       string
	BroughtBy  string
	Referrer   string
	Hours      int
	Department string
	Code, Text string
	Doctor     string
	Discharged time.Time
	Refusal    Refusal // of a refusal
}

// longest is for how many days a journal is asked at once.
const longest = 92

// tidy makes the wish one that can be answered: at most a quarter of a year. If
// nothing is said it is yesterday and today: who is on duty at night goes on with
// the same page after midnight.
func (w Wish) tidy(today clock.Date) Wish {
	if w.Until.IsZero() {
		w.Until = today
		if w.From.IsZero() {
			w.From = clock.DateOf(today.Start().AddDate(0, 0, -1))
		}
	}
	if w.From.IsZero() || w.Until.Before(w.From) {
		w.From = w.Until
	}
	if w.From.DaysUntil(w.Until) > longest {
		w.From = clock.DateOf(w.Until.Start().AddDate(0, 0, -longest))
	}
	return w
}

// Totals count the journal.
type Totals struct{ Admitted, Refused, Planned, Emergency int }

// Count is the journal in numbers.
func Count(lines []Line) Totals {
	var t Totals
	for _, l := range lines {
		if l.Stay == "" {
			t.Refused++
			continue
		}
		t.Admitted++
		if l.Kind == reception.Planned {
			t.Planned++
		} else {
			t.Emergency++
		}
	}
	return t
}
