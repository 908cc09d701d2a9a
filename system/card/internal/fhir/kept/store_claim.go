package kept

import (
	"context"
	"strconv"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/sealing"
)

// ClaimTable holds the revisions of treated cases; decided says that only those
// with a decision count.
func ClaimTable(s *sealing.Sealer, decided bool) *find.Table {
	byID := func(b *find.Builder, c find.Criterion) string {
		var conditions []string
		for _, v := range c.Values {
			if number, revision, ok := s.ClaimKey(v.Text); ok && v.System == "" {
				conditions = append(conditions, "(t.number = "+b.Arg(number)+" AND t.revision = "+b.Arg(revision)+")")
			}
		}
		return find.AnyOf(conditions)
	}
	t := &find.Table{
		From: "treated_case t JOIN form f ON f.number = t.number JOIN stay s ON s.id = t.stay_id JOIN patient p ON p.id = s.patient_id",
		Keys: []find.Key{{Expr: "t.number"}, {Expr: "t.revision", Number: true}},
		ID: func(keys []string) string {
			revision, _ := strconv.ParseInt(keys[1], 10, 64) // a BIGINT of the table
			return s.Claim(keys[0], revision)
		},
		Columns: map[string]find.Column{
			"_id":        byID,
			"identifier": find.TokenColumn(map[string]string{datatype.SIDForm066: "t.number"}),
			"patient":    find.RefColumn("s.patient_id"),
			"status":     find.TokenColumn(map[string]string{"http://hl7.org/fhir/fm-status": "CASE f.state WHEN 'voided' THEN 'cancelled' ELSE 'active' END"}),
			"use":        find.ConstantColumn("http://hl7.org/fhir/claim-use", "claim"),
			"created":    find.MomentColumn("t.created_at"),
			"encounter":  find.RefColumn("t.stay_id"),
			"provider":   find.RefColumn("s.organisation"),
		},
		Sorts: map[string]find.Key{"created": {Expr: "t.created_at", Number: true}},
		Reach: find.StayReach("s.organisation"),
	}
	if decided {
		t.Always = "t.decision <> '' AND t.state <> 'queued'"
		t.Columns["created"] = find.MomentColumn("t.decided_at")
		t.Sorts["created"] = find.Key{Expr: "t.decided_at", Number: true}
		t.Columns["requestor"] = find.RefColumn("s.organisation")
		t.Columns["request"] = byID
		t.Columns["outcome"] = find.TokenColumn(map[string]string{"http://hl7.org/fhir/remittance-outcome": "CASE t.state WHEN 'returned' THEN 'error' ELSE 'complete' END"})
	}
	return t
}

func loadClaims(ctx context.Context, q db.Querier, s *sealing.Sealer, ids []string) ([]claimRow, error) {
	b := &find.Builder{}
	var conditions []string
	for _, id := range ids {
		if number, revision, ok := s.ClaimKey(id); ok {
			conditions = append(conditions, "(t.number = "+b.Arg(number)+" AND t.revision = "+b.Arg(revision)+")")
		}
	}
	var all []claimRow
	err := find.Each(ctx, q, b, `SELECT t.number, t.revision, t.stay_id, s.patient_id, COALESCE(p.pin, ''), s.organisation, f.state, f.voided_at,
		t.content, t.decision, t.created_at, t.decided_at
		FROM treated_case t JOIN form f ON f.number = t.number JOIN stay s ON s.id = t.stay_id JOIN patient p ON p.id = s.patient_id
		WHERE `+find.AnyOf(conditions), func(row find.Scanner) error {
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
