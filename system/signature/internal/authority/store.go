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

func scanOwn(row interface{ Scan(...any) error }) (own, error) {
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
	rows, err := q.QueryContext(ctx, `SELECT `+ownColumns+` FROM ca_key WHERE name = $1 ORDER BY number DESC`, name)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []own
	for rows.Next() {
		k, err := scanOwn(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

func insertOwn(ctx context.Context, tx *sql.Tx, k own) (added bool, err error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO ca_key (name, number, issuer, certificate, handle, created_at, not_after) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (name, number) DO NOTHING`,
		k.name, k.number, k.issuer, base64.StdEncoding.EncodeToString(k.certificate.Raw), k.handle, db.Micros(k.created), db.Micros(k.certificate.NotAfter))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

const issuedColumns = `serial, issuer, pin, usage, medium, certificate, not_before, not_after, revoked_at, reason`

func scanIssued(row interface{ Scan(...any) error }) (issued, error) {
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
