package fhir_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/bulk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/document"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
	"github.com/sanarip/sanarip/system/card/internal/fhir/profile"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/referred"
	"github.com/sanarip/sanarip/system/card/internal/fhir/terminology"
)

// whole runs the test over all that the card offers, with a token for
// everything.
func whole(t *testing.T, run func(t *testing.T, h *fhirtest.Hospital, rest fhir.CapabilityRest)) {
	t.Helper()
	fhirtest.Each(t, slices.Concat(clinical.Offers(), document.Offers(), referred.Offers()), func(t *testing.T, h *fhirtest.Hospital) {
		gather.Mount(h.API)
		document.Mount(h.API)
		terminology.Mount(h.API, h.DB, h.Clock)
		d := &bulk.Desk{API: h.API, DB: h.DB, Clock: h.Clock, Queue: job.New(h.DB, h.Clock, slog.New(slog.DiscardHandler), job.Config{})}
		d.Offer()
		h.Tokens["all"] = access.Token{Active: true, Scopes: []string{"system/*.read", "system/*.write"}, ClientID: "all", Machine: true}
		var s fhir.CapabilityStatement
		if err := json.Unmarshal(h.Get("/metadata", "").Body, &s); err != nil {
			t.Fatal(err)
		}
		run(t, h, s.Rest[0])
	})
}

// absent says that the answer is that of an address or method that is not there,
// rather than of a resource that is not.
func absent(a fhirtest.Answer) bool {
	switch a.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusForbidden, http.StatusUnauthorized:
		return true
	}
	return a.Status >= 500 || a.Status == http.StatusNotFound && strings.Contains(string(a.Body), "not-supported")
}

// one is the id of some resource of the type, or one that nobody has.
func one(h *fhirtest.Hospital, kind string) string {
	if found := h.Get("/"+kind+"?_count=1", "all").Resources(); len(found) > 0 {
		_, id, _ := strings.Cut(found[0], "/")
		return id
	}
	return "nobody"
}

// interactions are the ways to ask for each code of the statement; every type is
// asked for all of them.
var interactions = []struct{ code, method, path string }{
	{"read", "GET", "/{kind}/{id}"},
	{"search-type", "GET", "/{kind}?_count=1"},
	{"search-type", "POST", "/{kind}/_search"},
	{"create", "POST", "/{kind}"},
	{"update", "PUT", "/{kind}/made-by-the-test"},
	{"delete", "DELETE", "/{kind}/made-by-the-test"},
	{"patch", "PATCH", "/{kind}/{id}"},
	{"vread", "GET", "/{kind}/{id}/_history/1"},
	{"history-instance", "GET", "/{kind}/{id}/_history"},
	{"history-type", "GET", "/{kind}/_history"},
}

// Each interaction that the statement declares is there, each that it does not
// declare is not; the same for types.
func TestStatementTellsTheInteractions(t *testing.T) {
	whole(t, func(t *testing.T, h *fhirtest.Hospital, rest fhir.CapabilityRest) {
		declared := map[string]bool{}
		for _, r := range rest.Resource {
			declared[r.Type] = true
			id := one(h, r.Type)
			for _, i := range interactions {
				path := strings.NewReplacer("{kind}", r.Type, "{id}", id).Replace(i.path)
				body, header := "", []string{}
				switch i.method {
				case "POST", "PUT":
					body, header = `{"resourceType":"`+r.Type+`","id":"made-by-the-test"}`, []string{"Content-Type", "application/fhir+json"}
					if i.code == "search-type" {
						body, header = "_id=nobody", []string{"Content-Type", "application/x-www-form-urlencoded"}
					}
				}
				a := h.Ask(i.method, path, "all", body, header...)
				offered := slices.ContainsFunc(r.Interaction, func(o fhir.CapabilityInteraction) bool { return o.Code == i.code })
				if there := !absent(a); there != offered {
					t.Errorf("%s %s (%s): declared %v, answered %d %s", i.method, path, i.code, offered, a.Status, a.Body)
				}
			}
			for _, address := range r.SupportedProfile {
				if found := h.Get("/StructureDefinition?url="+url.QueryEscape(address), "").Resources(); len(found) != 1 {
					t.Errorf("%s: profile %s: %v", r.Type, address, found)
				}
			}
		}
		for _, kind := range r4.Kinds() {
			if a := h.Get("/"+kind+"?_count=1", "all"); declared[kind] == absent(a) {
				t.Errorf("%s: declared %v, answered %d %s", kind, declared[kind], a.Status, a.Body)
			}
		}
		for _, code := range []string{"transaction", "batch"} {
			if !slices.Contains(rest.Interaction, fhir.CapabilityInteraction{Code: code}) {
				t.Errorf("%s is not declared", code)
			}
			a := h.Ask("POST", "", "all", `{"resourceType":"Bundle","type":"`+code+`","entry":[{"request":{"method":"GET","url":"Patient?_count=1"}}]}`, "Content-Type", "application/fhir+json")
			if a.Status != http.StatusOK {
				t.Errorf("%s: %d %s", code, a.Status, a.Body)
			}
		}
		if len(rest.Interaction) != 2 || !absent(h.Get("/_history", "all")) || !absent(h.Get("?_type=Patient", "all")) {
			t.Errorf("%v, but history-system or search-system answers", rest.Interaction)
		}
	})
}

