// Package db opens a system's own database, an SQLite file or a PostgreSQL
// schema, so that one SQL text ($1, RETURNING, ON CONFLICT) serves both.
//
// Times are BIGINT unix microseconds in UTC on both engines (see Micros).
package db

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sanarip/sanarip/kit/clock"
)

// Dialect names the engine.
type Dialect string

// The engines.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Querier is what a store needs: a pool or a transaction.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// DB is one system's database. Write through Tx; read through Read.
type DB struct {
	Dialect Dialect
	Read    *sql.DB // reads outside a transaction; may lag behind nothing: same data
	write   *sql.DB // SQLite: one connection, every transaction IMMEDIATE
	name    string

	together *together // SQLite: transactions share commits; nil on PostgreSQL, whose server does so itself
}

// Options bound the pools.
type Options struct {
	// Connections is the most connections a process holds to one system's
	// PostgreSQL schema. Ten systems in one process hold ten times as many.
	Connections int
}

var schemaName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// Open opens the database of the system at the address:
//
//	sqlite:DIR            the file DIR/SYSTEM.db, made if absent
//	postgres://…          the schema SYSTEM on that server, made if absent
func Open(ctx context.Context, address, system string, o Options) (*DB, error) {
	if !schemaName.MatchString(system) {
		return nil, fmt.Errorf("db: %q is no name of a system", system)
	}
	if o.Connections < 1 {
		o.Connections = 6
	}
	if dir, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return openSQLite(ctx, dir, system)
	}
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		return openPostgres(ctx, address, system, o)
	}
	return nil, fmt.Errorf("db: an address starts with sqlite: or postgres://")
}

func openSQLite(ctx context.Context, dir, system string) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, system+".db")
	// synchronous FULL: a legal number that was shown must outlive a power cut.
	const pragmas = "_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-1000)&_pragma=temp_store(2)"
	escaped := (&url.URL{Path: path}).EscapedPath()
	writer, err := newKeeping("file:"+escaped+"?"+pragmas+"&_txlock=immediate", false)
	if err != nil {
		return nil, err
	}
	reader, err := newKeeping("file:"+escaped+"?"+pragmas+"&_pragma=query_only(1)", true)
	if err != nil {
		return nil, err
	}
	write := sql.OpenDB(writer)
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("db: open %s: %w", system, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = write.Close()
		return nil, err
	}
	read := sql.OpenDB(reader)
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4) // as many as may be open: to open one anew costs more than most questions
	read.SetConnMaxIdleTime(time.Minute)
	return &DB{Dialect: SQLite, Read: read, write: write, name: system, together: &together{pool: write}}, nil
}

func openPostgres(ctx context.Context, address, system string, o Options) (*DB, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("db: the PostgreSQL address cannot be read") // err would show the password
	}
	first := stdlib.OpenDB(*config)
	// CREATE SCHEMA IF NOT EXISTS is not safe against itself in parallel
	// processes: the lock makes them take turns.
	_, err = first.ExecContext(ctx, `DO $$ BEGIN
		PERFORM pg_advisory_xact_lock(7001);
		CREATE SCHEMA IF NOT EXISTS `+system+`; END $$`)
	_ = first.Close()
	if err != nil {
		return nil, fmt.Errorf("db: the schema cannot be made: %w", err)
	}
	config.Tracer = tracer{}
	config.RuntimeParams["search_path"] = system
	config.RuntimeParams["application_name"] = "sanarip-" + system
	config.RuntimeParams["timezone"] = "UTC"
	if _, said := config.RuntimeParams["jit"]; !said {
		config.RuntimeParams["jit"] = "off" // compiling a plan takes longer than any question of ours
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(o.Connections)
	pool.SetMaxIdleConns(o.Connections) // under load none is closed only to be opened anew
	pool.SetConnMaxIdleTime(2 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("db: open %s: %w", system, err)
	}
	return &DB{Dialect: Postgres, Read: pool, write: pool, name: system}, nil
}

// Unwatched is the context for one short question. SQLite answers it at once,
// and database/sql would watch over each by a goroutine of its own, which costs
// as much as a part of the answer; on PostgreSQL the context stays as it is.
func (d *DB) Unwatched(ctx context.Context) context.Context {
	if d.Dialect == SQLite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// Name is the system whose database this is.
func (d *DB) Name() string { return d.name }

// Close closes the pools.
func (d *DB) Close() error {
	if d.Read != d.write {
		_ = d.Read.Close()
	}
	return d.write.Close()
}

// Ping says whether the database answers and can be written to at all.
func (d *DB) Ping(ctx context.Context) error { return d.Read.PingContext(ctx) }

// Micros is the time as the databases keep it; 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the time that Micros kept.
func Time(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// Flag is the bool as the databases keep it: 1 or 0.
func Flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Date reads a day kept as 2026-11-22 or ”.
func Date(s string) clock.Date {
	d, _ := clock.ParseDate(s)
	return d
}

// ForUpdate is the clause that locks the rows read on PostgreSQL; SQLite's
// write transactions exclude each other already.
func (d *DB) ForUpdate() string {
	if d.Dialect == Postgres {
		return " FOR UPDATE"
	}
	return ""
}
