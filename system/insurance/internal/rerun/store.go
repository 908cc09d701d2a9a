package rerun

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// paid goes through the accepted cases of the month, one at a time, in no order: to
// sort a country's month with all its forms takes longer than to price it.
func paid(ctx context.Context, q db.Querier, month, organisation string, each func(Paid)) error {
	where, args := "", []any{month}
	if organisation != "" {
		where, args = " AND organisation = $2", append(args, organisation)
	}
	for row, err := range db.Rows(ctx, q, `SELECT id, number, organisation, group_code, price, content FROM treated_case
		WHERE is_current = 1 AND state = 'accepted' AND month = $1`+where, args...) {
		if err != nil {
			return err
		}
		var p Paid
		var content string
		if err := row.Scan(&p.ID, &p.Number, &p.Organisation, &p.Group, &p.Price, &content); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(content), &p.Case); err != nil {
			return err
		}
		each(p)
	}
	return nil
}

// count is how many cases paid goes through.
func count(ctx context.Context, q db.Querier, month, organisation string) (int, error) {
	var n int
	where, args := "", []any{month}
	if organisation != "" {
		where, args = " AND organisation = $2", append(args, organisation)
	}
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1 AND state = 'accepted' AND month = $1`+where, args...).Scan(&n)
	return n, err
}

const columns = `id, month, organisation, tables, cases, priced, begun, result, asked_at, ended_at`

func scan(row db.Row) (Run, error) {
	var r Run
	var tables, result string
	var asked, ended int64
	if err := row.Scan(&r.ID, &r.Month, &r.Organisation, &tables, &r.Cases, &r.Priced, &r.Begun, &result, &asked, &ended); err != nil {
		return r, err
	}
	r.AskedAt, r.EndedAt = db.Time(asked), db.Time(ended)
	if err := json.Unmarshal([]byte(tables), &r.Tables); err != nil || result == "" {
		return r, err
	}
	return r, json.Unmarshal([]byte(result), &r.Result)
}

func byID(ctx context.Context, q db.Querier, runID string) (Run, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM rerun WHERE id = $1`, runID))
}

// newest is the newest re-run of what is asked for that was asked since then.
func newest(ctx context.Context, q db.Querier, a Asked, since time.Time) (Run, error) {
	tables, err := json.Marshal(a.Tables)
	if err != nil {
		return Run{}, err
	}
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM rerun WHERE month = $1 AND organisation = $2 AND tables = $3 AND asked_at > $4
		ORDER BY asked_at DESC, id DESC LIMIT 1`, a.Month, a.Organisation, string(tables), db.Micros(since)))
}

func insert(ctx context.Context, tx db.Querier, r Run) error {
	tables, err := json.Marshal(r.Tables)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO rerun (`+columns+`) VALUES ($1, $2, $3, $4, 0, 0, 0, '', $5, 0)`, r.ID, r.Month, r.Organisation, string(tables), db.Micros(r.AskedAt))
	return err
}

func began(ctx context.Context, tx db.Querier, runID string, attempt, cases int) error {
	_, err := tx.ExecContext(ctx, `UPDATE rerun SET begun = $2, cases = $3, priced = 0 WHERE id = $1 AND ended_at = 0`, runID, attempt, cases)
	return err
}

func progressed(ctx context.Context, tx db.Querier, runID string, priced int) error {
	_, err := tx.ExecContext(ctx, `UPDATE rerun SET priced = $2 WHERE id = $1 AND ended_at = 0`, runID, priced)
	return err
}

// ended writes the result, unless another process was first: it stays as it was shown.
func ended(ctx context.Context, tx db.Querier, runID string, cases int, result string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE rerun SET cases = $2, priced = $2, result = $3, ended_at = $4 WHERE id = $1 AND ended_at = 0`, runID, cases, result, db.Micros(at))
	return err
}

func sweep(ctx context.Context, tx db.Querier, before time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM rerun WHERE asked_at < $1`, db.Micros(before))
	return err
}