// Each search parameter and each include that the statement declares is taken by
// a strict search; one of R4's that is not declared is refused.
func TestStatementTellsTheParameters(t *testing.T) {
	values := map[string]string{"token": "https://example.org|x", "reference": "nobody", "date": "2026-11-22", "string": "a", "uri": profile.Canonical}
	whole(t, func(t *testing.T, h *fhirtest.Hospital, rest fhir.CapabilityRest) {
		strict := func(kind, query string) fhirtest.Answer {
			return h.Get("/"+kind+"?_count=1&"+query, "all", "Prefer", "handling=strict")
		}
		for _, r := range rest.Resource {
			known := map[string]bool{}
			var asked []string
			for _, p := range r.SearchParam {
				known[p.Name] = true
				for modifier, value := range map[string]string{"missing": "true", "not": "x", "exact": "a", "contains": "a", "text": "a", "in": "x", "above": "x", "identifier": "x|1"} {
					taken := modifier == "missing" && p.Name != "_id" || modifier == "not" && p.Type == find.TokenParam && p.Name != "_id" ||
						(modifier == "exact" || modifier == "contains") && p.Type == find.StringParam
					if r.Type == "StructureDefinition" || r.Type == "CodeSystem" || r.Type == "ValueSet" {
						continue // read without a token, by their addresses
					}
					a := strict(r.Type, p.Name+":"+modifier+"="+url.QueryEscape(value))
					if want := map[bool]int{true: http.StatusOK, false: http.StatusBadRequest}[taken]; a.Status != want {
						t.Errorf("%s?%s:%s: %d %s", r.Type, p.Name, modifier, a.Status, a.Body)
					}
				}
				asked = append(asked, p.Name+"="+url.QueryEscape(values[string(p.Type)]))
			}
			for _, p := range r4.Params(r.Type) {
				if a := strict(r.Type, p.Name+"=x"); !known[p.Name] && a.Status != http.StatusBadRequest {
					t.Errorf("%s?%s is not declared: %d", r.Type, p.Name, a.Status)
				}
			}
			for _, i := range r.SearchInclude {
				asked = append(asked, "_include="+i, "_include:iterate="+i)
			}
			for _, i := range r.SearchRevInclude {
				asked = append(asked, "_revinclude="+i, "_revinclude:iterate="+i)
			}
			for some := range slices.Chunk(asked, 20) { // a strict search names each that it does not take
				if a := strict(r.Type, strings.Join(some, "&")); a.Status != http.StatusOK {
					t.Errorf("%s?%s: %d %s", r.Type, strings.Join(some, "&"), a.Status, a.Body)
				}
			}
		}
	})
}

// Each operation that the statement declares answers, and each that is mounted is
// declared; the way to the files of an export is told by the export itself.
func TestStatementTellsTheOperations(t *testing.T) {
	whole(t, func(t *testing.T, h *fhirtest.Hospital, rest fhir.CapabilityRest) {
		declared := map[string][]fhir.CapabilityOperation{"": rest.Operation}
		for _, r := range rest.Resource {
			declared[r.Type] = r.Operation
		}
		mounted := map[string]int{}
		twice := map[string]bool{} // of a type and of one resource: declared once
		for _, o := range h.API.Mounted() {
			told := fhir.CapabilityOperation{Name: strings.TrimPrefix(o.Name, "$"), Definition: o.Definition}
			if o.Name != "$export-job" && !slices.Contains(declared[o.Kind], told) {
				t.Errorf("%s %s is mounted and not declared", o.Kind, o.Name)
			}
			if o.Definition != "" && !twice[o.Kind+o.Name] {
				mounted[o.Kind]++
				twice[o.Kind+o.Name] = true
			}
			path := "/" + o.Name
			if o.Instance {
				path = "/" + one(h, o.Kind) + path
			}
			if o.Kind != "" {
				path = "/" + o.Kind + path
			}
			if a := h.Get(path, "all", "Prefer", "respond-async"); o.Definition != "" && absent(a) {
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
			}
		}
		for kind, all := range declared {
			if len(all) != mounted[kind] {
				t.Errorf("%s: %v declared, %d mounted", kind, all, mounted[kind])
			}
		}
	})
}

