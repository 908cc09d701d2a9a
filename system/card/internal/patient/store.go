package patient

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
)

// Columns of a patient, for stores that join the table as p. Read them with Scan.
const Columns = `p.id, COALESCE(p.pin, ''), p.family_name, p.given_name, p.patronymic, p.birth_date, p.birth_year, p.sex,
	p.region, p.address, p.rural, p.passport, p.citizenship, p.insured, p.policy, p.category, p.alerts, p.description,
	p.created_at, p.created_by, p.organisation, p.kind, p.country, p.birth_order, p.merged_into, p.policy_from, p.policy_until`

// Scan reads Columns, and into more what the query selects after them.
func Scan(row db.Row, more ...any) (Patient, error) {
	var p Patient
	var birth, policyFrom, policyUntil string
	var rural, insured, created int64
	into := []any{
		&p.ID, &p.PIN, &p.FamilyName, &p.GivenName, &p.Patronymic, &birth, &p.BirthYear, &p.Sex,
		&p.Region, &p.Address, &rural, &p.Passport, &p.Citizenship, &insured, &p.Policy, &p.Category, &p.Alerts, &p.Description,
		&created, &p.CreatedBy, &p.Organisation, &p.Kind, &p.Country, &p.BirthOrder, &p.MergedInto, &policyFrom, &policyUntil,
	}
	if err := row.Scan(append(into, more...)...); err != nil {
		return p, err
	}
	p.BirthDate, p.Rural, p.Insured, p.CreatedAt = db.Date(birth), rural == 1, insured == 1, db.Time(created)
	p.PolicyFrom, p.PolicyUntil = db.Date(policyFrom), db.Date(policyUntil)
	return p, nil
}

// ListColumns are what lists show of a patient: name, age, alerts. Read them
// with ScanListed.
const ListColumns = `p.id, COALESCE(p.pin, ''), p.family_name, p.given_name, p.patronymic, p.birth_date, p.birth_year, p.sex, p.alerts, p.kind, p.birth_order`

// ScanListed reads ListColumns, and into more what the query selects after them.
func ScanListed(row db.Row, more ...any) (Patient, error) {
	var p Patient
	var birth string
	into := append([]any{
		&p.ID, &p.PIN, &p.FamilyName, &p.GivenName, &p.Patronymic, &birth, &p.BirthYear, &p.Sex, &p.Alerts, &p.Kind, &p.BirthOrder,
	}, more...)
	if err := row.Scan(into...); err != nil {
		return p, err
	}
	p.BirthDate = db.Date(birth)
	return p, nil
}

// Load is the patient of the id; fail.NotFound.
func Load(ctx context.Context, q db.Querier, patientID string) (Patient, error) {
	p, err := Scan(q.QueryRowContext(ctx, `SELECT `+Columns+` FROM patient p WHERE p.id = $1`, patientID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fail.New(fail.NotFound, "card.patient.not_found")
	}
	return p, db.Explain(err)
}

// byPIN is the patient of the ПИН, if there is one; of one who was merged, the
// patient they are kept under.
func byPIN(ctx context.Context, q db.Querier, number string) (Patient, bool, error) {
	p, err := Scan(q.QueryRowContext(ctx, `SELECT `+Columns+` FROM patient p WHERE p.pin = $1`, number))
	for err == nil && p.MergedInto != "" {
		p, err = Scan(q.QueryRowContext(ctx, `SELECT `+Columns+` FROM patient p WHERE p.id = $1`, p.MergedInto))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, db.Explain(err)
}

// Insert writes the patient, or gives the one who has the ПИН already: however
// many register one ПИН at once, there is one patient.
func Insert(ctx context.Context, tx *sql.Tx, p Patient) (Patient, bool, error) {
	p.ID = id.New()
	if p.Kind == "" {
		p.Kind = Citizen
	}
	var number any
	if p.PIN != "" {
		number = p.PIN
	}
	inserted, err := db.ChangedOne(ctx, tx, `INSERT INTO patient (id, pin, family_name, given_name, patronymic, birth_date, birth_year, sex,
		region, address, rural, passport, citizenship, insured, policy, category, alerts, description, created_at, created_by, organisation, folded_name,
		kind, country, birth_order, policy_from, policy_until, alike_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
		ON CONFLICT (pin) DO NOTHING`,
		p.ID, number, p.FamilyName, p.GivenName, p.Patronymic, p.BirthDate.String(), p.BirthYear, p.Sex,
		p.Region, p.Address, db.Flag(p.Rural), p.Passport, p.Citizenship, db.Flag(p.Insured), p.Policy, p.Category, p.Alerts, p.Description,
		db.Micros(p.CreatedAt), p.CreatedBy, p.Organisation, text.Fold(p.FullName()),
		p.Kind, p.Country, p.BirthOrder, p.PolicyFrom.String(), p.PolicyUntil.String(), AlikeKey(p.FamilyName, p.GivenName))
	if err != nil || inserted {
		return p, inserted, err
	}
	first, ok, err := byPIN(ctx, tx, p.PIN)
	if err == nil && !ok {
		err = fail.New(fail.Conflict, "kit.conflict")
	}
	return first, false, err
}

// byName are at most limit people whose name begins with the folded text, born
// on the day if one is given.
func byName(ctx context.Context, q db.Querier, folded string, born clock.Date, limit int) ([]Patient, error) {
	var found []Patient
	for row, err := range db.Rows(ctx, q, `SELECT `+Columns+` FROM patient p
		WHERE p.merged_into = '' AND p.folded_name LIKE $1 ESCAPE '!' AND ($2 = '' OR p.birth_date = $2)
		ORDER BY p.folded_name, p.birth_date, p.id LIMIT $3`, escapeLike(folded)+"%", born.String(), limit) {
		if err != nil {
			return nil, err
		}
		p, err := Scan(row)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

func escapeLike(s string) string { return likeEscaper.Replace(s) }
