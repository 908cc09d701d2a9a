package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

var (
	sets   = []db.Set{audit.Migration}
	secret = []byte("a secret of the system under test")
	start  = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
)

func some(i int) audit.Record {
	return audit.Record{
		Subject: fmt.Sprintf("1150319850%04d", i), ActorPIN: "20202198000001", ActorName: "Асанова Бермет", ActorRole: "doctor",
		Organisation: "НЦ", Via: "card", Action: "stay.read", Purpose: "treatment", Object: fmt.Sprint("stay-", i), RequestID: fmt.Sprint("q", i),
	}
}

func add(ctx context.Context, d *db.DB, r audit.Record) error {
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return audit.Add(ctx, tx, clock.System{}, r) })
}

func sealer(d *db.DB) *audit.Sealer {
	return audit.NewSealer(d, clock.System{}, slog.New(slog.DiscardHandler), secret)
}

func seal(t *testing.T, s *audit.Sealer) {
	t.Helper()
	if _, err := s.Seal(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func fill(t *testing.T, d *db.DB, n int) {
	t.Helper()
	err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		for i := range n {
			if err := audit.Add(ctx, tx, clock.System{}, some(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, q db.Querier, heads ...audit.Head) audit.Report {
	t.Helper()
	r, err := audit.Verify(context.Background(), q, audit.NewKey("card", secret), heads, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func change(t *testing.T, d *db.DB, statements ...string) {
	t.Helper()
	err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		for _, s := range statements {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unguard takes the triggers away, as who owns the database can.
func unguard(t *testing.T, d *db.DB) {
	t.Helper()
	query := `SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'`
	if d.Dialect == db.Postgres {
		query = `SELECT 'DROP TRIGGER ' || t.tgname || ' ON ' || c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
			JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT t.tgisinternal`
	}
	rows, err := d.Read.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var statements []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		statements = append(statements, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if len(statements) < 9 {
		t.Fatalf("only %d triggers: %v", len(statements), statements)
	}
	change(t, d, statements...)
}

// Several processes add and seal at once, some changes are rolled back: every
// record that was committed has one place, and nothing else has.
func TestEveryRecordOfManyWritersGetsItsPlace(t *testing.T) {
	const writers, each = 8, 40
	run := func(t *testing.T, all []*db.DB) {
		ctx, stop := context.WithCancel(t.Context())
		var sealing, writing sync.WaitGroup
		for _, d := range all {
			s := sealer(d)
			sealing.Go(func() {
				for ctx.Err() == nil {
					if _, err := s.Seal(context.WithoutCancel(ctx)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		no := errors.New("no")
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					err := all[w%len(all)].Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
						err := audit.Add(ctx, tx, clock.System{}, some(w*each+i))
						time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond) // others commit meanwhile
						if err == nil && i%10 == 9 {
							return no
						}
						return err
					})
					if err != nil && !errors.Is(err, no) {
						t.Error(err)
					}
				}
			})
		}
		writing.Wait()
		stop()
		sealing.Wait()
		seal(t, sealer(all[0]))
		r := verify(t, all[0].Read)
		if want := int64(writers * each * 9 / 10); !r.OK() || r.Records != want || r.Head.Sequence != want || r.Waiting != 0 {
			t.Fatalf("%d records wanted, got %+v", want, r)
		}
	}
	t.Run("one process", func(t *testing.T) {
		dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) { run(t, []*db.DB{d}) })
	})
	t.Run("three processes on one SQLite file", func(t *testing.T) {
		address := "sqlite:" + t.TempDir()
		run(t, []*db.DB{dbtest.Open(t, address, "card", sets...), dbtest.Open(t, address, "card", sets...), dbtest.Open(t, address, "card", sets...)})
	})
	t.Run("three processes on one PostgreSQL", func(t *testing.T) {
		address := dbtest.Postgres(t)
		run(t, []*db.DB{dbtest.Open(t, address, "card", sets...), dbtest.Open(t, address, "card", sets...), dbtest.Open(t, address, "card", sets...)})
	})
}

func TestRecordsAndPlacesAreNeverChangedOrDeleted(t *testing.T) {
	dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) {
		fill(t, d, 3)
		seal(t, sealer(d))
		fill(t, d, 1) // waits
		statements := []string{
			`UPDATE access_record SET actor_name = 'x'`, `DELETE FROM access_record`, `UPDATE access_link SET hash = 'x'`,
			`DELETE FROM access_link WHERE sequence = 3`, `DELETE FROM access_waiting`, `UPDATE access_waiting SET record_id = 'x'`,
			`DELETE FROM access_chain`, `UPDATE access_chain SET sequence = 2`, `UPDATE access_chain SET hash = 'x'`,
		}
		if d.Dialect == db.Postgres {
			statements = append(statements, `TRUNCATE access_record`, `TRUNCATE access_link`, `TRUNCATE access_waiting`, `TRUNCATE access_chain`)
		}
		for _, statement := range statements {
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err == nil {
				t.Errorf("%s: went through", statement)
			}
		}
		if r := verify(t, d.Read); !r.OK() || r.Records != 3 || r.Waiting != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// Records of before the chain get their places, also while the version before
// still writes.
func TestRecordsOlderThanTheChainAreSealed(t *testing.T) {
	dbtest.Each(t, "card", nil, func(t *testing.T, d *db.DB) {
		first, err := audit.Migration.Files.Open("migration/00001_access.sql")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = first.Close() }()
		data := make([]byte, 1<<16)
		n, _ := first.Read(data)
		before := db.Set{Name: "access", Files: fstest.MapFS{"00001_access.sql": {Data: data[:n]}}}
		if err := d.Migrate(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		fill(t, d, 300)
		if err := audit.Chained(t.Context(), d); !errors.Is(err, audit.ErrNone) {
			t.Errorf("before the chain: %v", err)
		}
		if err := d.Migrate(t.Context(), sets...); err != nil {
			t.Fatal(err)
		}
		if err := audit.Chained(t.Context(), d); err != nil {
			t.Error(err)
		}
		fill(t, d, 1)
		late := audit.NewSealer(d, clock.NewManual(time.Now().Add(2*time.Hour)), slog.New(slog.DiscardHandler), secret)
		seal(t, late)
		if r := verify(t, d.Read); !r.OK() || r.Records != 301 || r.Late != 301 {
			t.Errorf("%+v", r)
		}
	})
}

// Each way of tampering, told for what it is and where.
func TestTamperingShows(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		kind       audit.Kind
		sequence   int64
	}{
		"changed":                 {[]string{`UPDATE access_record SET purpose = 'x' WHERE object = 'stay-1'`}, audit.Changed, 2},
		"changed in time":         {[]string{`UPDATE access_record SET at = at + 1 WHERE object = 'stay-1'`}, audit.Changed, 2},
		"words between fields":    {[]string{`UPDATE access_record SET action = 'stay.readt', purpose = 'reatment' WHERE object = 'stay-1'`}, audit.Changed, 2},
		"deleted":                 {[]string{`DELETE FROM access_record WHERE object = 'stay-1'`}, audit.Deleted, 2},
		"deleted, newest":         {[]string{`DELETE FROM access_record WHERE object = 'stay-4'`}, audit.Deleted, 5},
		"taken out of the chain":  {[]string{`DELETE FROM access_link WHERE sequence = 2`}, audit.Missing, 2},
		"taken out of both":       {[]string{`DELETE FROM access_record WHERE object = 'stay-1'`, `DELETE FROM access_link WHERE sequence = 2`}, audit.Missing, 2},
		"closed up":               {[]string{`DELETE FROM access_link WHERE sequence = 2`, `UPDATE access_link SET sequence = 2 WHERE sequence = 3`, `UPDATE access_link SET sequence = 3 WHERE sequence = 4`, `UPDATE access_link SET sequence = 4 WHERE sequence = 5`, `UPDATE access_chain SET sequence = 4`}, audit.Forged, 4},
		"tail cut":                {[]string{`DELETE FROM access_link WHERE sequence >= 4`, `DELETE FROM access_record WHERE object IN ('stay-3', 'stay-4')`}, audit.CutOff, 4},
		"tail cut, end put back":  {[]string{`DELETE FROM access_link WHERE sequence >= 4`, `DELETE FROM access_record WHERE object IN ('stay-3', 'stay-4')`, `UPDATE access_chain SET sequence = 3, hash = (SELECT hash FROM access_link WHERE sequence = 3)`}, audit.Forged, 3},
		"all gone":                {[]string{`DELETE FROM access_link`, `DELETE FROM access_record`}, audit.CutOff, 1},
		"exchanged":               {[]string{`UPDATE access_link SET sequence = 50 WHERE sequence = 2`, `UPDATE access_link SET sequence = 2 WHERE sequence = 3`, `UPDATE access_link SET sequence = 3 WHERE sequence = 50`}, audit.Changed, 2},
		"put beside the chain":    {[]string{`INSERT INTO access_record SELECT 'new', at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id FROM access_record WHERE object = 'stay-1'`}, audit.Outside, 0},
		"put after the end":       {[]string{`INSERT INTO access_record SELECT 'new', at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id FROM access_record WHERE object = 'stay-1'`, `INSERT INTO access_link SELECT 6, 'new', sealed_at, 1, hash FROM access_link WHERE sequence = 5`}, audit.Beyond, 6},
		"end taken away":          {[]string{`DELETE FROM access_chain`}, audit.Forged, 5},
		"end of another hand":     {[]string{`UPDATE access_chain SET mac = 'x'`}, audit.Forged, 5},
		"told that nothing waits": {[]string{`INSERT INTO access_record SELECT 'new', at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id FROM access_record WHERE object = 'stay-1'`, `DELETE FROM access_waiting WHERE record_id = 'new'`}, audit.Outside, 0},
		"gone while it waited":    {[]string{`INSERT INTO access_waiting (record_id) VALUES ('gone')`}, audit.Withdrawn, 0},
		"unmolested":              {nil, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.SQLite(t, "card", sets...)
			fill(t, d, 5)
			seal(t, sealer(d))
			unguard(t, d)
			change(t, d, c.statements...)
			r := verify(t, d.Read)
			if c.kind == "" {
				if !r.OK() {
					t.Fatalf("%+v", r)
				}
				return
			}
			if !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Kind == c.kind && f.Sequence == c.sequence }) {
				t.Errorf("%s at %d is not among %+v", c.kind, c.sequence, r)
			}
		})
	}
}

// A chain made by somebody who knows how, but has no key, is no chain.
func TestAChainOfAnotherKeyIsForged(t *testing.T) {
	d := dbtest.SQLite(t, "card", sets...)
	fill(t, d, 5)
	seal(t, audit.NewSealer(d, clock.System{}, slog.New(slog.DiscardHandler), []byte("guessed")))
	if r := verify(t, d.Read); r.Wrong != 6 || r.Findings[0].Kind != audit.Forged {
		t.Errorf("%+v", r)
	}
}

// Who has the whole database can put back an older state of it, chain and all.
// A head kept elsewhere tells; so does a program that went on running.
func TestAnOlderStateIsFoundByAKeptHead(t *testing.T) {
	dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) {
		running := sealer(d)
		fill(t, d, 5)
		seal(t, running)
		earlier := verify(t, d.Read).Head
		change(t, d, `CREATE TABLE kept AS SELECT * FROM access_chain`)
		fill(t, d, 5)
		seal(t, running)
		head := verify(t, d.Read).Head
		if r := verify(t, d.Read, earlier, head); !r.OK() || r.Anchors != 2 {
			t.Fatalf("heads of the chain itself: %+v", r)
		}
		unguard(t, d)
		change(t, d, `DELETE FROM access_record WHERE id IN (SELECT record_id FROM access_link WHERE sequence > 5)`, `DELETE FROM access_link WHERE sequence > 5`,
			`DELETE FROM access_chain`, `INSERT INTO access_chain SELECT * FROM kept`)
		if r := verify(t, d.Read, earlier); !r.OK() {
			t.Fatalf("the older state: %+v", r)
		}
		r := verify(t, d.Read, earlier, head)
		if r.Wrong != 1 || r.Findings[0] != (audit.Finding{Kind: audit.CutOff, Sequence: 6, Count: 5}) {
			t.Errorf("with the head kept: %+v", r)
		}
		// The program goes on, and the chain grows past the head that was cut off.
		for i := range 9 {
			if err := add(t.Context(), d, some(i)); err != nil {
				t.Fatal(err)
			}
		}
		change(t, d, `INSERT INTO access_waiting SELECT id FROM access_record WHERE id NOT IN (SELECT record_id FROM access_link)`) // the trigger is gone
		seal(t, running)
		r = verify(t, d.Read, earlier, head)
		want := []audit.Finding{{Kind: audit.Resumed, Sequence: 6}, {Kind: audit.Disagrees, Sequence: 10}}
		for i := range r.Findings {
			r.Findings[i].RecordID = ""
		}
		if !slices.Equal(r.Findings, want) {
			t.Errorf("after sealing went on: %+v", r)
		}
		// Another system's head says nothing about this one.
		head.System = "portal"
		if r := verify(t, d.Read, head); r.Anchors != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// Sealing on never makes what was forged whole.
func TestSealingOnDoesNotHideTampering(t *testing.T) {
	for name, statement := range map[string]string{
		"record changed": `UPDATE access_record SET purpose = 'x' WHERE object = 'stay-1'`,
		"newest changed": `UPDATE access_record SET purpose = 'x' WHERE object = 'stay-4'`,
		"newest gone":    `DELETE FROM access_link WHERE sequence = 5`,
		"end changed":    `UPDATE access_chain SET hash = 'x'`,
		"end unsigned":   `UPDATE access_chain SET mac = 'x'`,
		"end away":       `DELETE FROM access_chain`,
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) {
				fill(t, d, 5)
				seal(t, sealer(d))
				unguard(t, d)
				change(t, d, statement)
				fill(t, d, 5)
				change(t, d, `INSERT INTO access_waiting SELECT id FROM access_record WHERE id NOT IN (SELECT record_id FROM access_link)`)
				seal(t, sealer(d)) // of a process that was started afterwards
				if r := verify(t, d.Read); r.OK() || r.Waiting != 0 {
					t.Errorf("%+v", r)
				}
			})
		})
	}
}

