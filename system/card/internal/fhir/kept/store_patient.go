package kept

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// PatientTable is where patients are found. A member of staff reaches those
// registered or treated in their organisations.
func PatientTable() *find.Table {
	return &find.Table{
		From: "patient p",
		Keys: []find.Key{{Expr: "p.id"}},
		ID:   func(keys []string) string { return keys[0] },
		Columns: map[string]find.Column{
			"_id":          find.IDColumn("p.id"),
			"identifier":   find.TokenColumn(map[string]string{datatype.SIDPIN: "p.pin", datatype.SIDPassport: "p.passport", datatype.SIDPolicy: "p.policy"}),
			"name":         find.NameColumn("p.folded_name", true, true, "p.family_name", "p.given_name", "p.patronymic"),
			"family":       find.NameColumn("p.folded_name", true, false, "p.family_name"),
			"given":        find.NameColumn("p.folded_name", false, true, "p.given_name", "p.patronymic"),
			"birthdate":    find.DayColumn("p.birth_date"),
			"gender":       find.TokenColumn(map[string]string{"http://hl7.org/fhir/administrative-gender": "p.sex"}),
			"organization": find.RefColumn("p.organisation"),
		},
		Sorts: map[string]find.Key{"birthdate": {Expr: "p.birth_date"}},
		Reach: func(b *find.Builder, r access.Reach) string {
			return find.Opened(r, b, "p.pin", func(b *find.Builder) string {
				return find.AnyOf([]string{
					find.In(b, "p.organisation", r.Organisations),
					"EXISTS (SELECT 1 FROM stay seen WHERE seen.patient_id = p.id AND " + find.In(b, "seen.organisation", r.Organisations) + ")",
				})
			})
		},
	}
}

// Within says whether every one of the people is a patient registered or treated
// in one of the organisations.
func Within(ctx context.Context, q db.Querier, people []shelf.Person, organisations []string) (bool, error) {
	reach := PatientTable().Reach
	for some := range slices.Chunk(people, 200) {
		var ids, pins []string
		for _, p := range some {
			ids = append(ids, p.Patient)
			if p.PIN != "" {
				pins = append(pins, p.PIN)
			}
		}
		b := &find.Builder{}
		way := find.In(b, "p.id", ids)
		if len(pins) > 0 {
			way = find.AnyOf([]string{way, find.In(b, "p.pin", pins)})
		}
		known := map[string]bool{}
		err := find.Each(ctx, q, b, `SELECT p.id, COALESCE(p.pin, '') FROM patient p WHERE `+way+` AND `+reach(b, access.Reach{Organisations: organisations}),
			func(row find.Scanner) error {
				var id, pin string
				err := row.Scan(&id, &pin)
				known[id], known[pin] = true, true
				return err
			})
		if err != nil {
			return false, err
		}
		delete(known, "")
		if slices.ContainsFunc(some, func(p shelf.Person) bool { return !known[p.Patient] && !known[p.PIN] }) {
			return false, nil
		}
	}
	return true, nil
}

func loadPatients(ctx context.Context, q db.Querier, ids []string) ([]patientRow, error) {
	b := &find.Builder{}
	var all []patientRow
	err := find.Each(ctx, q, b, `SELECT p.id, COALESCE(p.pin, ''), p.family_name, p.given_name, p.patronymic, p.birth_date, p.sex, p.region, p.address,
		p.passport, p.policy, p.organisation, p.merged_into, p.created_at,
		(SELECT COALESCE(MAX(s.discharged_at), 0) FROM stay s WHERE s.patient_id = p.id AND s.outcome = 'died')
		FROM patient p WHERE `+find.In(b, "p.id", ids), func(row find.Scanner) error {
		var p patientRow
		var created, died int64
		err := row.Scan(&p.ID, &p.PIN, &p.FamilyName, &p.GivenName, &p.Patronymic, &p.BirthDate, &p.Sex, &p.Region, &p.Address,
			&p.Passport, &p.Policy, &p.Organisation, &p.MergedInto, &created, &died)
		p.Created, p.Died = db.Time(created), db.Time(died)
		all = append(all, p)
		return err
	})
	return all, err
}
