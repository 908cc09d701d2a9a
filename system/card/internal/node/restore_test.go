package node

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/card/migration"
)

// A backup that is put back gives no number; when the line is there the node
// begins anew, what was lost comes back, what was added since is handed over.
func TestARestoredBackupGivesNoNumberAgain(t *testing.T) {
	eachRestored(t, func(t *testing.T, p *pair, backup func() func()) {
		p.meet()
		dischargeOne(t, p.node, formtest.PIN(21))
		p.meet()
		series := &taken{t: t, by: map[string]string{}}
		next := func() error { return series.next(p.node, "node", number.Referrals) }
		restore := backup()
		lost := dischargeOne(t, p.node, formtest.PIN(22))
		p.meet()
		p.wire.cut.Store(true)
		unsent := dischargeOne(t, p.node, formtest.PIN(23))
		for range 5 {
			if err := next(); err != nil {
				t.Fatal(err)
			}
		}
		_ = p.n.Step(t.Context())
		restore()
		p.startNode()
		if self := p.self(); !self.Halted() || self.HaltReason != "restored" {
			t.Fatalf("%+v", self)
		}
		stayID := p.node.Ready(formtest.PIN(24))
		end := form.Ending{At: p.node.Clock.Now().Add(-time.Minute), Outcome: "discharged", Result: "improved"}
		if n, err := discharge.Discharge(formtest.Doctor(t.Context()), p.node.Desk, stayID, end); err == nil {
			t.Fatalf("%s was given after a restore; %s and %s were before", n, lost, unsent)
		} else if fail.As(err).Key != "card.node.numbers_out" {
			t.Fatal(err)
		}
		if err := next(); errKey(err) != "card.node.out.referral" {
			t.Fatalf("a referral after a restore: %v", err)
		}
		// The phone: a wrong code opens nothing, the right one does.
		high := p.centre.Int(`SELECT MAX(last) FROM form_sequence`) + 700 // the centre has given that many meanwhile
		p.centre.Exec(`UPDATE form_sequence SET last = $1 WHERE department = $2`, high, formtest.Department)
		code, err := p.c.PhoneCode(formtest.Head(t.Context()), nodeName, p.self().Challenge(), 100)
		if err != nil {
			t.Fatal(err)
		}
		wrong := []byte(code)
		wrong[len(wrong)-1] ^= 1
		if err := p.n.EnterCode(t.Context(), string(wrong)); err == nil {
			t.Fatal("a wrong code")
		}
		if err := p.n.EnterCode(t.Context(), strings.ToLower(code)); err != nil {
			t.Fatal(err)
		}
		n, err := discharge.Discharge(formtest.Doctor(t.Context()), p.node.Desk, stayID, end)
		if err != nil || n.String() == lost || n.String() == unsent || n.Sequence <= high {
			t.Fatal(n, high, err)
		}
		if err := next(); err != nil {
			t.Fatal(err)
		}
		if err := series.next(p.centre, "centre", number.Referrals); err != nil {
			t.Fatal(err)
		}
		p.wire.cut.Store(false)
		p.meet()
		if self := p.self(); self.Halted() || self.Epoch != 2 {
			t.Fatalf("%+v", self)
		}
		p.alike()
		for _, w := range []formtest.World{p.node, p.centre} {
			if w.Int(`SELECT COUNT(*) FROM form WHERE number IN ($1, $2)`, lost, n.String()) != 2 {
				t.Error("a form is missing")
			}
		}
		if number := dischargeOne(t, p.node, formtest.PIN(25)); number == unsent {
			t.Error("a number that was shown before the restore was given again")
		}
		if err := next(); err != nil {
			t.Fatal(err)
		}
		p.meet()
		p.alike()
	})
}

