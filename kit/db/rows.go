package db

import (
	"context"
	"iter"
)

// Rows are the rows of a query, to be read in a range over them:
//
//	for row, err := range db.Rows(ctx, q, `SELECT name FROM bed WHERE ward = $1`, ward) {
//		if err != nil {
//			return nil, err
//		}
//		…row.Scan(&name)…
//	}
//
// An error, of the question or on the way, comes as the last with a row that is
// nil; it is one of Explain. A row is good until the next. Leaving the range early
// closes what is left.
func Rows(ctx context.Context, q Querier, query string, args ...any) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		rows, err := q.QueryContext(ctx, query, args...)
		if err != nil {
			yield(nil, Explain(err))
			return
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if !yield(rows, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, Explain(err))
		}
	}
}

// List is what scan makes of each row of a query, in their order; nil for none.
func List[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	for row, err := range Rows(ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		one, err := scan(row)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// Column is the only column of each row of a query, in their order; nil for none.
func Column[T any](ctx context.Context, q Querier, query string, args ...any) ([]T, error) {
	return List(ctx, q, func(row Row) (one T, err error) {
		err = row.Scan(&one)
		return one, err
	}, query, args...)
}
