package treated

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// acceptedAlike is the accepted cases of the hospital that may be of the same person by
// what alike asks, where this form or that one has no ПИН, but for those that an expert
// has told apart. Who is known is looked for among those of the name and those who lack
// name or day of birth; somebody unknown among all who were there.
func acceptedAlike(ctx context.Context, q db.Querier, c insuranceapi.Case, from, until time.Time) ([]rule.Other, error) {
	who, args := "", []any{c.Organisation, c.Patient.PIN, c.Number, db.Micros(from), db.Micros(until)}
	switch key := person(c); {
	case key != "":
		who, args = `AND (c.person = $6 OR c.person = '')`, append(args, key)
	case named(c) != "":
		who, args = `AND (SUBSTR(c.person, 1, LENGTH(CAST($6 AS TEXT))) = $6 OR c.person = '')`, append(args, named(c)+"|")
	}
	var all []rule.Other
	for row, err := range db.Rows(ctx, q, `SELECT c.number, c.organisation, c.main_code, c.admitted_at, c.discharged_at, c.content, p.named FROM treated_case c
		LEFT JOIN person_apart p ON p.number = c.number AND p.other = $3
		WHERE c.organisation = $1 AND ($2 = '' OR c.patient_pin = '') AND c.number <> $3 AND c.is_current = 1 AND c.state = 'accepted'
		AND c.discharged_at >= $4 AND c.admitted_at <= $5 `+who+`
		ORDER BY c.admitted_at, c.id`, args...) {
		if err != nil {
			return nil, err
		}
		var content string
		var apart sql.NullString
		var known insuranceapi.Case
		o, err := scanOther(andMore{row, []any{&content, &apart}})
		if err == nil {
			err = json.Unmarshal([]byte(content), &known)
		}
		if err != nil {
			return nil, err
		}
		if alike(c, known) && (!apart.Valid || apart.String != inCommon(c, known)) {
			all = append(all, o)
		}
	}
	return all, nil
}

// andMore is a row with more columns than its reader knows of.
type andMore struct {
	db.Row
	last []any
}

func (r andMore) Scan(into ...any) error { return r.Row.Scan(append(into, r.last...)...) }

// currentOf is the case of the number that counts.
func currentOf(ctx context.Context, q db.Querier, number string) (Record, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM treated_case WHERE number = $1 AND is_current = 1`, number))
}

// addApart writes both rows of the pair; the newest reason stands.
func addApart(ctx context.Context, tx db.Querier, a Apart) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO person_apart (number, other, named, by_pin, by_name, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7), ($2, $1, $3, $4, $5, $6, $7)
		ON CONFLICT (number, other) DO UPDATE SET named = excluded.named, by_pin = excluded.by_pin, by_name = excluded.by_name, reason = excluded.reason, at = excluded.at`,
		a.Number, a.Other, a.named, a.ByPIN, a.ByName, a.Reason, db.Micros(a.At))
	return err
}

// apartOf are the pairs of the form, the newest first.
func apartOf(ctx context.Context, q db.Querier, number string) ([]Apart, error) {
	return db.List(ctx, q, func(row db.Row) (Apart, error) {
		var a Apart
		var at int64
		err := row.Scan(&a.Number, &a.Other, &a.named, &a.ByPIN, &a.ByName, &a.Reason, &at, &a.OtherID)
		a.At = db.Time(at)
		return a, err
	}, `SELECT p.number, p.other, p.named, p.by_pin, p.by_name, p.reason, p.at, COALESCE(c.id, '') FROM person_apart p
		LEFT JOIN treated_case c ON c.number = p.other AND c.is_current = 1 WHERE p.number = $1 ORDER BY p.at DESC, p.other`, number)
}

func dropApart(ctx context.Context, tx db.Querier, number string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM person_apart WHERE number = $1 OR other = $1`, number)
	return err
}
