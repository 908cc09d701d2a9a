// Package monitor watches whether what happens at the bedside gets into the card
// in time (MC-7): admissions and entries, diaries, drafts, form 066/у and what
// the fund sent back. Figures are counts by organisation and department; names
// stand only in the lists of work of those who treat or answer for the patients.
package monitor

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Matters that can fall behind, in the order in which pages show them.
const (
	LateAdmission = "admission" // entered too long after the patient came
	LateEntry     = "entry"     // signed too long after what it tells of
	NoDiary       = "diary"     // lies in bed, and no day's entry
	Draft         = "draft"     // begun and not signed
	FormLate      = "form"      // the fund had no form 066/у in time
	Returned      = "returned"  // sent back by the fund and not corrected
)

// Matters are all of them.
var Matters = []string{NoDiary, Returned, FormLate, Draft, LateAdmission, LateEntry}

// Readers may open the figures of their own organisation.
var Readers = append(slices.Clone(listers), workforceapi.Manager)

// listers open the lists, which name patients.
var listers = []workforceapi.Role{workforceapi.Head, workforceapi.Statistician, workforceapi.Chief}

// Figures are counts of a department, an organisation, a region.
type Figures struct {
	Lying, Admitted, Discharged, Written                         int
	LateAdmission, LateEntry, NoDiary, Draft, FormLate, Returned int
	MeasuredAt                                                   time.Time // the zero time: never
}

// Behind is how much of the matter is behind.
func (f Figures) Behind(matter string) int { return *f.place(matter) }

// Of is what the matter is counted out of.
func (f Figures) Of(matter string) int {
	switch matter {
	case LateAdmission:
		return f.Admitted
	case LateEntry:
		return f.Written
	case NoDiary, Draft:
		return f.Lying
	}
	return f.Discharged
}

// Now is how much waits to be done: late things that are done by now cannot be mended.
func (f Figures) Now() int { return f.NoDiary + f.Draft + f.Returned }

// InTime is the share of forms that the fund had in time, in per cent; ok is
// false when nobody was discharged.
func (f Figures) InTime() (percent int, ok bool) {
	if f.Discharged == 0 {
		return 0, false
	}
	return Share(f.Discharged-f.FormLate, f.Discharged), true
}

// Share is part of whole in whole per cent, 100 only for all of it and 0 only
// for none.
func Share(part, whole int) int {
	switch {
	case whole <= 0 || part <= 0:
		return 0
	case part >= whole:
		return 100
	}
	return min(99, max(1, (part*200+whole)/(whole*2)))
}

func (f *Figures) place(matter string) *int {
	switch matter {
	case LateAdmission:
		return &f.LateAdmission
	case LateEntry:
		return &f.LateEntry
	case NoDiary:
		return &f.NoDiary
	case Draft:
		return &f.Draft
	case FormLate:
		return &f.FormLate
	case Returned:
		return &f.Returned
	}
	return new(int)
}

// Add gives the sum; it was measured when the older part was.
func (f Figures) Add(g Figures) Figures {
	f.Lying, f.Admitted, f.Discharged, f.Written = f.Lying+g.Lying, f.Admitted+g.Admitted, f.Discharged+g.Discharged, f.Written+g.Written
	for _, m := range Matters {
		*f.place(m) += *g.place(m)
	}
	if f.MeasuredAt.IsZero() || g.MeasuredAt.Before(f.MeasuredAt) && !g.MeasuredAt.IsZero() {
		f.MeasuredAt = g.MeasuredAt
	}
	return f
}

// bounds are the moments that the deadlines in force make of now.
type bounds struct {
	now, window, diary, draft, returned time.Time
	admission, entry, form              time.Duration
}

func (d Deadlines) bounds(now time.Time) bounds {
	today := clock.DateOf(now).Start()
	hours := func(code string) time.Duration { return time.Duration(d[code]) * time.Hour }
	return bounds{
		now: now, window: now.AddDate(0, 0, -d[Window]),
		// A whole day without an entry: none today and none on so many days before.
		diary: today.AddDate(0, 0, -d[DiaryDays]), draft: now.Add(-hours(DraftHours)), returned: now.AddDate(0, 0, -d[ReturnDays]),
		admission: hours(AdmissionHours), entry: hours(EntryHours), form: time.Duration(d[FormDays]) * 24 * time.Hour,
	}
}

// Compute counts the organisation now, by department.
func Compute(ctx context.Context, d *desk.Desk, organisation string) (map[string]Figures, error) {
	now := d.Clock.Now()
	deadlines, err := InForce(ctx, d.DB.Read, clock.DateOf(now))
	if err != nil {
		return nil, err
	}
	return compute(ctx, d.DB.Read, organisation, deadlines.bounds(now))
}

// Measure counts the organisation and keeps the figures for pages that show many.
func Measure(ctx context.Context, d *desk.Desk, organisation string) error {
	figures, err := Compute(ctx, d, organisation)
	if err != nil {
		return err
	}
	o, err := d.Directory.Organisation(ctx, organisation)
	if err != nil {
		return err
	}
	for _, department := range o.Departments {
		if _, ok := figures[department.Code]; !ok {
			figures[department.Code] = Figures{MeasuredAt: d.Clock.Now()}
		}
	}
	return keep(ctx, d.DB, organisation, figures)
}