// The definitions are there for everybody, by id and by address; nothing else is
// found by them.
func TestDefinitionsAreServed(t *testing.T) {
	whole(t, func(t *testing.T, h *fhirtest.Hospital, _ fhir.CapabilityRest) {
		for _, d := range profile.All() {
			a := h.Get("/"+d.Kind+"/"+d.ID, "")
			if a.Status != http.StatusOK || a.JSON["url"] != d.URL {
				t.Errorf("%s: %d %s", d.ID, a.Status, a.Body)
			}
			if found := h.Get("/"+d.Kind+"?url="+url.QueryEscape(d.URL), "").Resources(); !slices.Equal(found, []string{d.Kind + "/" + d.ID}) {
				t.Errorf("%s: %v", d.URL, found)
			}
		}
		for path, want := range map[string]int{
			"/StructureDefinition/nobody": 404, "/StructureDefinition/patient/x": 404, "/StructureDefinition?x=1": 400, "/CodeSystem?type=x": 400,
			"/CodeSystem?%zz": 400,
		} {
			if a := h.Get(path, ""); a.Status != want || a.JSON["resourceType"] != "OperationOutcome" {
				t.Errorf("%s: %d %s", path, a.Status, a.Body)
			}
		}
		var paged []string
		for next := "/StructureDefinition?type=Encounter,Location&_count=1"; next != "" && len(paged) < 9; {
			a := h.Get(next, "")
			paged, next = append(paged, a.Resources()...), a.Next()
			if a.JSON["total"] != 4.0 || len(a.Resources()) != 1 {
				t.Errorf("%s", a.Body)
			}
		}
		if slices.Sort(paged); len(slices.Compact(paged)) != 4 {
			t.Errorf("%v", paged)
		}
	})
}

// A medicine to which another system's prescription leads is told with it (IPA).
func TestAMedicineIsIncluded(t *testing.T) {
	whole(t, func(t *testing.T, h *fhirtest.Hospital, _ fhir.CapabilityRest) {
		write := func(path, body string) {
			t.Helper()
			if a := h.Ask("PUT", path, "all", body, "Content-Type", "application/fhir+json"); a.Status != http.StatusCreated {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		write("/Medication/m", `{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"urn:atc","code":"J01DD04"}]}}`)
		write("/MedicationRequest/by-another", `{"resourceType":"MedicationRequest","id":"by-another","status":"active","intent":"order","subject":{"reference":"Patient/`+
			fhirtest.PatientID+`"},"medicationReference":{"reference":"Medication/m"}}`)
		found := h.Get("/MedicationRequest?medication.code=J01DD04&_include=MedicationRequest:medication", "all").Resources()
		if !slices.Equal(found, []string{"MedicationRequest/by-another", "Medication/m"}) {
			t.Errorf("%v", found)
		}
		all := h.Get("/MedicationRequest?patient="+fhirtest.PatientID+"&_include=MedicationRequest:medication", "all").Resources()
		if !slices.Contains(all, "Medication/m") || !slices.Contains(all, "MedicationRequest/"+fhirtest.Drug) {
			t.Errorf("%v", all)
		}
	})
}

// Where a type can be searched by _lastUpdated, each of its resources is found by the
// moment that its meta tells.
func TestLastUpdatedIsThatOfMeta(t *testing.T) {
	whole(t, func(t *testing.T, h *fhirtest.Hospital, rest fhir.CapabilityRest) {
		tried := map[string]int{}
		for _, r := range rest.Resource {
			if !slices.ContainsFunc(r.SearchParam, func(p fhir.CapabilityParam) bool { return p.Name == "_lastUpdated" }) {
				continue
			}
			for _, found := range h.Get("/"+r.Type+"?_count=100", "all").Resources() {
				_, id, _ := strings.Cut(found, "/")
				meta, _ := h.Get("/"+found, "all").JSON["meta"].(map[string]any)
				moment, _ := meta["lastUpdated"].(string)
				for prefix, want := range map[string]int{"": 1, "lt": 0, "gt": 0, "ge": 1} {
					a := h.Get("/"+r.Type+"?_id="+id+"&_lastUpdated="+prefix+url.QueryEscape(moment), "all")
					if got := len(a.Resources()); got != want || moment == "" {
						t.Errorf("%s %s%s: %d of %d: %s", found, prefix, moment, got, want, a.Body)
					}
				}
				tried[r.Type]++
			}
		}
		for _, kind := range []string{"Procedure", "Observation", "DiagnosticReport", "Provenance", "AuditEvent"} {
			if tried[kind] == 0 {
				t.Errorf("no %s was tried: %v", kind, tried)
			}
		}
	})
}

// ЕСИ grants scopes of the types that are served, and to write of those that are
// written: it goes by what the contract names.
func TestTheContractNamesWhatIsServed(t *testing.T) {
	whole(t, func(t *testing.T, _ *fhirtest.Hospital, rest fhir.CapabilityRest) {
		var served, readOnly []string
		for _, r := range rest.Resource {
			served = append(served, r.Type)
			if !slices.ContainsFunc(r.Interaction, func(i fhir.CapabilityInteraction) bool { return i.Code == "create" }) {
				readOnly = append(readOnly, r.Type)
			}
		}
		if !slices.Equal(served, cardapi.FHIRKinds) || !slices.Equal(readOnly, cardapi.FHIRReadOnly) {
			t.Errorf("served: %v\nread only: %v", served, readOnly)
		}
	})
}
