package profile_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/document"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
	"github.com/sanarip/sanarip/system/card/internal/fhir/profile"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/referred"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/card/internal/request"
)

var update = flag.Bool("update", false, "write docs/fhir anew")

// examples are of which profile each of docs/fhir/examples is.
var examples = map[string]string{
	"patient": "patient", "patient-unknown": "patient", "encounter": "stay", "encounter-open": "stay",
	"encounter-department": "department-time", "encounter-here": "department-time",
	"condition-admission": "diagnosis", "condition-final": "diagnosis", "condition-comorbid": "diagnosis", "condition-withdrawn": "diagnosis",
	"procedure": "operation", "claim": "treated-case", "claim-corrected": "treated-case",
	"claimresponse-accepted": "fund-decision", "claimresponse-returned": "fund-decision",
	"organization": "organisation", "organization-fund": "organisation",
	"location-ward": "ward", "location-bed": "bed", "location-bed-taken": "bed",
	"composition-history": "stay-document", "composition-epicrisis": "stay-document", "documentreference": "document-reference",
	"servicerequest-laboratory": "request", "servicerequest-imaging": "request", "servicerequest-ward": "request",
	"medicationrequest": "medicine", "observation-laboratory": "laboratory-result", "diagnosticreport": "answer",
	"consent": "consent", "coverage": "coverage",
	"servicerequest-referral": "referral", "servicerequest-referral-heir": "referral", "task-referral": "referral-task", "task-referral-redirected": "referral-task",
	"task-referral-answered": "referral-task", "documentreference-referral": "referral-result",
	"composition-exchange-card": "exchange-card", "documentreference-exchange-card": "exchange-card-reference",
}

// asked are the examples of the neighbouring rooms' types, from the API of their
// own tests. The others are the golden files of package fhir, which its TestGolden
// holds to the API.
var asked = map[string]string{
	"composition-history":       "/Composition/" + fhirtest.StayID + "-history",
	"composition-epicrisis":     "/Composition/" + fhirtest.StayID + "-epicrisis",
	"documentreference":         "/DocumentReference/" + fhirtest.StayID + "-epicrisis",
	"servicerequest-laboratory": "/ServiceRequest/" + fhirtest.Blood,
	"servicerequest-imaging":    "/ServiceRequest/" + fhirtest.XRay,
	"servicerequest-ward":       "/ServiceRequest/" + fhirtest.Test,
	"medicationrequest":         "/MedicationRequest/" + fhirtest.Drug,
	"observation-laboratory":    "/Observation/" + fhirtest.Blood,
	"diagnosticreport":          "/DiagnosticReport/" + fhirtest.Blood,
	"consent":                   "/Consent/" + fhirtest.Consent,
	"coverage":                  "/Coverage/" + fhirtest.PatientID + "-coverage",

	"servicerequest-referral":      "/ServiceRequest/" + fhirtest.Answered,
	"servicerequest-referral-heir": "/ServiceRequest/" + fhirtest.Heir,
	"task-referral":                "/Task/" + fhirtest.Heir,
	"task-referral-redirected":     "/Task/" + fhirtest.Redirected,
	"task-referral-answered":       "/Task/" + fhirtest.Answered,
	"documentreference-referral":   "/DocumentReference/" + fhirtest.Attached,

	"composition-exchange-card":       "/Composition/" + fhirtest.Pregnancy + "-113",
	"documentreference-exchange-card": "/DocumentReference/" + fhirtest.Pregnancy + "-113",
}

var digest = regexp.MustCompile(`"versionId": "[0-9a-f]{16}"`)

func address(id string) string { return profile.Canonical + "/StructureDefinition/" + id }

// same holds a file to what it must be, or writes it.
func same(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) { //nolint:gosec // our own documentation
		t.Errorf("%s is stale (%v): go test ./system/card/internal/fhir/profile -update", file, err)
	}
}

// The files of docs/fhir are what the program holds, no more and no less.
func TestFilesAreTheDefinitions(t *testing.T) {
	var known []string
	for _, d := range profile.All() {
		file := filepath.Join(docs, d.Kind+"-"+d.ID+".json")
		same(t, file, d.JSON)
		known = append(known, file)
		if d.URL != profile.Canonical+"/"+d.Kind+"/"+d.ID {
			t.Errorf("%s is not at its address", d.URL)
		}
		for _, f := range r4.Read(d.JSON).Faults {
			t.Errorf("%s: %s %s %v", d.URL, f.Path, f.What, f.Args)
		}
	}
	slices.Sort(known)
	if found := files(t, docs); !slices.Equal(found, known) {
		t.Errorf("files %v, definitions %v", found, known)
	}
}

