package post

import (
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/workforce/migration"
)

// Posts are found by the person or the organisation; whether somebody is named by an
// order is found by the two, not by looking through all orders.
func TestPostsAreFoundByIndex(t *testing.T) {
	dbtest.Each(t, "workforce", migration.Sets, func(t *testing.T, d *db.DB) {
		on := clock.Date{Year: 2026, Month: 11, Day: 22}
		where, args := namedQuery([]string{"950174"}, on)
		for query, args := range map[string][]any{
			selectPosts + where: args,
			selectPosts + `WHERE p.pin = $2 AND p.from_day <= $1 AND (p.until_day = '' OR p.until_day > $1) ORDER BY p.organisation, p.id`: {on.String(), "1"},
		} {
			if steps := dbtest.Plan(t, d, query, args...); steps.Whole() {
				t.Errorf("%s\n%s", query, steps)
			}
		}
	})
}
