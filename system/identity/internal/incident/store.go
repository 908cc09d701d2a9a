package incident

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

const columns = `id, number, kind, reference, about, account_id, detail, at, state, version`

func scan(row db.Row) (Incident, error) {
	var i Incident
	var at int64
	err := row.Scan(&i.ID, &i.Number, &i.Kind, &i.Reference, &i.About, &i.Account, &i.Detail, &at, &i.State, &i.Version)
	i.At = db.Time(at)
	return i, err
}

func (s *Incidents) insert(ctx context.Context, tx *sql.Tx, i Incident) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO incident (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (kind, reference) DO NOTHING`,
		i.ID, i.Number, string(i.Kind), i.Reference, i.About, i.Account, i.Detail, db.Micros(i.At), string(i.State))
	return err
}

// One is the incident of the id; fail.NotFound.
func (s *Incidents) One(ctx context.Context, incidentID string) (Incident, error) {
	return s.one(ctx, s.DB.Read, `id = $1`, incidentID)
}

// OfReference is the incident about the thing; fail.NotFound.
func (s *Incidents) OfReference(ctx context.Context, kind Kind, reference string) (Incident, error) {
	return s.one(ctx, s.DB.Read, `kind = $1 AND reference = $2`, string(kind), reference)
}

func (s *Incidents) one(ctx context.Context, q db.Querier, where string, args ...any) (Incident, error) {
	i, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM incident WHERE `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Incident{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return i, db.Explain(err)
}

// ToHandle is the incidents that are not closed, those that wait longest first.
func (s *Incidents) ToHandle(ctx context.Context, from From, limit int) ([]Incident, error) {
	return s.part(ctx, `state <> 'closed'`, true, from, limit)
}

// Handled is the closed ones, the newest first.
func (s *Incidents) Handled(ctx context.Context, from From, limit int) ([]Incident, error) {
	return s.part(ctx, `state = 'closed'`, false, from, limit)
}

// part is incidents in the order of time, or against it, from a place in the list on;
// also where they are the ones before that place.
func (s *Incidents) part(ctx context.Context, where string, rising bool, from From, limit int) ([]Incident, error) {
	sign, order := "<", `at DESC, id DESC`
	if rising != from.Before {
		sign, order = ">", `at, id`
	}
	args := []any{limit}
	if from.ID != "" {
		where += ` AND (at, id) ` + sign + ` ($2, $3)`
		args = append(args, db.Micros(from.At), from.ID)
	}
	all, err := s.list(ctx, where+` ORDER BY `+order+` LIMIT $1`, args...)
	if from.Before {
		slices.Reverse(all)
	}
	return all, err
}

// Of is the incidents about the account, the newest first.
func (s *Incidents) Of(ctx context.Context, accountID string, limit int) ([]Incident, error) {
	return s.list(ctx, `account_id = $1 ORDER BY at DESC, id DESC LIMIT $2`, accountID, limit)
}

// Numbered is the incidents of the number that a person tells.
func (s *Incidents) Numbered(ctx context.Context, number string, limit int) ([]Incident, error) {
	return s.list(ctx, `number = $1 ORDER BY at DESC, id DESC LIMIT $2`, number, limit)
}

func (s *Incidents) list(ctx context.Context, where string, args ...any) ([]Incident, error) {
	return db.List(ctx, s.DB.Read, scan, `SELECT `+columns+` FROM incident WHERE `+where, args...)
}

// CountOpen is how many nobody has taken yet, counted no further than a thousand: it
// stands on each page of the console.
func (s *Incidents) CountOpen(ctx context.Context) (int, error) {
	var n int
	err := s.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM incident WHERE state = 'open' LIMIT 1000) AS open`).Scan(&n)
	return n, db.Explain(err)
}

// Known says whether there is an incident of the reference.
func (s *Incidents) Known(ctx context.Context, kind Kind, reference string) (bool, error) {
	n, err := s.count(ctx, s.DB.Read, `kind = $1 AND reference = $2`, string(kind), reference)
	return n > 0, err
}

// Pending says whether something that the account's owner disowned waits for an
// operator.
func (s *Incidents) Pending(ctx context.Context, q db.Querier, accountID string) (bool, error) {
	n, err := s.count(ctx, q, `account_id = $1 AND kind = 'disowned' AND state <> 'closed'`, accountID)
	return n > 0, err
}

func (s *Incidents) count(ctx context.Context, q db.Querier, where string, args ...any) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM incident WHERE `+where, args...).Scan(&n)
	return n, db.Explain(err)
}

// move sets the state; false when the incident is not of the version.
func (s *Incidents) move(ctx context.Context, tx *sql.Tx, i Incident, version int64, to State) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE incident SET state = $3, version = version + 1 WHERE id = $1 AND version = $2`, i.ID, version, string(to))
}

func (s *Incidents) insertStep(ctx context.Context, tx *sql.Tx, incidentID string, step Step) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO incident_step (id, incident_id, at, by_pin, by_name, state, note) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id.New(), incidentID, db.Micros(step.At), step.PIN, step.Name, string(step.State), step.Note)
	return err
}

// Steps are what was done about the incident, in order.
func (s *Incidents) Steps(ctx context.Context, incidentID string) ([]Step, error) {
	var all []Step
	for row, err := range db.Rows(ctx, s.DB.Read, `SELECT at, by_pin, by_name, state, note FROM incident_step WHERE incident_id = $1 ORDER BY at, id`, incidentID) {
		if err != nil {
			return nil, err
		}
		var step Step
		var at int64
		if err := row.Scan(&at, &step.PIN, &step.Name, &step.State, &step.Note); err != nil {
			return nil, err
		}
		step.At = db.Time(at)
		all = append(all, step)
	}
	return all, nil
}
