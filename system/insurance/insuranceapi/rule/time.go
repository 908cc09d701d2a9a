package rule

import (
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// clockSkew is how far a hospital's clock may be ahead of the fund's.
const clockSkew = 10 * time.Minute

func admitted(c insuranceapi.Case, _ Facts) []hit   { return when(c.AdmittedAt.IsZero()) }
func discharged(c insuranceapi.Case, _ Facts) []hit { return when(c.DischargedAt.IsZero()) }

// dated says that both ends of the stay are known.
func dated(c insuranceapi.Case) bool { return !c.AdmittedAt.IsZero() && !c.DischargedAt.IsZero() }

func order(c insuranceapi.Case, _ Facts) []hit {
	return when(dated(c) && !c.DischargedAt.After(c.AdmittedAt), text.Moment(c.AdmittedAt), "→", text.Moment(c.DischargedAt))
}

func future(c insuranceapi.Case, f Facts) []hit {
	return when(c.DischargedAt.After(f.Now.Add(clockSkew)), text.Moment(c.DischargedAt))
}

func tooLong(c insuranceapi.Case, _ Facts) []hit {
	days := clock.DateOf(c.AdmittedAt).DaysUntil(clock.DateOf(c.DischargedAt))
	return when(dated(c) && days > 365, fmt.Sprint(days))
}

func bornAfter(c insuranceapi.Case, _ Facts) []hit {
	born := c.Patient.BirthDate
	return when(!born.IsZero() && !c.AdmittedAt.IsZero() && clock.DateOf(c.AdmittedAt).Before(born), text.Date(born))
}

func tooOld(c insuranceapi.Case, _ Facts) []hit {
	age, ok := Age(c)
	return when(ok && age > 120, text.Date(c.Patient.BirthDate))
}

// Age is the patient's age in years at admission; false when it is not known.
func Age(c insuranceapi.Case) (int, bool) {
	if c.Patient.BirthDate.IsZero() || c.AdmittedAt.IsZero() {
		return 0, false
	}
	return c.Patient.BirthDate.YearsAt(clock.DateOf(c.AdmittedAt)), true
}

// ageDays is the age in days at admission.
func ageDays(c insuranceapi.Case) (int, bool) {
	if c.Patient.BirthDate.IsZero() || c.AdmittedAt.IsZero() {
		return 0, false
	}
	return c.Patient.BirthDate.DaysUntil(clock.DateOf(c.AdmittedAt)), true
}

// BedDays counts the day of admission and the day of discharge as one; a stay
// within one day is one.
func BedDays(from, until time.Time) int {
	return max(1, clock.DateOf(from).DaysUntil(clock.DateOf(until)))
}

func bedDays(c insuranceapi.Case, _ Facts) []hit {
	if !dated(c) {
		return when(c.BedDays < 1, fmt.Sprint(c.BedDays))
	}
	want := BedDays(c.AdmittedAt, c.DischargedAt)
	return when(c.BedDays != want, fmt.Sprint(c.BedDays), "≠", fmt.Sprint(want))
}

func bedDaysOfMoves(c insuranceapi.Case, _ Facts) []hit {
	if len(c.Moves) == 0 {
		return nil
	}
	sum := 0
	for _, m := range c.Moves {
		sum += clock.DateOf(m.From).DaysUntil(clock.DateOf(m.Until))
	}
	sum = max(1, sum)
	return when(c.BedDays != sum, fmt.Sprint(c.BedDays), "≠", fmt.Sprint(sum))
}

func someMove(c insuranceapi.Case, _ Facts) []hit { return when(len(c.Moves) == 0) }

func movesSpan(c insuranceapi.Case, _ Facts) []hit {
	if len(c.Moves) == 0 || !dated(c) {
		return nil
	}
	first, last := c.Moves[0], c.Moves[len(c.Moves)-1]
	return when(!first.From.Equal(c.AdmittedAt) || !last.Until.Equal(c.DischargedAt), text.Moment(first.From), "→", text.Moment(last.Until))
}

func movesJoin(c insuranceapi.Case, _ Facts) []hit {
	var hits []hit
	for i, m := range c.Moves {
		broken := m.Until.Before(m.From)
		if i > 0 {
			broken = broken || !m.From.Equal(c.Moves[i-1].Until)
		}
		hits = append(hits, when(broken, m.Department, text.Moment(m.From))...)
	}
	return hits
}

func lastMove(c insuranceapi.Case, _ Facts) []hit {
	if len(c.Moves) == 0 {
		return nil
	}
	last := c.Moves[len(c.Moves)-1].Department
	return when(last != c.Department, last, "≠", c.Department)
}

func overlap(c insuranceapi.Case, f Facts) []hit {
	if !dated(c) {
		return nil
	}
	var hits []hit
	for _, o := range f.Others {
		hits = append(hits, when(o.AdmittedAt.Before(c.DischargedAt) && c.AdmittedAt.Before(o.DischargedAt), Grouped(o.Number))...)
	}
	return hits
}

// twice is told of a form that came through the exchange and was entered by hand too.
func twice(_ insuranceapi.Case, f Facts) []hit { return when(f.Twice != "", Grouped(f.Twice)) }

func soonAgain(c insuranceapi.Case, f Facts) []hit {
	code, _ := MainCode(c)
	if !dated(c) || len(code) < 3 {
		return nil
	}
	var hits []hit
	for _, o := range f.Others {
		gap := c.AdmittedAt.Sub(o.DischargedAt)
		same := len(o.MainCode) >= 3 && o.MainCode[:3] == code[:3]
		hits = append(hits, when(same && gap >= 0 && gap <= 7*24*time.Hour, Grouped(o.Number))...)
	}
	return hits
}

func noTable(c insuranceapi.Case, f Facts) []hit {
	return when(!c.DischargedAt.IsZero() && !f.Priced, text.Moment(c.DischargedAt))
}

// noGroup is silent while there is not exactly one main diagnosis: that is told already.
func noGroup(c insuranceapi.Case, f Facts) []hit {
	code, ok := MainCode(c)
	return when(ok && f.Priced && !f.Grouped && codeShape.MatchString(code), code)
}
