package db

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// mostTogether bounds how many transactions one commit carries, and so how long
// the first of them waits for its answer.
const mostTogether = 32

// errTogether says that a transaction was undone because one that shared its
// commit took the whole group along: it is tried again.
var errTogether = errors.New("db: undone with its neighbour")

// together lets SQLite's transactions, which take turns anyhow, share the wait
// for the disk: while others wait for their turn the commit is left to the last
// of them. Each stands in a savepoint, so that one that fails leaves nothing and
// the others all; none is answered before the commit of all is on the disk.
type together struct {
	pool    *sql.DB // one connection
	waiting atomic.Int64

	turn sync.Mutex
	open *group // begun and not committed; nil for none
}

type group struct {
	tx   *sql.Tx
	size int
	done chan struct{} // closed when the commit is over
	err  error         // of the commit; read after done
}

// do runs fn in its turn. It returns when the commit is on the disk, or with
// what went wrong.
func (t *together) do(ctx context.Context, fn func(tx *sql.Tx) error) error {
	t.waiting.Add(1)
	t.turn.Lock()
	t.waiting.Add(-1)
	g, err := t.join(ctx, fn)
	if g == nil {
		return err
	}
	<-g.done
	switch {
	case err == nil:
		return g.err
	case g.err != nil:
		return errTogether // what it failed on, a neighbour's row, was not to be
	}
	return err
}

// join has the turn and gives it up. The group is nil when there is nothing to
// wait for: the transaction did not begin, or nobody else is in it.
func (t *together) join(ctx context.Context, fn func(tx *sql.Tx) error) (joined *group, err error) {
	defer t.turn.Unlock()
	defer func() {
		if t.open == nil {
			return
		}
		if t.waiting.Load() == 0 {
			runtime.Gosched() // who is about to come, comes; where nobody is, it returns at once
		}
		// Also after a panic: whoever comes last ends what the others began.
		if t.waiting.Load() == 0 || t.open.size >= mostTogether {
			t.finish(nil)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if t.open == nil {
		tx, err := t.pool.BeginTx(context.WithoutCancel(ctx), nil)
		if err != nil {
			return nil, err
		}
		t.open = &group{tx: tx, done: make(chan struct{})}
	}
	g := t.open
	if _, err := g.tx.ExecContext(context.WithoutCancel(ctx), "SAVEPOINT one"); err != nil {
		t.finish(err)
		return nil, err
	}
	kept := false
	defer func() {
		if kept {
			return
		}
		// fn failed, or panics: only what it wrote is undone. A full disk or a
		// broken file undoes the whole transaction by itself; the savepoint is
		// then gone, and the others are tried again.
		if _, failed := g.tx.ExecContext(context.WithoutCancel(ctx), "ROLLBACK TO one"); failed != nil {
			t.finish(errTogether)
			return
		}
		if _, failed := g.tx.ExecContext(context.WithoutCancel(ctx), "RELEASE one"); failed != nil {
			t.finish(errTogether)
		}
	}()
	if err := fn(g.tx); err != nil {
		if g.size == 0 {
			return nil, err
		}
		return g, err
	}
	if _, err := g.tx.ExecContext(context.WithoutCancel(ctx), "RELEASE one"); err != nil {
		return nil, err // fn hid an error that undid the transaction
	}
	kept = true
	g.size++
	return g, nil
}

// finish commits the group, or undoes it for the reason, and lets its members go.
func (t *together) finish(undo error) {
	g := t.open
	t.open = nil
	switch {
	case undo != nil:
		_ = g.tx.Rollback()
		g.err = undo
	case g.size == 0:
		_ = g.tx.Rollback() // nobody in it has written
	default:
		if g.err = g.tx.Commit(); g.err != nil {
			_ = g.tx.Rollback()
		}
	}
	close(g.done)
}
