package db

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

type wireKey struct{}

// wire is the connection under a transaction of PostgreSQL.
type wire struct {
	tx   *sql.Tx
	held *sql.Conn
}

// Write is a Question that gives no rows.
func Write(query string, args ...any) Question { return Question{Query: query, Args: args} }

// Send does the questions and writes in their order, each seeing what those
// before it did. In a transaction on PostgreSQL all travel in one message and
// are answered in one: many writes, one wait. Elsewhere each goes by itself.
//
// None may need another's answer. An error ends it, and with it the transaction;
// some of the rows may have been given by then.
func Send(ctx context.Context, q Querier, questions ...Question) error {
	if w, ok := ctx.Value(wireKey{}).(wire); ok && q == Querier(w.tx) {
		return w.send(ctx, questions)
	}
	for _, question := range questions {
		if err := sendOne(ctx, q, question); err != nil {
			return err
		}
	}
	return nil
}

func sendOne(ctx context.Context, q Querier, question Question) error {
	if question.Each == nil {
		_, err := q.ExecContext(ctx, question.Query, question.Args...)
		return err
	}
	rows, err := q.QueryContext(ctx, question.Query, question.Args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := question.Each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (w wire) send(ctx context.Context, questions []Question) error {
	return w.held.Raw(func(of any) error {
		conn := of.(*stdlib.Conn).Conn()
		// database/sql ends the transaction when its context ends; what is sent
		// afterwards would be written outside of it.
		if conn.PgConn().TxStatus() == 'I' {
			return sql.ErrTxDone
		}
		var batch pgx.Batch
		for _, q := range questions {
			batch.Queue(q.Query, q.Args...)
		}
		answers := conn.SendBatch(ctx, &batch)
		defer func() { _ = answers.Close() }() // the second time it does nothing
		var given bool
		for _, q := range questions {
			if q.Each != nil {
				if err := answer(answers, q, &given); err != nil {
					return err
				}
				continue
			}
			if _, err := answers.Exec(); err != nil {
				return err
			}
		}
		return answers.Close()
	})
}
