package application

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/identityapi"
)

// signingOf is the signature of the application; sql.ErrNoRows where its
// document was not made yet.
func signingOf(ctx context.Context, q db.Querier, applicationID string) (Signing, error) {
	s := Signing{Application: applicationID}
	var proof string
	var decided int64
	err := q.QueryRowContext(ctx, `SELECT document, sha256, state, round, request, address, proof, decided_at
		FROM application_signature WHERE application_id = $1`, applicationID).
		Scan(&s.Document, &s.SHA256, &s.State, &s.Round, &s.Request, &s.Address, &proof, &decided)
	if errors.Is(err, sql.ErrNoRows) {
		return s, err
	}
	if err != nil {
		return s, db.Explain(err)
	}
	s.Decided = db.Time(decided)
	if proof != "" {
		s.Proof = &identityapi.SimpleSignature{}
		return s, json.Unmarshal([]byte(proof), s.Proof)
	}
	return s, nil
}

func insertSigning(ctx context.Context, tx *sql.Tx, s Signing, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO application_signature (application_id, document, sha256, state, made_at)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (application_id) DO NOTHING`, s.Application, s.Document, s.SHA256, s.State, db.Micros(now))
	return err
}

// setAsked notes the request that ЕСИ has. Two that ask at once have the same
// request of the same round.
func setAsked(ctx context.Context, tx *sql.Tx, applicationID string, round int, request, address string) error {
	_, err := tx.ExecContext(ctx, `UPDATE application_signature SET state = 'asked', round = $2, request = $3, address = $4
		WHERE application_id = $1 AND round = $2 - 1 AND state <> 'signed'`, applicationID, round, request, address)
	return err
}

// decideSigning writes what became of the request; false if that was known.
func decideSigning(ctx context.Context, tx *sql.Tx, was, is Signing) (bool, error) {
	proof := ""
	if is.Proof != nil {
		data, err := json.Marshal(is.Proof)
		if err != nil {
			return false, err
		}
		proof = string(data)
	}
	return db.ChangedOne(ctx, tx, `UPDATE application_signature SET state = $3, proof = $4, decided_at = $5
		WHERE application_id = $1 AND request = $2 AND state = 'asked'`, was.Application, was.Request, is.State, proof, db.Micros(is.Decided))
}

// signed are the applications that await an executor, the oldest first.
func signed(ctx context.Context, q db.Querier, limit int) ([]Application, error) {
	return applications(ctx, q, `SELECT `+columns+` FROM application WHERE state = 'waiting'
		AND EXISTS (SELECT 1 FROM application_signature s WHERE s.application_id = application.id AND s.state = 'signed')
		ORDER BY created_at, id LIMIT $1`, limit)
}
