package outside

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// about is what tells of the patient with the id $1 and the ПИН $2: of them, of
// those who were merged into them, and of the person of that ПИН whom another
// system wrote down. The Patient itself is not told.
const about = ` FROM fhir_resource r WHERE r.deleted = 0 AND r.kind <> 'Patient' AND r.patient IN (
	SELECT CAST($1 AS TEXT) UNION ALL SELECT p.id FROM patient p WHERE p.merged_into = $1
	UNION ALL SELECT twin.id FROM fhir_resource twin WHERE twin.kind = 'Patient' AND twin.deleted = 0 AND twin.pin = $2 AND twin.pin <> '')`

// Count asks how much there is about the patient; nothing of it is told.
func Count(p patient.Patient, n *int) db.Question {
	return db.Question{Query: `SELECT COUNT(*)` + about, Args: []any{p.ID, p.PIN}, Each: func(row db.Row) error { return row.Scan(n) }}
}

// kinds are the types of what there is, each with how many.
func kinds(ctx context.Context, q db.Querier, patientID, pin string) (map[string]int, error) {
	all := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT r.kind, COUNT(*)`+about+` GROUP BY r.kind`, patientID, pin) {
		if err != nil {
			return nil, err
		}
		var kind string
		var n int
		if err := row.Scan(&kind, &n); err != nil {
			return nil, err
		}
		all[kind] = n
	}
	return all, nil
}

// lines are what was written last, of one type if it is named.
func lines(ctx context.Context, q db.Querier, patientID, pin, kind string, limit int) ([]Line, error) {
	var all []Line
	for row, err := range db.Rows(ctx, q, `SELECT r.kind, r.id, r.body, r.author, r.updated_at`+about+` AND (CAST($3 AS TEXT) = '' OR r.kind = $3)
		ORDER BY COALESCE((SELECT MAX(m.low) FROM fhir_mark m WHERE m.id = r.id AND m.kind = r.kind AND m.low <> 0), r.updated_at) DESC, r.kind, r.id LIMIT $4`,
		patientID, pin, kind, limit) {
		if err != nil {
			return nil, err
		}
		var kind, id, body, author string
		var at int64
		if err := row.Scan(&kind, &id, &body, &author, &at); err != nil {
			return nil, err
		}
		all = append(all, read(kind, id, []byte(body), author, db.Time(at)))
	}
	return all, nil
}
