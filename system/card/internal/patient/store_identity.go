package patient

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
)

// lock is the patient of the id, held until the transaction ends; fail.NotFound.
func lock(ctx context.Context, d *db.DB, tx *sql.Tx, patientID string) (Patient, error) {
	p, err := Scan(tx.QueryRowContext(ctx, `SELECT `+Columns+` FROM patient p WHERE p.id = $1`+d.ForUpdate(), patientID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fail.New(fail.NotFound, "card.patient.not_found")
	}
	return p, err
}

const identities = `SELECT was, ground, at, by_name FROM patient_identity WHERE patient_id = $1 ORDER BY at DESC, id DESC`

// Identities are the times that it became known who the patient is, newest first.
func Identities(ctx context.Context, q db.Querier, patientID string) ([]Recognised, error) {
	var all []Recognised
	for row, err := range db.Rows(ctx, q, identities, patientID) {
		if err != nil {
			return nil, err
		}
		var r Recognised
		var was string
		if err := row.Scan(&was, &r.Ground, &r.At, &r.ByName); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(was), &r.Was); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func addIdentity(ctx context.Context, tx *sql.Tx, args ...any) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO patient_identity (id, patient_id, was, ground, at, by_pin, by_name) VALUES ($1, $2, $3, $4, $5, $6, $7)`, args...)
	return err
}

// setIdentity writes who the patient is.
func setIdentity(ctx context.Context, tx *sql.Tx, p Patient) error {
	var number any
	if p.PIN != "" {
		number = p.PIN
	}
	_, err := tx.ExecContext(ctx, `UPDATE patient SET pin = $2, family_name = $3, given_name = $4, patronymic = $5, birth_date = $6, birth_year = $7, sex = $8,
			region = $9, address = $10, rural = $11, passport = $12, citizenship = $13, country = $14, insured = $15, kind = $16, folded_name = $17, alike_key = $18,
			birth_order = CASE WHEN $4 = '' THEN birth_order ELSE 0 END
		WHERE id = $1`,
		p.ID, number, p.FamilyName, p.GivenName, p.Patronymic, p.BirthDate.String(), p.BirthYear, p.Sex,
		p.Region, p.Address, db.Flag(p.Rural), p.Passport, p.Citizenship, p.Country, db.Flag(p.Insured), p.Kind,
		text.Fold(p.FullName()), AlikeKey(p.FamilyName, p.GivenName))
	return err
}
