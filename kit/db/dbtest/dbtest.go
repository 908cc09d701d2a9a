// Package dbtest gives a test a fresh database on each engine.
//
// SQLite needs nothing. PostgreSQL needs the address of a server on which the
// test may make databases, in SANARIP_TEST_POSTGRES; `make test` starts one. Without
// it the PostgreSQL half is skipped, unless SANARIP_TEST_REQUIRE_POSTGRES=1 makes
// that an error, as `make test` does.
package dbtest

import (
	"context"
	"os"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/sanarip/sanarip/kit/db"
)

// Each runs the test on every engine, side by side, each time with an empty
// database of the system, migrated by the sets.
func Each(t *testing.T, system string, sets []db.Set, run func(t *testing.T, d *db.DB)) {
	t.Helper()
	Both(t,
		func(t *testing.T) { run(t, open(t, migratedSQLite(t, system, sets), system, nil)) },
		func(t *testing.T) { run(t, open(t, migratedPostgres(t, system, sets), system, nil)) })
}

// SQLite is an empty, migrated SQLite database, for tests that have nothing to
// do with the engine.
func SQLite(t testing.TB, system string, sets ...db.Set) *db.DB {
	t.Helper()
	return open(t, migratedSQLite(t, system, sets), system, nil)
}

// Open opens the system's database at the address (as db.Open), migrated.
func Open(t testing.TB, address, system string, sets ...db.Set) *db.DB {
	t.Helper()
	return open(t, address, system, sets)
}

func open(t testing.TB, address, system string, sets []db.Set) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address, system, db.Options{Connections: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if err := d.Migrate(context.Background(), sets...); err != nil {
		t.Fatal(err)
	}
	return d
}

// Postgres makes an empty database on the test server and gives its address.
func Postgres(t testing.TB) string {
	t.Helper()
	return database(t, serverOf(t), "")
}

// serverOf is the address of the test server, without which the test is skipped.
func serverOf(t testing.TB) string {
	t.Helper()
	server := os.Getenv("SANARIP_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("SANARIP_TEST_REQUIRE_POSTGRES") == "1" {
			t.Fatal("SANARIP_TEST_POSTGRES is not set, but PostgreSQL is required")
		}
		t.Skip("SANARIP_TEST_POSTGRES is not set: see `make test`")
	}
	return server
}