// The examples are what the API answers today, on both engines.
func TestExamplesAreOfTheAPI(t *testing.T) {
	folder := filepath.Join(docs, "examples")
	fhirtest.Each(t, slices.Concat(clinical.Offers(), document.Offers(), referred.Offers()), func(t *testing.T, h *fhirtest.Hospital) {
		h.Expecting()
		h.Referring()
		for name, path := range asked {
			a := h.Get(path, "machine")
			if a.Status != 200 {
				t.Fatalf("%s: %d %s", path, a.Status, a.Body)
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, bytes.TrimSpace(a.Body), "", "  "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			got := pretty.Bytes()
			if here := []byte(strings.TrimSuffix(h.URL, "/fhir/R4")); bytes.Contains(got, here) {
				// The version is a digest of the content, and the content has the address of this server.
				got = digest.ReplaceAll(bytes.ReplaceAll(got, here, []byte("http://card.localhost:8080")), []byte(`"versionId": "0123456789abcdef"`))
			}
			same(t, filepath.Join(folder, name+".json"), got)
		}
	})
	for name := range examples {
		if asked[name] != "" {
			continue
		}
		golden, err := os.ReadFile(filepath.Join("..", "testdata", "golden", name+".json")) //nolint:gosec // our own
		if err != nil {
			t.Fatal(err)
		}
		same(t, filepath.Join(folder, name+".json"), golden)
	}
	if found := files(t, folder); len(found) != len(examples) {
		t.Errorf("%d files, %d examples", len(found), len(examples))
	}
}

// Each example is valid R4 and keeps to its profile; each element of each profile
// is met by an example, so that none is misspelt; each profile has one.
func TestExamplesKeepToTheirProfiles(t *testing.T) {
	s := open(t)
	met := map[string]map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		id := examples[name]
		example := read(t, filepath.Join(docs, "examples", name+".json"))
		if met[id] == nil {
			met[id] = map[string]bool{}
		}
		if said := example["meta"].(object)["profile"]; !slices.Equal(profilesOf(said), []string{address(id)}) {
			t.Errorf("%s says that it keeps to %v, not to %s", name, said, id)
		}
		for _, f := range s.faults(address(id), example, func(element string) { met[id][element] = true }) {
			t.Errorf("%s by %s: %s", name, id, f)
		}
		data, err := json.Marshal(example)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r4.Read(data).Faults {
			t.Errorf("%s: %s %s %v", name, f.Path, f.What, f.Args)
		}
	}
	for _, d := range profile.All() {
		if !d.Bound {
			continue
		}
		elements := decoded(t, d.JSON)["differential"].(object)["element"].([]any)
		for _, e := range elements[1:] {
			if element := e.(object)["id"].(string); !met[d.ID][element] {
				t.Errorf("%s: no example has %s", d.ID, element)
			}
		}
	}
}

func profilesOf(said any) []string {
	var all []string
	list, _ := said.([]any)
	for _, one := range list {
		all = append(all, one.(string))
	}
	return all
}

// claimed are the types of which every resource of the card's own keeps to a
// profile of ours; of Observation those of the laboratory do.
var claimed = []string{
	"Patient", "Encounter", "Condition", "Procedure", "Organization", "Location", "ServiceRequest", "MedicationRequest", "DiagnosticReport",
	"Composition", "DocumentReference", "Consent", "Coverage", "Task",
}

