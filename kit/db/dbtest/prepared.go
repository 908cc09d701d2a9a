package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/id"
)

// Prepared is a database that is filled once and copied for every test that
// starts from it: to migrate and to make the people anew for each would take
// longer than most tests.
//
//	var prepared = dbtest.Prepared{Fill: …}
//	func TestMain(m *testing.M) { code := m.Run(); prepared.Remove(); os.Exit(code) }
type Prepared struct {
	// Fill makes what every copy has, in the empty database at the address. It
	// leaves no connection open.
	Fill func(address string) error

	sqlite, postgres once
}

// once is the original on one engine.
type once struct {
	sync.Once
	place string // the folder; the name of the database
	err   error
}

// SQLite is the address of a copy in a folder of the test.
func (p *Prepared) SQLite(t testing.TB) string {
	t.Helper()
	p.sqlite.Do(func() {
		p.sqlite.place, p.sqlite.err = os.MkdirTemp("", "sanarip-prepared-")
		if p.sqlite.err == nil {
			p.sqlite.err = p.Fill("sqlite:" + p.sqlite.place)
		}
	})
	if p.sqlite.err != nil {
		t.Fatal(p.sqlite.err)
	}
	return "sqlite:" + copyOf(t, p.sqlite.place)
}

func copyFile(to, from string) error {
	source, err := os.Open(from) //nolint:gosec // a file of the test
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600) //nolint:gosec // a file of the test
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		_ = target.Close()
		return err
	}
	return target.Close()
}

// Postgres is the address of a copy on the test server; the test is skipped as
// Postgres says.
func (p *Prepared) Postgres(t testing.TB) string {
	t.Helper()
	server := serverOf(t)
	p.postgres.Do(func() {
		p.postgres.place = freshName("prepared")
		if p.postgres.err = onServer(server, "CREATE DATABASE "+p.postgres.place); p.postgres.err == nil {
			p.postgres.err = p.Fill(within(server, p.postgres.place))
		}
	})
	if p.postgres.err != nil {
		t.Fatal(p.postgres.err)
	}
	return database(t, server, " TEMPLATE "+p.postgres.place)
}

// Remove takes the originals away, after the last test.
func (p *Prepared) Remove() {
	if p.sqlite.place != "" {
		_ = os.RemoveAll(p.sqlite.place)
	}
	if p.postgres.place != "" {
		_ = onServer(os.Getenv("SANARIP_TEST_POSTGRES"), dropDatabase(p.postgres.place))
	}
}

// Both runs the two halves of a test side by side, as subtests named after the
// engines.
func Both(t *testing.T, sqlite, postgres func(t *testing.T)) {
	t.Helper()
	var halves sync.WaitGroup
	halves.Go(func() { t.Run("sqlite", sqlite) })
	halves.Go(func() { t.Run("postgres", postgres) })
	halves.Wait()
}

// database makes a database of the test and gives its address.
func database(t testing.TB, server, options string) string {
	t.Helper()
	name := freshName("test")
	if err := onServer(server, "CREATE DATABASE "+name+options); err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() { _ = onServer(server, dropDatabase(name)) })
	return within(server, name)
}

func freshName(kind string) string { return kind + "_" + strings.ReplaceAll(id.New(), "-", "") }

func dropDatabase(name string) string {
	return fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)
}

// within is the address of the server's database.
func within(server, name string) string {
	address, err := url.Parse(server)
	if err != nil {
		return server // onServer has said so
	}
	address.Path = "/" + name
	return address.String()
}

func onServer(server, statement string) error {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	_, err = admin.ExecContext(context.Background(), statement)
	return err
}

// databases are those of the server whose names are like the pattern.
func databases(server, pattern string) ([]string, error) {
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = admin.Close() }()
	rows, err := admin.QueryContext(context.Background(), "SELECT datname FROM pg_database WHERE datname LIKE $1", pattern)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// CopyOf is the address of a copy of the database at the address, to which nothing is
// connected: a backup.
func CopyOf(t testing.TB, address string) string {
	t.Helper()
	place, ok := strings.CutPrefix(address, "sqlite:")
	if !ok {
		from, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return database(t, serverOf(t), " TEMPLATE "+strings.TrimPrefix(from.Path, "/"))
	}
	return "sqlite:" + copyOf(t, place)
}

// copyOf is a folder of the test with the files of another.
func copyOf(t testing.TB, place string) string {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(place, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the database has %d files: %v", len(files), err)
	}
	for _, file := range files {
		if err := copyFile(filepath.Join(dir, filepath.Base(file)), file); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
