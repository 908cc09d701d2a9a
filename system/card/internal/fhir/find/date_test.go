package find

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func TestDates(t *testing.T) {
	for _, c := range []struct {
		in, prefix, low, high string
		day, ok               bool
	}{
		{"2026", "eq", "2026-01-01T00:00:00+06:00", "2027-01-01T00:00:00+06:00", true, true},
		{"ge2026-02", "ge", "2026-02-01T00:00:00+06:00", "2026-03-01T00:00:00+06:00", true, true},
		{"2024-02-29", "eq", "2024-02-29T00:00:00+06:00", "2024-03-01T00:00:00+06:00", true, true},
		{"2026-02-29", "", "", "", true, false},
		{"sa2026-11-22T14:05", "sa", "2026-11-22T14:05:00+06:00", "2026-11-22T14:06:00+06:00", false, true},
		{"2026-11-22T14:05:07Z", "eq", "2026-11-22T20:05:07+06:00", "2026-11-22T20:05:08+06:00", false, true},
		{"2026-11-22T14:05:07 06:00", "eq", "2026-11-22T14:05:07+06:00", "2026-11-22T14:05:08+06:00", false, true},
		{"2026-11-22T14:05", "", "", "", true, false},
		{"xx2026", "", "", "", false, false},
		{"1500", "", "", "", false, false},
		{"", "", "", "", false, false},
	} {
		d, ok := readDate(c.in, c.day, now)
		if ok != c.ok {
			t.Errorf("%q: %v", c.in, ok)
			continue
		}
		if ok && (d.prefix != c.prefix || datatype.Moment(d.low) != c.low || datatype.Moment(d.high) != c.high) {
			t.Errorf("%q: %s %s %s", c.in, d.prefix, datatype.Moment(d.low), datatype.Moment(d.high))
		}
	}
}
