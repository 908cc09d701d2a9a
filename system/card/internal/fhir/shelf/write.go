package shelf

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// patience is how long a group may take.
const patience = time.Minute

// waiting is a work that waits for its answer.
type waiting struct {
	work *Work
	done []Done
	err  error
	over chan struct{}
}

// Write does the work. The error is a *Refusal if it cannot be done as it is.
// What was begun is ended even if the caller leaves.
func (s *Shelf) Write(ctx context.Context, w *Work) ([]Done, error) {
	one := &waiting{work: w, over: make(chan struct{})}
	s.writes.add(one)
	select {
	case <-one.over:
		return one.done, one.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// writeAll does works that came together. If the database refuses the group,
// each is tried by itself.
func (s *Shelf) writeAll(group []*waiting) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			for _, one := range group {
				one.done, one.err = nil, fail.Wrap(fmt.Errorf("panic: %v", v), fail.Internal, "kit.internal")
				close(one.over)
			}
			return
		}
		for _, one := range group {
			close(one.over)
		}
	}()
	if err := s.together(ctx, group); err == nil {
		return
	} else if len(group) == 1 && !db.Unique(err) {
		group[0].done, group[0].err = nil, err
		return
	}
	for _, one := range group {
		alone := []*waiting{one}
		err := s.together(ctx, alone)
		for range 3 { // somebody else's row was there first: it is seen now
			if err == nil || !db.Unique(err) {
				break
			}
			err = s.together(ctx, alone)
		}
		if err != nil {
			one.done, one.err = nil, err
		}
	}
}

// together does the works in one transaction. The error is that of the
// database; a refusal of one is its own.
func (s *Shelf) together(ctx context.Context, group []*waiting) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		b := &batch{
			s: s, tx: tx, now: s.Clock.Now(), current: map[key]*row{}, own: map[key]Person{}, matches: map[string][]string{}, askedAt: map[string]int{},
			bearers: map[string]string{}, touched: map[key]bool{},
		}
		if err := b.prepare(ctx, group); err != nil {
			return err
		}
		for _, one := range group {
			one.done, one.err = nil, nil
			mark := b.mark()
			done, err := b.plan(ctx, one.work)
			if refusal, ok := errors.AsType[*Refusal](err); ok {
				b.undo(mark)
				one.err = refusal
				continue
			}
			if err != nil {
				return err
			}
			one.done = done
			if one.work.Records != nil {
				b.records = append(b.records, one.work.Records(done)...)
			}
		}
		if err := b.flush(ctx); err != nil {
			return err
		}
		return audit.AddMany(ctx, tx, s.Clock, b.records)
	})
}

type key struct{ kind, id string }

// row is a resource as it stands now, with what this batch has made of it.
type row struct {
	Resource
}

// batch is one transaction.
type batch struct {
	s   *Shelf
	tx  *sql.Tx
	now time.Time

	current map[key]*row
	own     map[key]Person
	matches map[string][]string // by kind?condition
	askedAt map[string]int      // by kind?condition: how much was written when it was tried
	written []written           // by this batch, in order
	bearers map[string]string   // ПИН: id of the card's patient, "" for none
	touched map[key]bool        // written since the last flush

	inserts  []any // of fhir_resource
	updates  []Resource
	pasts    []key // versions to be copied before the updates
	marks    []any
	unmarks  []key
	concepts []any
	unmap    []string
	records  []audit.Record
	undone   []func()
	flushes  int // so often was written what had been planned
}

type place struct{ flushes, inserts, updates, pasts, marks, unmarks, concepts, unmap, records, undone int }

func (b *batch) mark() place {
	return place{b.flushes, len(b.inserts), len(b.updates), len(b.pasts), len(b.marks), len(b.unmarks), len(b.concepts), len(b.unmap), len(b.records), len(b.undone)}
}

// undo forgets what was planned since the mark.
func (b *batch) undo(m place) {
	if b.flushes != m.flushes { // what was planned before is written, what is left is all of this work
		m = place{records: m.records, undone: m.undone}
	}
	b.inserts, b.updates, b.pasts, b.marks, b.unmarks = b.inserts[:m.inserts], b.updates[:m.updates], b.pasts[:m.pasts], b.marks[:m.marks], b.unmarks[:m.unmarks]
	b.concepts, b.unmap, b.records = b.concepts[:m.concepts], b.unmap[:m.unmap], b.records[:m.records]
	for _, f := range slices.Backward(b.undone[m.undone:]) {
		f()
	}
	b.undone = b.undone[:m.undone]
}
