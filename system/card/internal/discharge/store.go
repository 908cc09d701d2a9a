package discharge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// closeStay ends the stay, its last move, its bed and every order in force. The
// bed stays named on the row: the index that keeps one patient a bed looks at
// open stays alone.
func closeStay(r form.Record, end form.Ending, now time.Time) []db.Question {
	reason := "discharge" // a code: the page of orders has its words
	if end.Outcome == Died {
		reason = "death"
	}
	return []db.Question{
		db.Write(`UPDATE stay SET state = 'discharged', discharged_at = $2, outcome = $3, result = $4,
			transferred_to = $5, recommendations = $6, discharged_by = $7 WHERE id = $1 AND state = 'open'`,
			r.StayID, db.Micros(end.At), end.Outcome, end.Result, end.TransferredTo, end.Recommendations, end.By),
		db.Write(`UPDATE move SET until_at = $2 WHERE stay_id = $1 AND until_at = 0`, r.StayID, db.Micros(end.At)),
		db.Write(`UPDATE medical_order SET ended_at = $2, ended_by = $3, end_reason = $4 WHERE stay_id = $1 AND ended_at = 0`,
			r.StayID, db.Micros(now), end.By, reason),
		db.Write(`DELETE FROM discharge_draft WHERE stay_id = $1`, r.StayID),
	}
}

func pinOfStay(ctx context.Context, q db.Querier, stayID string) (string, error) {
	var pin sql.NullString
	err := q.QueryRowContext(ctx, `SELECT p.pin FROM patient p JOIN stay s ON s.patient_id = p.id WHERE s.id = $1`, stayID).Scan(&pin)
	return pin.String, db.Explain(err)
}

func headsSynced(ctx context.Context, q db.Querier, organisation string) (time.Time, error) {
	var at sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT MAX(synced_at) FROM department_head WHERE organisation = $1`, organisation).Scan(&at)
	return db.Time(at.Int64), db.Explain(err)
}

func saveHeads(ctx context.Context, tx db.Querier, organisation string, heads map[string]workforceapi.Post, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM department_head WHERE organisation = $1`, organisation); err != nil {
		return err
	}
	for _, department := range slices.Sorted(maps.Keys(heads)) {
		_, err := tx.ExecContext(ctx, `INSERT INTO department_head (organisation, department, pin, name, synced_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (organisation, department) DO UPDATE SET pin = excluded.pin, name = excluded.name, synced_at = excluded.synced_at`,
			organisation, department, heads[department].PIN, heads[department].PersonName, db.Micros(at))
		if err != nil {
			return err
		}
	}
	return nil
}

// saveDraft keeps what was entered on the page until the discharge.
func saveDraft(ctx context.Context, tx db.Querier, stayID, by string, fields map[string]string, at time.Time) error {
	data, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO discharge_draft (stay_id, content, saved_at, saved_by) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS TEXT)
		WHERE EXISTS (SELECT 1 FROM stay WHERE id = $1 AND state = 'open')
		ON CONFLICT (stay_id) DO UPDATE SET content = excluded.content, saved_at = excluded.saved_at, saved_by = excluded.saved_by`,
		stayID, string(data), db.Micros(at), by)
	return err
}

// loadDraft gives what was kept and when; nothing, and no time, when there is none.
func loadDraft(ctx context.Context, q db.Querier, stayID string) (map[string]string, time.Time, error) {
	var content string
	var at int64
	err := q.QueryRowContext(ctx, `SELECT content, saved_at FROM discharge_draft WHERE stay_id = $1`, stayID).Scan(&content, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, db.Explain(err)
	}
	fields := map[string]string{}
	return fields, db.Time(at), json.Unmarshal([]byte(content), &fields)
}
