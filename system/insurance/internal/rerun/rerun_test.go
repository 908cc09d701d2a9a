package rerun_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/rerun"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

// Whatever the cases and the table: parts add up to the whole to the tyiyn, what
// was is what was paid, the table that was in force changes nothing, and nothing
// in the database moves.
func TestAReRunAddsUpAndTouchesNothing(t *testing.T) {
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
		random := rand.New(rand.NewPCG(7, 8))
		for i := range 60 {
			c := treatedtest.Good()
			c.Organisation = []string{"950174", "950201"}[random.IntN(2)]
			c.Number = fmt.Sprintf("%07d18%s26", i+1, c.Organisation)
			c.Patient.PIN, c.Patient.Name, c.Patient.Rural = "", fmt.Sprint("Киши ", i), random.IntN(2) == 0
			c.Diagnoses[1].Code = []string{"J18.0", "I21.0", "K35.8", "E11.9", "N10"}[random.IntN(5)]
			if random.IntN(6) == 0 {
				c.Result = "" // returned: of no account
			}
			if _, err := fund.Submit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		state := func() string {
			var s string
			err := d.Read.QueryRowContext(t.Context(), `SELECT CAST(COUNT(*) AS TEXT) || ':' || CAST(SUM(price) AS TEXT) || ':' || CAST(SUM(LENGTH(decision)) AS TEXT) FROM treated_case`).Scan(&s)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		var paid int64
		var cases, ungrouped int
		if err := d.Read.QueryRowContext(t.Context(), `SELECT CAST(SUM(price) AS BIGINT), COUNT(*) FROM treated_case WHERE state = 'accepted'`).Scan(&paid, &cases); err != nil {
			t.Fatal(err)
		}
		before := state()
		for range 10 {
			table := tables[random.IntN(2)]
			table.BaseRate = random.Int64N(4_000_000) + 1
			if random.IntN(3) == 0 {
				table.Groups = table.Groups[:random.IntN(len(table.Groups))+1] // some cases fit nowhere
			}
			r, err := month(t, d, "2026-11", "", table)
			if err != nil {
				t.Fatal(err)
			}
			check(t, r, paid, cases)
			ungrouped += r.Ungrouped
			for _, s := range r.ByHospital {
				one, err := month(t, d, "2026-11", s.Key, table)
				if err != nil || one.All.After != s.After || one.All.Before != s.Before || one.All.Cases != s.Cases {
					t.Fatalf("alone %+v, among others %+v, %v", one.All, s, err)
				}
			}
		}
		if ungrouped == 0 {
			t.Error("every case had a group")
		}
		same, err := month(t, d, "2026-11", "", tables[1])
		if err != nil || same.All.Difference() != 0 || same.All.Changed != 0 || len(same.Changed) != 0 {
			t.Errorf("the table in force makes differences: %+v, %v", same.All, err)
		}
		renamed := tables[1] // groups of other codes that cost the same: each case has changed, the sum has not
		renamed.Groups = slices.Clone(renamed.Groups)
		for i := range renamed.Groups {
			renamed.Groups[i].Code = "X" + renamed.Groups[i].Code
		}
		other, err := month(t, d, "2026-11", "", renamed)
		if err != nil || other.All.Difference() != 0 || other.All.Changed != cases || len(other.Changed) != cases {
			t.Errorf("of %d cases in other groups %+v, %d lines, %v", cases, other.All, len(other.Changed), err)
		}
		if after := state(); after != before {
			t.Errorf("a re-run changed %s into %s", before, after)
		}
		if none, err := month(t, d, "2026-10", "", tables[0]); err != nil || none.All.Cases != 0 {
			t.Errorf("%+v, %v", none, err)
		}
	})
}

// month is a re-run by one table.
func month(t *testing.T, d *db.DB, month, organisation string, table price.Table) (rerun.Result, error) {
	t.Helper()
	last := 0
	all, err := rerun.Month(t.Context(), d.Read, month, organisation, func(n int) { last = n }, table)
	if last != all[0].All.Cases {
		t.Errorf("%d cases were told of, %d were priced", last, all[0].All.Cases)
	}
	return all[0], err
}

func check(t *testing.T, r rerun.Result, paid int64, cases int) {
	t.Helper()
	if r.All.Cases != cases {
		t.Fatalf("%d cases, %d were accepted", r.All.Cases, cases)
	}
	if r.All.Before != paid {
		t.Fatalf("before %d, paid %d", r.All.Before, paid)
	}
	for name, parts := range map[string][]rerun.Sum{"hospitals": r.ByHospital, "groups": r.ByGroup} {
		var sum rerun.Sum
		for _, s := range parts {
			sum.Cases, sum.Changed, sum.Before, sum.After = sum.Cases+s.Cases, sum.Changed+s.Changed, sum.Before+s.Before, sum.After+s.After
		}
		if sum != r.All {
			t.Fatalf("%s add up to %+v, all is %+v", name, sum, r.All)
		}
	}
	var difference, before int64
	ungrouped := 0
	for i, l := range r.Changed {
		difference += l.Difference()
		if l.Now == "" {
			ungrouped++
			if l.After != 0 {
				t.Fatalf("%+v has no group and a price", l)
			}
		}
		size := max(l.Difference(), -l.Difference())
		if i > 0 && size > before {
			t.Fatalf("a difference of %d stands before %d", before, size)
		}
		before = size
	}
	if ungrouped != r.Ungrouped {
		t.Fatalf("%d cases have no group, %d are told", ungrouped, r.Ungrouped)
	}
	if len(r.Changed) != r.All.Changed || difference != r.All.Difference() {
		t.Fatalf("%d lines make %d, all is %+v", len(r.Changed), difference, r.All)
	}
}
