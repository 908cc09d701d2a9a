package newcomer

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

func (n *Newcomers) insert(ctx context.Context, tx *sql.Tx, hash, browserHash string, p Proof) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO newcomer (token_hash, browser_hash, pin, family_name, given_name, method, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		hash, browserHash, p.PIN, p.FamilyName, p.GivenName, string(p.Method), db.Micros(n.Clock.Now().Add(n.Door.Lives.Time(life))))
	return err
}

// bySecret is the proof of the cookie's secret, in the browser that gave it.
func (n *Newcomers) bySecret(ctx context.Context, secret, browser string) (Proof, bool, error) {
	var p Proof
	err := n.DB.Read.QueryRowContext(ctx, `SELECT pin, family_name, given_name, method FROM newcomer WHERE token_hash = $1 AND browser_hash = $2 AND expires_at > $3`,
		id.Hash(secret), id.Hash(browser), db.Micros(n.Clock.Now())).Scan(&p.PIN, &p.FamilyName, &p.GivenName, &p.Method)
	if errors.Is(err, sql.ErrNoRows) {
		return Proof{}, false, nil
	}
	return p, err == nil, db.Explain(err)
}

// spend ends the proof; of two at once, one is first.
func (n *Newcomers) spend(ctx context.Context, tx *sql.Tx, hash string) (bool, error) {
	return db.ChangedOne(ctx, tx, `DELETE FROM newcomer WHERE token_hash = $1 AND expires_at > $2`, hash, db.Micros(n.Clock.Now()))
}

// Sweep deletes proofs that were not gone on with.
func (n *Newcomers) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM newcomer WHERE expires_at < $1`, db.Micros(n.Clock.Now()))
	return err
}
