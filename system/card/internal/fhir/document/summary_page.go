package document

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
)

const ips = "http://hl7.org/fhir/uv/ips/StructureDefinition/"

// ipsSection is a section of the International Patient Summary (HL7 IPS,
// Composition-uv-ips). The required ones are there even if nothing is known:
// then with a resource that says so.
type ipsSection struct {
	code, display, key string
	finds              []find
	absent             func(patient string) any // nil: the section is left out when empty
}

// find is a search that fills a section.
type find struct {
	kind   string
	params url.Values
}

// notInError leaves out what its author has taken back.
var notInError = url.Values{"status:not": {"entered-in-error"}}

var ipsSections = []ipsSection{
	{"11450-4", "Problem list - Reported", "card.document.problems", []find{{"Condition", url.Values{"clinical-status": {"active"}, "verification-status:not": {"entered-in-error", "refuted"}}}}, noProblems},
	{"48765-2", "Allergies and adverse reactions Document", "card.document.allergies", []find{{"AllergyIntolerance", url.Values{"verification-status:not": {"entered-in-error", "refuted"}}}}, noAllergies},
	{"10160-0", "History of Medication use Narrative", "card.document.medication", []find{
		{"MedicationStatement", notInError}, {"MedicationRequest", url.Values{"status": {"active"}}},
	}, noMedication},
	{"11369-6", "History of Immunization Narrative", "card.document.immunizations", []find{{"Immunization", notInError}}, nil},
	{"30954-2", "Relevant diagnostic tests/laboratory data Narrative", "card.document.results", []find{
		{"Observation", url.Values{"category": {"laboratory"}, "status:not": {"entered-in-error"}}}, {"DiagnosticReport", notInError},
	}, nil},
	{"47519-4", "History of Procedures Document", "card.document.operations", []find{{"Procedure", notInError}}, nil},
	{"8716-3", "Vital signs", "card.document.vitals", []find{{"Observation", url.Values{"category": {"vital-signs"}, "status:not": {"entered-in-error"}}}}, nil},
	{"104605-1", "Alert", "card.document.alerts", []find{{"Flag", notInError}}, nil},
}

// mostOfSection is how many resources of a type a section holds that need not be
// there: the newest ones. Problems, allergies and medication are told whole: one
// that is left out would be taken for one that is not.
const mostOfSection = 50

func noProblems(patient string) any {
	return map[string]any{
		"resourceType": "Condition", "clinicalStatus": datatype.Code(hl7+"condition-clinical", "active", ""),
		"code": datatype.Code(unknown, "no-problem-info", "No information about problems"), "subject": datatype.To("Patient", patient),
	}
}

func noAllergies(patient string) any {
	return map[string]any{
		"resourceType": "AllergyIntolerance", "clinicalStatus": datatype.Code(hl7+"allergyintolerance-clinical", "active", ""),
		"code": datatype.Code(unknown, "no-allergy-info", "No information about allergies"), "patient": datatype.To("Patient", patient),
	}
}

func noMedication(patient string) any {
	return map[string]any{
		"resourceType": "MedicationStatement", "status": "unknown", "subject": datatype.To("Patient", patient),
		"medicationCodeableConcept": datatype.Code(unknown, "no-medication-info", "No information about medications"),
		"_effectiveDateTime": map[string]any{"extension": []any{map[string]any{
			"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown",
		}}},
	}
}

