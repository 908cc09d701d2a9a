package fhir

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
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
func (a *API) shelve(all map[string]*find.Kind) {
	for _, name := range taken {
		if all[name] != nil {
			continue
		}
		k := &find.Kind{Name: name, Params: find.ShelfParams(name), Foreign: true}
		k.Params["_id"] = find.Param{Kind: find.TokenParam, Sorts: true}
		k.Params["_lastUpdated"] = find.Param{Kind: find.DateParam, Sorts: true}
		t := find.ShelfTable(name, k.Params)
		k.Find = a.onShelf(name, t)
		k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) { return a.loadForeign(ctx, name, ids) }
		all[name] = k
	}
	for name, k := range all {
		if k.Foreign || !r4.Known(name) || slices.Contains(generated, name) {
			continue
		}
		params := find.ShelfParams(name)
		// Of what others write the identifier is how they find it again; the card's
		// own records of such a type have none.
		of, named := params["identifier"]
		_, owned := k.Params["identifier"]
		if named = named && !owned; named {
			k.Params["identifier"] = of
		}
		if of, ok := k.Params["_lastUpdated"]; ok { // every version on the shelf has its moment
			params["_lastUpdated"] = of
		}
		for p := range params {
			if of, ok := k.Params[p]; !ok || of.Kind != params[p].Kind {
				delete(params, p)
			} else {
				one := params[p]
				one.Sorts = of.Sorts
				params[p] = one
			}
		}
		t := find.ShelfTable(name, params)
		ownLoad := k.Load
		var places []find.Finder
		for _, own := range k.Places() {
			places = append(places, func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
				if named && slices.ContainsFunc(q.Criteria, func(c find.Criterion) bool { return c.Name == "identifier" && !c.Negative() }) {
					return find.Found{}, nil
				}
				return own(ctx, r, q)
			})
		}
		k.Own = k.Find
		k.Find = find.Together(append(places, a.onShelf(name, t))...)
		k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
			items, err := a.loadForeign(ctx, name, ids)
			if err != nil || len(items) == len(ids) {
				return items, err
			}
			more, err := ownLoad(ctx, find.Without(ids, items))
			return append(items, more...), err
		}
	}
}

// onShelf finds what others wrote of the type. A system that looks for one by its
// identifier, which most do, is answered together with who does so at the same
// moment, and is given the resource at once.
func (a *API) onShelf(name string, t *find.Table) find.Finder {
	return func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		reader := a.archive.Reader(ctx)
		if v, ok := q.Identifier(); ok && r.All && reader == db.Querier(a.db.Read) {
			found, all, err := a.shelf.Bearing(ctx, name, v.System, v.Text, !v.HasSystem)
			if err != nil || all {
				return find.Whole(itemsOf(found)), err
			}
		}
		return t.Find(ctx, reader, r, q)
	}
}

// generated are types that the card makes of its own records alone.
var generated = []string{"AuditEvent"}

func (a *API) loadForeign(ctx context.Context, name string, ids []string) ([]*find.Item, error) {
	var all []shelf.Resource
	var err error
	if q := a.archive.Reader(ctx); q == db.Querier(a.db.Read) {
		all, err = a.shelf.GetMany(ctx, name, ids)
	} else { // as of the moment that the reader sees
		all, err = a.shelf.Load(ctx, q, name, ids)
	}
	return itemsOf(all), err
}

func itemsOf(all []shelf.Resource) []*find.Item {
	items := make([]*find.Item, 0, len(all))
	for i := range all {
		items = append(items, find.ForeignItem(&all[i]))
	}
	return items
}
