package request

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

func insert(ctx context.Context, tx db.Querier, r Request) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO request (id, stay_id, kind, code, name, question, urgent, asked_at, by_pin, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
		r.ID, r.StayID, r.Kind, r.Code, r.Name, r.Question, db.Flag(r.Urgent), db.Micros(r.AskedAt), r.ByPIN, r.ByName)
	return err
}

func cancel(ctx context.Context, tx db.Querier, id, reason, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE request SET cancelled_at = $2, cancelled_by = $3, cancel_reason = $4 WHERE id = $1 AND cancelled_at = 0`,
		id, db.Micros(at), by, reason)
	return err
}

func insertAnswer(ctx context.Context, tx db.Querier, a Answer) error {
	findings, err := json.Marshal(a.Findings)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO answer (id, request_id, version, reason, at, findings, conclusion, by_pin, by_name, by_role, signed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		a.ID, a.RequestID, a.Version, a.Reason, db.Micros(a.At), string(findings), a.Conclusion, a.ByPIN, a.ByName, a.ByRole, db.Micros(a.SignedAt))
	return err
}

// Requests of the stay with their answers, those without one first, then the newest.
func Requests(ctx context.Context, q db.Querier, stayID string) ([]Request, error) {
	return read(ctx, q, stayID, "")
}

func find(ctx context.Context, q db.Querier, stayID, id string) (Request, error) {
	all, err := read(ctx, q, stayID, id)
	if err != nil {
		return Request{}, err
	}
	if len(all) == 0 {
		return Request{}, fail.New(fail.NotFound, "card.request.none_such")
	}
	return all[0], nil
}

// read gives one request, or with id "" all of the stay.
func read(ctx context.Context, q db.Querier, stayID, id string) ([]Request, error) {
	var all []Request
	place := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT id, stay_id, kind, code, name, question, urgent, asked_at, by_pin, by_name, cancelled_at, cancel_reason
		FROM request r WHERE stay_id = $1 AND ($2 = '' OR id = $2)
		ORDER BY CASE WHEN cancelled_at = 0 AND NOT EXISTS (SELECT 1 FROM answer a WHERE a.request_id = r.id) THEN 0 ELSE 1 END, asked_at DESC, id DESC`, stayID, id) {
		if err != nil {
			return nil, err
		}
		var r Request
		var urgent, asked, cancelled int64
		if err := row.Scan(&r.ID, &r.StayID, &r.Kind, &r.Code, &r.Name, &r.Question, &urgent, &asked, &r.ByPIN, &r.ByName, &cancelled, &r.CancelReason); err != nil {
			return nil, err
		}
		r.Urgent, r.AskedAt, r.CancelledAt = urgent == 1, db.Time(asked), db.Time(cancelled)
		place[r.ID] = len(all)
		all = append(all, r)
	}
	return all, answers(ctx, q, stayID, func(a Answer) {
		i, ok := place[a.RequestID]
		switch {
		case !ok:
		case all[i].Answer == nil:
			all[i].Answer = &a
		default:
			all[i].Answer.Former = append(all[i].Answer.Former, a)
		}
	})
}

func answers(ctx context.Context, q db.Querier, stayID string, put func(Answer)) error {
	for row, err := range db.Rows(ctx, q, `SELECT a.id, a.request_id, a.version, a.reason, a.at, a.findings, a.conclusion, a.by_pin, a.by_name, a.by_role, a.signed_at
		FROM answer a JOIN request r ON r.id = a.request_id WHERE r.stay_id = $1 ORDER BY a.version DESC`, stayID) {
		if err != nil {
			return err
		}
		var a Answer
		var at, signed int64
		var findings string
		if err := row.Scan(&a.ID, &a.RequestID, &a.Version, &a.Reason, &at, &findings, &a.Conclusion, &a.ByPIN, &a.ByName, &a.ByRole, &signed); err != nil {
			return err
		}
		a.At, a.SignedAt = db.Time(at), db.Time(signed)
		if err := json.Unmarshal([]byte(findings), &a.Findings); err != nil {
			return err
		}
		put(a)
	}
	return nil
}
