package audit

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

const recordColumns = `r.id, r.at, r.subject_pin, r.actor_pin, r.actor_name, r.actor_role, r.organisation, r.via, r.action, r.purpose, r.object, r.request_id`

// row is what recordColumns are read to.
type row struct {
	at      sql.NullInt64
	columns [11]sql.NullString
}

func (w *row) into() []any {
	places := make([]any, 0, 12)
	for i := range w.columns {
		places = append(places, &w.columns[i])
		if i == 0 {
			places = append(places, &w.at)
		}
	}
	return places
}

// record is what was read; false where the join found none.
func (w *row) record() (Record, bool) {
	c := func(i int) string { return w.columns[i].String }
	return Record{
		ID: c(0), At: db.Time(w.at.Int64), Subject: c(1), ActorPIN: c(2), ActorName: c(3), ActorRole: c(4), Organisation: c(5),
		Via: c(6), Action: c(7), Purpose: c(8), Object: c(9), RequestID: c(10),
	}, w.columns[0].Valid
}

// readEnd is the chain's end. Where its row was taken away it is the last place
// there is, without the mac that would make it authentic.
func readEnd(ctx context.Context, q db.Querier, lock string) (end, error) {
	var e end
	err := q.QueryRowContext(ctx, `SELECT sequence, hash, mac FROM access_chain WHERE id = 1`+lock).Scan(&e.sequence, &e.hash, &e.mac)
	if !errors.Is(err, sql.ErrNoRows) {
		return e, err
	}
	if e.sequence, err = lastPlace(ctx, q); err != nil {
		return e, err
	}
	e.hash, err = hashAt(ctx, q, e.sequence)
	e.mac = "none"
	return e, err
}

// waiting are records that have no place yet, by the time in their ids.
func waiting(ctx context.Context, q db.Querier, limit int) ([]Record, error) {
	var records []Record
	for each, err := range db.Rows(ctx, q, `SELECT `+recordColumns+` FROM access_waiting w JOIN access_record r ON r.id = w.record_id
		ORDER BY w.record_id LIMIT $1`, limit) {
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

// anyWaiting looks without locking: an idle sealer must not take SQLite's only writer.
func anyWaiting(ctx context.Context, q db.Querier) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM access_waiting w JOIN access_record r ON r.id = w.record_id LIMIT 1) AS one`).Scan(&n)
	return n > 0, err
}

func countWaiting(ctx context.Context, q db.Querier) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM access_waiting`).Scan(&n)
	return n, err
}

// linkWidth is how many columns a link has.
const linkWidth = 5

// inserts write many links in one question: a few fixed numbers of them, so that
// the database needs to understand only so many texts.
var inserts = []struct {
	rows  int
	query string
}{{64, insertOf(64)}, {8, insertOf(8)}, {1, insertOf(1)}}

func insertOf(rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO access_link (sequence, record_id, sealed_at, end_known, hash) VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		for column := range linkWidth {
			b.WriteString([]string{"(", ", "}[min(column, 1)] + "$" + strconv.Itoa(i*linkWidth+column+1))
		}
		b.WriteString(")")
	}
	return b.String()
}

// writeLinks adds the links after the place of the chain's end, takes their
// records off the list of those that wait and moves the end.
func writeLinks(ctx context.Context, tx db.Querier, after int64, links []link, to end) error {
	values := make([]any, 0, len(links)*linkWidth)
	for _, l := range links {
		values = append(values, l.sequence, l.recordID, l.sealedAt, db.Flag(l.endKnown), l.hash)
	}
	for _, insert := range inserts {
		for ; len(values) >= insert.rows*linkWidth; values = values[insert.rows*linkWidth:] {
			if _, err := tx.ExecContext(ctx, insert.query, values[:insert.rows*linkWidth]...); err != nil {
				return err
			}
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM access_waiting WHERE record_id IN (SELECT record_id FROM access_link WHERE sequence > $1)`, after); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO access_chain (id, sequence, hash, mac) VALUES (1, $1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET sequence = EXCLUDED.sequence, hash = EXCLUDED.hash, mac = EXCLUDED.mac`, to.sequence, to.hash, to.mac)
	return err
}

// hashAt is the hash of the place, "" where there is none.
func hashAt(ctx context.Context, q db.Querier, sequence int64) (string, error) {
	var hash string
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(hash), '') FROM access_link WHERE sequence = $1`, sequence).Scan(&hash)
	return hash, err
}

// sealed is a link with its record, which may be gone.
type sealed struct {
	link
	record Record
	there  bool
}

// links are the places after the one, up to the last, at most limit.
func links(ctx context.Context, q db.Querier, after, last int64, limit int) ([]sealed, error) {
	var found []sealed
	for each, err := range db.Rows(ctx, q, `SELECT l.sequence, l.record_id, l.sealed_at, l.end_known, l.hash, `+recordColumns+`
		FROM access_link l LEFT JOIN access_record r ON r.id = l.record_id
		WHERE l.sequence > $1 AND l.sequence <= $2 ORDER BY l.sequence LIMIT $3`, after, last, limit) {
		if err != nil {
			return nil, err
		}
		var s sealed
		var known int64
		var w row
		if err := each.Scan(append([]any{&s.sequence, &s.recordID, &s.sealedAt, &known, &s.hash}, w.into()...)...); err != nil {
			return nil, err
		}
		s.endKnown = known == 1
		s.record, s.there = w.record()
		found = append(found, s)
	}
	return found, nil
}

// strays are the first records that neither have a place nor wait for one.
func strays(ctx context.Context, q db.Querier, limit int) ([]string, error) {
	return ids(ctx, q, `SELECT r.id FROM access_record r WHERE NOT EXISTS (SELECT 1 FROM access_link l WHERE l.record_id = r.id)
		AND NOT EXISTS (SELECT 1 FROM access_waiting w WHERE w.record_id = r.id) ORDER BY r.id LIMIT $1`, limit)
}

// gone are the first records that wait for a place and are not there.
func gone(ctx context.Context, q db.Querier, limit int) ([]string, error) {
	return ids(ctx, q, `SELECT w.record_id FROM access_waiting w WHERE NOT EXISTS (SELECT 1 FROM access_record r WHERE r.id = w.record_id)
		ORDER BY w.record_id LIMIT $1`, limit)
}

func ids(ctx context.Context, q db.Querier, query string, limit int) ([]string, error) {
	return db.Column[string](ctx, q, query, limit)
}

// lastPlace is the greatest sequence of all places, 0 without any.
func lastPlace(ctx context.Context, q db.Querier) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(sequence), 0) FROM access_link`).Scan(&n)
	return n, err
}