// Whatever way a resource is told, it says to which profile it keeps, and keeps to
// it; what other systems wrote says what they said.
func TestWhateverIsToldKeepsToItsProfile(t *testing.T) {
	s := open(t)
	fhirtest.Each(t, slices.Concat(clinical.Offers(), document.Offers(), referred.Offers()), func(t *testing.T, h *fhirtest.Hospital) {
		gather.Mount(h.API)
		document.Mount(h.API)
		h.Expecting()
		h.Referring()
		h.Tokens["writer"] = access.Token{Active: true, Scopes: []string{"system/*.write"}, ClientID: "writer", Machine: true}
		theirs := `{"resourceType":"Consent","id":"theirs","status":"active","scope":{"coding":[{"code":"treatment"}]},"category":[{"text":"x"}],"policyRule":{"text":"x"},"patient":{"reference":"Patient/` + fhirtest.PatientID + `"}}`
		if a := h.Ask(http.MethodPut, "/Consent/theirs", "writer", theirs, "Content-Type", "application/fhir+json"); a.Status != http.StatusCreated {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		seen := map[string]int{}
		hold := func(path string, r object) {
			kind := fmt.Sprint(r["resourceType"])
			meta, _ := r["meta"].(object)
			said := profilesOf(meta["profile"])
			if r["id"] == "theirs" {
				if seen["theirs"]++; said != nil {
					t.Errorf("%s: what others wrote says that it keeps to %v", path, said)
				}
				return
			}
			// A summary and its author are made for it alone.
			if r["id"] != nil && slices.Contains(claimed, kind) && len(said) != 1 {
				t.Errorf("%s: %s %v says that it keeps to %v", path, kind, r["id"], said)
			}
			for _, one := range said {
				if !strings.HasPrefix(one, profile.Canonical) {
					continue
				}
				seen[strings.TrimPrefix(one, address(""))]++
				for _, f := range s.faults(one, r, func(string) {}) {
					t.Errorf("%s: %s %v by %s: %s", path, kind, r["id"], one, f)
				}
			}
		}
		paths := []string{
			"/Patient/" + fhirtest.PatientID, "/Patient/" + fhirtest.PatientID + "/$everything?_count=500", "/Encounter/" + fhirtest.StayID + "/$everything?_count=500",
			"/Patient/" + fhirtest.PatientID + "/$summary", "/Composition/" + fhirtest.StayID + "-history/$document", "/Composition/" + fhirtest.StayID + "-epicrisis/$document",
			"/Composition/" + fhirtest.Pregnancy + "-113/$document", "/Composition/" + fhirtest.OtherStay + "-history",
		}
		for _, kind := range h.API.Kinds() {
			paths = append(paths, "/"+kind+"?_count=100")
		}
		for _, path := range paths {
			a := h.Get(path, "machine")
			if a.Status != http.StatusOK {
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
				continue
			}
			whole := decoded(t, a.Body)
			hold(path, whole)
			entries, _ := whole["entry"].([]any)
			for _, e := range entries {
				if r, ok := e.(object)["resource"].(object); ok {
					hold(path, r)
				}
			}
		}
		for _, id := range []string{
			"patient", "stay", "diagnosis", "operation", "organisation", "ward", "request", "medicine", "laboratory-result", "answer", "stay-document",
			"document-reference", "exchange-card", "exchange-card-reference", "consent", "coverage", "theirs", "referral", "referral-task",
			"referral-result",
		} {
			if seen[id] == 0 {
				t.Errorf("nothing was told of %s", id)
			}
		}
	})
}

// Whatever a profile demands is missed when it is taken from an example or made
// another: the check can fail, and each demand counts.
func TestBrokenExamplesAreFound(t *testing.T) {
	s := open(t)
	broken := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		id := examples[name]
		file := filepath.Join(docs, "examples", name+".json")
		root := s.profiles[address(id)]
		each(root, func(path []string, p *part) {
			if strings.Contains(strings.Join(path, "."), ":") {
				return // slices are broken below, one by one
			}
			_, must := p.def["min"]
			_, pattern := wanted(p.def)
			_, binding := p.def["binding"]
			if must {
				if o := read(t, file); change(o, path, func(object, string, any) (any, bool) { return nil, true }) {
					broken[id]++
					if len(s.faults(address(id), o, func(string) {})) == 0 {
						t.Errorf("%s keeps to %s without %v", name, id, path)
					}
				}
			}
			if pattern || binding {
				if o := read(t, file); change(o, path, func(_ object, _ string, v any) (any, bool) { return other(v), false }) {
					broken[id]++
					if len(s.faults(address(id), o, func(string) {})) == 0 {
						t.Errorf("%s keeps to %s with another %v", name, id, path)
					}
				}
			}
		})
	}
	for _, d := range profile.All() {
		if d.Bound && broken[d.ID] < 3 {
			t.Errorf("%s was broken %d times", d.ID, broken[d.ID])
		}
	}
	// Slices, references and codes of ours, one by one.
	for _, c := range []struct {
		name, from, to string
	}{
		{"patient", `"21209196000217"`, `"212091960002170"`},
		{"patient", `"Organization/950174"`, `"Patient/950174"`},
		{"patient", `"valueCode"`, `"valueString"`},
		{"encounter", `"code":"final"`, `"code":"last"`},
		{"encounter", `"code":"comorbid"`, `"code":"beside"`},
		{"encounter", profile.Canonical + "/CodeSystem/diagnosis-rank", profile.Canonical + "/CodeSystem/rank"},
		{"encounter", `"valueCode":"improved"`, `"valueCode":"better"`},
		{"encounter", `"ambulance"`, `"on foot"`},
		{"encounter", `"Condition/018f0000-0000-7000-8000-000000000033"`, `"Procedure/018f0000-0000-7000-8000-000000000033"`},
		{"consent", `"code":"operation"`, `"code":"anything"`},
		{"consent", `"Patient/` + fhirtest.PatientID, `"Group/` + fhirtest.PatientID},
		{"coverage", `"PUBLICPOL"`, `"SELFPAY"`},
		{"composition-exchange-card", `"57060-6"`, `"11503-0"`},
		{"documentreference-exchange-card", `"57055-6"`, `"18842-5"`},
		{"condition-final", `"encounter-diagnosis"`, `"problem-list-item"`},
		{"condition-final", `"code":"final"`, `"code":"last"`},
		{"condition-final", `http://hl7.org/fhir/sid/icd-10`, `http://hl7.org/fhir/sid/icd-9`},
	} {
		data, err := os.ReadFile(filepath.Join(docs, "examples", c.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var bare bytes.Buffer
		if err := json.Compact(&bare, data); err != nil {
			t.Fatal(err)
		}
		changed := strings.ReplaceAll(bare.String(), c.from, c.to)
		if changed == bare.String() {
			t.Errorf("%s has no %s", c.name, c.from)
		}
		if len(s.faults(address(examples[c.name]), decoded(t, []byte(changed)), func(string) {})) == 0 {
			t.Errorf("%s keeps to its profile with %s", c.name, c.to)
		}
	}
}

// each gives every element below with its path, of slices too.
func each(p *part, give func(path []string, p *part)) {
	var walk func(path []string, p *part)
	walk = func(path []string, p *part) {
		for _, c := range p.below {
			at := append(slices.Clone(path), c.name)
			give(at, c)
			walk(at, c)
		}
	}
	walk(nil, p)
}

// change gives the first value at the path to the change: another in its place,
// or none. It says whether there was one.
func change(o object, path []string, with func(in object, key string, v any) (any, bool)) bool {
	_, keys := values(o, path[0])
	for _, key := range keys {
		if len(path) == 1 {
			v, gone := with(o, key, o[key])
			if gone {
				delete(o, key)
			} else {
				o[key] = v
			}
			return true
		}
		list, ok := o[key].([]any)
		if !ok {
			list = []any{o[key]}
		}
		for _, one := range list {
			if below, ok := one.(object); ok && change(below, path[1:], with) {
				return true
			}
		}
	}
	return false
}

// other is a value of the same shape that says something else.
func other(v any) any {
	switch v := v.(type) {
	case object:
		all := object{}
		for name, one := range v {
			all[name] = other(one)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, one := range v {
			all[i] = other(one)
		}
		return all
	case bool:
		return !v
	case string:
		return v + "-other"
	}
	return v
}

// The codes are those that the card's own tables know.
func TestCodesAreTheCards(t *testing.T) {
	codes := open(t).codes
	services := slices.DeleteFunc(slices.Clone(order.OrderKinds), func(k string) bool { return k == "drug" || k == "diet" || k == "regime" })
	for set, want := range map[string][]string{
		"diagnosis-stage": diagnosis.Stages, "diagnosis-rank": diagnosis.Ranks, "request": append(services, request.Kinds...),
		"brought-by": reception.BroughtBy, "hospitalization-outcome": form.Outcomes, "hospitalization-result": form.Results,
		"consent-kind": consent.Kinds, "referral-state": referral.States, "referral-form": {referral.Form057, referral.Form028},
		"referral-purpose": {referral.Hospitalisation, referral.Consultation, referral.Examination},
	} {
		var got []string
		for known := range codes[profile.Canonical+"/ValueSet/"+set] {
			got = append(got, known[strings.IndexByte(known, '|')+1:])
		}
		slices.Sort(got)
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, the card has %v", set, got, want)
		}
	}
}