// eachRestored runs the test over a pair whose node can be backed up: backup makes
// one, and gives what puts it back, as often as it is asked. The witness is no part
// of it.
func eachRestored(t *testing.T, with func(t *testing.T, p *pair, backup func() func())) {
	t.Helper()
	dbtest.Both(t, func(t *testing.T) {
		dir := t.TempDir()
		p := &pair{t: t, node: formtest.New(t, dbtest.Open(t, "sqlite:"+dir, "card", migration.Sets...)), centre: formtest.New(t, dbtest.SQLite(t, "card", migration.Sets...)), wire: &wire{}, witness: filepath.Join(t.TempDir(), "witness")}
		p.centre.Desk.Clock = p.node.Clock
		p.startCentre()
		p.startNode()
		with(t, p, func() func() {
			copied := filepath.Join(t.TempDir(), "card.db")
			source, err := sql.Open("sqlite", filepath.Join(dir, "card.db")) // what is open now
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = source.Close() }()
			if _, err := source.ExecContext(t.Context(), `VACUUM INTO '`+copied+`'`); err != nil {
				t.Fatal(err)
			}
			return func() {
				clockNow := p.node.Clock
				dir = t.TempDir()
				data, err := os.ReadFile(copied) //nolint:gosec // the test's own
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, "card.db"), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
				p.reopen(dbtest.Open(t, "sqlite:"+dir, "card", migration.Sets...), clockNow)
			}
		})
	}, func(t *testing.T) {
		address := dbtest.Postgres(t)
		p := &pair{t: t, node: formtest.New(t, dbtest.Open(t, address, "card", migration.Sets...)), centre: formtest.New(t, dbtest.Open(t, dbtest.Postgres(t), "card", migration.Sets...)), wire: &wire{}, witness: filepath.Join(t.TempDir(), "witness")}
		p.centre.Desk.Clock = p.node.Clock
		p.startCentre()
		p.startNode()
		with(t, p, func() func() {
			saved := map[string][]capture.Row{}
			all := append(slices.Clone(p.n.Merger.Schema.Tables), localTables(t, p)...)
			for _, table := range all {
				rows, err := p.n.Merger.Schema.Select(t.Context(), p.node.Desk.DB.Read, table, "")
				if err != nil {
					t.Fatal(err)
				}
				saved[table.Name] = rows
			}
			return func() { putBack(t, p, all, saved) }
		})
	})
}

// A number that was given since the backup, with nothing handed over and nothing
// put in order after it, is witnessed by itself.
func TestEachNumberThatWasGivenIsWitnessed(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		p.startNode()
		if self := p.self(); self.Halted() {
			t.Fatalf("%+v", self)
		}
		k := &taken{t: t, by: map[string]string{}}
		if err := k.next(p.node, "node", number.Referrals); err != nil {
			t.Fatal(err)
		}
		p.node.Exec(`UPDATE node_range SET given = given - 1 WHERE department = $1 AND given >= first`, string(number.Referrals)) // as a backup has it
		p.startNode()
		if self := p.self(); !self.Halted() || self.HaltReason != "restored" {
			t.Errorf("%+v", self)
		}
	})
}

// errKey is the text key of the error, "" for none.
func errKey(err error) string {
	if err == nil {
		return ""
	}
	return fail.As(err).Key
}

// reopen makes another database the node's.
func (p *pair) reopen(d *db.DB, now *clock.Manual) {
	fresh := formtest.New(p.t, dbtest.SQLite(p.t, "card", migration.Sets...)) // for its neighbours
	fresh.Desk.DB, fresh.Desk.Directory.DB, fresh.Desk.Clock = d, d, now
	p.node.Desk, p.node.Clock = fresh.Desk, now
}

// localTables are the tables of a node that a backup has besides.
func localTables(t *testing.T, p *pair) []capture.Table {
	t.Helper()
	var all []capture.Table
	for _, name := range []string{"node_self", "node_log", "node_range", "node_change"} {
		all = append(all, capture.Table{Name: name, Columns: columnsOf(t, p, name)})
	}
	return all
}

func columnsOf(t *testing.T, p *pair, table string) []capture.Column {
	t.Helper()
	rows, err := p.node.Desk.DB.Read.QueryContext(t.Context(), `SELECT column_name FROM information_schema.columns WHERE table_schema = 'card' AND table_name = $1`, table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []capture.Column
	for rows.Next() {
		var c capture.Column
		if err := rows.Scan(&c.Name); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// putBack restores PostgreSQL's tables without their triggers.
func putBack(t *testing.T, p *pair, tables []capture.Table, saved map[string][]capture.Row) {
	t.Helper()
	err := p.node.Desk.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
		for _, table := range tables {
			if _, err := tx.ExecContext(ctx, `DELETE FROM `+table.Name); err != nil {
				return err
			}
			for _, row := range saved[table.Name] {
				if table.Name == "node_change" {
					if _, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO node_change (id, xid, sequence, hash, at, origin, tbl, row_key, op, before_row, after_row)
						OVERRIDING SYSTEM VALUE VALUES (%d, %d, %d, $1, %d, $2, $3, $4, $5, $6, $7)`, row["id"], row["xid"], row["sequence"], row["at"]),
						row["hash"], row["origin"], row["tbl"], row["row_key"], row["op"], row["before_row"], row["after_row"]); err != nil {
						return err
					}
					continue
				}
				if err := p.n.Merger.Schema.Insert(ctx, tx, table, row); err != nil {
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
