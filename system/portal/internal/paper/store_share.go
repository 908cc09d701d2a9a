package paper

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

func insertShare(ctx context.Context, tx *sql.Tx, shareID, documentID string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO share (id, document_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
		shareID, documentID, db.Micros(now), db.Micros(now.Add(shareFor)))
	return err
}

// shares are the links of a document that still lead to it, with how often they
// were opened.
func shares(ctx context.Context, q db.Querier, documentID string, now time.Time) ([]Share, error) {
	var all []Share
	for row, err := range db.Rows(ctx, q, `SELECT s.id, s.created_at, s.expires_at, (SELECT COUNT(*) FROM share_opening o WHERE o.share_id = s.id)
		FROM share s WHERE s.document_id = $1 AND s.revoked_at = 0 AND s.expires_at > $2 ORDER BY s.created_at DESC, s.id DESC`, documentID, db.Micros(now)) {
		if err != nil {
			return nil, err
		}
		var s Share
		var created, expires int64
		if err := row.Scan(&s.ID, &created, &expires, &s.Openings); err != nil {
			return nil, err
		}
		s.Created, s.Expires = db.Time(created), db.Time(expires)
		all = append(all, s)
	}
	return all, nil
}

// shared is the document that a link leads to, if it still does.
func shared(ctx context.Context, q db.Querier, shareID string, now time.Time) (documentID string, err error) {
	err = q.QueryRowContext(ctx, `SELECT document_id FROM share WHERE id = $1 AND revoked_at = 0 AND expires_at > $2`, shareID, db.Micros(now)).Scan(&documentID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fail.New(fail.NotFound, "portal.share.gone")
	}
	return documentID, db.Explain(err)
}

// revoke ends a link of the person's own document.
func revoke(ctx context.Context, tx *sql.Tx, shareID, pin string, now time.Time) (documentID string, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE share SET revoked_at = $3 WHERE id = $1 AND revoked_at = 0
		AND document_id IN (SELECT id FROM document WHERE pin = $2) RETURNING document_id`, shareID, pin, db.Micros(now)).Scan(&documentID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fail.New(fail.NotFound, "kit.not_found")
	}
	return documentID, err
}

func addOpening(ctx context.Context, tx *sql.Tx, shareID string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO share_opening (id, share_id, at) VALUES ($1, $2, $3)`, id.New(), shareID, db.Micros(now))
	return err
}
