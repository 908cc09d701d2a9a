package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// Empty databases are migrated once and copied: a system has fifty migrations,
// and to run them before every test took longer than the test. What is copied is
// named by the text of its migrations, so a changed one is never met again.

// kept are the migrated originals of this process, by name.
var kept sync.Map // string to *original

type original struct {
	sqlite, postgres sync.Once
	files            map[string][]byte // of SQLite
	name             string            // of PostgreSQL's
	err              error             // of SQLite
	failed           error             // of PostgreSQL
}

func originalOf(system string, sets []db.Set) (*original, string, error) {
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%q\n", system)
	for _, set := range sets {
		root := set.Dir
		if root == "" {
			root = "."
		}
		_, _ = fmt.Fprintf(sum, "%q %q\n", set.Name, set.Dir)
		err := fs.WalkDir(set.Files, root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(set.Files, path)
			_, _ = fmt.Fprintf(sum, "%q %d\n%s", path, len(text), text)
			return err
		})
		if err != nil {
			return nil, "", err
		}
	}
	name := hex.EncodeToString(sum.Sum(nil)[:12])
	found, _ := kept.LoadOrStore(name, &original{})
	return found.(*original), name, nil
}

func migrate(address, system string, sets []db.Set) error {
	d, err := db.Open(context.Background(), address, system, db.Options{Connections: 2})
	if err != nil {
		return err
	}
	err = d.Migrate(context.Background(), sets...)
	if closed := d.Close(); err == nil {
		err = closed
	}
	return err
}

// migratedSQLite is the address of an empty database of the system in a folder of the test.
func migratedSQLite(t testing.TB, system string, sets []db.Set) string {
	t.Helper()
	o, _, err := originalOf(system, sets)
	if err != nil {
		t.Fatal(err)
	}
	o.sqlite.Do(func() { o.files, o.err = filesOf(system, sets) })
	if o.err != nil {
		t.Fatal(o.err)
	}
	dir := t.TempDir()
	for name, data := range o.files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "sqlite:" + dir
}

// filesOf are the files of a migrated database. They are held in memory: who
// runs tests has no place from which to take a folder away after the last one.
func filesOf(system string, sets []db.Set) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "sanarip-migrated-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := migrate("sqlite:"+dir, system, sets); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	files := map[string][]byte{}
	for _, entry := range entries {
		if files[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil { //nolint:gosec // a file made above
			return nil, err
		}
	}
	return files, err
}

// migratedPostgres is the address of an empty database of the system on the test
// server. All processes copy one original, which stays there till tomorrow.
func migratedPostgres(t testing.TB, system string, sets []db.Set) string {
	t.Helper()
	server := serverOf(t)
	o, name, err := originalOf(system, sets)
	if err != nil {
		t.Fatal(err)
	}
	o.postgres.Do(func() { o.name, o.failed = makeOriginal(server, name, system, sets) })
	if o.failed != nil {
		t.Fatal(o.failed)
	}
	return database(t, server, " TEMPLATE "+o.name)
}

const originals = "migrated_"

// makeOriginal migrates under another name first, so that an original is whole
// or not there, whoever is interrupted; who is second drops theirs.
func makeOriginal(server, name, system string, sets []db.Set) (string, error) {
	today := time.Now().UTC()
	name = originals + today.Format("20060102") + "_" + name
	if there, err := databases(server, name); err != nil || len(there) > 0 {
		return name, err
	}
	if err := dropBefore(server, originals+today.AddDate(0, 0, -1).Format("20060102")); err != nil {
		return name, err
	}
	making := freshName("making")
	if err := onServer(server, "CREATE DATABASE "+making); err != nil {
		return name, err
	}
	if err := migrate(within(server, making), system, sets); err != nil {
		_ = onServer(server, dropDatabase(making))
		return name, err
	}
	renamed := onServer(server, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", making, name))
	if renamed == nil {
		return name, nil
	}
	_ = onServer(server, dropDatabase(making))
	if there, err := databases(server, name); err != nil || len(there) == 0 {
		return name, fmt.Errorf("keep the migrated database: %w", renamed)
	}
	return name, nil
}

// dropBefore takes away the originals of days past. One that is used at this
// moment stays till the next time.
func dropBefore(server, day string) error {
	there, err := databases(server, originals+"%")
	for _, name := range there {
		if strings.Compare(name, day) < 0 {
			_ = onServer(server, "DROP DATABASE IF EXISTS "+name)
		}
	}
	return err
}
