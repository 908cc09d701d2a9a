package consent

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// remembered is the person's answer to the client, and what was asked then, if it
// was to be remembered and the agreement in force is accepted.
func (c *Consents) remembered(ctx context.Context, accountID, client string) (Consent, []string, error) {
	given := Consent{Client: client}
	var scopes, asked string
	var at, begun int64
	err := c.DB.Read.QueryRowContext(c.DB.Unwatched(ctx), `SELECT c.scopes, c.asked, c.given_at, c.begun_at FROM consent c JOIN agreement a ON a.account_id = c.account_id AND a.version = $3
		WHERE c.account_id = $1 AND c.client_id = $2 AND c.remembered = 1`, accountID, client, AgreementVersion).Scan(&scopes, &asked, &at, &begun)
	if errors.Is(err, sql.ErrNoRows) {
		return Consent{}, nil, nil
	}
	given.begun = db.Time(begun)
	given.Scopes, given.Remembered, given.GivenAt = strings.Fields(scopes), err == nil, db.Time(at)
	return given, strings.Fields(asked), db.Explain(err)
}

// Allows is openid.Config.Allows. Whoever withdraws waits for the transaction.
func (c *Consents) Allows(ctx context.Context, tx *sql.Tx, accountID, client string, since time.Time) (bool, error) {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM consent WHERE account_id = $1 AND client_id = $2 AND begun_at = $3`+c.DB.ForUpdate(),
		accountID, client, db.Micros(since)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Of lists what the person allowed.
func (c *Consents) Of(ctx context.Context, accountID string) ([]Consent, error) {
	var all []Consent
	for row, err := range db.Rows(ctx, c.DB.Read, `SELECT client_id, scopes, remembered, given_at FROM consent WHERE account_id = $1 ORDER BY given_at DESC, client_id`, accountID) {
		if err != nil {
			return nil, err
		}
		var each Consent
		var scopes string
		var remembered, at int64
		if err := row.Scan(&each.Client, &scopes, &remembered, &at); err != nil {
			return nil, err
		}
		each.Scopes, each.Remembered, each.GivenAt = strings.Fields(scopes), remembered == 1, db.Time(at)
		all = append(all, each)
	}
	return all, nil
}

// Clients are the systems that the person allowed something.
func (c *Consents) Clients(ctx context.Context, q db.Querier, accountID string) ([]string, error) {
	return db.Column[string](ctx, q, `SELECT client_id FROM consent WHERE account_id = $1 ORDER BY client_id`, accountID)
}

func (c *Consents) save(ctx context.Context, tx db.Querier, accountID string, flow openid.Flow, d decision) error {
	remembered := 0
	if d.remember {
		remembered = 1
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO consent (account_id, client_id, scopes, asked, remembered, given_at, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
		ON CONFLICT (account_id, client_id) DO UPDATE SET scopes = $3, asked = $4, remembered = $5, given_at = $6,
			begun_at = CASE WHEN consent.begun_at = 0 THEN $6 ELSE consent.begun_at END`,
		accountID, flow.Client.ID, strings.Join(d.allowed, " "), strings.Join(flow.Asked, " "), remembered, db.Micros(c.Clock.Now()))
	return err
}

func (c *Consents) delete(ctx context.Context, tx db.Querier, accountID, client string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM consent WHERE account_id = $1 AND client_id = $2`, accountID, client)
	return err
}

// Used is when each system last was handed the person's data.
func (c *Consents) Used(ctx context.Context, pin string) (map[string]time.Time, error) {
	used := map[string]time.Time{}
	for row, err := range db.Rows(ctx, c.DB.Read, `SELECT object, MAX(at) FROM access_record WHERE subject_pin = $1 AND action = 'data.handed' GROUP BY object`, pin) {
		if err != nil {
			return nil, err
		}
		var client string
		var at int64
		if err := row.Scan(&client, &at); err != nil {
			return nil, err
		}
		used[client] = db.Time(at)
	}
	return used, nil
}

// WithdrawAll takes back, in the transaction, all that the person allowed; what
// was granted must have been ended before.
func (c *Consents) WithdrawAll(ctx context.Context, tx db.Querier, accountID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM consent WHERE account_id = $1`, accountID)
	return err
}

// Agreement is a version of the agreement that the person accepted.
type Agreement struct {
	Version string
	Lang    text.Lang
	At      time.Time
}

// Agreements lists what the person accepted, the newest first.
func (c *Consents) Agreements(ctx context.Context, accountID string) ([]Agreement, error) {
	var all []Agreement
	for row, err := range db.Rows(ctx, c.DB.Read, `SELECT version, lang, accepted_at FROM agreement WHERE account_id = $1 ORDER BY accepted_at DESC`, accountID) {
		if err != nil {
			return nil, err
		}
		var a Agreement
		var at int64
		if err := row.Scan(&a.Version, &a.Lang, &at); err != nil {
			return nil, err
		}
		a.At = db.Time(at)
		all = append(all, a)
	}
	return all, nil
}

// Accepted says whether the person accepted the agreement in force.
func (c *Consents) Accepted(ctx context.Context, accountID string) (bool, error) {
	var one int
	err := c.DB.Read.QueryRowContext(ctx, `SELECT 1 FROM agreement WHERE account_id = $1 AND version = $2`, accountID, AgreementVersion).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, db.Explain(err)
}

func (c *Consents) accept(ctx context.Context, tx db.Querier, accountID string, lang text.Lang) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO agreement (account_id, version, lang, accepted_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, version) DO NOTHING`, accountID, AgreementVersion, string(lang), db.Micros(c.Clock.Now()))
	return err
}
