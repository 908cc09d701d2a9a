package db_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
)

var things = db.Set{Name: "things", Files: fstest.MapFS{
	"00001_thing.sql":          {Data: []byte("-- +goose Up\nCREATE TABLE thing (id TEXT PRIMARY KEY, number BIGINT NOT NULL, body TEXT NOT NULL DEFAULT '');\nINSERT INTO thing (id, number) VALUES ('counter', 0);\n")},
	"00002_which_sqlite.sql":   {Data: []byte("-- +goose Up\nINSERT INTO thing (id, number) VALUES ('engine', 1);\n")},
	"00002_which_postgres.sql": {Data: []byte("-- +goose Up\nINSERT INTO thing (id, number) VALUES ('engine', 2);\n")},
}}

func number(t *testing.T, d *db.DB, id string) int {
	t.Helper()
	var n int
	if err := d.Read.QueryRowContext(context.Background(), `SELECT number FROM thing WHERE id = $1`, id).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEachEngineTakesItsOwnMigration(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		want := map[db.Dialect]int{db.SQLite: 1, db.Postgres: 2}[d.Dialect]
		if got := number(t, d, "engine"); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
		if err := d.Migrate(t.Context(), things); err != nil {
			t.Fatalf("a second time: %v", err)
		}
	})
}

func TestManyProcessesMigrateOnePostgresAtOnce(t *testing.T) {
	address := dbtest.Postgres(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			d, err := db.Open(context.Background(), address, "card", db.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = d.Close() }()
			if err := d.Migrate(context.Background(), things); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestParallelTransactionsAreAllCounted(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, `UPDATE thing SET number = number + 1 WHERE id = 'counter'`)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := number(t, d, "counter"); got != 50 {
			t.Fatalf("counted %d", got)
		}
	})
}

func TestFailedTransactionLeavesNothing(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		no := errors.New("no")
		hooks := 0
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			db.OnCommit(ctx, func() { hooks++ })
			if _, err := tx.ExecContext(ctx, `UPDATE thing SET number = 9 WHERE id = 'counter'`); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) || number(t, d, "counter") != 0 || hooks != 0 {
			t.Fatalf("err %v, number %d, hooks %d", err, number(t, d, "counter"), hooks)
		}
	})
}

func TestUniqueIsToldByCode(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, number) VALUES ('counter', 1)`)
			return err
		})
		if !db.Unique(err) {
			t.Fatalf("got %v", err)
		}
	})
}

// A full disk: the limit makes SQLite answer as it does when the file system
// has no room. What was there stays readable, and writing works again when
// there is room.
func TestFullDisk(t *testing.T) {
	d := dbtest.SQLite(t, "card", things)
	limit := func(pages int) {
		t.Helper()
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			var got int
			return tx.QueryRowContext(ctx, `PRAGMA max_page_count = `+map[bool]string{true: "1", false: "100000"}[pages == 1]).Scan(&got)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	fill := func() error {
		return d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO thing (id, number, body) VALUES ('big', 1, $1)`, strings.Repeat("x", 200_000))
			return err
		})
	}
	limit(1) // SQLite raises this to the present size: no page more
	err := fill()
	if e := fail.As(err); e == nil || e.Kind != fail.Unavailable || e.Key != "kit.disk_full" {
		t.Fatalf("got %v", err)
	}
	if number(t, d, "engine") != 1 {
		t.Fatal("what was there cannot be read")
	}
	limit(100000)
	if err := fill(); err != nil {
		t.Fatalf("with room again: %v", err)
	}
}

// A server that goes away and comes back: while it is away the reader is told
// so; work under way when it comes back is tried again.
func TestPostgresRestartInTheMiddle(t *testing.T) {
	server := dbtest.StartServer(t)
	d := dbtest.Open(t, server.Address, "card", things)
	count := func() error {
		return d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE thing SET number = number + 1 WHERE id = 'counter'`)
			return err
		})
	}
	if err := count(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	if err := count(); !fail.Is(err, fail.Unavailable) {
		t.Fatalf("while away: %v", err)
	}
	server.Start()
	if err := count(); err != nil {
		t.Fatalf("after the restart: %v", err)
	}
	// In the middle of a transaction.
	tries := 0
	err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		tries++
		if _, err := tx.ExecContext(ctx, `UPDATE thing SET number = number + 1 WHERE id = 'counter'`); err != nil {
			return err
		}
		if tries == 1 {
			server.Stop()
			server.Start()
		}
		_, err := tx.ExecContext(ctx, `UPDATE thing SET number = number + 10 WHERE id = 'counter'`)
		return err
	})
	if err != nil || tries < 2 {
		t.Fatalf("in the middle: %v after %d tries", err, tries)
	}
	if got := number(t, d, "counter"); got != 13 {
		t.Fatalf("counted %d, want 13", got)
	}
}

func TestTimesAndDays(t *testing.T) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 123456000, time.UTC)
	if got := db.Time(db.Micros(at)); !got.Equal(at) {
		t.Fatal(got)
	}
	if !db.Time(db.Micros(time.Time{})).IsZero() {
		t.Fatal("the zero time is lost")
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "mysql://x", "sqlite"} {
		if _, err := db.Open(t.Context(), address, "card", db.Options{}); err == nil {
			t.Errorf("%q was opened", address)
		}
	}
	_, err := db.Open(t.Context(), "postgres://user:hunter2@127.0.0.1:1/x?connect_timeout=1", "card", db.Options{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the password is told: %v", err)
	}
	if _, err := db.Open(t.Context(), "sqlite:"+t.TempDir(), `card"; DROP`, db.Options{}); err == nil {
		t.Error("a bad name of a system was taken")
	}
}
