package discharge

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// The card says what the fund would say: by the rules that came with it while
// the fund is away, by the newest ones when it was there.
func TestTheCardRunsTheFundsRulesAlsoWithoutIt(t *testing.T) {
	now := clock.NewManual(treatedtest.Now)
	var published []insuranceapi.Rule
	away, asked := true, 0
	rules := &Rules{Clock: now, Log: slog.New(slog.DiscardHandler), Ask: func(_ context.Context, on clock.Date) ([]insuranceapi.Rule, error) {
		asked++
		if away {
			return nil, errors.New("the fund is away")
		}
		if !on.IsZero() {
			t.Errorf("asked for %s alone", on)
		}
		return published, nil
	}}
	wrong := treatedtest.Good()
	wrong.HoursSinceOnset = 0
	said := func() Opinion {
		t.Helper()
		o, err := rules.Of(t.Context(), wrong)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	first := said()
	if len(first.Findings) != 1 || first.Findings[0].Rule != "ADM-002" || !first.Returned() || !first.At.IsZero() || first.Rules < 50 {
		t.Fatalf("%+v", first)
	}
	if said(); asked != 1 {
		t.Errorf("a fund that is away was asked %d times in a minute", asked)
	}
	// The fund is back, with the rule milder and one that this program is too old for.
	away = false
	k, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	published = k.All()
	for i := range published {
		if published[i].ID == "ADM-002" {
			published[i].Severity = rule.Warning
		}
	}
	published = append(published, insuranceapi.Rule{ID: "NEW-001", Field: "x", Severity: rule.Error, Text: text.Same("x"), Source: "x", From: clock.Date{Year: 2026, Month: 1, Day: 1}})
	now.Advance(2 * time.Minute)
	if o := said(); len(o.Findings) != 1 || o.Returned() || o.At.IsZero() || !slices.Equal(o.Unknown, []string{"NEW-001"}) {
		t.Fatalf("%+v", o)
	}
	away = true
	now.Advance(time.Hour)
	if o := said(); o.Returned() || o.At.IsZero() {
		t.Errorf("the copy was forgotten: %+v", o)
	}
	if good, err := rules.Of(t.Context(), treatedtest.Good()); err != nil || len(good.Findings) != 0 {
		t.Errorf("%+v, %v", good, err)
	}
}