// summary answers Patient/id/$summary.
func (m *maker) summary(w http.ResponseWriter, r *http.Request, on fhir.Target) error {
	ctx := r.Context()
	for name := range r.URL.Query() {
		if name != "_format" && name != "_pretty" {
			return fhir.Refuse(http.StatusBadRequest, "not-supported", "card.fhir.refused_parameter", "Name", clipped(name))
		}
	}
	caller, err := m.api.Caller(r)
	if err != nil {
		return err
	}
	patient, err := caller.Items(ctx, "Patient", []string{on.ID})
	if err != nil {
		return err
	}
	if len(patient) == 0 {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	items, made := slices.Clone(patient), []Entry{}
	// The card itself is the author: no person has put the summary together.
	author, err := fresh(map[string]any{
		"resourceType": "Device", "deviceName": []any{map[string]any{"name": text.T(ctx, "card.title"), "type": "user-friendly-name"}},
	})
	if err != nil {
		return err
	}
	made = append(made, author)
	c := &Composition{
		Status: "final", Type: datatype.Code(loinc, "60591-5", "Patient summary Document"), Subject: datatype.To("Patient", on.ID),
		Date: datatype.Moment(m.api.Now()), Author: []*datatype.Reference{{Reference: author.FullURL}}, Title: text.T(ctx, "card.document.summary"),
	}
	c.ResourceType = "Composition"
	for _, s := range ipsSections {
		section, found, absent, err := m.section(ctx, caller, s, on.ID)
		if err != nil {
			return err
		}
		if section == nil {
			continue
		}
		c.Section, items = append(c.Section, *section), append(items, found...)
		if absent != nil {
			made = append(made, *absent)
		}
	}
	named, err := gather.Named(ctx, caller, items, []string{"Encounter", "Location", "Medication", "Observation", "Organization", "Practitioner", "PractitionerRole", "ServiceRequest"}, nil)
	if err != nil {
		return err
	}
	if err := caller.Tell(ctx, "fhir.summary", append(slices.Clone(items), named...)); err != nil {
		return err
	}
	first, err := fresh(c)
	if err != nil {
		return err
	}
	b := m.bundle(first, made, append(items, named...))
	b.Meta = &Profiles{[]string{ips + "Bundle-uv-ips"}}
	return fhir.Send(w, http.StatusOK, b)
}

// section fills one; nil for one that is left out. A type that the token does not
// open is not told from one without records: it says that nothing is known.
func (m *maker) section(ctx context.Context, caller fhir.Caller, s ipsSection, patient string) (*Section, []fhir.Item, *Entry, error) {
	section := &Section{Title: text.T(ctx, s.key), Code: datatype.Code(loinc, s.code, s.display)} // text: card.document.*
	var items []fhir.Item
	var lines [][]string
	for _, f := range s.finds {
		param := m.api.Leading(f.kind, "Patient", "patient", "subject")
		if param == "" || !caller.May(f.kind) {
			continue
		}
		params := url.Values{param: {patient}}
		for name, values := range f.params {
			params[name] = values
		}
		if by := m.api.Sorting(f.kind, "date", "recorded-date", "authoredon", "_lastUpdated"); by != "" {
			params["_sort"] = []string{"-" + by}
		}
		var after []string
		for {
			found, next, err := caller.Find(ctx, f.kind, params, mostOfSection, after)
			if err != nil {
				return nil, nil, nil, err
			}
			items = append(items, found...)
			if after = next; after == nil || s.absent == nil {
				break
			}
		}
	}
	for _, i := range items {
		section.Entry = append(section.Entry, datatype.To(i.Kind(), i.ID()))
		lines = append(lines, describe(i.JSON()))
	}
	if len(items) > 0 {
		section.Text = narrative(lines)
		return section, items, nil, nil
	}
	if s.absent == nil {
		return nil, nil, nil, nil
	}
	absent, err := fresh(s.absent(patient))
	section.Entry = []*datatype.Reference{{Reference: absent.FullURL}}
	section.Text = narrative([][]string{{text.T(ctx, "card.document.nothing_known")}})
	return section, nil, &absent, err
}

// describe is a resource in a line for a person: what, how much, when.
func describe(resource []byte) []string {
	type concept struct {
		Text   string `json:"text"`
		Coding []struct{ Code, Display string }
	}
	type quantity struct {
		Value json.Number `json:"value"`
		Unit  string      `json:"unit"`
	}
	type value struct {
		Code     concept   `json:"code"`
		Quantity *quantity `json:"valueQuantity"`
		String   string    `json:"valueString"`
	}
	var r struct {
		value
		Component  []value                 `json:"component"`
		Medication concept                 `json:"medicationCodeableConcept"`
		Vaccine    concept                 `json:"vaccineCode"`
		Dosage     []struct{ Text string } `json:"dosageInstruction"`
		Conclusion string                  `json:"conclusion"`
		Effective  string                  `json:"effectiveDateTime"`
		Recorded   string                  `json:"recordedDate"`
		Performed  string                  `json:"performedDateTime"`
		Authored   string                  `json:"authoredOn"`
	}
	if json.Unmarshal(resource, &r) != nil {
		return nil
	}
	name := func(c concept) string {
		said := c.Text
		if len(c.Coding) > 0 {
			if said == "" {
				said = c.Coding[0].Display
			}
			said = strings.TrimSpace(c.Coding[0].Code + " " + said)
		}
		return said
	}
	amount := func(v value) string {
		if v.Quantity != nil {
			return strings.TrimSpace(v.Quantity.Value.String() + " " + v.Quantity.Unit)
		}
		return v.String
	}
	values := []string{amount(r.value), r.Conclusion}
	for _, c := range r.Component {
		values = append(values, strings.TrimSpace(name(c.Code)+" "+amount(c)))
	}
	for _, d := range r.Dosage {
		values = append(values, d.Text)
	}
	values = slices.DeleteFunc(values, func(s string) bool { return s == "" })
	what, when := name(r.Code)+name(r.Medication)+name(r.Vaccine), r.Effective+r.Recorded+r.Performed+r.Authored
	if len(when) > 10 {
		when = when[:10]
	}
	return []string{what, strings.Join(values, "; "), when}
}
