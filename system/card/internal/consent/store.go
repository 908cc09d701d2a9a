package consent

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const columns = `id, stay_id, kind, subject, way, state, signer, relation, signed_at, code_hash, code_until, tries, by_pin, by_name, created_at, withdrawn_at, withdraw_reason, side`

// insert says whether the row is new.
func insert(ctx context.Context, tx db.Querier, c Consent) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO consent (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14, 0, '', $15) ON CONFLICT (id) DO NOTHING`,
		c.ID, c.StayID, c.Kind, c.Subject, c.Way, c.State, c.Signer, c.Relation, db.Micros(c.SignedAt), c.CodeHash, db.Micros(c.CodeUntil), c.ByPIN, c.ByName, db.Micros(c.CreatedAt), c.Side)
}

// Consents of the stay, the newest first.
func Consents(ctx context.Context, q db.Querier, stayID string) ([]Consent, error) {
	return read(ctx, q, stayID, "")
}

func find(ctx context.Context, q db.Querier, stayID, id string) (Consent, error) {
	all, err := read(ctx, q, stayID, id)
	if err != nil {
		return Consent{}, err
	}
	if id == "" || len(all) == 0 {
		return Consent{}, fail.New(fail.NotFound, "card.consent.none_such")
	}
	return all[0], nil
}

func read(ctx context.Context, q db.Querier, stayID, id string) ([]Consent, error) {
	var all []Consent
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM consent WHERE stay_id = $1 AND ($2 = '' OR id = $2) ORDER BY created_at DESC, id DESC`, stayID, id) {
		if err != nil {
			return nil, err
		}
		var c Consent
		var signed, until, created, withdrawn int64
		err := row.Scan(&c.ID, &c.StayID, &c.Kind, &c.Subject, &c.Way, &c.State, &c.Signer, &c.Relation, &signed, &c.CodeHash, &until, &c.Tries,
			&c.ByPIN, &c.ByName, &created, &withdrawn, &c.WithdrawReason, &c.Side)
		if err != nil {
			return nil, err
		}
		c.SignedAt, c.CodeUntil, c.CreatedAt, c.WithdrawnAt = db.Time(signed), db.Time(until), db.Time(created), db.Time(withdrawn)
		all = append(all, c)
	}
	return all, nil
}

func countTry(ctx context.Context, tx db.Querier, id string) error {
	_, err := tx.ExecContext(ctx, `UPDATE consent SET tries = tries + 1 WHERE id = $1`, id)
	return err
}

func sign(ctx context.Context, tx db.Querier, id string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE consent SET state = 'signed', signed_at = $2, code_hash = '' WHERE id = $1 AND state = 'asked'`, id, db.Micros(at))
	return err
}

func withdraw(ctx context.Context, tx db.Querier, id, reason, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE consent SET state = 'withdrawn', withdrawn_at = $2, withdrawn_by = $3, withdraw_reason = $4 WHERE id = $1 AND state = 'signed'`,
		id, db.Micros(at), by, reason)
	return err
}
