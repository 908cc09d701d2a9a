package seal

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

const keyColumns = `number, key_id, certificate, private_key, created_at`

func scanKey(row db.Row) (signingKey, error) {
	var k signingKey
	var created int64
	err := row.Scan(&k.number, &k.id, &k.certificate, &k.private, &created)
	k.created = db.Time(created)
	return k, err
}

func current(ctx context.Context, q db.Querier) (signingKey, error) {
	return scanKey(q.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM signing_key ORDER BY number DESC LIMIT 1`))
}

func byID(ctx context.Context, q db.Querier, keyID string) (signingKey, error) {
	return scanKey(q.QueryRowContext(ctx, `SELECT `+keyColumns+` FROM signing_key WHERE key_id = $1`, keyID))
}

func allKeys(ctx context.Context, q db.Querier) ([]signingKey, error) {
	return db.List(ctx, q, scanKey, `SELECT `+keyColumns+` FROM signing_key ORDER BY number DESC`)
}

func insertKey(ctx context.Context, tx *sql.Tx, k signingKey) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO signing_key (number, key_id, certificate, private_key, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (number) DO NOTHING`,
		k.number, k.id, k.certificate, k.private, db.Micros(k.created))
	return err
}

func findAuthority(ctx context.Context, q db.Querier) (certificate, sealed string, err error) {
	err = q.QueryRowContext(ctx, `SELECT certificate, private_key FROM authority WHERE number = 1`).Scan(&certificate, &sealed)
	return certificate, sealed, err
}

func insertAuthority(ctx context.Context, tx *sql.Tx, certificate, sealed string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO authority (number, certificate, private_key, created_at) VALUES (1, $1, $2, $3) ON CONFLICT (number) DO NOTHING`,
		certificate, sealed, db.Micros(now))
	return err
}

// keep stores the seal, or gives the one that was there first.
func keep(ctx context.Context, tx *sql.Tx, sealID, requestID string, s signatureapi.Seal) (signatureapi.Seal, error) {
	first, err := db.ChangedOne(ctx, tx, `INSERT INTO seal (id, key_id, holder, document, sha256, at, value, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (holder, document, sha256) DO NOTHING`, sealID, s.KeyID, s.Holder, s.Document, s.SHA256, db.Micros(s.At), s.Value, requestID)
	if err != nil || first {
		return s, err
	}
	var at int64
	err = tx.QueryRowContext(ctx, `SELECT s.key_id, s.at, s.value, k.certificate FROM seal s JOIN signing_key k ON k.key_id = s.key_id
		WHERE s.holder = $1 AND s.document = $2 AND s.sha256 = $3`, s.Holder, s.Document, s.SHA256).Scan(&s.KeyID, &at, &s.Value, &s.Certificate)
	s.At = db.Time(at)
	return s, err
}
