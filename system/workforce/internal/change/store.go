package change

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

// Lock keeps others from changing the organisation's departments, staff and
// papers until tx ends; fail.NotFound.
func Lock(ctx context.Context, tx db.Querier, d *db.DB, organisation string) error {
	var version int64
	err := tx.QueryRowContext(ctx, `SELECT version FROM organisation WHERE code = $1`+d.ForUpdate(), organisation).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return err
}

// Add keeps the change and its access record, in the transaction of the change.
func Add(ctx context.Context, tx db.Querier, c clock.Clock, x Change) error {
	fields, err := json.Marshal(x.Fields)
	if err != nil {
		return err
	}
	x.ID, x.At = id.New(), c.Now()
	_, err = tx.ExecContext(ctx, `INSERT INTO change (id, organisation, object, version, action, fields, at, by_pin, by_name, by_role)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		x.ID, x.Organisation, x.Object, x.Version, x.Action, string(fields), db.Micros(x.At), x.By.PIN, x.By.Name, x.By.Role)
	if err != nil {
		return err
	}
	if x.Purpose == "" {
		x.Purpose = Purpose
	}
	hash := sha256.Sum256([]byte(x.Organisation + "\n" + x.Object + "\n" + x.Action + "\n" + string(fields)))
	return audit.Add(ctx, tx, c, audit.Record{
		Subject: x.Subject, ActorPIN: x.By.PIN, ActorName: x.By.Name, ActorRole: x.By.Role, Organisation: x.By.Organisation,
		Via: "workforce", Action: x.Action, Purpose: x.Purpose, Object: x.ID + " " + hex.EncodeToString(hash[:]),
	})
}

const columns = `id, organisation, object, version, action, fields, at, by_pin, by_name, by_role`

// Of is the organisation's changes, the newest first, older than the id before
// ("" for the newest of all).
func Of(ctx context.Context, q db.Querier, organisation, before string, limit int) ([]Change, error) {
	return list(ctx, q, `SELECT `+columns+` FROM change WHERE organisation = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`, organisation, before, limit)
}

// Since is what was changed of an object after the version, the oldest first:
// what somebody who read that version has not seen.
func Since(ctx context.Context, q db.Querier, organisation, object string, version int64) ([]Change, error) {
	return list(ctx, q, `SELECT `+columns+` FROM change WHERE organisation = $1 AND object = $2 AND version > $3 ORDER BY id LIMIT 20`, organisation, object, version)
}

func list(ctx context.Context, q db.Querier, query string, args ...any) ([]Change, error) {
	changes := []Change{}
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		var x Change
		var at int64
		var fields string
		if err := row.Scan(&x.ID, &x.Organisation, &x.Object, &x.Version, &x.Action, &fields, &at, &x.By.PIN, &x.By.Name, &x.By.Role); err != nil {
			return nil, err
		}
		x.At = db.Time(at)
		if err := json.Unmarshal([]byte(fields), &x.Fields); err != nil {
			return nil, err
		}
		changes = append(changes, x)
	}
	return changes, nil
}
