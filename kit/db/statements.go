package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// keptStatements is how many prepared statements a connection to SQLite keeps:
// more than a use case has, few enough to weigh little beside the page cache.
const keptStatements = 64

// keeping opens connections to SQLite that keep their prepared statements.
// Without it every execution compiles its text anew, which costs more than most
// statements do; pgx keeps them by itself.
type keeping struct {
	driver.Connector
	reads bool
}

func newKeeping(dsn string, reads bool) (driver.Connector, error) {
	connector, err := sqlite.NewConnector(dsn)
	return keeping{connector, reads}, err
}

func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &keptConn{sqliteConn: c.(sqliteConn), reads: k.reads, statements: map[string]*keptStatement{}}, nil
}

// sqliteConn is what the driver's connections can do and database/sql uses.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// keptConn is used by one goroutine at a time, as database/sql promises; only
// rows still open can have a statement in use when it is wanted again.
type keptConn struct {
	sqliteConn
	reads      bool
	statements map[string]*keptStatement
	uses       int64
}

type keptStatement struct {
	statement
	inUse bool
	last  int64
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	tell(ctx, query)
	s, err := c.kept(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.ExecContext(ctx, args)
}

func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.reads && ctx.Value(hooksKey{}) != nil {
		return nil, fmt.Errorf("db: read past the transaction: %s", query)
	}
	tell(ctx, query)
	s, err := c.kept(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.inUse = true
	return keptRows{rows, s}, nil
}

// BeginTx begins with a kept statement: the driver would compile the word anew,
// and the other one at the end.
func (c *keptConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	begin := "BEGIN IMMEDIATE"
	if options.ReadOnly {
		begin = "BEGIN"
	}
	if _, err := c.ExecContext(ctx, begin, nil); err != nil {
		return nil, err
	}
	return keptTx{c}, nil
}

type keptTx struct{ conn *keptConn }

// Commit implements driver.Tx.
func (t keptTx) Commit() error {
	_, err := t.conn.ExecContext(context.Background(), "COMMIT", nil)
	return err
}

// Rollback implements driver.Tx. A transaction that SQLite has undone by itself
// needs none.
func (t keptTx) Rollback() error {
	_, err := t.conn.ExecContext(context.Background(), "ROLLBACK", nil)
	return err
}

// Close ends the statements before their connection.
func (c *keptConn) Close() error {
	for query, s := range c.statements {
		_ = s.Close()
		delete(c.statements, query)
	}
	return c.sqliteConn.Close()
}

// kept is the prepared statement of the query; nil for what is not worth
// keeping (schema, pragmas) and for one whose rows are still being read.
func (c *keptConn) kept(ctx context.Context, query string) (*keptStatement, error) {
	c.uses++
	s, ok := c.statements[query]
	if ok {
		s.last = c.uses
		if s.inUse {
			return nil, nil
		}
		return s, nil
	}
	verb, _, _ := strings.Cut(query, " ")
	switch verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE":
	default:
		return nil, nil
	}
	prepared, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.makeRoom()
	s = &keptStatement{statement: prepared.(statement), last: c.uses}
	c.statements[query] = s
	return s, nil
}

// makeRoom drops the statement that was not used for longest.
func (c *keptConn) makeRoom() {
	if len(c.statements) < keptStatements {
		return
	}
	oldest := ""
	for query, s := range c.statements {
		if !s.inUse && (oldest == "" || s.last < c.statements[oldest].last) {
			oldest = query
		}
	}
	if oldest != "" {
		_ = c.statements[oldest].Close()
		delete(c.statements, oldest)
	}
}

type keptRows struct {
	driver.Rows
	of *keptStatement
}

func (r keptRows) Close() error {
	r.of.inUse = false
	return r.Rows.Close()
}
