package phone

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
)

const deviceColumns = `id, account_id, name, agent, pin, created_at, seen_at`

func scanDevice(row db.Row) (Device, error) {
	var d Device
	var created, seen int64
	err := row.Scan(&d.ID, &d.Account, &d.Name, &d.Agent, &d.pin, &created, &seen)
	d.Created, d.Seen = db.Time(created), db.Time(seen)
	return d, err
}

func (p *Phones) device(ctx context.Context, where string, args ...any) (Device, bool, error) {
	d, err := scanDevice(p.DB.Read.QueryRowContext(ctx, `SELECT `+deviceColumns+` FROM device WHERE `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Device{}, false, nil
	}
	return d, err == nil, db.Explain(err)
}

func (p *Phones) bySecret(ctx context.Context, hash string) (Device, bool, error) {
	return p.device(ctx, `secret_hash = $1 AND seen_at > $2`, hash, db.Micros(p.Clock.Now().Add(-p.Door.Lives.Time(deviceLife))))
}

func (p *Phones) own(ctx context.Context, accountID, deviceID string) (Device, bool, error) {
	return p.device(ctx, `id = $1 AND account_id = $2`, deviceID, accountID)
}

// Of lists the person's devices, the one last seen first.
func (p *Phones) Of(ctx context.Context, accountID string) ([]Device, error) {
	return db.List(ctx, p.DB.Read, scanDevice, `SELECT `+deviceColumns+` FROM device WHERE account_id = $1 ORDER BY seen_at DESC, id`, accountID)
}

func (p *Phones) count(ctx context.Context, tx *sql.Tx, accountID string) (int, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM device WHERE account_id = $1`, accountID).Scan(&n)
	return n, err
}

func (p *Phones) insert(ctx context.Context, tx *sql.Tx, d Device, hash string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO device (`+deviceColumns+`, secret_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		d.ID, d.Account, d.Name, d.Agent, d.pin, db.Micros(d.Created), db.Micros(d.Seen), hash)
	return err
}

func (p *Phones) updatePIN(ctx context.Context, tx *sql.Tx, deviceID, mac string) error {
	_, err := tx.ExecContext(ctx, `UPDATE device SET pin = $2, tries = 0 WHERE id = $1`, deviceID, mac)
	return err
}

func (p *Phones) delete(ctx context.Context, tx *sql.Tx, deviceID string) (bool, error) {
	return db.ChangedOne(ctx, tx, `DELETE FROM device WHERE id = $1`, deviceID)
}

// RemoveAll takes all the person's devices away, in the transaction, and what was
// approved and not used yet.
func (p *Phones) RemoveAll(ctx context.Context, tx *sql.Tx, accountID string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM phone_request WHERE account_id = $1`, accountID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM device WHERE account_id = $1`, accountID)
	return err
}

// try counts a PIN before it is compared, and gives the count with the PIN that
// would be right.
func (p *Phones) try(ctx context.Context, deviceID string) (tries int64, mac string, err error) {
	err = p.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `UPDATE device SET tries = tries + 1 WHERE id = $1 RETURNING tries, pin`, deviceID).Scan(&tries, &mac)
		if errors.Is(err, sql.ErrNoRows) { // removed this moment
			tries, err = p.Door.Lives.Number(maxTries)+1, nil
		}
		return err
	})
	return tries, mac, err
}

func (p *Phones) forgive(ctx context.Context, deviceID string) error {
	return p.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE device SET tries = 0, seen_at = $2 WHERE id = $1`, deviceID, db.Micros(p.Clock.Now()))
		return err
	})
}

const requestColumns = `browser_hash, number, flow, client_id, agent, address, state, account_id, level, proof, expires_at, epoch`

// keep makes the browser's request the only one that it has.
func (p *Phones) keep(ctx context.Context, r Request, token, code string) error {
	return p.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO phone_request (`+requestColumns+`, token_hash, code_hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', '', $8, 0, $9, $10)
			ON CONFLICT (browser_hash) DO UPDATE SET number = $2, flow = $3, client_id = $4, agent = $5, address = $6, state = $7,
				account_id = '', level = '', proof = '', epoch = 0, expires_at = $8, token_hash = $9, code_hash = $10`,
			r.browser, r.number, r.flow, r.Client, r.Agent, r.Address, string(r.State), db.Micros(r.Expires), token, code)
		return err
	})
}

func (p *Phones) request(ctx context.Context, where, value string) (Request, bool, error) {
	var r Request
	var expires int64
	err := p.DB.Read.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM phone_request WHERE `+where, value).
		Scan(&r.browser, &r.number, &r.flow, &r.Client, &r.Agent, &r.Address, &r.State, &r.account, &r.level, &r.proof, &expires, &r.epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, false, nil
	}
	r.Expires = db.Time(expires)
	return r, err == nil, db.Explain(err)
}

func (p *Phones) byHash(ctx context.Context, hash string) (Request, bool, error) {
	return p.request(ctx, `token_hash = $1 OR code_hash = $1`, hash)
}

func (p *Phones) ofBrowser(ctx context.Context, hash string) (Request, bool, error) {
	return p.request(ctx, `browser_hash = $1`, hash)
}

// decide answers a request that still waits; false when it does not any more.
func (p *Phones) decide(ctx context.Context, r Request, state State, by approver, how proof) (bool, error) {
	return db.ChangedOne(ctx, p.DB.Single(), `UPDATE phone_request SET state = $2, account_id = $3, level = $4, proof = $5, epoch = $9
		WHERE browser_hash = $1 AND state = 'waiting' AND number = $6 AND flow = $7 AND expires_at = $8`,
		r.browser, string(state), by.account.ID, string(by.level), string(how), r.number, r.flow, db.Micros(r.Expires), by.account.Epoch)
}

// use spends the approval.
func (p *Phones) use(ctx context.Context, r Request) (bool, error) {
	return db.ChangedOne(ctx, p.DB.Single(), `UPDATE phone_request SET state = 'used' WHERE browser_hash = $1 AND state = 'approved' AND account_id = $2 AND expires_at = $3`,
		r.browser, r.account, db.Micros(r.Expires))
}

// Sweep deletes requests that have run out and devices long not used.
func (p *Phones) Sweep(ctx context.Context, tx db.Querier) error {
	now := p.Clock.Now()
	if _, err := tx.ExecContext(ctx, `DELETE FROM phone_request WHERE expires_at < $1`, db.Micros(now)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM device WHERE seen_at < $1`, db.Micros(now.Add(-p.Door.Lives.Time(deviceLife))))
	return err
}
