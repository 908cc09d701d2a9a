package form

import (
	"fmt"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
)

// MC-5: the example of the order itself.
func TestNumberOfTheOrder(t *testing.T) {
	n, err := NewNumber(1, "18", "950174", time.Date(2025, 11, 10, 9, 0, 0, 0, clock.Bishkek))
	if err != nil {
		t.Fatal(err)
	}
	if n.String() != "00000011895017425" || n.Grouped() != "0000001 18 950174 25" {
		t.Fatal(n.String(), n.Grouped())
	}
	back, err := Parse("0000001 18 950174 25")
	if err != nil || back != n {
		t.Fatal(back, err)
	}
}

// The year is that of Bishkek: late on 31 December in UTC is the next year there.
func TestNumberYearOfBishkek(t *testing.T) {
	n, err := NewNumber(7, "05", "950174", time.Date(2026, 12, 31, 18, 30, 0, 0, time.UTC))
	if err != nil || n.Year != 27 {
		t.Fatal(n, err)
	}
}

func TestNumberRefused(t *testing.T) {
	for in, key := range map[string]string{
		"":                   "card.form.number_empty",
		"  ":                 "card.form.number_empty",
		"0000001189501742":   "card.form.number_length",
		"000000118950174255": "card.form.number_length",
		"0000001189501742a":  "card.form.number_digits",
		"٠٠٠٠٠٠١١٨٩٥٠١٧٤٢٥":  "card.form.number_digits",
		"00000001895017425":  "card.form.number_zero",
	} {
		_, err := Parse(in)
		if e := fail.As(err); e == nil || e.Key != key || e.Kind != fail.Invalid {
			t.Errorf("%q: %v, want %s", in, err, key)
		}
	}
	now := time.Now()
	for name, make := range map[string]func() (Number, error){
		"number_overflow above":   func() (Number, error) { return NewNumber(LastSequence+1, "18", "950174", now) },
		"number_overflow zero":    func() (Number, error) { return NewNumber(0, "18", "950174", now) },
		"department_code short":   func() (Number, error) { return NewNumber(1, "8", "950174", now) },
		"department_code long":    func() (Number, error) { return NewNumber(1, "188", "950174", now) },
		"organisation_code short": func() (Number, error) { return NewNumber(1, "18", "95017", now) },
		"organisation_code long":  func() (Number, error) { return NewNumber(1, "18", "9501744", now) },
		"organisation_code text":  func() (Number, error) { return NewNumber(1, "18", "95017x", now) },
	} {
		key, _, _ := strings.Cut(name, " ")
		if _, err := make(); fail.As(err) == nil || fail.As(err).Key != "card.form."+key {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, sequence := range []int{1, LastSequence} {
		if _, err := NewNumber(sequence, "18", "950174", now); err != nil {
			t.Errorf("%d: %v", sequence, err)
		}
	}
}

// Days in bed are those of Bishkek's calendar, one at least.
func TestBedDaysAreThoseOfBishkek(t *testing.T) {
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 0, 0, clock.Bishkek).UTC()
	}
	for _, c := range []struct {
		from, until time.Time
		want        int
	}{
		{at(10, 0, 0), at(10, 23, 59), 1}, {at(10, 23, 0), at(11, 1, 0), 1}, {at(10, 5, 0), at(12, 7, 0), 2}, {at(10, 1, 0), at(12, 5, 30), 2}, {at(10, 23, 0), at(12, 1, 0), 2},
	} {
		if got := BedDays(c.from, c.until); got != c.want {
			t.Errorf("%s → %s: %d, want %d", c.from.In(clock.Bishkek), c.until.In(clock.Bishkek), got, c.want)
		}
	}
}

func TestNumberParseString(t *testing.T) {
	same := func(sequence uint32, department uint8, organisation uint32, year uint8) bool {
		n := Number{
			Sequence: int(sequence%LastSequence) + 1, Department: fmt.Sprintf("%02d", department%100),
			Organisation: fmt.Sprintf("%06d", organisation%1_000_000), Year: int(year % 100),
		}
		a, errA := Parse(n.String())
		b, errB := Parse(n.Grouped())
		return errA == nil && errB == nil && a == n && b == n && len(n.String()) == 17
	}
	if err := quick.Check(same, nil); err != nil {
		t.Fatal(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("00000011895017425")
	f.Add("0000001 18 950174 25")
	f.Add("x")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			return
		}
		back, err := Parse(n.String())
		if err != nil || back != n {
			t.Fatalf("%q → %+v → %+v, %v", s, n, back, err)
		}
		if strings.NewReplacer(" ", "", "-", "", "\t", "", "\u00a0", "").Replace(s) != n.String() {
			t.Fatalf("%q is not %q", s, n)
		}
	})
}
