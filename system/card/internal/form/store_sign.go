package form

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/identityapi"
)

// documentOf is what is signed under the revision; sql.ErrNoRows before anybody
// has asked to sign.
func documentOf(ctx context.Context, q db.Querier, ref Ref) ([]byte, error) {
	var pdf []byte
	err := q.QueryRowContext(ctx, `SELECT pdf FROM form_document WHERE number = $1 AND revision = $2`, ref.Number, ref.Revision).Scan(&pdf)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	return pdf, db.Explain(err)
}

func insertDocument(ctx context.Context, tx db.Querier, ref Ref, pdf []byte, hash string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO form_document (number, revision, pdf, sha256, made_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (number, revision) DO NOTHING`, ref.Number, ref.Revision, pdf, hash, db.Micros(now))
	return err
}

// signaturesOf are the signatures of the revision that were asked for, by role.
func signaturesOf(ctx context.Context, q db.Querier, ref Ref) (map[string]Signature, error) {
	all := map[string]Signature{}
	for row, err := range db.Rows(ctx, q, `SELECT role, pin, state, round, request, address, proof, decided_at
		FROM form_signature WHERE number = $1 AND revision = $2`, ref.Number, ref.Revision) {
		if err != nil {
			return nil, err
		}
		s := Signature{Ref: ref}
		var proof string
		var decided int64
		if err := row.Scan(&s.Role, &s.PIN, &s.State, &s.Round, &s.Request, &s.Address, &proof, &decided); err != nil {
			return nil, err
		}
		s.Decided = db.Time(decided)
		if proof != "" {
			s.Proof = &identityapi.SimpleSignature{}
			if err := json.Unmarshal([]byte(proof), s.Proof); err != nil {
				return nil, err
			}
		}
		all[s.Role] = s
	}
	return all, nil
}

// keepAsked notes the request that ЕСИ has. Two that ask at once have the same
// request of the same round; a signature that is there stays.
func keepAsked(ctx context.Context, tx db.Querier, s Signature) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO form_signature (number, revision, role, pin, state, round, request, address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (number, revision, role) DO UPDATE SET pin = excluded.pin, state = excluded.state, round = excluded.round,
			request = excluded.request, address = excluded.address
		WHERE form_signature.state <> 'signed' AND form_signature.round < excluded.round`,
		s.Number, s.Revision, s.Role, s.PIN, s.State, s.Round, s.Request, s.Address)
	return err
}

// decideSignature writes what became of the request; the first answer stays.
func decideSignature(ctx context.Context, tx db.Querier, s Signature) error {
	proof := ""
	if s.Proof != nil {
		data, err := json.Marshal(s.Proof)
		if err != nil {
			return err
		}
		proof = string(data)
	}
	_, err := tx.ExecContext(ctx, `UPDATE form_signature SET state = $4, proof = $5, decided_at = $6
		WHERE number = $1 AND revision = $2 AND role = $3 AND request = $7 AND state = 'asked'`,
		s.Number, s.Revision, s.Role, s.State, proof, db.Micros(s.Decided), s.Request)
	return err
}
