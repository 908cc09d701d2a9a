package find

import (
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

// dateValue is a date of a search with its prefix: the moments from low up to,
// not with, high that the date as it was written can mean.
type dateValue struct {
	prefix    string // eq, ne, lt, gt, le, ge, sa, eb, ap
	low, high time.Time
}

var prefixes = []string{"eq", "ne", "lt", "gt", "le", "ge", "sa", "eb", "ap"}

// readDate reads a date with an optional prefix. Without a zone the date is one
// of Bishkek. day says that only a year, month or day makes sense.
func readDate(s string, day bool, now time.Time) (dateValue, bool) {
	d := dateValue{prefix: "eq"}
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			d.prefix, s = p, rest
			break
		}
	}
	// A "+" of a zone that was not escaped in the URL arrives as a space.
	if strings.Contains(s, "T") {
		s = strings.Replace(s, " ", "+", 1)
	}
	for _, form := range []struct {
		layout string
		timed  bool
		end    func(time.Time) time.Time
	}{
		{"2006", false, func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01", false, func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006-01-02", false, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01-02T15:04", true, func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04Z07:00", true, func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04:05", true, func(t time.Time) time.Time { return t.Add(time.Second) }},
		{"2006-01-02T15:04:05Z07:00", true, func(t time.Time) time.Time { return t.Add(time.Second) }},
	} {
		t, err := time.ParseInLocation(form.layout, s, clock.Bishkek)
		if err != nil {
			continue
		}
		if day && form.timed || t.Year() < 1800 || t.Year() > 2400 {
			return d, false
		}
		d.low, d.high = t, form.end(t)
		if fraction := t.Nanosecond(); fraction != 0 {
			// Go reads fractions of a second whatever the layout: such a value
			// means that very microsecond.
			d.low = t.Truncate(time.Microsecond)
			d.high = d.low.Add(time.Microsecond)
		}
		if d.prefix == "ap" { // a tenth of the distance from now, says the specification
			slack := now.Sub(d.low).Abs() / 10
			d.low, d.high = d.low.Add(-slack), d.high.Add(slack)
		}
		return d, true
	}
	return d, false
}

// comparison is a part of the condition that an interval [low, high) of the data must meet,
// written with the symbols that the store understands: each row of the result
// is met if all of its comparisons are; the whole if one row is.
type comparison struct {
	column string // "low" or "high" of the data
	sign   string
	bound  string // "low" or "high" of the search
}

var comparisons = map[string][][]comparison{
	"eq": {{{"low", ">=", "low"}, {"high", "<=", "high"}}},
	"ne": {{{"low", "<", "low"}}, {{"high", ">", "high"}}},
	"gt": {{{"high", ">", "high"}}},
	"lt": {{{"low", "<", "low"}}},
	"ge": {{{"high", ">", "low"}}}, // from then on: whatever reaches into it
	"le": {{{"low", "<", "high"}}},
	"sa": {{{"low", ">=", "high"}}},
	"eb": {{{"high", "<=", "low"}}},
	"ap": {{{"low", "<", "high"}, {"high", ">", "low"}}},
}
