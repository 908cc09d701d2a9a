package total

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

func TestMonthsRunOverTheYear(t *testing.T) {
	got := Months(clock.Date{Year: 2026, Month: time.January, Day: 31}, 3)
	if len(got) != 3 || got[0] != "2025-11" || got[1] != "2025-12" || got[2] != "2026-01" {
		t.Error(got)
	}
}

func TestSumsAddUp(t *testing.T) {
	months := Months(clock.Date{Year: 2026, Month: time.November, Day: 22}, 12)
	totals := Totals{months, []Row{
		{"950174", "2026-10", Sum{3, 2, 1, 100}}, {"950201", "2026-10", Sum{1, 1, 0, 50}}, {"950174", "2026-03", Sum{1, 0, 1, 0}},
	}}
	if s := totals.ByMonth("2026-10"); s != (Sum{4, 3, 1, 150}) {
		t.Errorf("%+v", s)
	}
	if s := totals.All(); s != (Sum{5, 3, 2, 150}) {
		t.Errorf("%+v", s)
	}
	if busy := totals.Busy(); busy[0] != "2026-03" || len(busy) != 9 {
		t.Error(busy)
	}
	if busy := (Totals{Months: months}).Busy(); len(busy) != 6 {
		t.Error(busy)
	}
}

// Each case that counts is in the sums once, by where it stands; one whose place another
// has taken is in none.
func TestSumsCountEachCaseByItsState(t *testing.T) {
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for i, c := range []struct {
				organisation, month, state, stage string
				price                             int64
				current                           bool
			}{
				{"950174", "2026-11", "accepted", "accepted", 100_01, true},
				{"950174", "2026-11", "accepted", "settled", 200_02, true},
				{"950174", "2026-11", "returned", "appealed", 0, true},
				{"950174", "2026-11", "returned", "returned", 0, false},
				{"950174", "2026-10", "accepted", "accepted", 5, true},
				{"950201", "2026-11", "returned", "refused", 0, true},
				{"950174", "2026-09", "accepted", "accepted", 7, true}, // outside
			} {
				_, err := tx.ExecContext(ctx, `INSERT INTO treated_case (id, number, revision, replaces, is_current, organisation, department, patient_pin, admitted_at, discharged_at, month,
					main_code, state, group_code, price, content, content_hash, decision, sent_by, sent_via, received_at, demo, way, person, stage)
					VALUES ($1, $1, 1, '', $2, $3, '', '', 0, 0, $4, '', $5, '', $6, '{}', '', '{}', '', '', 0, 0, 'exchange', '', $7)`,
					fmt.Sprint(i), db.Flag(c.current), c.organisation, c.month, c.state, c.price, c.stage)
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		own := []Row{{"950174", "2026-11", Sum{3, 2, 1, 300_03}}, {"950174", "2026-10", Sum{1, 1, 0, 5}}}
		for organisation, want := range map[string][]Row{"950174": own, "": append(slices.Clone(own), Row{"950201", "2026-11", Sum{1, 0, 1, 0}}), "950301": {}} {
			got, err := Of(t.Context(), d.Read, []string{"2026-10", "2026-11"}, organisation)
			if err != nil || !slices.Equal(got.Rows, want) {
				t.Errorf("%q: %+v, %v", organisation, got.Rows, err)
			}
		}
	})
}
