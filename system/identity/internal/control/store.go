package control

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
)

const selectIncident = `SELECT i.id, i.account_id, a.pin, i.event_id, i.kind, i.state, i.opened_at, i.handled_by, i.note, i.closed_at
	FROM security_incident i JOIN account a ON a.id = i.account_id `

func scan(row interface{ Scan(...any) error }) (Incident, error) {
	var i Incident
	var opened, closed int64
	err := row.Scan(&i.ID, &i.Account, &i.PIN, &i.Event, &i.Kind, &i.State, &opened, &i.HandledBy, &i.Note, &closed)
	i.OpenedAt, i.ClosedAt = db.Time(opened), db.Time(closed)
	return i, err
}

func (s *Incidents) open(ctx context.Context, tx *sql.Tx, e notice.Event) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO security_incident (id, account_id, event_id, kind, state, opened_at, handled_by, note, closed_at)
		VALUES ($1, $2, $3, $4, 'open', $5, '', '', 0) ON CONFLICT (event_id) DO NOTHING`, id.New(), e.Account, e.ID, string(e.Kind), db.Micros(s.Clock.Now()))
	return err
}

func (s *Incidents) ofEvent(ctx context.Context, eventID string) (Incident, error) {
	return s.one(ctx, `WHERE i.event_id = $1`, eventID)
}

// One is the incident of the id; fail.NotFound.
func (s *Incidents) One(ctx context.Context, incidentID string) (Incident, error) {
	return s.one(ctx, `WHERE i.id = $1`, incidentID)
}

func (s *Incidents) one(ctx context.Context, where, value string) (Incident, error) {
	i, err := scan(s.DB.Read.QueryRowContext(ctx, selectIncident+where, value))
	if errors.Is(err, sql.ErrNoRows) {
		return Incident{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return i, db.Explain(err)
}

// List is the incidents of the states, those that wait longest first, at most
// limit.
func (s *Incidents) List(ctx context.Context, state State, limit int) ([]Incident, error) {
	return s.list(ctx, `WHERE i.state = $1 ORDER BY i.opened_at, i.id LIMIT $2`, string(state), limit)
}

// Of is the person's incidents, the newest first, at most limit.
func (s *Incidents) Of(ctx context.Context, accountID string, limit int) ([]Incident, error) {
	return s.list(ctx, `WHERE i.account_id = $1 ORDER BY i.opened_at DESC, i.id DESC LIMIT $2`, accountID, limit)
}

func (s *Incidents) list(ctx context.Context, where, value string, limit int) ([]Incident, error) {
	rows, err := s.DB.Read.QueryContext(ctx, selectIncident+where, value, limit)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []Incident
	for rows.Next() {
		i, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

// Pending says whether an incident of the account waits for an operator, who may
// close it here or, gathered into the console's incidents, there.
func (s *Incidents) Pending(ctx context.Context, q db.Querier, accountID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM security_incident s WHERE s.account_id = $1 AND s.state <> 'closed'
		AND NOT EXISTS (SELECT 1 FROM incident i WHERE i.kind = 'disowned' AND i.reference = s.event_id AND i.state = 'closed')`, accountID).Scan(&n)
	return n > 0, db.Explain(err)
}

func (s *Incidents) take(ctx context.Context, incidentID, operator string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE security_incident SET state = 'handling', handled_by = $2 WHERE id = $1 AND state = 'open'`, incidentID, operator)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err == nil && n == 0 {
			err = fail.New(fail.Conflict, "identity.incident.taken")
		}
		return err
	})
}

func (s *Incidents) close(ctx context.Context, tx *sql.Tx, incidentID, operator, note string) (accountID string, err error) {
	err = tx.QueryRowContext(ctx, `UPDATE security_incident SET state = 'closed', note = $3, closed_at = $4
		WHERE id = $1 AND handled_by = $2 AND state = 'handling' RETURNING account_id`, incidentID, operator, note, db.Micros(s.Clock.Now())).Scan(&accountID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fail.New(fail.Conflict, "identity.incident.taken")
	}
	return accountID, err
}
