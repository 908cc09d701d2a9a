package act

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

// written puts acts of so many hospitals and months into the table, two of every third
// month, and one in the making.
func written(t *testing.T, d *db.DB, hospitals, months int) (all []Act) {
	t.Helper()
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		all = nil
		for m := months; m >= 1; m-- {
			for h := range hospitals {
				for sequence := 1 + (m+h)%3/2; sequence >= 1; sequence-- {
					a := Act{ID: fmt.Sprintf("%d-%d-%d", (h*7+m)%hospitals, m, sequence*100+h), Organisation: fmt.Sprint(950100 + h), Month: fmt.Sprintf("2026-%02d", m), Sequence: sequence, Cases: 1, Price: 100}
					if err := insertAct(ctx, tx, a); err != nil {
						return err
					}
					all = append(all, a)
				}
			}
		}
		return insertAct(ctx, tx, Act{ID: "making", Organisation: "950100", Month: "2026-11", Expected: 3})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func ids(acts []Act) (list []string) {
	for _, a := range acts {
		list = append(list, a.ID)
	}
	return list
}

// However the acts are narrowed, page by page forwards and back each is listed once, in
// the order of the whole; one in the making is none of them.
func TestActsAreListedPageByPage(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		all := written(t, w.acts.DB, 60, 11)
		for _, by := range []Filter{{}, {Organisation: "950107"}, {Month: "2026-03"}, {Organisation: "950107", Month: "2026-03"}, {Organisation: "950201"}} {
			var want []string
			for _, a := range all {
				if by.has(a) {
					want = append(want, a.ID)
				}
			}
			var got []string
			var pages [][]string
			for at := by; ; {
				p, err := w.acts.List(t.Context(), at)
				if err != nil || p.Earlier != (len(pages) > 0) {
					t.Fatalf("%+v: earlier %v, %v", at, p.Earlier, err)
				}
				got, pages = append(got, ids(p.Acts)...), append(pages, ids(p.Acts))
				if !p.Further {
					break
				}
				at.Stretch = Stretch{After: p.Acts[len(p.Acts)-1].ID}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v: %d acts of %d, or in another order", by, len(got), len(want))
			}
			for n := len(pages) - 1; n > 0; n-- {
				back := by
				back.Before = pages[n][0]
				p, err := w.acts.List(t.Context(), back)
				if err != nil || !slices.Equal(ids(p.Acts), pages[n-1]) || p.Earlier != (n > 1) || !p.Further {
					t.Errorf("%+v, back to page %d: earlier %v, further %v, %v", by, n, p.Earlier, p.Further, err)
				}
			}
			// What is no act of the list, also one in the making, leads to its beginning.
			for _, from := range []string{"none", "making", all[len(all)-1].ID} {
				for _, at := range []Stretch{{After: from}, {Before: from}} {
					narrow := by
					narrow.Stretch = at
					if from == all[len(all)-1].ID && by.has(all[len(all)-1]) {
						continue
					}
					if p, err := w.acts.List(t.Context(), narrow); err != nil || !slices.Equal(ids(p.Acts), pages[0]) || p.Earlier {
						t.Errorf("%+v: %d acts, %v", narrow, len(p.Acts), err)
					}
				}
			}
		}
		// Ahead of the third act there is less than a page: the first page, whole.
		if p, err := w.acts.List(t.Context(), Filter{Stretch: Stretch{Before: all[2].ID}}); err != nil || len(p.Acts) != PageSize || p.Earlier {
			t.Errorf("%d acts, %v", len(p.Acts), err)
		}
		if p, err := w.acts.List(t.Context(), Filter{Stretch: Stretch{After: all[len(all)-1].ID}}); err != nil || len(p.Acts) != 0 || !p.Earlier || p.Further {
			t.Errorf("behind the last: %d acts, %v", len(p.Acts), err)
		}
	})
}

// Of a country's acts no more are read than are shown, by whatever they are narrowed.
func TestActsAreListedByIndex(t *testing.T) {
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		from := &Act{Organisation: "950174", Month: "2026-11", Sequence: 1}
		for _, organisation := range []string{"", "950174"} {
			for _, month := range []string{"", "2026-11"} {
				for _, at := range []Stretch{{}, {After: "a"}, {Before: "a"}} {
					key := from
					if at == (Stretch{}) {
						key = nil
					}
					query, args := listQuery(Filter{organisation, month, at}, key, PageSize+1)
					p := dbtest.Plan(t, d, query, args...)
					begins := key == nil || strings.Contains(string(p), "SEARCH act") || strings.Contains(string(p), "Index Cond")
					if p.Whole() || p.Sorts() || !begins {
						t.Errorf("%q, %q, %+v:\n%s", organisation, month, at, p)
					}
				}
			}
		}
	})
}

