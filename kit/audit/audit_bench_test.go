package audit_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"testing"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// A record that is added and sealed behind, against the bare record, and, for
// decision 0017, against a chain in which each adding transaction locks the end.

func BenchmarkAudit(b *testing.B)                  { engines(b, chained, false) }
func BenchmarkAuditReference(b *testing.B)         { engines(b, bare, false) }
func BenchmarkAuditParallel(b *testing.B)          { engines(b, chained, true) }
func BenchmarkAuditParallelReference(b *testing.B) { engines(b, bare, true) }
func BenchmarkAuditLocked(b *testing.B)            { engines(b, locked, false) }
func BenchmarkAuditLockedReference(b *testing.B)   { engines(b, bare, false) }

func BenchmarkAuditLockedParallel(b *testing.B)          { engines(b, locked, true) }
func BenchmarkAuditLockedParallelReference(b *testing.B) { engines(b, bare, true) }

// kind prepares a database and gives what adds one record to it.
type kind func(b *testing.B, d *db.DB) func(ctx context.Context, tx *sql.Tx) error

func chained(b *testing.B, d *db.DB) func(context.Context, *sql.Tx) error {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	s := sealer(d)
	go func() { s.Run(ctx); close(done) }()
	b.Cleanup(func() { stop(); <-done })
	return plain
}

func plain(ctx context.Context, tx *sql.Tx) error { return audit.Add(ctx, tx, clock.System{}, some(1)) }

func bare(b *testing.B, d *db.DB) func(context.Context, *sql.Tx) error {
	drop := `DROP TRIGGER access_record_waits`
	if d.Dialect == db.Postgres {
		drop += ` ON access_record`
	}
	if err := once(d, drop); err != nil {
		b.Fatal(err)
	}
	return plain
}

func locked(b *testing.B, d *db.DB) func(context.Context, *sql.Tx) error {
	add := bare(b, d)
	if err := once(d, `CREATE TABLE last (hash TEXT NOT NULL)`, `INSERT INTO last (hash) VALUES ('')`, `CREATE TABLE place (hash TEXT NOT NULL)`); err != nil {
		b.Fatal(err)
	}
	return func(ctx context.Context, tx *sql.Tx) error {
		var hash string
		if err := tx.QueryRowContext(ctx, `SELECT hash FROM last`+d.ForUpdate()).Scan(&hash); err != nil {
			return err
		}
		if err := add(ctx, tx); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(hash + some(1).Subject))
		hash = hex.EncodeToString(sum[:])
		if _, err := tx.ExecContext(ctx, `INSERT INTO place (hash) VALUES ($1)`, hash); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE last SET hash = $1`, hash)
		return err
	}
}

func once(d *db.DB, statements ...string) error {
	return d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		for _, s := range statements {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func engines(b *testing.B, k kind, parallel bool) {
	each := func(d *db.DB) {
		add := k(b, d)
		b.Run(string(d.Dialect), func(b *testing.B) {
			if !parallel {
				for b.Loop() {
					if err := d.Tx(b.Context(), add); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.SetParallelism(8) // times the processors
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := d.Tx(b.Context(), add); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	each(dbtest.SQLite(b, "card", sets...))
	each(dbtest.Open(b, dbtest.Postgres(b), "card", sets...)) // skips what follows where there is none
}
