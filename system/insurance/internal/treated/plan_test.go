package treated

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

// Whatever a list is filtered and ordered by, of a country's cases no more are read than
// are shown: it goes along an index. A narrow filter with the order of another may sort
// what it has found.
func TestListsGoByIndex(t *testing.T) {
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		for _, organisation := range []string{"", "950174"} {
			for _, month := range []string{"", "2026-11"} {
				for _, state := range []string{"", string(Accepted), string(Appealed)} {
					for _, order := range []string{"", ByWorth, ByDoubt} {
						by := Filter{Organisation: organisation, Month: month, State: state, Order: order}
						conditions := 0
						for _, c := range []string{organisation, month, state} {
							if c != "" {
								conditions++
							}
						}
						query, args := listQuery(by, PageSize+1)
						p := dbtest.Plan(t, d, query, args...)
						if p.Whole() || (p.Sorts() && order != "" && conditions < 2) || (p.Sorts() && order == "") {
							t.Errorf("list %+v:\n%s", by, p)
						}
						for _, key := range []Filter{{After: "c"}, {Before: "c"}} {
							far := by
							far.After, far.Before = key.After, key.Before
							query, args = listQuery(far, PageSize+1)
							if p := dbtest.Plan(t, d, query, args...); p.Whole() || (p.Sorts() && order == "") {
								t.Errorf("far in list %+v:\n%s", far, p)
							}
						}
						query, args = followingQuery(by, "c")
						if p := dbtest.Plan(t, d, query, args...); p.Whole() {
							t.Errorf("the next of %+v:\n%s", by, p)
						}
					}
				}
			}
		}
		if p := string(dbtest.Plan(t, d, lastMonths)); strings.Contains(p, "SCAN c") || strings.Contains(p, "Seq Scan on treated_case") {
			t.Errorf("months:\n%s", p)
		}
	})
}
