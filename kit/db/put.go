package db

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Put does writes that stand alone in a transaction of their own, all of them or
// none, each seeing what those before it did. PostgreSQL is sent them in one
// message, which it takes as one transaction: one wait instead of three with
// BEGIN and COMMIT. It returns when they are on the disk.
func (d *DB) Put(ctx context.Context, writes ...Question) error {
	if ctx.Value(hooksKey{}) != nil {
		return errSingleInTx
	}
	if d.together == nil {
		err := d.putAll(ctx, writes)
		if again := clash(err) || (err != nil && pgconn.SafeToRetry(err)); !again {
			return Explain(err)
		}
	}
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return Send(ctx, tx, writes...) })
}

// putAll sends the writes in one message. Between its beginning and its end the
// server has one transaction, which the first error undoes.
func (d *DB) putAll(ctx context.Context, writes []Question) error {
	held, err := d.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = held.Close() }()
	return held.Raw(func(of any) error {
		var batch pgx.Batch
		for _, w := range writes {
			batch.Queue(w.Query, w.Args...)
		}
		return of.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close()
	})
}
