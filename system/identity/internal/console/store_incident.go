package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

const incidentColumns = `id, kind, reference, account_id, detail, at, state, version`

func scanIncident(row interface{ Scan(...any) error }) (incident, error) {
	var i incident
	var at int64
	err := row.Scan(&i.id, &i.kind, &i.reference, &i.account, &i.detail, &at, &i.state, &i.version)
	i.at = db.Time(at)
	return i, err
}

func (c *Console) insertIncident(ctx context.Context, tx *sql.Tx, i incident) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO incident (`+incidentColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (kind, reference) DO NOTHING`,
		i.id, string(i.kind), i.reference, i.account, i.detail, db.Micros(i.at), i.state)
	return err
}

func (c *Console) oneIncident(ctx context.Context, q db.Querier, incidentID string) (incident, bool, error) {
	i, err := scanIncident(q.QueryRowContext(ctx, `SELECT `+incidentColumns+` FROM incident WHERE id = $1`, incidentID))
	if errors.Is(err, sql.ErrNoRows) {
		return incident{}, false, nil
	}
	return i, err == nil, db.Explain(err)
}

// listIncidents are those to be handled, the oldest first; or the closed ones,
// the newest first.
func (c *Console) listIncidents(ctx context.Context, closed bool) ([]incident, error) {
	query := `SELECT ` + incidentColumns + ` FROM incident WHERE state <> 'closed' ORDER BY at, id LIMIT 200`
	if closed {
		query = `SELECT ` + incidentColumns + ` FROM incident WHERE state = 'closed' ORDER BY at DESC, id LIMIT 200`
	}
	rows, err := c.DB.Read.QueryContext(ctx, query)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []incident
	for rows.Next() {
		i, err := scanIncident(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

// moveIncident sets the state; false when the incident is not of the version.
func (c *Console) moveIncident(ctx context.Context, tx *sql.Tx, i incident, version int64, to string) (bool, error) {
	result, err := tx.ExecContext(ctx, `UPDATE incident SET state = $3, version = version + 1 WHERE id = $1 AND version = $2`, i.id, version, to)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (c *Console) insertStep(ctx context.Context, tx *sql.Tx, incidentID string, o operator, s step) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO incident_step (id, incident_id, at, by_pin, by_name, state, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id.New(), incidentID, db.Micros(s.at), o.PIN, s.name, s.state, s.note)
	return err
}

func (c *Console) steps(ctx context.Context, incidentID string) ([]step, error) {
	rows, err := c.DB.Read.QueryContext(ctx, `SELECT at, by_name, state, note FROM incident_step WHERE incident_id = $1 ORDER BY at, id`, incidentID)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []step
	for rows.Next() {
		var s step
		var at int64
		if err := rows.Scan(&at, &s.name, &s.state, &s.note); err != nil {
			return nil, err
		}
		s.at = db.Time(at)
		all = append(all, s)
	}
	return all, rows.Err()
}

// disowned is what people said they had not done, since the moment.
func (c *Console) disowned(ctx context.Context, since time.Time) ([]incident, error) {
	rows, err := c.DB.Read.QueryContext(ctx, `SELECT id, account_id, kind, agent, address FROM security_event WHERE disowned_at > $1`, db.Micros(since))
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []incident
	for rows.Next() {
		i := incident{kind: Disowned}
		var kind, agent, address string
		if err := rows.Scan(&i.reference, &i.account, &kind, &agent, &address); err != nil {
			return nil, err
		}
		i.detail = joined(kind, agent, address)
		all = append(all, i)
	}
	return all, rows.Err()
}

func joined(parts ...string) string {
	all := ""
	for _, each := range parts {
		if each == "" {
			continue
		}
		if all != "" {
			all += " · "
		}
		all += each
	}
	return all
}

type counted struct{ of, detail string }

// storms are the accounts to which at least so many sign-ins were refused.
func (c *Console) storms(ctx context.Context, since time.Time, least int) ([]counted, error) {
	return c.refusals(ctx, `SELECT account_id, COUNT(*), COUNT(DISTINCT address) FROM visit
		WHERE outcome = 'refused' AND at > $1 GROUP BY account_id HAVING COUNT(*) >= $2`, since, least, false)
}

// sprays are the addresses from which sign-ins to so many accounts were refused.
func (c *Console) sprays(ctx context.Context, since time.Time, least int) ([]counted, error) {
	return c.refusals(ctx, `SELECT address, COUNT(*), COUNT(DISTINCT account_id) FROM visit
		WHERE outcome = 'refused' AND at > $1 AND address <> '' GROUP BY address HAVING COUNT(DISTINCT account_id) >= $2`, since, least, true)
}

func (c *Console) refusals(ctx context.Context, query string, since time.Time, least int, named bool) ([]counted, error) {
	rows, err := c.DB.Read.QueryContext(ctx, query, db.Micros(since), least)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []counted
	for rows.Next() {
		var k counted
		var refused, others int
		if err := rows.Scan(&k.of, &refused, &others); err != nil {
			return nil, err
		}
		k.detail = fmt.Sprintf("%d × %d", refused, others)
		if named {
			k.detail = k.of + " · " + k.detail
		}
		all = append(all, k)
	}
	return all, rows.Err()
}

// unknown are those of which there is no incident yet.
func (c *Console) unknown(ctx context.Context, found []incident) ([]incident, error) {
	var fresh []incident
	for _, i := range found {
		n, err := c.number(ctx, `SELECT COUNT(*) FROM incident WHERE kind = $1 AND reference = $2`, string(i.kind), i.reference)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			fresh = append(fresh, i)
		}
	}
	return fresh, nil
}
