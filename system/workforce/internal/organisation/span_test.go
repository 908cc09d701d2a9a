package organisation

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// NR-1: of versions written in any order, several of one day and some taken back,
// the one in force on a day is the last that has begun, of one day the latest written.
func TestTheVersionOfADayIsTheLastThatHasBegun(t *testing.T) {
	dbtest.Each(t, "workforce", migration.Sets, func(t *testing.T, d *db.DB) {
		chance := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same each time
		first := clock.Date{Year: 2026, Month: time.January, Day: 1}
		change := func(f func(ctx context.Context, tx *sql.Tx) error) {
			t.Helper()
			if err := d.Tx(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		name := text.Same("Больница")
		for _, code := range []string{"100001", "100002", "100003"} {
			change(func(ctx context.Context, tx *sql.Tx) error {
				_, err := register(ctx, tx, code)
				return err
			})
			known := map[int64]clock.Date{}
			for number := int64(1); number <= 12; number++ {
				o := Organisation{Number: number, Event: "edited", Organisation: workforceapi.Organisation{Code: code, Kind: "hospital", Ownership: "state", Level: "district", Name: name, ShortName: name}}
				if number > 2 { // the first two hold from the beginning
					o.From = clock.DateOf(first.Start().AddDate(0, 0, chance.IntN(6)))
				}
				known[number] = o.From
				change(func(ctx context.Context, tx *sql.Tx) error { return insert(ctx, tx, o, "") })
				if gone := 1 + chance.Int64N(number); number > 4 && gone > 1 && chance.IntN(2) == 0 {
					delete(known, gone)
					change(func(ctx context.Context, tx *sql.Tx) error { return remove(ctx, tx, code, gone) })
				}
				for day := -1; day < 8; day++ {
					on := clock.DateOf(first.Start().AddDate(0, 0, day))
					want := int64(0)
					for n, from := range known {
						if (from.IsZero() || !on.Before(from)) && (want == 0 || from.String() > known[want].String() || from == known[want] && n > want) {
							want = n
						}
					}
					if got, err := Find(t.Context(), d.Read, code, on); err != nil || got.Number != want {
						t.Fatalf("%s on %s: version %d, %v; want %d of %v", code, on, got.Number, err, want, known)
					}
				}
			}
		}
	})
}
