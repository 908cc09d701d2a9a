package registration

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func (g *Registrations) insertPhoto(ctx context.Context, tx *sql.Tx, photoID string, r Registration, kind Kind, sealed, measured string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO photo (id, owner, account_id, kind, sealed, measured, created_at, delete_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		photoID, r.ID, r.AccountID, string(kind), sealed, measured, db.Micros(g.Clock.Now()))
	return err
}

func (g *Registrations) dropPhoto(ctx context.Context, tx *sql.Tx, photoID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM photo WHERE id = $1`, photoID)
	return err
}

func (g *Registrations) dropPhotos(ctx context.Context, tx *sql.Tx, registrationID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM photo WHERE owner = $1`, registrationID)
	return err
}

// bindPhotos gives the photos to the account: the face stays as long as it, the
// passport's page until the moment.
func (g *Registrations) bindPhotos(ctx context.Context, tx *sql.Tx, r Registration, passportUntil time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE photo SET account_id = $2 WHERE owner = $1`, r.ID, r.AccountID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE photo SET delete_at = $2 WHERE owner = $1 AND kind = 'passport'`, r.ID, db.Micros(passportUntil))
	return err
}

// expirePhotos has the photos of a refused registration deleted at the moment.
func (g *Registrations) expirePhotos(ctx context.Context, tx *sql.Tx, registrationID string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE photo SET delete_at = $2 WHERE owner = $1`, registrationID, db.Micros(at))
	return err
}

func (g *Registrations) sealed(ctx context.Context, registrationID, photoID string) (string, bool, error) {
	var sealed string
	err := g.DB.Read.QueryRowContext(ctx, `SELECT sealed FROM photo WHERE id = $1 AND owner = $2`, photoID, registrationID).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return sealed, err == nil, db.Explain(err)
}

func (g *Registrations) sealedOf(ctx context.Context, accountID string) (photoID, sealed string, found bool, err error) {
	err = g.DB.Read.QueryRowContext(ctx, `SELECT p.id, p.sealed FROM photo p JOIN registration r ON r.photo_id = p.id
		WHERE p.account_id = $1 AND p.kind = 'face' AND r.photo_at > 0 ORDER BY p.created_at DESC, p.id DESC LIMIT 1`, accountID).Scan(&photoID, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", false, nil
	}
	return photoID, sealed, err == nil, db.Explain(err)
}