// spread copies the case to each of the months of so many hospitals.
func (w world) spread(t *testing.T, caseID string, hospitals int, months ...string) {
	t.Helper()
	err := w.acts.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for h := range hospitals {
			for _, month := range months {
				_, err := tx.ExecContext(ctx, `INSERT INTO treated_case (id, number, revision, replaces, is_current, organisation, department, patient_pin, admitted_at, discharged_at, month,
					main_code, state, group_code, price, content, content_hash, decision, sent_by, sent_via, received_at, demo, way, person, stage, worth, findings)
					SELECT id || $1, number || $1, revision, replaces, is_current, $2, department, patient_pin, admitted_at, discharged_at, $3,
					main_code, state, group_code, price, content, content_hash, decision, sent_by, sent_via, received_at, demo, way, person, stage, worth, findings FROM treated_case WHERE id = $4`,
					fmt.Sprint("-", h, month), fmt.Sprint(950100+h), month, caseID)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What waits for an act is narrowed as the acts are; where more waits than a page shows,
// that is said.
func TestWhatWaitsIsNarrowed(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		one := w.one(t, 1, false)
		w.spread(t, one.CaseID, 60, "2026-09", "2026-10")
		for _, x := range []struct {
			by    Filter
			count int
			more  bool
		}{
			{Filter{}, PageSize, true},
			{Filter{Month: "2026-10"}, 60, false},
			{Filter{Organisation: "950107"}, 2, false},
			{Filter{Organisation: "950107", Month: "2026-09"}, 1, false},
			{Filter{Month: "2026-11"}, 0, false}, // is not over
		} {
			list, more, err := w.acts.Waiting(t.Context(), x.by)
			if err != nil || len(list) != x.count || more != x.more {
				t.Errorf("%+v: %d, more %v, %v", x.by, len(list), more, err)
			}
			for _, o := range list {
				if o.Cases != 1 || o.Price != one.Price || (x.by.Month != "" && o.Month != x.by.Month) || (x.by.Organisation != "" && o.Organisation != x.by.Organisation) {
					t.Errorf("%+v: %+v", x.by, o)
				}
			}
		}
	})
}

// The acts of a month are begun for all hospitals at once, also by two who press at the
// same moment: each hospital has one, of that month alone, and it adds up.
func TestAMonthsActsAreMadeForAllHospitals(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		w.acts.Queue.Handle(MakeJob, MakePolicy, w.acts.Go)
		one := w.one(t, 1, false)
		w.spread(t, one.CaseID, 7, "2026-09", "2026-10")
		if _, err := w.acts.order(t.Context(), "950103", "2026-10", second); err != nil { // is in the making already
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var begun atomic.Int64
		for _, by := range []treated.Expert{expert, second} {
			all.Go(func() {
				n, err := w.acts.MakeMonth(t.Context(), "2026-10", by)
				if err != nil {
					t.Error(err)
				}
				begun.Add(int64(n))
			})
		}
		all.Wait()
		if begun.Load() != 6 {
			t.Errorf("%d acts were begun, not 6", begun.Load())
		}
		w.clock.Advance(atOnce)
		if err := w.acts.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		listed, err := w.acts.List(t.Context(), Filter{})
		if err != nil || len(listed.Acts) != 7 {
			t.Fatalf("%d acts, %v", len(listed.Acts), err)
		}
		for i, a := range listed.Acts {
			if a.Organisation != fmt.Sprint(950100+i) || a.Month != "2026-10" || a.Sequence != 1 || a.Cases != 1 || a.Price != one.Price {
				t.Errorf("%+v", a)
			}
		}
		for month, want := range map[string]bool{"2026-10": false, "2026-11": false, "": true, "none": false} { // nothing waits, is not over, is no month
			if n, err := w.acts.MakeMonth(t.Context(), month, expert); n != 0 || (err != nil) != want {
				t.Errorf("%q: %d, %v", month, n, err)
			}
		}
	})
}

// Whoever signs the last page of an act reads on it which act it is, of how many cases
// and of what sum; how many there are stands under no column of groups.
func TestAPageOfAnActSaysItsSum(t *testing.T) {
	whole := Whole{Act: Act{Organisation: "950174", Month: "2026-10", Sequence: 2, Cases: 6070, Price: 9337826671}, Lines: []Line{{Number: "1", Group: "005.4", Price: 9337826671}}}
	v := actView{Whole: whole}
	ctx := text.With(t.Context(), text.MustLoad(os.DirFS("../..")), text.RU)
	note := strings.ReplaceAll(v.note(ctx), "\u00a0", " ")
	for _, said := range []string{"950174-2026-10/2", "6070", "93 378 266,71"} {
		if !strings.Contains(note, said) {
			t.Errorf("%q is not in %q", said, note)
		}
	}
	sheet := v.sheet(ctx)
	last := sheet.Rows[len(sheet.Rows)-1]
	if last[1] != "Всего: 6070" || last[4] != "" || last[5] != spreadsheet.Tyiyn(9337826671) {
		t.Errorf("sums %v", last)
	}
}
