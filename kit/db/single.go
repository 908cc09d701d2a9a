package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Single is a Querier of which every statement is a write transaction of its
// own: for a record that stands alone. PostgreSQL makes such a transaction by
// itself, which is one question to the server instead of the three of Tx.
func (d *DB) Single() Querier { return single{d} }

type single struct{ d *DB }

var errSingleInTx = errors.New("db: written past the transaction")

// ExecContext implements Querier.
func (s single) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	if ctx.Value(hooksKey{}) != nil {
		return nil, errSingleInTx
	}
	if s.d.together == nil {
		result, err = s.d.write.ExecContext(ctx, query, args...)
		if again := clash(err) || (err != nil && pgconn.SafeToRetry(err)); !again {
			return result, Explain(err)
		}
	}
	err = s.d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err = tx.ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

// QueryContext implements Querier.
func (s single) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.d.Read.QueryContext(ctx, query, args...)
}

// QueryRowContext implements Querier.
func (s single) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.d.Read.QueryRowContext(ctx, query, args...)
}
