package registration

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

const columns = `id, state, version, lang, flow, pin, passport, person, doubt, claim, agreement, agreement_lang, agreed_at, phone, phone_at, email, email_at,
	photo_id, photo_at, photo_refused, photo_doubt, document_id, account_id, proof, asked_at, decided_at, decided_by, decided_name, reason, created_at, expires_at, epoch`

func asJSON[T any](v *T) (string, error) {
	if v == nil {
		return "", nil
	}
	data, err := json.Marshal(v)
	return string(data), err
}

func fromJSON[T any](s string) (*T, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // nothing was kept
	}
	v := new(T)
	return v, json.Unmarshal([]byte(s), v)
}

func scan(row db.Row) (Registration, error) {
	var r Registration
	var person, claim, lang, agreementLang string
	var agreed, phoneAt, emailAt, photoAt, asked, decided, created, expires int64
	err := row.Scan(&r.ID, &r.State, &r.version, &lang, &r.Flow, &r.PIN, &r.Passport, &person, &r.Doubt, &claim, &r.Agreement, &agreementLang, &agreed,
		&r.Phone, &phoneAt, &r.Email, &emailAt, &r.PhotoID, &photoAt, &r.PhotoRefused, &r.PhotoDoubt, &r.DocumentID, &r.AccountID, &r.Proof,
		&asked, &decided, &r.DecidedBy, &r.DecidedName, &r.Reason, &created, &expires, &r.epoch)
	if err != nil {
		return Registration{}, err
	}
	r.Lang, r.AgreementLang = text.Lang(lang), text.Lang(agreementLang)
	for to, micros := range map[*time.Time]int64{
		&r.AgreedAt: agreed, &r.PhoneAt: phoneAt, &r.EmailAt: emailAt, &r.PhotoAt: photoAt, &r.AskedAt: asked, &r.DecidedAt: decided,
		&r.CreatedAt: created, &r.Expires: expires,
	} {
		*to = db.Time(micros)
	}
	if r.Person, err = fromJSON[populationapi.Person](person); err != nil {
		return Registration{}, err
	}
	r.Claim, err = fromJSON[Claim](claim)
	return r, err
}

func (g *Registrations) one(ctx context.Context, q db.Querier, where string, args ...any) (Registration, bool, error) {
	r, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM registration WHERE `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Registration{}, false, nil
	}
	return r, err == nil, db.Explain(err)
}

func (g *Registrations) bySecret(ctx context.Context, secret string) (Registration, bool, error) {
	return g.one(ctx, g.DB.Read, `token_hash = $1 AND expires_at > $2`, id.Hash(secret), db.Micros(g.Clock.Now()))
}

// ByID is the registration; false when there is none.
func (g *Registrations) ByID(ctx context.Context, registrationID string) (Registration, bool, error) {
	return g.one(ctx, g.DB.Read, `id = $1`, registrationID)
}

// ByAccount is the newest registration that led to the account; false when there is none.
func (g *Registrations) ByAccount(ctx context.Context, accountID string) (Registration, bool, error) {
	return g.one(ctx, g.DB.Read, `account_id = $1 AND account_id <> '' ORDER BY created_at DESC, id DESC LIMIT 1`, accountID)
}

// Asked is those that wait for an operator, the longest waiting first: people
// without an account before those with one. after is the Place of the last that was
// seen, "" to begin; it holds when that one is decided meanwhile.
func (g *Registrations) Asked(ctx context.Context, after string, limit int) ([]Registration, error) {
	var group int
	var asked int64
	var last string
	if _, err := fmt.Sscanf(after, "%d.%d.%s", &group, &asked, &last); err != nil {
		group, asked, last = 0, 0, "" // from the beginning
	}
	return db.List(ctx, g.DB.Read, scan, AskedQuery, group, asked, last, limit)
}

// Place is where the registration stands in the queue.
func (r Registration) Place() string {
	group := 1
	if r.State == Waiting {
		group = 0
	}
	return fmt.Sprintf("%d.%d.%s", group, db.Micros(r.AskedAt), r.ID)
}

// AskedQuery is what Asked asks. It goes through the index registration_asked (migration 00024), to the
// letter of its expression.
const AskedQuery = `SELECT ` + columns + ` FROM registration WHERE proof = 'waiting'
	AND (CASE WHEN state = 'waiting' THEN 0 ELSE 1 END, asked_at, id) > ($1, $2, $3)
	ORDER BY CASE WHEN state = 'waiting' THEN 0 ELSE 1 END, asked_at, id LIMIT $4`

// CountAsked is how many wait for an operator.
func (g *Registrations) CountAsked(ctx context.Context) (int, error) {
	var n int
	err := g.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM registration WHERE proof = 'waiting'`).Scan(&n)
	return n, db.Explain(err)
}

