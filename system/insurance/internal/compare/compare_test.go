package compare

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/rerun"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

const current, draft = "ДЕМО-2026-2", "ДЕМО-ПРОЕКТ-2027"

func pair(t *testing.T, a, b string) Pair {
	t.Helper()
	tables, err := price.Demo()
	if err != nil {
		t.Fatal(err)
	}
	x, okA := tables.Find(a)
	y, okB := tables.Find(b)
	if !okA || !okB {
		t.Fatalf("no table %s or %s", a, b)
	}
	return Of(x, y)
}

// Every group of either table stands once; a new one has no first weight, one
// that is gone no second; the other way round the same differs.
func TestTwoTablesAreComparedGroupByGroup(t *testing.T) {
	p, back := pair(t, current, draft), pair(t, draft, current)
	if len(p.Groups) != len(p.B.Groups) || len(p.Changed()) != 12 || len(p.Adjustments) != 1 || p.Adjustments[0].B.ID != "rural" {
		t.Fatalf("%d groups, %d changed, adjustments %+v", len(p.Groups), len(p.Changed()), p.Adjustments)
	}
	for i, g := range p.Groups {
		o := back.Groups[i]
		if o.Code != g.Code || o.A != g.B || o.B != g.A || o.CostA != g.CostB || o.Changed() != g.Changed() {
			t.Errorf("%+v, the other way round %+v", g, o)
		}
		if (g.A == 0) != (g.Code == "006.2") {
			t.Errorf("%+v", g)
		}
	}
	if same := Of(p.A, p.A); len(same.Changed()) != 0 || len(same.Adjustments) != 0 || len(same.Greatest(12)) != 0 {
		t.Errorf("a table differs from itself: %+v", same.Changed())
	}
	b := p.A
	b.Groups = append([]price.Group{}, b.Groups[1:]...)
	b.Groups[0].AgeFrom++
	if changed := Of(p.A, b).Changed(); len(changed) != 2 || changed[0].B != 0 || !changed[1].Moved || changed[1].Weighs() {
		t.Errorf("%+v", changed)
	}
	drawn := p.Greatest(3)
	if len(drawn) != 3 || drawn[0].Code != "003.3" && drawn[0].Code != "003.1" {
		t.Errorf("%+v", drawn)
	}
}

// The effect on a month adds up, and by the table of the month it is what was paid.
func TestAMonthByTwoTablesAddsUp(t *testing.T) {
	rules, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := price.Demo()
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(treatedtest.Now)
		fund := treated.Fund{
			DB: d, Clock: now, Queue: job.New(d, now, slog.New(slog.DiscardHandler), job.Config{}), Catalogue: rules, Tables: tables,
			OrganisationName: func(code string) string { return code },
		}
		paid := int64(0)
		for n := range 6 {
			c := treatedtest.Good()
			c.Number = fmt.Sprintf("%07d1895017426", n+1)
			c.Patient.PIN, c.Patient.Name = "", fmt.Sprint("Киши ", n)
			if n%2 == 1 {
				c.Diagnoses[1].Code = "I10"
			}
			decided, err := fund.Submit(t.Context(), c)
			if err != nil || decided.State != insuranceapi.Accepted {
				t.Fatalf("%+v, %v", decided, err)
			}
			paid += decided.Price
		}
		month := func(hospital string) (Effect, error) {
			p := pair(t, current, draft)
			both, err := rerun.Month(t.Context(), d.Read, "2026-11", hospital, func(int) {}, p.A, p.B)
			return EffectOf(both), err
		}
		e, err := month("")
		if err != nil || e.All.Cases != 6 || e.All.A != paid || len(e.ByGroup) != 2 || e.NoGroupA+e.NoGroupB != 0 {
			t.Fatalf("%+v, paid %d, %v", e, paid, err)
		}
		var a, b int64
		for _, s := range e.ByGroup {
			a, b = a+s.A, b+s.B
			if s.Difference() == 0 {
				t.Errorf("the draft makes nothing of %+v", s)
			}
		}
		if a != e.All.A || b != e.All.B || e.All.Difference() != b-a {
			t.Errorf("groups add up to %d and %d, all is %+v", a, b, e.All)
		}
		if none, err := month("950201"); err != nil || none.All.Cases != 0 {
			t.Errorf("another hospital: %+v, %v", none.All, err)
		}
	})
}

// An adjustment that only one of the tables has is told, whichever has it.
func TestAnAdjustmentThatCameOrWent(t *testing.T) {
	p := pair(t, current, draft)
	less := p.A
	less.Adjustments = append([]price.Adjustment{}, less.Adjustments[1:]...)
	gone := p.A.Adjustments[0].ID
	if went := Of(p.A, less).Adjustments; len(went) != 1 || went[0].A == nil || went[0].A.ID != gone || went[0].B != nil {
		t.Errorf("%+v", went)
	}
	if came := Of(less, p.A).Adjustments; len(came) != 1 || came[0].B == nil || came[0].B.ID != gone || came[0].A != nil {
		t.Errorf("%+v", came)
	}
}
