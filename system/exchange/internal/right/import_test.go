package right

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/migration"
)

// A right is given to another system and taken back by a file; the same file again
// changes nothing, what cannot be right is left out by its line, and a start of the
// exchange keeps what was given.
func TestRightsAreGivenAndTakenBack(t *testing.T) {
	dbtest.Each(t, "exchange", migration.Sets, func(t *testing.T, d *db.DB) {
		r := Rights{DB: d, Clock: clock.System{}}
		guest, err := exchangeapi.ParseSubsystem("central-server/COM/70000099/clinic")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Seed(t.Context(), guest); err != nil {
			t.Fatal(err)
		}
		may := func(client, provider exchangeapi.Subsystem, service, path string) bool {
			t.Helper()
			_, ok, err := r.Allow(t.Context(), client, exchangeapi.Target{Provider: provider, Service: service, Rest: path}, "POST")
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		take := func(text string) Imported {
			t.Helper()
			report, err := r.Import(t.Context(), strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			return report
		}
		line := guest.String() + "," + exchangeapi.Insurance.String() + ",treated-cases,"
		if may(guest, exchangeapi.Insurance, "treated-cases", "/submit") {
			t.Error("a guest calls the fund before it may")
		}
		for range 2 {
			take("\ufeffsubsystem,provider,service,word\n" + line + "give\n")
			if !may(guest, exchangeapi.Insurance, "treated-cases", "/submit") || !may(guest, exchangeapi.Insurance, "treated-cases", "/check") || may(guest, exchangeapi.Insurance, "ways", "/of-month") {
				t.Error("the right is not the one that was given")
			}
		}
		if again := take(line + "give\n"); again.Rows != 1 || again.Changed != 0 || len(again.Bad) != 0 {
			t.Errorf("given twice: %+v", again)
		}
		if err := r.Seed(t.Context(), guest); err != nil || !may(guest, exchangeapi.Insurance, "treated-cases", "/submit") {
			t.Errorf("a start took the right away, %v", err)
		}
		bad := take(strings.Join([]string{
			exchangeapi.Payment.String() + "," + exchangeapi.Insurance.String() + ",treated-cases,give",
			guest.String() + "," + exchangeapi.Insurance.String() + ",nothing,give",
			guest.String() + "," + exchangeapi.Insurance.String() + ",treated-cases,perhaps",
			"clinic," + exchangeapi.Insurance.String() + ",treated-cases,give",
			guest.String() + ",fund,treated-cases,give",
		}, "\n"))
		if bad.Rows != 5 || bad.Changed != 0 || len(bad.Bad) != 5 || may(exchangeapi.Payment, exchangeapi.Insurance, "treated-cases", "/submit") {
			t.Errorf("%+v", bad)
		}
		if _, err := r.Import(t.Context(), strings.NewReader("one,two\n")); err == nil {
			t.Error("a file of another kind was read")
		}
		if back := take(line + "take\n"); back.Changed != 1 || may(guest, exchangeapi.Insurance, "treated-cases", "/submit") {
			t.Errorf("taken back: %+v", back)
		}
		// What follows from a contract is not an operator's to take.
		if kept := take(guest.String() + "," + exchangeapi.Card.String() + ",referrals,take\n"); kept.Changed != 0 || !may(guest, exchangeapi.Card, "referrals", "/send") {
			t.Errorf("%+v", kept)
		}
		if !may(exchangeapi.Insurance, guest, "case-decisions", "/take") || !may(exchangeapi.Insurance, guest, "forms", "/of-month") || may(exchangeapi.Card, guest, "forms", "/of-month") {
			t.Error("the fund may not call the guest as it calls the card")
		}
	})
}
