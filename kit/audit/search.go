package audit

import (
	"context"
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

// Search is the records that fit, the newest first.
func Search(ctx context.Context, q db.Querier, f Filter) ([]Record, error) {
	until := db.Micros(f.Until)
	if f.Until.IsZero() {
		until = 1<<63 - 1
	}
	var records []Record
	for each, err := range db.Rows(ctx, q, `SELECT `+recordColumns+` FROM access_record r
		WHERE r.at >= $1 AND r.at < $2 AND ($3 = '' OR r.id < $3) AND substr(r.action, 1, length($4)) = $4 ORDER BY r.id DESC LIMIT $5`,
		db.Micros(f.From), until, f.Before, f.Action, f.Limit) {
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
