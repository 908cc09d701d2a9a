package db

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

type watchKey struct{}

// watching is set by the first Watch: nobody pays for what nobody looks at.
var watching atomic.Bool

// Watch tells every statement of the context as it goes to the engine, one after
// another or several at once. It is for tests which hold that two requests do the
// same work.
func Watch(ctx context.Context, told func(statement string)) context.Context {
	watching.Store(true)
	return context.WithValue(ctx, watchKey{}, told)
}

// tell tells whoever watches of the statement.
func tell(ctx context.Context, statement string) {
	if !watching.Load() {
		return
	}
	if told, ok := ctx.Value(watchKey{}).(func(string)); ok {
		told(statement)
	}
}

// tracer tells of the statements to PostgreSQL.
type tracer struct{}

var _ pgx.BatchTracer = tracer{}

// TraceQueryStart implements pgx.QueryTracer.
func (tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	tell(ctx, q.SQL)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, b pgx.TraceBatchStartData) context.Context {
	if watching.Load() {
		for _, each := range b.Batch.QueuedQueries {
			tell(ctx, each.SQL)
		}
	}
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
