package audit

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// Filter says which records are looked for; a zero field asks for nothing.
type Filter struct {
	From, Until time.Time // at or after, before
	Action      string    // begins so: "console." finds all of it
	Before      string    // id of a record: those that are older
	Limit       int
}

// Search is the records that fit, the newest first. Of a long trail it reads what
// lies between From and Until, and Prompt on either side: a record that got its
// place later than that after its time (Report.Late), or while the machine's clock was
// set back by more than that, may be left out where a time is asked for.
func Search(ctx context.Context, q db.Querier, f Filter) ([]Record, error) {
	until := db.Micros(f.Until)
	if f.Until.IsZero() {
		until = 1<<63 - 1
	}
	after, before := "", f.Before
	if !f.From.IsZero() {
		place, err := placeAt(ctx, q, f.From.Add(-Prompt))
		if err != nil {
			return nil, err
		}
		if after, err = recordAt(ctx, q, place-1); err != nil {
			return nil, err
		}
	}
	if !f.Until.IsZero() {
		place, err := placeAt(ctx, q, f.Until.Add(Prompt))
		if err != nil {
			return nil, err
		}
		end, err := recordAt(ctx, q, place)
		if err != nil {
			return nil, err
		}
		if end != "" && (before == "" || end < before) {
			before = end
		}
	}
	var records []Record
	for each, err := range db.Rows(ctx, q, `SELECT `+recordColumns+` FROM access_record r
		WHERE r.at >= $1 AND r.at < $2 AND ($3 = '' OR r.id < $3) AND substr(r.action, 1, length($4)) = $4 AND r.id > $6 ORDER BY r.id DESC LIMIT $5`,
		db.Micros(f.From), until, before, f.Action, f.Limit, after) {
		if err != nil {
			return nil, err
		}
		var w row
		if err := each.Scan(w.into()...); err != nil {
			return nil, err
		}
		r, _ := w.record()
		records = append(records, r)
	}
	return records, nil
}

// placeAt is the first place of the chain of which the record is not from before
// the time, one past the last where there is none: places and times grow together,
// so it is found by halving, with no index on the time.
func placeAt(ctx context.Context, q db.Querier, at time.Time) (int64, error) {
	last, err := lastPlace(ctx, q)
	if err != nil {
		return 0, db.Explain(err)
	}
	low, high := int64(1), last+1
	for low < high {
		middle := low + (high-low)/2
		var then int64
		// A place or a record that was taken away does not mislead: the next counts.
		err := q.QueryRowContext(ctx, `SELECT r.at, l.sequence FROM access_link l JOIN access_record r ON r.id = l.record_id
			WHERE l.sequence >= $1 AND l.sequence < $2 ORDER BY l.sequence LIMIT 1`, middle, high).Scan(&then, &middle)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			high = low + (high-low)/2
		case err != nil:
			return 0, db.Explain(err)
		case then < db.Micros(at):
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, nil
}

// recordAt is the id of the record at the place, "" where there is none.
func recordAt(ctx context.Context, q db.Querier, place int64) (id string, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(record_id), '') FROM access_link WHERE sequence = $1`, place).Scan(&id)
	return id, db.Explain(err)
}
