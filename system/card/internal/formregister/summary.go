package formregister

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
)

// Sum is a department's month, or all of them together.
type Sum struct {
	Department string // "" for the total
	Beds       int
	Admitted   int // into the hospital, in the month
	// The rest is of the valid forms of the month of discharge.
	Forms, Discharged, Transferred, Died int
	BedDays                              int
	Results                              map[string]int // of form.Results
	Classes                              map[string]int // chapters of ICD-10
	// PatientDays are nights in bed in the month, whoever was discharged when.
	PatientDays int
	// WithoutForm are discharges of the month that have no valid form.
	WithoutForm int
}

func newSum(department string) Sum {
	return Sum{Department: department, Results: map[string]int{}, Classes: map[string]int{}}
}

// add counts a row of the register.
func (s *Sum) add(r Row) {
	s.Forms++
	switch r.Outcome {
	case "died":
		s.Died++
	case "transferred":
		s.Transferred++
	default:
		s.Discharged++
	}
	if r.Result != "" {
		s.Results[r.Result]++
	}
	s.BedDays += r.BedDays()
	s.Classes[Class(r.Code)]++
}

func (s *Sum) join(o Sum) {
	s.Beds, s.Admitted, s.Forms = s.Beds+o.Beds, s.Admitted+o.Admitted, s.Forms+o.Forms
	s.Discharged, s.Transferred, s.Died = s.Discharged+o.Discharged, s.Transferred+o.Transferred, s.Died+o.Died
	s.BedDays, s.PatientDays, s.WithoutForm = s.BedDays+o.BedDays, s.PatientDays+o.PatientDays, s.WithoutForm+o.WithoutForm
	for k, n := range o.Results {
		s.Results[k] += n
	}
	for k, n := range o.Classes {
		s.Classes[k] += n
	}
}

// tenths is a ratio in tenths; ok is false when there is nothing to divide by.
func tenths(part, whole, scale int) (n int, ok bool) {
	if whole == 0 {
		return 0, false
	}
	return (part*scale*20 + whole) / (whole * 2), true
}

// MeanStay in tenths of a day.
func (s Sum) MeanStay() (int, bool) { return tenths(s.BedDays, s.Forms, 1) }

// Lethality in tenths of a per cent.
func (s Sum) Lethality() (int, bool) { return tenths(s.Died, s.Forms, 100) }

// Occupancy in tenths of a per cent, of the beds over the days.
func (s Sum) Occupancy(days int) (int, bool) { return tenths(s.PatientDays, s.Beds*days, 100) }

// Month is the summary of a month.
type Month struct {
	Month       string // 2026-11
	Days        int    // of it that have begun
	Departments []Sum
	Total       Sum
	Past        []Past // the year up to this month
}

// MonthOf is the summary of the month in the reader's organisation; a head sees
// the own department.
func MonthOf(ctx context.Context, d *desk.Desk, first clock.Date) (Month, error) {
	organisation := desk.Of(ctx).Post.Organisation
	start := clock.Date{Year: first.Year, Month: first.Month, Day: 1}.Start()
	end := start.AddDate(0, 1, 0)
	m := Month{Month: clock.DateOf(start).String()[:7]}
	f := own(ctx, Filter{From: clock.DateOf(start), Until: clock.DateOf(end.AddDate(0, 0, -1))})
	sums := map[string]*Sum{}
	of := func(department string) *Sum {
		if sums[department] == nil {
			s := newSum(department)
			sums[department] = &s
		}
		return sums[department]
	}
	o, err := d.Directory.Organisation(ctx, organisation)
	if err != nil {
		return m, err
	}
	for _, department := range o.Departments {
		of(department.Code).Beds = len(department.Beds)
	}
	for after := ""; ; {
		found, err := rows(ctx, d.DB.Read, organisation, f, after, batch)
		if err != nil {
			return m, err
		}
		for _, r := range found {
			if r.State != Void {
				of(r.Department).add(r)
			}
		}
		if len(found) < batch {
			break
		}
		after = found[len(found)-1].cursor()
	}
	counted, err := counts(ctx, d.DB.Read, organisation, start, end)
	if err != nil {
		return m, err
	}
	for department, c := range counted {
		of(department).Admitted, of(department).WithoutForm = c.admitted, c.withoutForm
	}
	now := d.Clock.Now()
	until := end
	if now.Before(end) {
		until = now
	}
	m.Days = max(0, clock.DateOf(start).DaysUntil(clock.DateOf(until)))
	if now.Before(end) && !now.Before(start) {
		m.Days++ // the day that goes on
	}
	spans, err := moves(ctx, d.DB.Read, organisation, start, end)
	if err != nil {
		return m, err
	}
	for _, s := range spans {
		of(s.department).PatientDays += nights(s.from, s.until, start, until)
	}
	for _, s := range sums {
		if f.Department == "" || f.Department == s.Department {
			m.Departments = append(m.Departments, *s)
		}
	}
	slices.SortFunc(m.Departments, func(a, b Sum) int { return cmp.Compare(a.Department, b.Department) })
	if m.Past, err = pastOf(ctx, d.DB.Read, organisation, f.Department, clock.DateOf(start)); err != nil {
		return m, err
	}
	m.Total = newSum("")
	for _, s := range m.Departments {
		m.Total.join(s)
	}
	return m, nil
}

// nights are the midnights that a time in a department has within the bounds;
// the zero until is: still there.
func nights(from, until, start, end time.Time) int {
	if until.IsZero() || until.After(end) {
		until = end
	}
	if from.Before(start) {
		from = start
	}
	if !until.After(from) {
		return 0
	}
	return clock.DateOf(from).DaysUntil(clock.DateOf(until))
}

// Classes are the chapters of ICD-10 in order; "" is no diagnosis.
var Classes = []string{"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx", "xxi", "xxii", ""}

// letters are the chapters of the letters that belong to one alone (WHO, ICD-10).
var letters = map[byte]string{
	'A': "i", 'B': "i", 'C': "ii", 'E': "iv", 'F': "v", 'G': "vi", 'I': "ix", 'J': "x", 'K': "xi", 'L': "xii", 'M': "xiii", 'N': "xiv",
	'O': "xv", 'P': "xvi", 'Q': "xvii", 'R': "xviii", 'S': "xix", 'T': "xix", 'V': "xx", 'W': "xx", 'X': "xx", 'Y': "xx", 'Z': "xxi", 'U': "xxii",
}

// Class is the chapter of a code; D and H are parted between two.
func Class(code string) string {
	if len(code) < 3 {
		return ""
	}
	switch {
	case code[0] == 'D' && code[1] < '5':
		return "ii"
	case code[0] == 'D':
		return "iii"
	case code[0] == 'H' && code[1] < '6':
		return "vii"
	case code[0] == 'H':
		return "viii"
	}
	return letters[code[0]]
}

// results that stand in a column each.
var results = form.Results
