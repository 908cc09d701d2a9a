package node

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/card/migration"
)

// backed is a pair whose centre can be put back.
type backed struct {
	*pair
	address string // of the centre's database
}

// eachBacked runs the test with a centre of either engine.
func eachBacked(t *testing.T, run func(t *testing.T, b *backed)) {
	t.Helper()
	with := func(t *testing.T, address string) {
		p := &pair{
			t: t, node: formtest.New(t, dbtest.SQLite(t, "card", migration.Sets...)), centre: formtest.New(t, dbtest.Open(t, address, "card", migration.Sets...)),
			wire: &wire{}, witness: filepath.Join(t.TempDir(), "witness"),
		}
		p.centre.Desk.Clock = p.node.Clock
		p.startCentre()
		p.startNode()
		run(t, &backed{p, address})
	}
	dbtest.Both(t, func(t *testing.T) { with(t, "sqlite:"+t.TempDir()) }, func(t *testing.T) { with(t, dbtest.Postgres(t)) })
}

// backup stops the centre for a copy of its database, and gives what puts it back.
func (b *backed) backup() (restore func()) {
	b.t.Helper()
	kept := b.closed()
	b.openCentre(b.address)
	return func() {
		b.closed()
		b.openCentre(kept)
	}
}

// closed stops the centre and gives a copy of its database.
func (b *backed) closed() string {
	b.t.Helper()
	if err := b.centre.Desk.DB.Close(); err != nil {
		b.t.Fatal(err)
	}
	return dbtest.CopyOf(b.t, b.address)
}

func (b *backed) openCentre(address string) {
	b.t.Helper()
	b.address = address
	d := dbtest.Open(b.t, address, "card", migration.Sets...)
	b.centre.Desk.DB, b.centre.Desk.Directory.DB = d, d
	b.startCentre()
}

// A centre whose backup is put back gets again from its nodes what they had handed
// over since, and gives no number that a node has: neither one that it gave from a
// range granted since, nor one of what is left of it.
func TestACentreThatIsPutBack(t *testing.T) {
	for name, later := range map[string]time.Duration{"at once": time.Minute, "after an hour": time.Hour} {
		t.Run(name, func(t *testing.T) {
			eachBacked(t, func(t *testing.T, b *backed) {
				g := &given{p: b.pair, seen: map[string]bool{}}
				series := &taken{t: t, by: map[string]string{}}
				refer := func(w formtest.World, side string, times int) {
					t.Helper()
					for range times {
						if err := series.next(w, side, number.Referrals); err != nil {
							t.Fatal(err)
						}
					}
				}
				b.meet()
				g.must(2)
				b.meet()
				restore := b.backup()
				g.must(2)
				refer(b.node, "node", 60) // another range is granted
				b.meet()
				refer(b.node, "node", 60) // and begun
				g.must(1)
				b.meet()
				restore()
				b.node.Clock.Advance(later)
				refer(b.node, "node", 5) // before it knows
				g.must(1)
				b.meet()
				if self := b.self(); self.Halted() || self.Epoch != 2 {
					t.Fatalf("%+v", self)
				}
				b.alike()
				refer(b.node, "node", 30)
				refer(b.centre, "centre", 30)
				g.must(2)
				b.meet()
				b.alike()
				for n := range g.seen {
					if b.centre.Int(`SELECT COUNT(*) FROM form WHERE number = $1`, n) != 1 {
						t.Errorf("%s is not at the centre", n)
					}
				}
			})
		})
	}
}

// What a node has handed over it keeps beyond the places by which histories are
// compared: a backup of the centre is a day old, and a day has many changes.
func TestACentreThatIsPutBackFromLongAgo(t *testing.T) {
	eachBacked(t, func(t *testing.T, b *backed) {
		b.meet()
		before := dischargeOne(t, b.node, formtest.PIN(41))
		b.meet()
		restore := b.backup()
		lost := dischargeOne(t, b.node, formtest.PIN(42))
		b.meet()
		err := b.node.Desk.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for i := range mostHistory + 100 {
				if _, err := tx.ExecContext(ctx, `UPDATE patient SET address = $1 WHERE pin = $2`, fmt.Sprint(i), formtest.PIN(41)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.meet()
		restore()
		b.meet()
		for _, n := range []string{before, lost} {
			if b.centre.Int(`SELECT COUNT(*) FROM form WHERE number = $1`, n) != 1 {
				t.Errorf("%s is not at the centre", n)
			}
		}
		b.alike()
	})
}
