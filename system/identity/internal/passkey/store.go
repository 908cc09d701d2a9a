package passkey

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/sanarip/sanarip/kit/db"
)

// spend notes that the question was answered: of two answers, one is first.
func (k *Keys) spend(ctx context.Context, hash string, until int64) (bool, error) {
	first := false
	err := k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		first, err = db.ChangedOne(ctx, tx, `INSERT INTO passkey_spent (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, hash, until)
		return err
	})
	return first, err
}

func (k *Keys) insert(ctx context.Context, tx *sql.Tx, key Key) (bool, error) {
	data, err := json.Marshal(key.credential)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, `INSERT INTO passkey (id, account_id, name, data, sign_count, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		key.ID, key.Account, key.Name, string(data), int64(key.credential.Authenticator.SignCount), db.Micros(key.Created))
}

// All is the account's keys, the oldest first, those of which there may be a copy
// too; not those that wait for the person's look (see aside.go).
func (k *Keys) All(ctx context.Context, accountID string) ([]Key, error) {
	return k.list(ctx, `SELECT id, account_id, name, data, sign_count, suspect_at, created_at, used_at FROM passkey
		WHERE account_id = $1 AND suspended_at = 0 ORDER BY created_at, id`, accountID)
}

// Of is the account's keys that open it.
func (k *Keys) Of(ctx context.Context, accountID string) ([]Key, error) {
	return k.list(ctx, `SELECT id, account_id, name, data, sign_count, suspect_at, created_at, used_at FROM passkey
		WHERE account_id = $1 AND suspect_at = 0 AND suspended_at = 0 ORDER BY created_at, id`, accountID)
}

func (k *Keys) list(ctx context.Context, query, accountID string) ([]Key, error) {
	var keys []Key
	for row, err := range db.Rows(ctx, k.DB.Read, query, accountID) {
		if err != nil {
			return nil, err
		}
		var key Key
		var data string
		var count, suspect, created, used int64
		if err := row.Scan(&key.ID, &key.Account, &key.Name, &data, &count, &suspect, &created, &used); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(data), &key.credential); err != nil {
			return nil, err
		}
		key.credential.Authenticator.SignCount = uint32(count) //nolint:gosec // it was written from one
		key.Synced = key.credential.Flags.BackupEligible
		key.Suspect, key.Created, key.Used = db.Time(suspect), db.Time(created), db.Time(used)
		keys = append(keys, key)
	}
	return keys, nil
}

// Count is how many keys open the account.
func (k *Keys) Count(ctx context.Context, q db.Querier, accountID string) (int, error) {
	var count int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM passkey WHERE account_id = $1 AND suspect_at = 0 AND suspended_at = 0`, accountID).Scan(&count)
	return count, db.Explain(err)
}

// count keeps the counter and state of the key after a use; false when another
// use has brought it as far already. Keys that do not count stay at 0.
func (k *Keys) count(ctx context.Context, tx *sql.Tx, keyID string, c webauthn.Credential) (bool, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, `UPDATE passkey SET data = $2, sign_count = $3, used_at = $4
		WHERE id = $1 AND suspect_at = 0 AND suspended_at = 0 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))`,
		keyID, string(data), int64(c.Authenticator.SignCount), db.Micros(k.Clock.Now()))
}

// suspect puts the key aside; false when it was before.
func (k *Keys) suspect(ctx context.Context, tx *sql.Tx, keyID string) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE passkey SET suspect_at = $2 WHERE id = $1 AND suspect_at = 0`, keyID, db.Micros(k.Clock.Now()))
}

func (k *Keys) remove(ctx context.Context, tx *sql.Tx, accountID, keyID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM passkey WHERE id = $1 AND account_id = $2`, keyID, accountID)
	return err
}

// RemoveAll takes all the person's keys away, in the transaction.
func (k *Keys) RemoveAll(ctx context.Context, tx *sql.Tx, accountID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM passkey WHERE account_id = $1`, accountID)
	return err
}

// Sweep forgets answered questions that have run out anyway.
func (k *Keys) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM passkey_spent WHERE expires_at < $1`, db.Micros(k.Clock.Now()))
	return err
}
