// Package clock hands in the time, so that tests can choose it, and knows the
// zone of the country: Asia/Bishkek, UTC+6, without daylight saving.
package clock

import (
	"sync"
	"time"
	_ "time/tzdata" // the zone must be there on a bare machine too
)

// Bishkek is the zone in which the state counts days.
var Bishkek = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Bishkek")
	if err != nil {
		panic(err) // embedded above: cannot be missing
	}
	return zone
}()

// Clock tells the time.
type Clock interface{ Now() time.Time }

// System is the machine's clock, cut to microseconds, which is what the
// databases keep.
type System struct{}

// Now is the present moment in UTC.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Manual is a clock that a test sets.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual starts at the moment given.
func NewManual(now time.Time) *Manual {
	return &Manual{now: now.UTC().Truncate(time.Microsecond)}
}

// Now is the moment last set.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock on.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// Date is a calendar day without zone or hour, as on a document.
// The zero Date is "not given".
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day on which the moment falls in Bishkek.
func DateOf(t time.Time) Date {
	y, m, d := t.In(Bishkek).Date()
	return Date{y, m, d}
}

// ParseDate reads 2026-11-22 (forms, JSON) or 22.11.2026 (people).
func ParseDate(s string) (Date, bool) {
	if len(s) != len(time.DateOnly) { // of both; a failed parse costs more than the rest of a row
		return Date{}, false
	}
	layout := time.DateOnly
	if s[2] == '.' {
		layout = "02.01.2006"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return Date{}, false
	}
	y, m, d := t.Date()
	return Date{y, m, d}, true
}

// Start is the first moment of the day in Bishkek.
func (d Date) Start() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, Bishkek) }

// IsZero says that the date was not given.
func (d Date) IsZero() bool { return d == Date{} }

// Before says whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.Start().Before(e.Start()) }

// String is 2026-11-22, or "" when not given.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// MarshalText writes 2026-11-22.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return err
	}
	d.Year, d.Month, d.Day = t.Date()
	return nil
}

// YearsAt is the age in full years on the day given.
func (d Date) YearsAt(on Date) int {
	years := on.Year - d.Year
	if on.Month < d.Month || (on.Month == d.Month && on.Day < d.Day) {
		years--
	}
	return years
}

// DaysUntil is the number of midnights between d and e.
func (d Date) DaysUntil(e Date) int {
	a := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	b := time.Date(e.Year, e.Month, e.Day, 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a) / (24 * time.Hour))
}