// Random edits of any table are always found: each is made in a transaction,
// looked at from within and rolled back.
func TestRandomEditsAreAlwaysFound(t *testing.T) {
	dbtest.Each(t, "card", sets, func(t *testing.T, d *db.DB) {
		const records = 40
		s := sealer(d)
		for range 4 { // several batches
			fill(t, d, records/4)
			seal(t, s)
		}
		unguard(t, d)
		head := verify(t, d.Read).Head
		seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number will do
		random := rand.New(rand.NewPCG(seed, 1))
		rolledBack := errors.New("rolled back")
		for range 400 {
			edit := randomEdit(random, records)
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				for _, statement := range edit {
					if _, err := tx.ExecContext(ctx, statement); err != nil {
						return fmt.Errorf("%s: %w", statement, err)
					}
				}
				if r := verify(t, tx, head); r.OK() {
					t.Errorf("seed %d: not found: %s", seed, strings.Join(edit, "; "))
				}
				return rolledBack
			})
			if !errors.Is(err, rolledBack) {
				t.Fatal(err)
			}
		}
		if r := verify(t, d.Read, head); !r.OK() {
			t.Errorf("after all was rolled back: %+v", r)
		}
	})
}

// randomEdit is a change of at least one record, place or end.
func randomEdit(random *rand.Rand, records int) []string {
	columns := []string{"subject_pin", "actor_pin", "actor_name", "actor_role", "organisation", "via", "action", "purpose", "object", "request_id"}
	place := func() int { return 1 + random.IntN(records) }
	of := func(p int) string { return fmt.Sprintf("(SELECT record_id FROM access_link WHERE sequence = %d)", p) }
	a, b := place(), place()
	for a == b {
		b = place()
	}
	switch random.IntN(9) {
	case 0: // a letter more, or another moment
		if i := random.IntN(len(columns) + 1); i < len(columns) {
			return []string{fmt.Sprintf("UPDATE access_record SET %s = %s || 'x' WHERE id = %s", columns[i], columns[i], of(a))}
		}
		return []string{fmt.Sprintf("UPDATE access_record SET at = at - %d WHERE id = %s", 1+random.IntN(1e9), of(a))}
	case 1: // records deleted
		return []string{fmt.Sprintf("DELETE FROM access_record WHERE id IN (%s, %s)", of(a), of(b))}
	case 2: // with their places
		return []string{fmt.Sprintf("DELETE FROM access_record WHERE id = %s", of(a)), fmt.Sprintf("DELETE FROM access_link WHERE sequence = %d", a)}
	case 3: // two records change places
		return []string{
			"CREATE TABLE pair AS SELECT sequence, record_id FROM access_link WHERE sequence IN (" + fmt.Sprintf("%d, %d", a, b) + ")",
			fmt.Sprintf("UPDATE access_link SET record_id = 'x' WHERE sequence = %d", a),
			fmt.Sprintf("UPDATE access_link SET record_id = (SELECT record_id FROM pair WHERE sequence = %d) WHERE sequence = %d", a, b),
			fmt.Sprintf("UPDATE access_link SET record_id = (SELECT record_id FROM pair WHERE sequence = %d) WHERE sequence = %d", b, a),
		}
	case 4: // the tail cut, the end put at what is left
		return []string{
			fmt.Sprintf("DELETE FROM access_record WHERE id IN (SELECT record_id FROM access_link WHERE sequence >= %d)", a),
			fmt.Sprintf("DELETE FROM access_link WHERE sequence >= %d", a),
			fmt.Sprintf("UPDATE access_chain SET sequence = %d, hash = COALESCE((SELECT hash FROM access_link WHERE sequence = %d), '')", a-1, a-1),
		}
	case 5: // a record put in, pushing the others on
		return []string{
			fmt.Sprintf("INSERT INTO access_record SELECT 'new', at, subject_pin, actor_pin, 'x', actor_role, organisation, via, action, purpose, object, request_id FROM access_record WHERE id = %s", of(a)),
			fmt.Sprintf("UPDATE access_link SET sequence = sequence + 1000 WHERE sequence >= %d", a),
			fmt.Sprintf("INSERT INTO access_link SELECT %d, 'new', sealed_at, 1, hash FROM access_link WHERE sequence = %d", a, a+1000),
			"UPDATE access_link SET sequence = sequence - 999 WHERE sequence >= 1000",
			fmt.Sprintf("UPDATE access_chain SET sequence = %d", records+1),
		}
	case 6: // a place edited
		return []string{fmt.Sprintf("UPDATE access_link SET %s WHERE sequence = %d", []string{"hash = 'x' || hash", "sealed_at = sealed_at + 1", "end_known = 0"}[random.IntN(3)], a)}
	case 7: // the end edited
		return []string{"UPDATE access_chain SET " + []string{"hash = 'x'", "mac = 'x'", fmt.Sprintf("sequence = sequence + %d", a), "sequence = sequence - 1"}[random.IntN(4)]}
	default: // one record in the name of another
		return []string{fmt.Sprintf("UPDATE access_record SET actor_pin = '', actor_name = 'x' || (SELECT r.object FROM access_record r WHERE r.id = %s) WHERE id = %s", of(b), of(a))}
	}
}
