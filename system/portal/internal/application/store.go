package application

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

// nextNumber counts applications anew each year.
func nextNumber(ctx context.Context, tx *sql.Tx, year int) (string, error) {
	var n int64
	err := tx.QueryRowContext(ctx, `INSERT INTO sequence (kind, year, last) VALUES ('application', $1, 1)
		ON CONFLICT (kind, year) DO UPDATE SET last = sequence.last + 1 RETURNING last`, year).Scan(&n)
	return fmt.Sprintf("A%d-%07d", year, n), err
}

// byToken is the application that this form has made before, "" for none.
func byToken(ctx context.Context, q db.Querier, pin, token string) (string, error) {
	var known string
	err := q.QueryRowContext(ctx, `SELECT id FROM application WHERE pin = $1 AND token = $2`, pin, token).Scan(&known)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return known, err
}

// insert keeps the application and gives the id of the one that is kept: its
// own, or that of the same form sent a moment before.
func insert(ctx context.Context, tx *sql.Tx, a Application, token string) (string, error) {
	input, err := json.Marshal(a.Input)
	if err != nil {
		return "", err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO application (id, number, service, pin, applicant, token, input, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (pin, token) DO NOTHING`,
		a.ID, a.Number, a.Service, a.PIN, a.Applicant, token, string(input), string(a.State), db.Micros(a.Created))
	if err != nil {
		return "", err
	}
	return byToken(ctx, tx, a.PIN, token)
}

const columns = `id, number, service, pin, applicant, input, state, result, created_at, ended_at,
	COALESCE((SELECT s.state FROM application_signature s WHERE s.application_id = application.id), '')`

func scan(row db.Row) (Application, error) {
	var a Application
	var input, result string
	var created, ended int64
	if err := row.Scan(&a.ID, &a.Number, &a.Service, &a.PIN, &a.Applicant, &input, &a.State, &result, &created, &ended, &a.Signature); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return a, fail.New(fail.NotFound, "kit.not_found")
		}
		return a, db.Explain(err)
	}
	a.Result, a.Created, a.Ended = json.RawMessage(result), db.Time(created), db.Time(ended)
	return a, json.Unmarshal([]byte(input), &a.Input)
}

func find(ctx context.Context, q db.Querier, applicationID string) (Application, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM application WHERE id = $1`, applicationID))
}

// Of is the person's own application; anybody else's is not there.
func Of(ctx context.Context, q db.Querier, pin, applicationID string) (Application, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM application WHERE id = $1 AND pin = $2`, applicationID, pin))
}

// list is the person's applications, newest first.
func list(ctx context.Context, q db.Querier, pin string) ([]Application, error) {
	return applications(ctx, q, `SELECT `+columns+` FROM application WHERE pin = $1 ORDER BY created_at DESC, id DESC LIMIT 200`, pin)
}

func applications(ctx context.Context, q db.Querier, query string, args ...any) ([]Application, error) {
	return db.List(ctx, q, scan, query, args...)
}

func lock(ctx context.Context, tx *sql.Tx, forUpdate, applicationID string) (State, error) {
	var s State
	err := tx.QueryRowContext(ctx, `SELECT state FROM application WHERE id = $1`+forUpdate, applicationID).Scan(&s)
	return s, err
}

func end(ctx context.Context, tx *sql.Tx, applicationID string, s State, result []byte, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE application SET state = $2, result = $3, ended_at = $4 WHERE id = $1 AND state = 'waiting'`,
		applicationID, string(s), string(result), db.Micros(now))
	return err
}

func addEvent(ctx context.Context, tx *sql.Tx, applicationID, kind, detail string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO application_event (id, application_id, at, kind, detail) VALUES ($1, $2, $3, $4, $5)`,
		id.New(), applicationID, db.Micros(now), kind, detail)
	return err
}

// AddDocumentEvent notes in the history that a document was issued.
func AddDocumentEvent(ctx context.Context, tx *sql.Tx, applicationID, number string, now time.Time) error {
	return addEvent(ctx, tx, applicationID, Document, number, now)
}

func events(ctx context.Context, q db.Querier, applicationID string) ([]Event, error) {
	var all []Event
	for row, err := range db.Rows(ctx, q, `SELECT at, kind, detail FROM application_event WHERE application_id = $1 ORDER BY at DESC, id DESC`, applicationID) {
		if err != nil {
			return nil, err
		}
		var e Event
		var at int64
		if err := row.Scan(&at, &e.Kind, &e.Detail); err != nil {
			return nil, err
		}
		e.At = db.Time(at)
		all = append(all, e)
	}
	return all, nil
}
