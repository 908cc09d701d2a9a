package fhir

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// taken are the types beside the card's own that other systems may put on the
// shelf.
var taken = []string{
	"Account", "AdverseEvent", "AllergyIntolerance", "Appointment", "AppointmentResponse", "Basic", "BodyStructure", "CarePlan", "CareTeam",
	"ClinicalImpression", "Communication", "CommunicationRequest", "Composition", "ConceptMap", "Consent", "Coverage", "DetectedIssue", "Device",
	"DeviceRequest", "DeviceUseStatement", "DiagnosticReport", "DocumentReference", "EpisodeOfCare", "ExplanationOfBenefit", "FamilyMemberHistory",
	"Flag", "Goal", "Group", "HealthcareService", "ImagingStudy", "Immunization", "List", "Media", "Medication", "MedicationAdministration",
	"MedicationDispense", "MedicationRequest", "MedicationStatement", "NutritionOrder", "Observation", "Provenance", "Questionnaire",
	"QuestionnaireResponse", "RelatedPerson", "RiskAssessment", "Schedule", "ServiceRequest", "Slot", "Specimen", "Task", "ValueSet", "VisionPrescription",
}

// shelve puts what comes from outside beside the card's own: types that the
// card has itself are looked for in both places.
func (a *API) shelve(all map[string]*kind) {
	for _, name := range taken {
		if all[name] != nil {
			continue
		}
		k := &kind{name: name, params: shelfParams(name), foreign: true}
		k.params["_id"] = param{kind: tokenParam, sorts: true}
		t := shelfTable(name, k.params)
		k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
		k.load = func(ctx context.Context, ids []string) ([]*item, error) { return a.loadForeign(ctx, name, ids) }
		all[name] = k
	}
	for name, k := range all {
		if k.foreign || !r4.Known(name) || slices.Contains(generated, name) {
			continue
		}
		params := shelfParams(name)
		for p := range params {
			if of, ok := k.params[p]; !ok || of.kind != params[p].kind {
				delete(params, p)
			} else {
				one := params[p]
				one.sorts = of.sorts
				params[p] = one
			}
		}
		t := shelfTable(name, params)
		ownFind, ownLoad := k.find, k.load
		k.own = k.find
		k.find = func(ctx context.Context, r reach, q *query) (found, error) {
			return both(q, func(q *query) (found, error) { return ownFind(ctx, r, q) },
				func(q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) })
		}
		k.load = func(ctx context.Context, ids []string) ([]*item, error) {
			items, err := a.loadForeign(ctx, name, ids)
			if err != nil || len(items) == len(ids) {
				return items, err
			}
			rest := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
				return slices.ContainsFunc(items, func(i *item) bool { return i.id == id })
			})
			more, err := ownLoad(ctx, rest)
			return append(items, more...), err
		}
	}
}

// generated are types that the card makes of its own records alone.
var generated = []string{"AuditEvent"}

func shelfParams(name string) map[string]param {
	params := map[string]param{}
	for _, p := range r4.Params(name) {
		one := param{kind: paramType(p.Type), targets: p.Targets, of: p.Of, sorts: p.Type == "date", secret: p.Name == "identifier"}
		params[p.Name] = one
	}
	return params
}

func (a *API) loadForeign(ctx context.Context, name string, ids []string) ([]*item, error) {
	all, err := a.shelf.Load(ctx, a.reader(ctx), name, ids)
	items := make([]*item, 0, len(all))
	for i := range all {
		items = append(items, foreignItem(&all[i]))
	}
	return items, err
}

func foreignItem(r *shelf.Resource) *item {
	return &item{
		kind: r.Kind, id: r.ID, updated: r.Updated, person: r.Patient != "", subject: r.PIN, raw: r,
		version: strconv.FormatInt(r.Version, 10), json: r.Body,
	}
}

// leads are the resources to which the item leads by the parameter.
func (i *item) leads(k *kind, name string) []string {
	if i.raw == nil {
		return i.refs[name]
	}
	if i.refs == nil { // read once, and only where somebody asks
		i.refs = map[string][]string{}
		r := r4.Read(i.json)
		for _, m := range r.Marks() {
			if m.Link < 0 {
				continue
			}
			if kind, id, ok := r4.Literal(r.Links[m.Link].Value); ok {
				i.refs[m.Param] = append(i.refs[m.Param], kind+"/"+id)
			}
		}
	}
	p := k.params[name]
	from := name
	for _, one := range r4.Params(i.kind) {
		if one.Name == name && one.Of != "" {
			from = one.Of
		}
	}
	var all []string
	for _, reference := range i.refs[from] {
		if kind, _, _ := strings.Cut(reference, "/"); slices.Contains(p.targets, kind) {
			all = append(all, reference)
		}
	}
	return all
}

// both searches two places as one. Each is read on from where the page before
// left it: the cursor holds the keys of both. Without an order the card's own
// stand first.
func both(q *query, finds ...func(*query) (found, error)) (found, error) {
	parts := make([]found, len(finds))
	before := splitKeys(q.after, len(finds))
	var all found
	for at, find := range finds {
		one := *q
		one.after = before[at]
		f, err := find(&one)
		if err != nil {
			return f, err
		}
		parts[at] = f
		all.total += f.total
	}
	sorted := q.sort != "" && q.sort != "_id"
	places := make([]int, len(finds))
	for len(all.ids) < q.count {
		next := -1
		for at, f := range parts {
			if places[at] == len(f.ids) {
				continue
			}
			if next < 0 || sorted && comesFirst(f.keys[places[at]], parts[next].keys[places[next]], q.down) {
				next = at
			}
		}
		if next < 0 {
			break
		}
		all.ids = append(all.ids, parts[next].ids[places[next]])
		before[next] = parts[next].keys[places[next]]
		places[next]++
	}
	for at, f := range parts {
		if q.count > 0 && (places[at] < len(f.ids) || f.after != nil) {
			all.after = joinKeys(before)
		}
	}
	return all, nil
}

// comesFirst compares by the first key, a moment or a day.
func comesFirst(a, b []string, down bool) bool {
	if len(a) == 0 || len(b) == 0 || a[0] == b[0] {
		return false
	}
	x, y := sortable(a[0]), sortable(b[0])
	return (x < y) != down && x != y
}

// sortable is microseconds of a number, or of the day that the text is.
func sortable(s string) int64 {
	if low, _, ok := r4.Span(s); ok && len(s) == 10 && s[4] == '-' {
		return low.UnixMicro()
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// joinKeys writes several lists of keys as one: each with its length before it.
func joinKeys(lists [][]string) []string {
	var all []string
	for _, list := range lists {
		all = append(append(all, strconv.Itoa(len(list))), list...)
	}
	return all
}

func splitKeys(all []string, n int) [][]string {
	lists := make([][]string, n)
	for at := range lists {
		if len(all) == 0 {
			break
		}
		size, err := strconv.Atoi(all[0])
		if err != nil || size < 0 || size >= len(all) {
			break
		}
		if size > 0 {
			lists[at] = all[1 : 1+size]
		}
		all = all[1+size:]
	}
	return lists
}
