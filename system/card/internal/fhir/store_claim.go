package fhir

import (
	"context"
	"strconv"

	"github.com/sanarip/sanarip/kit/db"
)

// claimTable holds the revisions of treated cases; decided says that only those
// with a decision count.
func claimTable(s *sealer, decided bool) *table {
	byID := func(b *builder, c criterion) string {
		var conditions []string
		for _, v := range c.values {
			if number, revision, ok := s.claimKey(v.text); ok && v.system == "" {
				conditions = append(conditions, "(t.number = "+b.arg(number)+" AND t.revision = "+b.arg(revision)+")")
			}
		}
		return anyOf(conditions)
	}
	t := &table{
		from: "treated_case t JOIN form f ON f.number = t.number JOIN stay s ON s.id = t.stay_id JOIN patient p ON p.id = s.patient_id",
		keys: []key{{expr: "t.number"}, {expr: "t.revision", number: true}},
		id: func(keys []string) string {
			revision, _ := strconv.ParseInt(keys[1], 10, 64) // a BIGINT of the table
			return s.claim(keys[0], revision)
		},
		columns: map[string]column{
			"_id":        byID,
			"identifier": tokenColumn(map[string]string{sidForm066: "t.number"}),
			"patient":    refColumn("s.patient_id"),
			"status":     tokenColumn(map[string]string{"http://hl7.org/fhir/fm-status": "CASE f.state WHEN 'voided' THEN 'cancelled' ELSE 'active' END"}),
			"use":        constantColumn("http://hl7.org/fhir/claim-use", "claim"),
			"created":    momentColumn("t.created_at"),
			"encounter":  refColumn("t.stay_id"),
			"provider":   refColumn("s.organisation"),
		},
		sorts: map[string]key{"created": {expr: "t.created_at", number: true}},
		reach: stayReach("s.organisation"),
	}
	if decided {
		t.always = "t.decision <> '' AND t.state <> 'queued'"
		t.columns["created"] = momentColumn("t.decided_at")
		t.sorts["created"] = key{expr: "t.decided_at", number: true}
		t.columns["requestor"] = refColumn("s.organisation")
		t.columns["request"] = byID
		t.columns["outcome"] = tokenColumn(map[string]string{"http://hl7.org/fhir/remittance-outcome": "CASE t.state WHEN 'returned' THEN 'error' ELSE 'complete' END"})
	}
	return t
}

func loadClaims(ctx context.Context, q db.Querier, s *sealer, ids []string) ([]claimRow, error) {
	b := &builder{}
	var conditions []string
	for _, id := range ids {
		if number, revision, ok := s.claimKey(id); ok {
			conditions = append(conditions, "(t.number = "+b.arg(number)+" AND t.revision = "+b.arg(revision)+")")
		}
	}
	var all []claimRow
	err := each(ctx, q, b, `SELECT t.number, t.revision, t.stay_id, s.patient_id, COALESCE(p.pin, ''), s.organisation, f.state, f.voided_at,
		t.content, t.decision, t.created_at, t.decided_at
		FROM treated_case t JOIN form f ON f.number = t.number JOIN stay s ON s.id = t.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+anyOf(conditions), func(row scanner) error {
		var c claimRow
		var voided, created, decided int64
		var content, decision string
		if err := row.Scan(&c.Number, &c.Revision, &c.StayID, &c.PatientID, &c.PIN, &c.Organisation, &c.FormState, &voided,
			&content, &decision, &created, &decided); err != nil {
			return err
		}
		c.Voided, c.Created, c.Decided = db.Time(voided), db.Time(created), db.Time(decided)
		all = append(all, c)
		return all[len(all)-1].read(content, decision)
	})
	return all, err
}
