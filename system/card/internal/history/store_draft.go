package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func saveDraft(ctx context.Context, tx db.Querier, stayID, pin string, in Draft, at time.Time) error {
	content, err := json.Marshal(in)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO entry_draft (stay_id, by_pin, content, saved_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (stay_id, by_pin) DO UPDATE SET content = excluded.content, saved_at = excluded.saved_at`,
		stayID, pin, string(content), db.Micros(at))
	return err
}

func dropDraft(ctx context.Context, tx db.Querier, stayID, pin string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM entry_draft WHERE stay_id = $1 AND by_pin = $2`, stayID, pin)
	return err
}

// dropDraftOf is dropDraft of this text alone: what was begun in another tab stays.
func dropDraftOf(ctx context.Context, tx db.Querier, stayID, pin, once string) error {
	draft, err := loadDraft(ctx, tx, stayID, pin)
	if err != nil || draft == nil || draft.Once != once {
		return err
	}
	return dropDraft(ctx, tx, stayID, pin)
}

func loadDraft(ctx context.Context, q db.Querier, stayID, pin string) (*Draft, error) {
	var content string
	var saved int64
	err := q.QueryRowContext(ctx, `SELECT content, saved_at FROM entry_draft WHERE stay_id = $1 AND by_pin = $2`, stayID, pin).Scan(&content, &saved)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, db.Explain(err)
	}
	draft := &Draft{SavedAt: db.Time(saved)}
	return draft, json.Unmarshal([]byte(content), draft)
}

// isSigned says whether an entry of this id was signed.
func isSigned(ctx context.Context, q db.Querier, id string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM entry WHERE id = $1 AND signed_at <> 0`, id).Scan(&n)
	return n > 0, db.Explain(err)
}
