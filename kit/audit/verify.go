package audit

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
)

// portion is how many places are read at once, so that a long check holds no
// reader back.
const portion = 1000

// Verify walks the whole chain of the key's system, recomputes every link and
// compares the chain with heads that were kept elsewhere; those of other systems
// are passed over. The system may be running. progress is told the places
// checked and those there are.
func Verify(ctx context.Context, q db.Querier, key Key, heads []Head, progress func(done, all int64)) (Report, error) {
	e, err := readEnd(ctx, q, "")
	if err != nil {
		return Report{}, db.Explain(err)
	}
	r := Report{Head: Head{key.system, e.sequence, e.hash}}
	if !key.authentic(e) {
		r.found(Finding{Kind: Forged, Sequence: e.sequence})
	}
	kept := map[int64][]Head{}
	for _, h := range heads {
		if h.System == key.system {
			kept[h.Sequence] = append(kept[h.Sequence], h)
			r.Anchors++
		}
	}
	if err := r.walk(ctx, q, key, e, kept, progress); err != nil {
		return r, db.Explain(err)
	}
	for _, at := range slices.Sorted(keys(kept)) {
		for _, h := range kept[at] {
			if h.Sequence > e.sequence {
				r.found(Finding{Kind: CutOff, Sequence: e.sequence + 1, Count: h.Sequence - e.sequence})
			} else if h.Sequence > 0 {
				r.found(Finding{Kind: Disagrees, Sequence: h.Sequence})
			}
		}
	}
	return r, db.Explain(r.lists(ctx, q, e))
}

func keys(m map[int64][]Head) func(yield func(int64) bool) {
	return func(yield func(int64) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// walk checks the places up to the chain's end. Heads that it meets and agrees
// with are taken off kept. After a break it goes on from the hash that is
// there, so that one change is not told as many.
func (r *Report) walk(ctx context.Context, q db.Querier, key Key, e end, kept map[int64][]Head, progress func(done, all int64)) error {
	at, previous := int64(0), ""
	for {
		found, err := links(ctx, q, at, e.sequence, portion)
		if err != nil {
			return err
		}
		for _, s := range found {
			if s.sequence != at+1 {
				r.found(Finding{Kind: Missing, Sequence: at + 1, Count: s.sequence - at - 1})
			}
			r.check(key, previous, s)
			at, previous = s.sequence, s.hash
			kept[at] = slices.DeleteFunc(kept[at], func(h Head) bool { return h.Hash == s.hash })
		}
		progress(at, e.sequence)
		if len(found) < portion {
			break
		}
	}
	switch {
	case at < e.sequence:
		r.found(Finding{Kind: CutOff, Sequence: at + 1, Count: e.sequence - at})
	case previous != e.hash && e.sequence > 0:
		r.found(Finding{Kind: Changed, Sequence: e.sequence})
	}
	return nil
}

func (r *Report) check(key Key, previous string, s sealed) {
	r.Records++
	if !s.there {
		r.found(Finding{Kind: Deleted, Sequence: s.sequence, RecordID: s.recordID})
		return
	}
	if key.chained(previous, s.link, s.record) != s.hash {
		r.found(Finding{Kind: Changed, Sequence: s.sequence, RecordID: s.recordID})
		return
	}
	if !s.endKnown {
		r.found(Finding{Kind: Resumed, Sequence: s.sequence, RecordID: s.recordID})
	}
	if db.Time(s.sealedAt).Sub(s.record.At) > Prompt {
		r.Late++
	}
}

// lists compares the records, the places and the list of what waits.
func (r *Report) lists(ctx context.Context, q db.Querier, e end) error {
	var err error
	if r.Waiting, err = countWaiting(ctx, q); err != nil {
		return err
	}
	outside, err := strays(ctx, q, MostFindings)
	if err != nil {
		return err
	}
	for _, id := range outside {
		r.found(Finding{Kind: Outside, RecordID: id})
	}
	withdrawn, err := gone(ctx, q, MostFindings)
	if err != nil {
		return err
	}
	for _, id := range withdrawn {
		r.found(Finding{Kind: Withdrawn, RecordID: id})
	}
	// Places after the end: not those that a sealer added while we walked.
	last, err := lastPlace(ctx, q)
	if err != nil || last <= e.sequence {
		return err
	}
	now, err := readEnd(ctx, q, "")
	if err == nil && last > now.sequence {
		r.found(Finding{Kind: Beyond, Sequence: now.sequence + 1, Count: last - now.sequence})
	}
	return err
}

// ErrNone says that the database has no chain of access records (yet).
var ErrNone = errors.New("audit: no chain of access records is here")

// Chained says whether the database has a chain at all: not before the system
// ran once with this version.
func Chained(ctx context.Context, d *db.DB) error {
	query := `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'access_chain'`
	if d.Dialect == db.SQLite {
		query = `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'access_chain'`
	}
	var n int
	if err := d.Read.QueryRowContext(ctx, query).Scan(&n); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return db.Explain(err)
	}
	if n == 0 {
		return ErrNone
	}
	return nil
}
