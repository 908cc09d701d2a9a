package db

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Set is a numbered series of SQL files (00001_name.sql) with its own version
// table. A file whose name ends in _postgres or _sqlite is for that engine alone.
type Set struct {
	Name  string // "card": the version table is migration_card
	Files fs.FS
	Dir   string // folder inside Files, "" for its root
}

// Migrate brings the schema up to date. Several processes may do it at once on
// one PostgreSQL: they take turns.
func (d *DB) Migrate(ctx context.Context, sets ...Set) error {
	for _, set := range sets {
		provider, err := d.provider(set)
		if err != nil {
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("db: migrate %s/%s: %w", d.name, set.Name, err)
		}
	}
	return nil
}

func (d *DB) provider(set Set) (*goose.Provider, error) {
	files, err := d.forEngine(set)
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d.Dialect == Postgres {
		dialect = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	store, err := database.NewStore(dialect, "migration_"+set.Name)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider("", d.write, files, append(options, goose.WithStore(store))...)
}

// forEngine picks the files of this engine and gives them names without the
// engine, so that both engines count the same versions.
func (d *DB) forEngine(set Set) (fs.FS, error) {
	root := set.Dir
	if root == "" {
		root = "."
	}
	entries, err := fs.ReadDir(set.Files, root)
	if err != nil {
		return nil, err
	}
	picked := fstest.MapFS{}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".sql")
		if !ok {
			continue
		}
		other := Postgres
		if d.Dialect == Postgres {
			other = SQLite
		}
		if strings.HasSuffix(name, "_"+string(other)) {
			continue
		}
		data, err := fs.ReadFile(set.Files, path.Join(root, entry.Name()))
		if err != nil {
			return nil, err
		}
		picked[strings.TrimSuffix(name, "_"+string(d.Dialect))+".sql"] = &fstest.MapFile{Data: data}
	}
	return picked, nil
}
