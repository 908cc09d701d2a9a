package fhir

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// ownRecords tell which ids are records of the card itself, whose they are.
var ownRecords = map[string]string{
	"Patient": `SELECT p.id, p.id, COALESCE(p.pin, '') FROM patient p WHERE `,
	"Encounter": `SELECT p.id, p.patient_id, p.pin FROM (SELECT s.id, s.patient_id, COALESCE(p.pin, '') AS pin FROM stay s JOIN patient p ON p.id = s.patient_id
		UNION ALL SELECT m.id, s.patient_id, COALESCE(p.pin, '') FROM move m JOIN stay s ON s.id = m.stay_id JOIN patient p ON p.id = s.patient_id) p WHERE `,
	"Condition": `SELECT p.id, p.patient_id, p.pin FROM (SELECT d.id, s.patient_id, COALESCE(p.pin, '') AS pin
		FROM diagnosis d JOIN stay s ON s.id = d.stay_id JOIN patient p ON p.id = s.patient_id) p WHERE `,
	"Procedure": `SELECT p.id, p.patient_id, p.pin FROM (SELECT o.root AS id, s.patient_id, COALESCE(p.pin, '') AS pin
		FROM operation o JOIN stay s ON s.id = o.stay_id JOIN patient p ON p.id = s.patient_id WHERE o.signed_at <> 0) p WHERE `,
	"Organization": `SELECT p.id, '', '' FROM (SELECT code AS id FROM organisation) p WHERE `,
}

func loadOwn(ctx context.Context, q db.Querier, query string, ids []string) (map[string]shelf.Person, error) {
	all := map[string]shelf.Person{}
	b := &builder{}
	err := each(ctx, q, b, query+in(b, "p.id", ids), func(row scanner) error {
		var id string
		var person shelf.Person
		err := row.Scan(&id, &person.Patient, &person.PIN)
		all[id] = person
		return err
	})
	return all, err
}

