package merge

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// mostPairs is how many pairs are looked at for one page.
const mostPairs = 300

// alike are pairs with one passport or one name in whatever spelling, that nobody
// has called two people: of the patient, or with one side known to the
// organisation.
func alike(ctx context.Context, q db.Querier, patientID, organisation string) ([]Pair, error) {
	whose, whom := `a.id = $1`, patientID
	if patientID == "" {
		whom = organisation
		whose = `(a.id < b.id OR NOT ` + ownOf("b") + `) AND ` + ownOf("a")
	}
	pairs, others, err := firsts(ctx, q, whose, whom)
	if err != nil {
		return nil, db.Explain(err)
	}
	for i, other := range others {
		if pairs[i].B, err = patient.Load(ctx, q, other); err != nil {
			return nil, err
		}
	}
	return pairs, nil
}

// firsts are the pairs with their first side alone, and the ids of the second.
func firsts(ctx context.Context, q db.Querier, whose, whom string) (pairs []Pair, others []string, err error) {
	for row, err := range db.Rows(ctx, q, `SELECT `+strings.ReplaceAll(patient.Columns, "p.", "a.")+`, b.id
		FROM patient a JOIN patient b ON b.id <> a.id AND b.merged_into = ''
			AND (a.alike_key NOT IN ('', '-') AND b.alike_key = a.alike_key OR a.passport <> '' AND b.passport = a.passport)
		WHERE `+whose+` AND a.merged_into = '' AND NOT EXISTS (SELECT 1 FROM patient_apart n
			WHERE n.first_id = CASE WHEN a.id < b.id THEN a.id ELSE b.id END AND n.second_id = CASE WHEN a.id < b.id THEN b.id ELSE a.id END)
		ORDER BY a.folded_name, a.id, b.id LIMIT $2`, whom, mostPairs) {
		if err != nil {
			return nil, nil, err
		}
		var other string
		p, err := patient.Scan(row, &other)
		if err != nil {
			return nil, nil, err
		}
		pairs, others = append(pairs, Pair{A: p}), append(others, other)
	}
	return pairs, others, nil
}

// ownOf: registered or treated in the organisation of $1.
func ownOf(alias string) string {
	return `(` + alias + `.organisation = $1 OR EXISTS (SELECT 1 FROM stay s WHERE s.patient_id = ` + alias + `.id AND s.organisation = $1))`
}
