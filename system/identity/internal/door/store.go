package door

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

func (d *Door) note(ctx context.Context, tx *sql.Tx, accountID string, s sso.Session, client, outcome string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO visit (id, account_id, at, method, level, agent, address, client_id, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id.New(), accountID, db.Micros(d.Clock.Now()), s.Method, string(s.Level), s.Agent, s.Address, client, outcome)
	return err
}

// stray notes a refusal for a ПИН that has no account.
func (d *Door) stray(ctx context.Context, tx *sql.Tx, method Method, place notice.Place) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO stray (id, at, method, agent, address, client_id) VALUES ($1, $2, $3, $4, $5, $6)`,
		id.New(), db.Micros(d.Clock.Now()), string(method), place.Agent, place.Address, "")
	return err
}

// know remembers the browser after a whole sign-in, and says whether it was
// known, and whether others were.
func (d *Door) know(ctx context.Context, tx *sql.Tx, accountID, hash string) (others, known bool, err error) {
	var all, same int
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN browser_hash = $2 THEN 1 ELSE 0 END), 0) FROM known_browser WHERE account_id = $1`,
		accountID, hash).Scan(&all, &same)
	if err != nil {
		return false, false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO known_browser (account_id, browser_hash, seen_at) VALUES ($1, $2, $3)
		ON CONFLICT (account_id, browser_hash) DO UPDATE SET seen_at = $3`, accountID, hash, db.Micros(d.Clock.Now()))
	return all > same, same > 0, err
}

// Known says whether the person of the ПИН has signed in with the browser before.
func (d *Door) Known(ctx context.Context, pin, browser string) (bool, error) {
	var one int
	err := d.DB.Read.QueryRowContext(ctx, `SELECT 1 FROM known_browser k JOIN account a ON a.id = k.account_id WHERE a.pin = $1 AND k.browser_hash = $2`,
		pin, id.Hash(browser)).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, db.Explain(err)
}

// Visit is a sign-in of the past, or a refusal.
type Visit struct {
	At      time.Time
	Method  Method
	Level   assurance.Level // "" when refused
	Agent   string
	Address string
	Client  string // "" for ЕСИ's own pages
	Entered bool
}

// Visits is the newest sign-ins of the account, at most limit.
func (d *Door) Visits(ctx context.Context, accountID string, limit int) ([]Visit, error) {
	var visits []Visit
	for row, err := range db.Rows(ctx, d.DB.Read, `SELECT at, method, level, agent, address, client_id, outcome FROM visit
		WHERE account_id = $1 ORDER BY at DESC, id DESC LIMIT $2`, accountID, limit) {
		if err != nil {
			return nil, err
		}
		var v Visit
		var at int64
		var outcome string
		if err := row.Scan(&at, &v.Method, &v.Level, &v.Agent, &v.Address, &v.Client, &outcome); err != nil {
			return nil, err
		}
		v.At, v.Entered = db.Time(at), outcome == "entered"
		visits = append(visits, v)
	}
	return visits, nil
}

// Sweep deletes browsers long not seen and sign-ins long past.
func (d *Door) Sweep(ctx context.Context, tx db.Querier) error {
	now := d.Clock.Now()
	if _, err := tx.ExecContext(ctx, `DELETE FROM known_browser WHERE seen_at < $1`, db.Micros(now.Add(-d.Sessions.BrowserLife()))); err != nil {
		return err
	}
	before := db.Micros(now.Add(-d.Lives.Time(historyLife)))
	if _, err := tx.ExecContext(ctx, `DELETE FROM visit WHERE at < $1`, before); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM stray WHERE at < $1`, before)
	return err
}
