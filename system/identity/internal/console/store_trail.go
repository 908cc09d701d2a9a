package console

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func (c *Console) insertCheck(ctx context.Context, tx *sql.Tx, checkID string, done checked) error {
	report, err := json.Marshal(done.report)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_check (id, at, took, report) VALUES ($1, $2, $3, $4)`,
		checkID, db.Micros(done.at), done.took.Microseconds(), string(report))
	return err
}

// lastCheck is the newest check; false when there was none.
func (c *Console) lastCheck(ctx context.Context) (checked, bool, error) {
	var at, took int64
	var report string
	err := c.DB.Read.QueryRowContext(ctx, `SELECT at, took, report FROM audit_check ORDER BY at DESC, id DESC LIMIT 1`).Scan(&at, &took, &report)
	if errors.Is(err, sql.ErrNoRows) {
		return checked{}, false, nil
	}
	if err != nil {
		return checked{}, false, db.Explain(err)
	}
	done := checked{at: db.Time(at), took: time.Duration(took) * time.Microsecond}
	return done, true, json.Unmarshal([]byte(report), &done.report)
}
