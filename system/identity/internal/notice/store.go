package notice

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

const columns = `id, account_id, kind, detail, at, agent, address, email, phone, telegram, disowned_at`

func scan(row db.Row) (Event, error) {
	var e Event
	var at, disowned int64
	err := row.Scan(&e.ID, &e.Account, &e.Kind, &e.Detail, &at, &e.Agent, &e.Address, &e.email, &e.phone, &e.telegram, &disowned)
	e.At, e.Disowned = db.Time(at), db.Time(disowned)
	return e, err
}

func (n *Notices) insert(ctx context.Context, tx *sql.Tx, e Event) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO security_event (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)`,
		e.ID, e.Account, string(e.Kind), e.Detail, db.Micros(e.At), e.Agent, e.Address, e.email, e.phone, e.telegram)
	return err
}

func (n *Notices) one(ctx context.Context, eventID string) (Event, bool, error) {
	e, err := scan(n.DB.Read.QueryRowContext(ctx, `SELECT `+columns+` FROM security_event WHERE id = $1`, eventID))
	if errors.Is(err, sql.ErrNoRows) {
		return Event{}, false, nil
	}
	return e, err == nil, db.Explain(err)
}

// Of is the newest events of the account, at most limit.
func (n *Notices) Of(ctx context.Context, accountID string, limit int) ([]Event, error) {
	return db.List(ctx, n.DB.Read, scan, `SELECT `+columns+` FROM security_event WHERE account_id = $1 ORDER BY at DESC, id DESC LIMIT $2`, accountID, limit)
}

// Disown notes, in the transaction, that the person did not do it; false when
// that was said before.
func (n *Notices) Disown(ctx context.Context, tx *sql.Tx, eventID string) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE security_event SET disowned_at = $2 WHERE id = $1 AND disowned_at = 0`, eventID, db.Micros(n.Clock.Now()))
}

// Before is the account with the contacts that it had at the moment: those that
// the first event after it was told to. Somebody who changed them since does not
// get what is told of it.
func (n *Notices) Before(ctx context.Context, q db.Querier, a account.Account, moment time.Time) (account.Account, error) {
	e, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM security_event WHERE account_id = $1 AND at >= $2 ORDER BY at, id LIMIT 1`, a.ID, db.Micros(moment)))
	if errors.Is(err, sql.ErrNoRows) {
		return a, nil
	}
	a.Email, a.Phone, a.Telegram = e.email, e.phone, e.telegram
	a.EmailVerified, a.PhoneVerified = e.email != "", e.phone != ""
	return a, db.Explain(err)
}
