package setup

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

// step is how far the account's set-up is; false when none was begun.
func (s *Setup) step(ctx context.Context, accountID string) (Step, bool, error) {
	var step Step
	err := s.DB.Read.QueryRowContext(ctx, `SELECT step FROM setup WHERE account_id = $1`, accountID).Scan(&step)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return step, err == nil, db.Explain(err)
}

// advance brings the set-up on, never back.
func (s *Setup) advance(ctx context.Context, tx *sql.Tx, accountID string, step Step) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO setup (account_id, step, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id) DO UPDATE SET step = $2, changed_at = $3 WHERE setup.step < $2`,
		accountID, int64(step), db.Micros(s.Clock.Now()))
	return err
}
