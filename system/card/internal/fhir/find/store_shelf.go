package find

import (
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
)

// open are the types that tell of nobody: everybody with a token for the type
// reads them. Any other resource without a person is read by systems alone.
var open = []string{
	"'ConceptMap'", "'Device'", "'HealthcareService'", "'Location'", "'Medication'", "'Organization'", "'Practitioner'", "'PractitionerRole'",
	"'Questionnaire'", "'Schedule'", "'Slot'", "'ValueSet'",
}

// ShelfTable is where resources from outside of a type are found: the same
// criteria, read from marks.
func ShelfTable(kind string, params map[string]Param) *Table {
	t := &Table{
		From: "fhir_resource r", Always: "r.kind = '" + kind + "' AND r.deleted = 0",
		Keys: []Key{{Expr: "r.id"}}, ID: func(keys []string) string { return keys[0] },
		Columns: map[string]Column{"_id": IDColumn("r.id")}, Sorts: map[string]Key{},
		Reach: func(b *Builder, r access.Reach) string {
			if r.All {
				return Always
			}
			way := Opened(r, b, "r.pin", func(b *Builder) string {
				return "EXISTS (SELECT 1 FROM patient p WHERE (p.id = r.patient OR r.pin <> '' AND p.pin = r.pin) AND (" + In(b, "p.organisation", r.Organisations) +
					" OR EXISTS (SELECT 1 FROM stay seen WHERE seen.patient_id = p.id AND " + In(b, "seen.organisation", r.Organisations) + ")))"
			})
			return "(" + way + " OR r.kind IN (" + strings.Join(open, ", ") + "))"
		},
	}
	for name, p := range params {
		switch name {
		case "_id":
			continue
		case "_lastUpdated":
			t.Columns[name] = MomentColumn("r.updated_at")
			t.Sorts[name] = Key{Expr: "r.updated_at", Number: true}
			continue
		}
		from := name
		if p.of != "" {
			from = p.of
		}
		t.Columns[name] = markColumn(kind, from)
		if p.Sorts {
			t.Sorts[name] = Key{Expr: "(SELECT COALESCE(MIN(k.low), 0) FROM fhir_mark k WHERE k.id = r.id AND k.kind = '" + kind + "' AND k.param = '" + from + "')", Number: true}
		}
	}
	return t
}

// markColumn is a criterion that a mark of the resource meets.
func markColumn(kind, name string) Column {
	return func(b *Builder, c Criterion) string {
		condition := Never
		if c.modifier == missingModifier {
			return "EXISTS (SELECT 1 FROM fhir_mark m WHERE m.id = r.id AND m.kind = '" + kind + "' AND m.param = '" + name + "')"
		}
		switch c.Param.Kind {
		case TokenParam:
			condition = tokenMark(b, c)
		case ReferenceParam:
			condition = referenceMark(b, c)
		case StringParam:
			var met []string
			for _, v := range c.Values {
				met = append(met, wordMark(b, c.modifier, v))
			}
			condition = AnyOf(met)
		case DateParam:
			condition = "m.low <> 0 AND " + SpanColumn("m.low", "m.high")(b, c)
		}
		return "EXISTS (SELECT 1 FROM fhir_mark m WHERE m.id = r.id AND m.kind = '" + kind + "' AND m.param = '" + name + "' AND " + condition + ")"
	}
}

// plain are parameters whose codes no ConceptMap leads to.
var plain = []string{"identifier", "status", "gender", "active"}

// tokenMark is a code, or one from which a ConceptMap on the shelf leads to it.
// The codes stand in front by themselves, so that their index is used.
func tokenMark(b *Builder, c Criterion) string {
	var met, codes []string
	mapped := !slices.Contains(plain, c.Name)
	for _, v := range c.Values {
		if v.Text == "" { // every code of the system
			met = append(met, "m.system = "+b.Arg(v.System))
			return AnyOf(append(met, tokenMarks(b, c)...))
		}
		codes = append(codes, v.Text)
	}
	met = tokenMarks(b, c)
	if !mapped {
		return In(b, "m.code", codes) + " AND " + AnyOf(met)
	}
	var selects []string
	for _, code := range codes {
		selects = append(selects, "SELECT CAST("+b.Arg(code)+" AS TEXT)")
	}
	for _, v := range c.Values {
		if v.HasSystem && v.System != "" {
			met = append(met, "EXISTS (SELECT 1 FROM fhir_concept t WHERE t.target_system = "+b.Arg(v.System)+" AND t.target_code = "+b.Arg(v.Text)+
				" AND t.source_system = m.system AND t.source_code = m.code)")
		}
	}
	return "m.code IN (" + strings.Join(selects, " UNION ALL ") + " UNION ALL SELECT t.source_code FROM fhir_concept t WHERE " + In(b, "t.target_code", codes) +
		") AND " + AnyOf(met)
}

func tokenMarks(b *Builder, c Criterion) []string {
	var met []string
	for _, v := range c.Values {
		switch {
		case v.Text == "":
		case v.HasSystem && v.System == "":
			met = append(met, "m.code = "+b.Arg(v.Text)+" AND m.system = ''")
		case v.HasSystem && slices.Contains(plain[1:], c.Name): // codes of R4's own have no system in a resource
			met = append(met, "m.code = "+b.Arg(v.Text))
		case v.HasSystem:
			met = append(met, "m.code = "+b.Arg(v.Text)+" AND m.system = "+b.Arg(v.System))
		default:
			met = append(met, "m.code = "+b.Arg(v.Text))
		}
	}
	return met
}

// referenceMark is a reference to one of the resources. One to a patient of the
// card finds also what leads to the Patient on the shelf with the same ПИН, and
// the other way round: they are one person.
func referenceMark(b *Builder, c Criterion) string {
	var codes, people []string
	for _, v := range c.Values {
		kinds := c.Param.Targets
		if v.kind != "" {
			kinds = []string{v.kind}
		}
		for _, kind := range kinds {
			codes = append(codes, kind+"/"+v.Text)
			if kind == "Patient" {
				people = append(people, v.Text)
			}
		}
	}
	if len(people) == 0 {
		return In(b, "m.code", codes)
	}
	var selects []string
	for _, code := range codes {
		selects = append(selects, "SELECT CAST("+b.Arg(code)+" AS TEXT)")
	}
	const twins = " FROM fhir_resource twin JOIN patient p ON p.pin = twin.pin WHERE twin.kind = 'Patient' AND twin.deleted = 0 AND twin.pin <> '' AND "
	return "m.code IN (" + strings.Join(selects, " UNION ALL ") +
		" UNION ALL SELECT 'Patient/' || twin.id" + twins + In(b, "p.id", people) +
		" UNION ALL SELECT 'Patient/' || p.id" + twins + In(b, "twin.id", people) + ")"
}

func wordMark(b *Builder, modifier string, v Value) string {
	folded := text.Fold(v.Text)
	if modifier == "exact" {
		return "m.code = " + b.Arg(folded)
	}
	part := likeEscaper.Replace(folded)
	if part == "" {
		return Never
	}
	if modifier == "contains" {
		return "m.code LIKE " + b.Arg("%"+part+"%") + " ESCAPE '!'"
	}
	return "(m.code LIKE " + b.Arg(part+"%") + " ESCAPE '!' OR m.code LIKE " + b.Arg("% "+part+"%") + " ESCAPE '!')"
}
