package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/sanarip/sanarip/kit/fail"
)

type hooksKey struct{}

// OnCommit runs fn after the transaction of ctx has been committed (not at all
// if it is rolled back). Outside a transaction it runs at once. fn must not use ctx.
func OnCommit(ctx context.Context, fn func()) {
	if hooks, ok := ctx.Value(hooksKey{}).(*[]func()); ok {
		*hooks = append(*hooks, fn)
		return
	}
	fn()
}

const attempts = 8

// Tx runs fn in a write transaction and commits it if fn returns nil. A clash
// with another transaction, or a connection lost before the commit, is tried
// again from the start: fn must therefore have no effect but through tx.
//
// Errors of the store come back as *fail.Error: Unavailable when the disk is
// full or the server away.
func (d *DB) Tx(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	var err error
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Duration(attempt*attempt) * 5 * time.Millisecond):
			}
		}
		var again bool
		again, err = d.once(ctx, fn)
		if err == nil || !again {
			return Explain(err)
		}
	}
	return Explain(err)
}

func (d *DB) once(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) (again bool, err error) {
	var hooks []func()
	inside := context.WithValue(ctx, hooksKey{}, &hooks)
	if d.together != nil {
		// The reader's leaving would undo the neighbours too.
		inside = context.WithoutCancel(inside)
		err = d.together.do(ctx, func(tx *sql.Tx) error { return fn(inside, tx) })
		again = clash(err) || lost(err) || errors.Is(err, errTogether)
	} else {
		again, err = d.alone(inside, fn)
	}
	if err != nil {
		return again, err
	}
	for _, hook := range hooks {
		hook()
	}
	return false, nil
}

func (d *DB) alone(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) (again bool, err error) {
	held, tx, err := d.begin(ctx)
	if err != nil {
		return clash(err) || lost(err), err
	}
	defer func() { _ = held.Close() }()
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if err := fn(context.WithValue(ctx, wireKey{}, wire{tx, held}), tx); err != nil {
		return clash(err) || lost(err), err
	}
	// A clash told at commit was not committed. A connection lost at commit may
	// have been: the caller must hear of it rather than do it twice.
	err = tx.Commit()
	return clash(err), err
}

// begin begins a transaction on a connection that Send can write to. As
// database/sql does by itself: a connection that the server has closed meanwhile
// is found out only when it is used.
func (d *DB) begin(ctx context.Context) (held *sql.Conn, tx *sql.Tx, err error) {
	for range 3 {
		if held, err = d.write.Conn(ctx); err != nil {
			return nil, nil, err
		}
		if tx, err = held.BeginTx(ctx, nil); err == nil {
			return held, tx, nil
		}
		_ = held.Close()
		if !errors.Is(err, driver.ErrBadConn) {
			break
		}
	}
	return nil, nil, err
}

// Explain turns an error of the store into one a reader can be shown.
// *fail.Error, nil, sql.ErrNoRows and constraint errors pass as they are.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fail.Error](err); ok {
		return err
	}
	switch {
	case sqliteCode(err) == sqlite3.SQLITE_FULL || pgCode(err) == "53100":
		return fail.Wrap(err, fail.Unavailable, "kit.disk_full")
	case pgCode(err) == "22021": // bytes that are no text; pages refuse them before
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	case lost(err), clash(err), sqliteCode(err)&0xff == sqlite3.SQLITE_IOERR, sqliteCode(err)&0xff == sqlite3.SQLITE_CANTOPEN:
		return fail.Wrap(err, fail.Unavailable, "kit.store_away")
	}
	return err
}

func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

func pgCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// Unique says that a UNIQUE or PRIMARY KEY constraint refused the row, told by
// code. On PostgreSQL the transaction is then spent: prefer ON CONFLICT, or let
// the whole Tx fail and look afterwards who was first.
func Unique(err error) bool {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return true
	}
	return pgCode(err) == "23505"
}

// Refused says that a constraint or a trigger of the database refused the row,
// whichever it was. On PostgreSQL the transaction is then spent, unless a
// savepoint was set before.
func Refused(err error) bool {
	return sqliteCode(err)&0xff == sqlite3.SQLITE_CONSTRAINT || strings.HasPrefix(pgCode(err), "23")
}

// Unresolved says that the row names another that is not there.
func Unresolved(err error) bool {
	return sqliteCode(err) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY || pgCode(err) == "23503"
}

// clash says that another transaction was in the way.
func clash(err error) bool {
	switch sqliteCode(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return true
	}
	switch pgCode(err) {
	case "40001", "40P01", "55P03": // serialization, deadlock, lock not available
		return true
	}
	return false
}

// lost says that the connection to the server broke or was refused.
func lost(err error) bool {
	code := pgCode(err)
	if strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P") {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}
