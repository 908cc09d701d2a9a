package fhir

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
)

// patientTable is where patients are found. A member of staff reaches those
// registered or treated in their organisations.
func patientTable() *table {
	return &table{
		from: "patient p",
		keys: []key{{expr: "p.id"}},
		id:   func(keys []string) string { return keys[0] },
		columns: map[string]column{
			"_id":          idColumn("p.id"),
			"identifier":   tokenColumn(map[string]string{sidPIN: "p.pin", sidPassport: "p.passport", sidPolicy: "p.policy"}),
			"name":         nameColumn("p.folded_name", true, true, "p.family_name", "p.given_name", "p.patronymic"),
			"family":       nameColumn("p.folded_name", true, false, "p.family_name"),
			"given":        nameColumn("p.folded_name", false, true, "p.given_name", "p.patronymic"),
			"birthdate":    dayColumn("p.birth_date"),
			"gender":       tokenColumn(map[string]string{"http://hl7.org/fhir/administrative-gender": "p.sex"}),
			"organization": refColumn("p.organisation"),
		},
		sorts: map[string]key{"birthdate": {expr: "p.birth_date"}},
		reach: func(b *builder, r reach) string {
			return r.condition(b, "p.pin", func(b *builder) string {
				return anyOf([]string{
					in(b, "p.organisation", r.organisations),
					"EXISTS (SELECT 1 FROM stay seen WHERE seen.patient_id = p.id AND " + in(b, "seen.organisation", r.organisations) + ")",
				})
			})
		},
	}
}

// condition is the part of the rows that the reach opens.
func (r reach) condition(b *builder, pinExpr string, organisations func(b *builder) string) string {
	if r.all {
		return always
	}
	var ways []string
	if r.pin != "" {
		ways = append(ways, pinExpr+" = "+b.arg(r.pin))
	}
	if len(r.organisations) > 0 {
		ways = append(ways, organisations(b))
	}
	return anyOf(ways)
}

// stayReach is the reach over rows that belong to a stay.
func stayReach(organisation string) func(b *builder, r reach) string {
	return func(b *builder, r reach) string {
		return r.condition(b, "p.pin", func(b *builder) string { return in(b, organisation, r.organisations) })
	}
}

func loadPatients(ctx context.Context, q db.Querier, ids []string) ([]patientRow, error) {
	b := &builder{}
	var all []patientRow
	err := each(ctx, q, b, `SELECT p.id, COALESCE(p.pin, ''), p.family_name, p.given_name, p.patronymic, p.birth_date, p.sex, p.region, p.address,
		p.passport, p.policy, p.organisation, p.created_at,
		(SELECT COALESCE(MAX(s.discharged_at), 0) FROM stay s WHERE s.patient_id = p.id AND s.outcome = 'died')
		FROM patient p WHERE `+in(b, "p.id", ids), func(row scanner) error {
		var p patientRow
		var created, died int64
		err := row.Scan(&p.ID, &p.PIN, &p.FamilyName, &p.GivenName, &p.Patronymic, &p.BirthDate, &p.Sex, &p.Region, &p.Address,
			&p.Passport, &p.Policy, &p.Organisation, &created, &died)
		p.Created, p.Died = db.Time(created), db.Time(died)
		all = append(all, p)
		return err
	})
	return all, err
}