func (g *Registrations) insert(ctx context.Context, r Registration, tokenHash string) error {
	person, err := asJSON(r.Person)
	if err != nil {
		return err
	}
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO registration (id, token_hash, state, version, lang, flow, pin, passport, person, doubt, claim,
			agreement, agreement_lang, agreed_at, phone, phone_at, email, email_at, photo_id, photo_at, photo_refused, photo_doubt, document_id, account_id,
			proof, asked_at, decided_at, decided_by, decided_name, reason, created_at, expires_at)
			VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, '', '', '', 0, '', 0, '', 0, '', 0, 0, '', '', '', '', 0, 0, '', '', '', $10, $11)`,
			r.ID, tokenHash, string(r.State), string(r.Lang), r.Flow, r.PIN, r.Passport, person, r.Doubt, db.Micros(r.CreatedAt), db.Micros(r.Expires))
		return err
	})
}

// update saves the registration by itself.
func (g *Registrations) update(ctx context.Context, r Registration) error {
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return g.save(ctx, tx, r) })
}

// save keeps the registration as it is now, if nobody has changed it since it
// was read: of two changes at once, the second is refused.
func (g *Registrations) save(ctx context.Context, tx *sql.Tx, r Registration) error {
	claim, err := asJSON(r.Claim)
	if err != nil {
		return err
	}
	written, err := db.ChangedOne(ctx, tx, `UPDATE registration SET version = version + 1, state = $3, doubt = $4, claim = $5, agreement = $6, agreement_lang = $7,
		agreed_at = $8, phone = $9, phone_at = $10, email = $11, email_at = $12, photo_id = $13, photo_at = $14, photo_refused = $15, photo_doubt = $16,
		document_id = $17, account_id = $18, proof = $19, asked_at = $20, decided_at = $21, decided_by = $22, decided_name = $23, reason = $24,
		expires_at = $25, epoch = $26 WHERE id = $1 AND version = $2`,
		r.ID, r.version, string(r.State), r.Doubt, claim, r.Agreement, string(r.AgreementLang), db.Micros(r.AgreedAt), r.Phone, db.Micros(r.PhoneAt),
		r.Email, db.Micros(r.EmailAt), r.PhotoID, db.Micros(r.PhotoAt), r.PhotoRefused, r.PhotoDoubt, r.DocumentID, r.AccountID, string(r.Proof),
		db.Micros(r.AskedAt), db.Micros(r.DecidedAt), r.DecidedBy, r.DecidedName, r.Reason, db.Micros(r.Expires), r.epoch)
	if err == nil && !written {
		err = changed()
	}
	return err
}

// hand gives the registration to the browser that has the new secret; the one
// that had it before has it no more.
func (g *Registrations) hand(ctx context.Context, registrationID, tokenHash string) error {
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE registration SET token_hash = $2 WHERE id = $1`, registrationID, tokenHash)
		return err
	})
}

// accept writes the agreement that was accepted before there was an account.
func (g *Registrations) accept(ctx context.Context, tx *sql.Tx, r Registration) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO agreement (account_id, version, lang, accepted_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, version) DO NOTHING`, r.AccountID, r.Agreement, string(r.AgreementLang), db.Micros(r.AgreedAt))
	return err
}

// Sweep deletes registrations that were not finished, those decided long ago,
// and photos that are needed no more.
func (g *Registrations) Sweep(ctx context.Context, tx db.Querier) error {
	now := g.Clock.Now()
	for _, statement := range []struct {
		sql  string
		args []any
	}{
		{`DELETE FROM photo WHERE delete_at > 0 AND delete_at < $1`, []any{db.Micros(now)}},
		{`DELETE FROM photo WHERE account_id = '' AND owner IN (SELECT id FROM registration WHERE state IN ('open', 'known') AND expires_at < $1)`, []any{db.Micros(now)}},
		{`DELETE FROM photo WHERE account_id IN (SELECT id FROM account WHERE state = 'closed')`, nil},
		{`DELETE FROM registration WHERE state IN ('open', 'known') AND expires_at < $1`, []any{db.Micros(now)}},
		{`DELETE FROM registration WHERE state IN ('refused', 'finished') AND proof <> 'waiting' AND created_at < $1`, []any{db.Micros(now.Add(-g.Door.Lives.Time(recordsFor)))}},
	} {
		if _, err := tx.ExecContext(ctx, statement.sql, statement.args...); err != nil {
			return err
		}
	}
	return nil
}
