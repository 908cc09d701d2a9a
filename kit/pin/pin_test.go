package pin_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]string{
		"21209196000217":      "21209196000217",
		"2 12091960 00217":    "21209196000217",
		" 2-12091960-00217\t": "21209196000217",
	} {
		if got, err := pin.Parse(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, key := range map[string]string{
		"":                "kit.pin.empty",
		"   ":             "kit.pin.empty",
		"2120919600021":   "kit.pin.length",
		"212091960002177": "kit.pin.length",
		"2120919600021a":  "kit.pin.digits_only",
		"２1209196000217":  "kit.pin.digits_only", // a full-width digit
		"31209196000217":  "kit.pin.first_digit",
		"23213196000217":  "kit.pin.birth_date", // month 13
		"23002200000217":  "kit.pin.birth_date", // 30 February
	} {
		_, err := pin.Parse(in)
		if e := fail.As(err); e == nil || e.Key != key {
			t.Errorf("%q: %v, want %s", in, err, key)
		}
	}
}

func TestWhatAPINCarries(t *testing.T) {
	if d, ok := pin.BirthDate("21209196000217"); !ok || d.String() != "1960-09-12" {
		t.Error(d, ok)
	}
	if pin.Sex("11209196000217") != "female" || pin.Sex("21209196000217") != "male" || pin.Sex("") != "" {
		t.Error("sex")
	}
	if got := pin.Grouped("21209196000217"); got != "2 12091960 00217" {
		t.Error(got)
	}
	if got := pin.Masked("21209196000217"); got != "2 •••••••• •••17" {
		t.Error(got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("21209196000217")
	f.Add("2 1209 1960 00217")
	f.Fuzz(func(t *testing.T, in string) {
		got, err := pin.Parse(in)
		if err != nil {
			return
		}
		again, err := pin.Parse(pin.Grouped(got))
		if err != nil || again != got || len(got) != 14 {
			t.Errorf("%q → %q → %q, %v", in, got, again, err)
		}
	})
}
