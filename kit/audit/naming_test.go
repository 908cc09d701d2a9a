package audit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
)

// A record's organisation has its name in each language; one that nobody bears, or
// two, stays as it was written; what is away is asked again, not each time.
func TestOrganisationsOfRecordsAreNamed(t *testing.T) {
	one, two := text.Words{KY: "УБ", RU: "НЦ", EN: "NC"}, text.Words{KY: "Башка", RU: "ЦСМ", EN: "Other"}
	all, err := []text.Words(nil), errors.New("away")
	c, asked := clock.NewManual(start), 0
	n := &audit.Naming{Clock: c, Names: func(context.Context) ([]text.Words, error) {
		asked++
		return all, err
	}}
	of := func(name string) text.Words {
		r := audit.Record{Organisation: name}
		n.Give(&r)
		return r.OrganisationWords
	}
	for range 3 {
		if got := of("НЦ"); got != (text.Words{}) || asked != 1 {
			t.Fatal(got, asked)
		}
	}
	c.Advance(time.Minute)
	all, err = []text.Words{one, two, {KY: "Үчүнчү", RU: "ЦСМ", EN: "Third"}, two, one}, nil
	if of(""); asked != 1 {
		t.Error("a record of no organisation asks for names")
	}
	for name, want := range map[string]text.Words{"НЦ": one, "ЦСМ": {}, "Былая": {}} {
		if got := of(name); got != want || asked != 2 {
			t.Errorf("%q: %+v, asked %d times", name, got, asked)
		}
	}
	c.Advance(time.Hour)
	if err = errors.New("away"); of("НЦ") != one || asked != 3 {
		t.Error("what was known is forgotten")
	}
}
