package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Row is what Scan functions read: *sql.Row, *sql.Rows, or a row of Ask.
type Row interface{ Scan(into ...any) error }

// Question is a SELECT of Ask.
type Question struct {
	Query string
	Args  []any
	Each  func(row Row) error // called for every row; for none not at all
}

// Ask puts questions of which none needs another's answer, outside a transaction.
// PostgreSQL is sent all of them at once and answers all at once: of a page that
// asks five, one wait instead of five. Each sees what is committed when its turn
// comes. SQLite, which is no journey away, is asked one after the other.
//
// An error ends it; some of the rows may have been given by then.
func (d *DB) Ask(ctx context.Context, questions ...Question) error {
	if ctx.Value(hooksKey{}) != nil {
		return fmt.Errorf("db: read past the transaction: %s", questions[0].Query)
	}
	if d.Dialect == SQLite {
		for _, q := range questions {
			if err := d.askOne(ctx, q); err != nil {
				return Explain(err)
			}
		}
		return nil
	}
	var given bool
	err := d.askAll(ctx, questions, &given)
	// As database/sql does by itself: a connection that the server has closed
	// meanwhile is found out only when it is used.
	for again := 0; again < 2 && !given && (errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err)); again++ {
		err = d.askAll(ctx, questions, &given)
	}
	return Explain(err)
}

func (d *DB) askOne(ctx context.Context, q Question) error {
	rows, err := d.Read.QueryContext(ctx, q.Query, q.Args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := q.Each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// askAll sends the questions in one message. given says that a row was read.
func (d *DB) askAll(ctx context.Context, questions []Question, given *bool) error {
	held, err := d.Read.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = held.Close() }()
	return held.Raw(func(of any) error {
		conn := of.(*stdlib.Conn).Conn()
		var batch pgx.Batch
		for _, q := range questions {
			batch.Queue(q.Query, q.Args...)
		}
		answers := conn.SendBatch(ctx, &batch)
		defer func() { _ = answers.Close() }() // the second time it does nothing
		for _, q := range questions {
			if err := answer(answers, q, given); err != nil {
				return err
			}
		}
		return answers.Close()
	})
}

func answer(answers pgx.BatchResults, q Question, given *bool) error {
	rows, err := answers.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		*given = true
		if err := q.Each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
