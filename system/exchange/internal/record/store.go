package record

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

const columns = `sequence, kind, request_id, query_id, client, provider, service, method, endpoint, user_id, issue,
	request_hash, response_hash, request_bytes, response_bytes, status, error, error_message, started_at, duration, previous_hash, hash`

// width is how many columns there are.
const width = 22

// inserts write many records in one question: a few fixed numbers of them, so
// that the database needs to understand only so many texts.
var inserts = []struct {
	rows  int
	query string
}{{16, insertOf(16)}, {4, insertOf(4)}, {1, insertOf(1)}}

func insertOf(rows int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO message_record (" + columns + ") VALUES ")
	for i := range rows * width {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%width == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ")"
}

func (l *Log) append(ctx context.Context, entries []entry) error {
	return l.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var sequence int64
		var hash string
		if err := tx.QueryRowContext(ctx, `SELECT sequence, hash FROM message_chain WHERE id = 1`+l.db.ForUpdate()).Scan(&sequence, &hash); err != nil {
			return err
		}
		values := make([]any, 0, len(entries)*width)
		for _, e := range entries {
			r := e.record // a copy: the transaction may be tried again
			sequence++
			r.Sequence, r.PreviousHash = sequence, hash
			r.Hash = r.chained()
			hash = r.Hash
			values = append(values, r.Sequence, r.Kind, r.RequestID, r.QueryID, r.Client, r.Provider, r.Service, r.Method, r.Endpoint,
				r.UserID, r.Issue, r.RequestHash, r.ResponseHash, r.RequestBytes, r.ResponseBytes, r.Status, r.Error, r.ErrorMessage,
				db.Micros(r.StartedAt), r.Duration.Microseconds(), r.PreviousHash, r.Hash)
		}
		for _, insert := range inserts {
			for ; len(values) >= insert.rows*width; values = values[insert.rows*width:] {
				if _, err := tx.ExecContext(ctx, insert.query, values[:insert.rows*width]...); err != nil {
					return err
				}
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE message_chain SET sequence = $1, hash = $2 WHERE id = 1`, sequence, hash)
		return err
	})
}

func scan(row db.Row) (Record, error) {
	var r Record
	var started, duration int64
	err := row.Scan(&r.Sequence, &r.Kind, &r.RequestID, &r.QueryID, &r.Client, &r.Provider, &r.Service, &r.Method, &r.Endpoint,
		&r.UserID, &r.Issue, &r.RequestHash, &r.ResponseHash, &r.RequestBytes, &r.ResponseBytes, &r.Status, &r.Error, &r.ErrorMessage,
		&started, &duration, &r.PreviousHash, &r.Hash)
	r.StartedAt, r.Duration = db.Time(started), time.Duration(duration)*time.Microsecond
	return r, err
}

func (l *Log) query(ctx context.Context, query string, args ...any) ([]Record, error) {
	return db.List(ctx, l.db.Read, scan, query, args...)
}

// walk gives every record in order until each says no. It reads in portions, so
// that a long walk holds no reader back.
func (l *Log) walk(ctx context.Context, each func(Record) bool) error {
	const portion = 1000
	after := int64(0)
	for {
		records, err := l.query(ctx, `SELECT `+columns+` FROM message_record WHERE sequence > $1 ORDER BY sequence LIMIT $2`, after, portion)
		if err != nil {
			return err
		}
		for _, r := range records {
			if !each(r) {
				return nil
			}
			after = r.Sequence
		}
		if len(records) < portion {
			return nil
		}
	}
}

// end is the sequence that the chain says was written last.
func (l *Log) end(ctx context.Context) (int64, error) {
	var n int64
	err := l.db.Read.QueryRowContext(ctx, `SELECT sequence FROM message_chain WHERE id = 1`).Scan(&n)
	return n, db.Explain(err)
}

type hourCount struct {
	hour        int64
	all, failed int
}

func (l *Log) counts(ctx context.Context, from int64) ([]hourCount, error) {
	var counts []hourCount
	for row, err := range db.Rows(ctx, l.db.Read, `SELECT (started_at - $1) / 3600000000, COUNT(*), SUM(CASE WHEN status >= 400 THEN 1 ELSE 0 END)
		FROM message_record WHERE kind = 'response' AND started_at >= $1 AND service <> 'operations' GROUP BY 1`, from) {
		if err != nil {
			return nil, err
		}
		var c hourCount
		if err := row.Scan(&c.hour, &c.all, &c.failed); err != nil {
			return nil, err
		}
		counts = append(counts, c)
	}
	return counts, nil
}
