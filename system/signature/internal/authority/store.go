package authority

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

const ownColumns = `name, number, issuer, certificate, handle, created_at`

func scanOwn(row db.Row) (own, error) {
	var k own
	var text string
	var created int64
	if err := row.Scan(&k.name, &k.number, &k.issuer, &text, &k.handle, &created); err != nil {
		return own{}, err
	}
	k.created = db.Time(created)
	var err error
	k.certificate, err = parse(text)
	return k, err
}

func parse(text string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// newest is the key in use of the name; sql.ErrNoRows when there is none.
func newest(ctx context.Context, q db.Querier, name string) (own, error) {
	return scanOwn(q.QueryRowContext(ctx, `SELECT `+ownColumns+` FROM ca_key WHERE name = $1 ORDER BY number DESC LIMIT 1`, name))
}

func findOwn(ctx context.Context, q db.Querier, name string, number int64) (own, error) {
	return scanOwn(q.QueryRowContext(ctx, `SELECT `+ownColumns+` FROM ca_key WHERE name = $1 AND number = $2`, name, number))
}

// allOwn are the keys of the name, the newest first.
func allOwn(ctx context.Context, q db.Querier, name string) ([]own, error) {
	return db.List(ctx, q, scanOwn, `SELECT `+ownColumns+` FROM ca_key WHERE name = $1 ORDER BY number DESC`, name)
}

func insertOwn(ctx context.Context, tx *sql.Tx, k own) (added bool, err error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO ca_key (name, number, issuer, certificate, handle, created_at, not_after) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (name, number) DO NOTHING`,
		k.name, k.number, k.issuer, base64.StdEncoding.EncodeToString(k.certificate.Raw), k.handle, db.Micros(k.created), db.Micros(k.certificate.NotAfter))
}

const issuedColumns = `serial, issuer, pin, usage, medium, certificate, not_before, not_after, revoked_at, reason`

func scanIssued(row db.Row) (issued, error) {
	var c issued
	var text string
	var before, after, revoked int64
	if err := row.Scan(&c.serial, &c.issuer, &c.pin, &c.usage, &c.medium, &text, &before, &after, &revoked, &c.reason); err != nil {
		return issued{}, err
	}
	c.notBefore, c.notAfter, c.revoked = db.Time(before), db.Time(after), db.Time(revoked)
	var err error
	c.der, err = base64.StdEncoding.DecodeString(text)
	return c, err
}

func insertCertificate(ctx context.Context, tx *sql.Tx, c issued, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO certificate (serial, issuer, pin, usage, medium, certificate, not_before, not_after, revoked_at, reason, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9)`,
		c.serial, c.issuer, c.pin, string(c.usage), c.medium, base64.StdEncoding.EncodeToString(c.der), db.Micros(c.notBefore), db.Micros(c.notAfter), db.Micros(now))
	return err
}

// claimKey says whether the key is this person's for this use, taking it if it
// was nobody's.
func claimKey(ctx context.Context, tx *sql.Tx, spki, pin string, usage signatureapi.Usage) (bool, error) {
	if _, err := tx.ExecContext(ctx, `INSERT INTO certified_key (spki, pin, usage) VALUES ($1, $2, $3) ON CONFLICT (spki) DO NOTHING`, spki, pin, string(usage)); err != nil {
		return false, err
	}
	var whose, what string
	err := tx.QueryRowContext(ctx, `SELECT pin, usage FROM certified_key WHERE spki = $1`, spki).Scan(&whose, &what)
	return whose == pin && what == string(usage), err
}

func findCertificate(ctx context.Context, q db.Querier, serial, lock string) (issued, error) {
	return scanIssued(q.QueryRowContext(ctx, `SELECT `+issuedColumns+` FROM certificate WHERE serial = $1`+lock, serial))
}

func certificatesOf(ctx context.Context, q db.Querier, pin string) ([]issued, error) {
	return certificates(ctx, q, `SELECT `+issuedColumns+` FROM certificate WHERE pin = $1 ORDER BY created_at DESC, serial LIMIT 200`, pin)
}

// revoked are the certificates that belong into the issuer's list: revoked, and
// not ended before the moment.
func revoked(ctx context.Context, q db.Querier, issuer string, endedBefore time.Time) ([]issued, error) {
	return certificates(ctx, q, `SELECT `+issuedColumns+` FROM certificate WHERE issuer = $1 AND revoked_at > 0 AND not_after > $2 ORDER BY revoked_at, serial`,
		issuer, db.Micros(endedBefore))
}

func certificates(ctx context.Context, q db.Querier, query string, args ...any) ([]issued, error) {
	return db.List(ctx, q, scanIssued, query, args...)
}

func markRevoked(ctx context.Context, tx *sql.Tx, serial string, reason int, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE certificate SET revoked_at = $2, reason = $3 WHERE serial = $1 AND revoked_at = 0`, serial, db.Micros(now), int64(reason))
	return err
}

// beginList makes the issuer's row, so that it can be locked.
func beginList(ctx context.Context, tx *sql.Tx, issuer string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO revocation_list (issuer, number, list, this_update, next_update, stale) VALUES ($1, 0, '', 0, 0, 1) ON CONFLICT (issuer) DO NOTHING`, issuer)
	return err
}

func markStale(ctx context.Context, tx *sql.Tx, issuer string) error {
	_, err := tx.ExecContext(ctx, `UPDATE revocation_list SET stale = 1 WHERE issuer = $1`, issuer)
	return err
}

func findList(ctx context.Context, q db.Querier, issuer, lock string) (list, error) {
	var l list
	var text string
	var this, next, stale int64
	err := q.QueryRowContext(ctx, `SELECT number, list, this_update, next_update, stale FROM revocation_list WHERE issuer = $1`+lock, issuer).
		Scan(&l.number, &text, &this, &next, &stale)
	if err != nil {
		return list{}, err
	}
	l.this, l.next, l.stale = db.Time(this), db.Time(next), stale == 1
	l.der, err = base64.StdEncoding.DecodeString(text)
	return l, err
}

func updateList(ctx context.Context, tx *sql.Tx, issuer string, l list) error {
	_, err := tx.ExecContext(ctx, `UPDATE revocation_list SET number = $2, list = $3, this_update = $4, next_update = $5, stale = 0 WHERE issuer = $1`,
		issuer, l.number, base64.StdEncoding.EncodeToString(l.der), db.Micros(l.this), db.Micros(l.next))
	return err
}

// ownByID is the key with the id name-number.
func ownByID(ctx context.Context, q db.Querier, id string) (own, error) {
	return scanOwn(q.QueryRowContext(ctx, `SELECT `+ownColumns+` FROM ca_key WHERE name || '-' || CAST(number AS TEXT) = $1`, id))
}
