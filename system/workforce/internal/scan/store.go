package scan

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

// Keep checks the file and keeps it; its id, and "" without a file.
func Keep(ctx context.Context, tx db.Querier, organisation, field string, data []byte, at time.Time, by string) (string, error) {
	if len(data) == 0 {
		return "", nil
	}
	if err := Check(field, data); err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	scanID := id.New()
	_, err := tx.ExecContext(ctx, `INSERT INTO scan (id, organisation, sha256, bytes, pdf, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		scanID, organisation, hex.EncodeToString(sum[:]), len(data), data, db.Micros(at), by)
	return scanID, err
}

// Find is a scan of the organisation; fail.NotFound.
func Find(ctx context.Context, q db.Querier, organisation, scanID string) (Scan, error) {
	s := Scan{ID: scanID, Organisation: organisation}
	var at int64
	err := q.QueryRowContext(ctx, `SELECT sha256, bytes, pdf, created_at, created_by FROM scan WHERE id = $1 AND organisation = $2`, scanID, organisation).
		Scan(&s.SHA256, &s.Bytes, &s.PDF, &at, &s.By)
	if errors.Is(err, sql.ErrNoRows) {
		return s, fail.New(fail.NotFound, "kit.not_found")
	}
	s.At = db.Time(at)
	return s, db.Explain(err)
}