func bearerOf(ctx context.Context, q db.Querier, pin string) (string, error) {
	var id string
	err := q.QueryRowContext(ctx, `SELECT id FROM patient WHERE pin = $1`, pin).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// open are the types that tell of nobody: everybody with a token for the type
// reads them. Any other resource without a person is read by systems alone.
var open = []string{
	"'ConceptMap'", "'Device'", "'HealthcareService'", "'Location'", "'Medication'", "'Organization'", "'Practitioner'", "'PractitionerRole'",
	"'Questionnaire'", "'Schedule'", "'Slot'", "'ValueSet'",
}

// shelfTable is where resources from outside of a type are found: the same
// criteria, read from marks.
func shelfTable(kind string, params map[string]param) *table {
	t := &table{
		from: "fhir_resource r", always: "r.kind = '" + kind + "' AND r.deleted = 0",
		keys: []key{{expr: "r.id"}}, id: func(keys []string) string { return keys[0] },
		columns: map[string]column{"_id": idColumn("r.id")}, sorts: map[string]key{},
		reach: func(b *builder, r reach) string {
			if r.all {
				return always
			}
			way := r.condition(b, "r.pin", func(b *builder) string {
				return "EXISTS (SELECT 1 FROM patient p WHERE (p.id = r.patient OR r.pin <> '' AND p.pin = r.pin) AND (" + in(b, "p.organisation", r.organisations) +
					" OR EXISTS (SELECT 1 FROM stay seen WHERE seen.patient_id = p.id AND " + in(b, "seen.organisation", r.organisations) + ")))"
			})
			return "(" + way + " OR r.kind IN (" + strings.Join(open, ", ") + "))"
		},
	}
	for name, p := range params {
		if name == "_id" {
			continue
		}
		from := name
		if p.of != "" {
			from = p.of
		}
		t.columns[name] = markColumn(kind, from)
		if p.sorts {
			t.sorts[name] = key{expr: "(SELECT COALESCE(MIN(k.low), 0) FROM fhir_mark k WHERE k.id = r.id AND k.kind = '" + kind + "' AND k.param = '" + from + "')", number: true}
		}
	}
	return t
}

// markColumn is a criterion that a mark of the resource meets.
func markColumn(kind, name string) column {
	return func(b *builder, c criterion) string {
		condition := never
		switch c.param.kind {
		case tokenParam:
			condition = tokenMark(b, c)
		case referenceParam:
			condition = referenceMark(b, c)
		case stringParam:
			var met []string
			for _, v := range c.values {
				met = append(met, wordMark(b, c.modifier, v))
			}
			condition = anyOf(met)
		case dateParam:
			condition = "m.low <> 0 AND " + spanColumn("m.low", "m.high")(b, c)
		}
		return "EXISTS (SELECT 1 FROM fhir_mark m WHERE m.id = r.id AND m.kind = '" + kind + "' AND m.param = '" + name + "' AND " + condition + ")"
	}
}

// plain are parameters whose codes no ConceptMap leads to.
var plain = []string{"identifier", "status", "gender", "active"}

// tokenMark is a code, or one from which a ConceptMap on the shelf leads to it.
// The codes stand in front by themselves, so that their index is used.
func tokenMark(b *builder, c criterion) string {
	var met, codes []string
	mapped := !slices.Contains(plain, c.name)
	for _, v := range c.values {
		if v.text == "" { // every code of the system
			met = append(met, "m.system = "+b.arg(v.system))
			return anyOf(append(met, tokenMarks(b, c)...))
		}
		codes = append(codes, v.text)
	}
	met = tokenMarks(b, c)
	if !mapped {
		return in(b, "m.code", codes) + " AND " + anyOf(met)
	}
	var selects []string
	for _, code := range codes {
		selects = append(selects, "SELECT CAST("+b.arg(code)+" AS TEXT)")
	}
	for _, v := range c.values {
		if v.hasSystem && v.system != "" {
			met = append(met, "EXISTS (SELECT 1 FROM fhir_concept t WHERE t.target_system = "+b.arg(v.system)+" AND t.target_code = "+b.arg(v.text)+
				" AND t.source_system = m.system AND t.source_code = m.code)")
		}
	}
	return "m.code IN (" + strings.Join(selects, " UNION ALL ") + " UNION ALL SELECT t.source_code FROM fhir_concept t WHERE " + in(b, "t.target_code", codes) +
		") AND " + anyOf(met)
}

func tokenMarks(b *builder, c criterion) []string {
	var met []string
	for _, v := range c.values {
		switch {
		case v.text == "":
		case v.hasSystem && v.system == "":
			met = append(met, "m.code = "+b.arg(v.text)+" AND m.system = ''")
		case v.hasSystem && slices.Contains(plain[1:], c.name): // codes of R4's own have no system in a resource
			met = append(met, "m.code = "+b.arg(v.text))
		case v.hasSystem:
			met = append(met, "m.code = "+b.arg(v.text)+" AND m.system = "+b.arg(v.system))
		default:
			met = append(met, "m.code = "+b.arg(v.text))
		}
	}
	return met
}

// referenceMark is a reference to one of the resources. One to a patient of the
// card finds also what leads to the Patient on the shelf with the same ПИН, and
// the other way round: they are one person.
func referenceMark(b *builder, c criterion) string {
	var codes, people []string
	for _, v := range c.values {
		kinds := c.param.targets
		if v.kind != "" {
			kinds = []string{v.kind}
		}
		for _, kind := range kinds {
			codes = append(codes, kind+"/"+v.text)
			if kind == "Patient" {
				people = append(people, v.text)
			}
		}
	}
	if len(people) == 0 {
		return in(b, "m.code", codes)
	}
	var selects []string
	for _, code := range codes {
		selects = append(selects, "SELECT CAST("+b.arg(code)+" AS TEXT)")
	}
	const twins = " FROM fhir_resource twin JOIN patient p ON p.pin = twin.pin WHERE twin.kind = 'Patient' AND twin.deleted = 0 AND twin.pin <> '' AND "
	return "m.code IN (" + strings.Join(selects, " UNION ALL ") +
		" UNION ALL SELECT 'Patient/' || twin.id" + twins + in(b, "p.id", people) +
		" UNION ALL SELECT 'Patient/' || p.id" + twins + in(b, "twin.id", people) + ")"
}

func wordMark(b *builder, modifier string, v value) string {
	folded := text.Fold(v.text)
	if modifier == "exact" {
		return "m.code = " + b.arg(folded)
	}
	part := likeEscaper.Replace(folded)
	if part == "" {
		return never
	}
	if modifier == "contains" {
		return "m.code LIKE " + b.arg("%"+part+"%") + " ESCAPE '!'"
	}
	return "(m.code LIKE " + b.arg(part+"%") + " ESCAPE '!' OR m.code LIKE " + b.arg("% "+part+"%") + " ESCAPE '!')"
}
