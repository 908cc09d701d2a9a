package reception_test

import (
	"context"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
)

// A category of co-payment is one in force on the day and fits age and sex; a
// policy that is over insures nobody.
func TestWhatPaysIsHeldAgainstTheDay(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, _ *clock.Manual) {
		all, err := reception.Categories(ctx, d.DB.Read, clock.DateOf(d.Clock.Now()))
		if err != nil || len(all) != len(patient.Categories)-1 {
			t.Fatalf("%d categories, %v", len(all), err)
		}
		for _, c := range all {
			if c.Source == "" || !c.Example {
				t.Errorf("%s: no source, or taken for the fund's own list", c.Code)
			}
		}
		if before, err := reception.Categories(ctx, d.DB.Read, clock.Date{Year: 2006, Month: 12, Day: 31}); err != nil || len(before) != 0 {
			t.Errorf("%d categories before the first day, %v", len(before), err)
		}
		p, _, err := patient.Find(ctx, d, patientPIN) // a man of 66
		if err != nil {
			t.Fatal(err)
		}
		yesterday := clock.DateOf(d.Clock.Now().AddDate(0, 0, -1))
		for name, c := range map[string]struct {
			field, key string
			change     func(*reception.Admission)
		}{
			"a child of 66":    {"category", "card.admit.category_age", func(a *reception.Admission) { a.Category = "child" }},
			"a pregnant man":   {"category", "card.admit.category_sex", func(a *reception.Admission) { a.Category = "pregnant" }},
			"no such category": {"category", "card.admit.category_old", func(a *reception.Admission) { a.Category = "hero" }},
			"policy is over":   {"policy_until", "card.admit.policy_over", func(a *reception.Admission) { a.Insured, a.PolicyUntil = true, yesterday }},
			"pays in shells":   {"payment", "kit.field.choose", func(a *reception.Admission) { a.Payment = "shells" }},
			"flies":            {"transport", "kit.field.choose", func(a *reception.Admission) { a.Transport = "wings" }},
		} {
			a := admission(d, p.ID, cardtest.BedID("18", 1))
			c.change(&a)
			_, err := reception.Admit(ctx, d, a)
			if e := fail.As(err); e == nil || len(e.Findings) != 1 || e.Findings[0].Field != c.field || e.Findings[0].Key != c.key {
				t.Errorf("%s: %v", name, err)
			}
		}
		a := admission(d, p.ID, cardtest.BedID("18", 1))
		a.Category, a.Insured, a.Policy, a.PolicyUntil, a.Payment, a.Transport = "pensioner", true, "П-7", clock.DateOf(d.Clock.Now()), "oms", "chair"
		if _, err := reception.Admit(ctx, d, a); err != nil {
			t.Fatal(err)
		}
		if p, err = patient.Load(ctx, d.DB.Read, p.ID); err != nil || p.Category != "pensioner" || p.PolicyUntil != a.PolicyUntil {
			t.Errorf("%+v, %v", p, err)
		}
	})
}
