package fhir

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
)

func form(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

// Each parameter finds what it should and no more.
func TestSearchParameters(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		doctor, head := s.ids.Staff(demo.Doctor.PIN), s.ids.Staff(demo.Head.PIN)
		claims := []string{s.ids.Claim(formNumber, 1), s.ids.Claim(formNumber, 2), s.ids.Claim(formNumber, 3)}
		for _, c := range []struct {
			kind string
			q    url.Values
			want []string
		}{
			{"Patient", form("_id", patientID), []string{patientID}},
			{"Patient", form("_id", patientID+","+unknownID), []string{patientID, unknownID}},
			{"Patient", form("_id", "nobody"), nil},
			{"Patient", form("identifier", datatype.SIDPIN+"|"+demo.Patient.PIN), []string{patientID}},
			{"Patient", form("identifier", demo.Patient.PIN), []string{patientID}},
			{"Patient", form("identifier", datatype.SIDPassport+"|"+demo.Patient.PIN), nil},
			{"Patient", form("identifier", datatype.SIDPassport+"|ID1000217"), []string{patientID}},
			{"Patient", form("identifier", datatype.SIDPolicy+"|"), []string{patientID}},
			{"Patient", form("identifier", "|"+demo.Patient.PIN), nil},
			{"Patient", form("family", "жума"), []string{patientID}},
			{"Patient", form("family", "эрмек"), nil},
			{"Patient", form("given", "эрмек"), []string{patientID}},
			{"Patient", form("given", "Асан"), []string{patientID}},
			{"Patient", form("given", "жума"), nil},
			{"Patient", form("name", "АСАН"), []string{patientID}},
			{"Patient", form("name", "%"), nil},
			{"Patient", form("name", "_"), nil},
			{"Patient", form("family:exact", "Жумабеков"), []string{patientID}},
			{"Patient", form("family:exact", "жумабеков"), nil},
			{"Patient", form("family:contains", "БЕК"), []string{patientID}},
			{"Patient", form("family", "Жумабеков", "given", "Петр"), nil},
			{"Patient", form("family", "Иванов,Жумабеков"), []string{patientID}},
			{"Patient", form("birthdate", "1960-09-12"), []string{patientID}},
			{"Patient", form("birthdate", "1960"), []string{patientID}},
			{"Patient", form("birthdate", "ne1960-09-12"), nil},
			{"Patient", form("birthdate", "ge1960-09-12"), []string{patientID}},
			{"Patient", form("birthdate", "gt1960-09-12"), nil},
			{"Patient", form("birthdate", "gt1960-09-11"), []string{patientID}},
			{"Patient", form("birthdate", "lt1960-09-12"), nil},
			{"Patient", form("birthdate", "le1960-09-12"), []string{patientID}},
			{"Patient", form("birthdate", "sa1960-08"), []string{patientID}},
			{"Patient", form("birthdate", "eb1960-10"), []string{patientID}},
			{"Patient", form("birthdate", "sa1960"), nil},
			{"Patient", form("gender", "female"), []string{unknownID}},
			{"Patient", form("gender", "male,female"), []string{patientID, unknownID}},
			{"Patient", form("gender", "http://hl7.org/fhir/administrative-gender|male"), []string{patientID}},
			{"Patient", form("organization", "Organization/950201"), []string{unknownID}},
			{"Encounter", form("patient", "Patient/"+patientID), []string{stayID, moveID, secondMove}},
			{"Encounter", form("patient", s.base+"/Patient/"+patientID), []string{stayID, moveID, secondMove}},
			{"Encounter", form("subject:Patient", unknownID), []string{openStayID, openMoveID}},
			{"Encounter", form("status", "in-progress"), []string{openStayID, openMoveID}},
			{"Encounter", form("status", "finished", "part-of", stayID), []string{moveID, secondMove}},
			{"Encounter", form("identifier", formNumber), []string{stayID}},
			{"Encounter", form("identifier", datatype.SIDForm066+"|"+formNumber), []string{stayID}},
			{"Encounter", form("class", "IMP", "participant", doctor), []string{stayID}},
			{"Encounter", form("class", "AMB"), nil},
			{"Encounter", form("date", "2026-11", "status", "finished"), []string{stayID, moveID, secondMove}},
			{"Encounter", form("date", "ge2026-11-20"), []string{stayID, openStayID, secondMove, openMoveID}}, // ended or goes on after
			{"Encounter", form("date", "sa2026-11-19"), []string{openStayID, openMoveID}},
			{"Encounter", form("date", "eb2026-11-13"), []string{moveID}},
			{"Encounter", form("date", "ge2026-11-11", "date", "lt2026-11-12", "patient", patientID), []string{stayID, moveID}},
			{"Encounter", form("service-provider", "950201"), []string{openStayID, openMoveID}},
			{"Encounter", form("diagnosis", mainFinal), []string{stayID}},
			{"Encounter", form("diagnosis", withdrawn), nil},
			{"Condition", form("encounter", stayID, "code", "I21.0"), []string{mainFinal}},
			{"Condition", form("code", datatype.ICD10+"|I21.0,"+datatype.ICD10+"|E11.9"), []string{mainFinal, comorbid}},
			{"Condition", form("code", "http://snomed.info/sct|I21.0"), nil},
			{"Condition", form("category", "encounter-diagnosis", "clinical-status", "active"), []string{admission, mainFinal, comorbid}},
			{"Condition", form("category", datatype.CodeStage+"|final"), []string{mainFinal, comorbid}},
			{"Condition", form("clinical-status", "inactive"), []string{withdrawn}},
			{"Condition", form("verification-status", "provisional"), []string{admission}},
			{"Condition", form("recorded-date", "2026-11-20T13:15:00+06:00"), []string{mainFinal, comorbid}},
			{"Condition", form("recorded-date", "2026-11-20T13:15:00 06:00"), []string{mainFinal, comorbid}},
			{"Condition", form("recorded-date", "2026-11-20T07:15:00Z"), []string{mainFinal, comorbid}},
			{"Condition", form("recorded-date", "2026-11-20T07:15:01Z"), nil},
			{"Procedure", form("patient", patientID, "date", "2026-11-12"), []string{operation}},
			{"Procedure", form("performer", s.ids.Staff(demo.Surgeon.PIN)), []string{operation}},
			{"Procedure", form("performer", doctor), nil},
			{"Procedure", form("code", "A16.12.004", "status", "completed"), []string{operation}},
			{"Claim", form("patient", patientID), claims},
			{"Claim", form("encounter", stayID, "created", "lt2026-11-21"), claims[:2]},
			{"Claim", form("identifier", formNumber, "status", "active", "use", "claim"), claims},
			{"Claim", form("_id", claims[1]+",x"), claims[1:2]},
			{"Claim", form("status", "cancelled"), nil},
			{"ClaimResponse", form("patient", patientID), claims[:2]}, // the third awaits its decision
			{"ClaimResponse", form("request", "Claim/"+claims[0]), claims[:1]},
			{"ClaimResponse", form("outcome", "complete", "requestor", "950174"), claims[1:2]},
			{"Organization", form("name", "национ"), []string{"950174"}},
			{"Organization", form("type", "pay"), []string{"900001"}},
			{"Organization", form("identifier", datatype.SIDOrganisation+"|950201"), []string{"950201"}},
			{"Location", form("partof", "950174-18"), []string{bedOne}},
			{"Location", form("operational-status", "O"), []string{"950201-05-1-1"}},
			{"Location", form("organization", "950174", "type", "HU"), []string{"950174-18", "950174-21"}},
			{"Location", form("status", "suspended"), []string{kept.BedID(bedTwo)}},
			{"Practitioner", form("name", "асанова"), []string{doctor}},
			{"Practitioner", form("family", "Токто", "active", "true"), []string{head}},
			{"Practitioner", form("identifier", doctor), []string{doctor}},
			{"Practitioner", form("identifier", demo.Doctor.PIN), nil}, // the ПИН of staff is not told
			{"PractitionerRole", form("practitioner", head), []string{s.ids.Role(demo.Head.PIN, "950174", "21")}},
			{"PractitionerRole", form("role", "head"), []string{s.ids.Role(demo.Head.PIN, "950174", "21")}},
			{"PractitionerRole", form("location", "950201-05"), []string{s.ids.Role(demo.Surgeon.PIN, "950201", "05")}},
		} {
			a := s.ask(t, http.MethodPost, "/"+c.kind+"/_search", "machine", c.q, "Prefer", "handling=strict")
			got := a.ids("match")
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if a.status != 200 || !slices.Equal(got, want) {
				t.Errorf("%s %v: %d %v, not %v %s", c.kind, c.q, a.status, got, want, outcomeOf(a))
				continue
			}
			if int(a.json["total"].(float64)) != len(want) {
				t.Errorf("%s %v: total %v", c.kind, c.q, a.json["total"])
			}
		}
	})
}

func outcomeOf(a answer) []byte {
	if a.json["resourceType"] == "OperationOutcome" {
		return a.body
	}
	return nil
}

// A parameter without a column would find nothing, silently.
func TestEveryParameterHasAColumn(t *testing.T) {
	s := lite(t)
	tables := map[string]*find.Table{
		"Patient": kept.PatientTable(), "Encounter": kept.EncounterTable(s.ids), "Condition": kept.ConditionTable(), "Procedure": kept.ProcedureTable(s.ids),
		"Claim": kept.ClaimTable(s.ids, false), "ClaimResponse": kept.ClaimTable(s.ids, true),
	}
	for name, k := range s.kinds {
		if _, ok := tables[name]; !ok {
			continue
		}
		for p, declared := range k.Params {
			if p == "identifier" && (name == "Condition" || name == "Procedure") {
				continue // of what others wrote alone: see TestWhatOthersWroteIsFoundByTheirIdentifier
			}
			if _, ok := tables[name].Columns[p]; !ok {
				t.Errorf("%s: %s has no column", name, p)
			}
			if _, ok := tables[name].Sorts[p]; ok != declared.Sorts && p != "_id" {
				t.Errorf("%s: %s sorts: %v, declared %v", name, p, ok, declared.Sorts)
			}
		}
	}
}

// No ПИН stands in a URL: neither taken there nor sent back in a link.
func TestPINInURL(t *testing.T) {
	s := lite(t)
	for _, path := range []string{
		"/Patient?identifier=" + demo.Patient.PIN,
		"/Patient?identifier=" + url.QueryEscape(datatype.SIDPIN+"|"+demo.Patient.PIN),
		"/Patient?identifier=" + url.QueryEscape(datatype.SIDPIN+"|123"),
		"/Patient?identifier=x," + demo.Patient.PIN,
		"/Encounter?patient=Patient/" + demo.Patient.PIN,
		"/Patient?foo=" + demo.Patient.PIN,
	} {
		a := s.ask(t, http.MethodGet, path, "machine", nil, "Accept-Language", "en")
		if a.status != 400 || !bytes.Contains(a.body, []byte("_search")) || bytes.Contains(a.body, []byte(demo.Patient.PIN)) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := s.ask(t, http.MethodPost, "/Patient/_search?identifier="+demo.Patient.PIN, "machine", form("gender", "male")); a.status != 400 {
		t.Errorf("in the URL of a POST: %d", a.status)
	}
	a := s.ask(t, http.MethodPost, "/Patient/_search", "machine", form("identifier", demo.Patient.PIN))
	self := a.link("self")
	if a.status != 200 || self == "" || strings.Contains(self, demo.Patient.PIN) {
		t.Fatalf("%d %s", a.status, self)
	}
	if again := s.get(t, self, "machine"); !slices.Equal(again.ids("match"), []string{patientID}) {
		t.Errorf("the link to self leads to %s", again.body)
	}
	// The link opens nothing by itself.
	if again := s.get(t, self, "stranger"); again.status != 200 || len(again.ids("match")) != 0 {
		t.Errorf("%d %s", again.status, again.body)
	}
	if again := s.get(t, self, ""); again.status != 401 {
		t.Errorf("%d", again.status)
	}
	// Nor may another use it for another kind, change it, or keep it for ever.
	if again := s.get(t, strings.Replace(self, "/Patient?", "/Encounter?", 1), "machine"); again.status != 400 {
		t.Errorf("for another kind: %d", again.status)
	}
	if again := s.get(t, othertest.Than(self), "machine"); again.status != 400 {
		t.Errorf("changed: %d", again.status)
	}
	s.clock.Advance(cursorLife)
	if again := s.get(t, self, "machine"); again.status != 400 {
		t.Errorf("too old: %d", again.status)
	}
}

func TestStrictAndLenient(t *testing.T) {
	s := lite(t)
	a := s.ask(t, http.MethodGet, "/Patient?shoe-size=43", "machine", nil, "Prefer", "return=minimal; handling=strict")
	if a.status != 400 || a.json["resourceType"] != "OperationOutcome" || !bytes.Contains(a.body, []byte("shoe-size")) {
		t.Errorf("strict: %d %s", a.status, a.body)
	}
	a = s.get(t, "/Patient?shoe-size=43", "machine")
	if a.status != 200 || len(a.ids("match")) != 2 || len(a.ids("outcome")) != 1 || strings.Contains(a.link("self"), "shoe") {
		t.Errorf("lenient: %d %s", a.status, a.body)
	}
	for _, path := range []string{
		"/Patient?birthdate=22.11.1960", "/Patient?birthdate=1960-13", "/Patient?birthdate=1960-09-12T10:00", "/Patient?_count=-1", "/Patient?_count=x",
		"/Patient?_sort=shoe", "/Patient?_sort=family", "/Encounter?patient=Group/1", "/Encounter?patient=a%20b", "/Encounter?class.name=x&patient:missing=x",
		"/Patient?family:text=x", "/Patient?_id:not=x", "/Patient?birthdate:not=1960", "/Patient?gender:missing=maybe", "/Patient?_summary=most", "/Encounter?patient.shoe=1",
		"/Encounter?diagnosis.encounter.diagnosis.encounter.patient.family=x", "/Encounter?patient.birthdate=x", "/Encounter?patient:Group.name=x", "/Patient?_include=Patient:name", "/Patient?_include=Encounter:patient",
		"/Patient?_revinclude=Claim:encounter", "/Patient?name=%00", "/Patient?name=%ff", "/Patient?name=" + strings.Repeat("x", 301), "/Patient?_cursor=x",
		"/Patient?_id=" + strings.Repeat("a,", 51), "/Patient?" + strings.Repeat("gender=male&", 31), "/Patient?%zz",
	} {
		if a := s.get(t, path, "machine"); a.status != 400 || a.json["resourceType"] != "OperationOutcome" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// Walking the pages gives everything once, in order, whatever is written meanwhile.
func TestPagesAreComplete(t *testing.T) {
	eachSample(t, func(t *testing.T, s *sample) {
		const many = 57
		insert := func(n int) {
			t.Helper()
			err := s.db.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name) VALUES ($1, $2, 'clinical', 'comorbid', 'J06.9', '', $3, $4, '')`,
					fmt.Sprintf("018f0000-0000-7000-8000-1%011d", n), stayID, 1_700_000_000_000_000+int64(n%7), demo.Doctor.PIN)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for n := range many {
			insert(n * 2)
		}
		for walk, search := range []string{"", "&_sort=recorded-date", "&_sort=-recorded-date", "&_sort=_id", "&_sort=-_id", "&_sort=-recorded-date,_id", "&_sort=recorded-date,-_id"} {
			seen := map[string]bool{}
			path := "/Condition?code=J06.9&_count=10" + search
			pages := 0
			for path != "" {
				a := s.get(t, path, "machine")
				if a.status != 200 {
					t.Fatalf("%s: %s", path, a.body)
				}
				for _, id := range a.ids("match") {
					if seen[id] {
						t.Errorf("%s: %s twice", search, id)
					}
					seen[id] = true
				}
				pages++
				path = a.link("next")
			}
			if len(seen) < many || pages < many/10 {
				t.Errorf("%s: %d in %d pages", search, len(seen), pages)
			}
			insert(1001 + walk) // the next walk has one more
		}
		for _, kind := range []string{"Location", "PractitionerRole"} {
			for _, sort := range []string{"", "&_sort=-_id"} {
				all := s.get(t, "/"+kind+"?_count=100"+sort, "machine").ids("match")
				var walked []string
				for path := "/" + kind + "?_count=2" + sort; path != ""; {
					a := s.get(t, path, "machine")
					walked = append(walked, a.ids("match")...)
					path = a.link("next")
				}
				if !slices.Equal(all, walked) {
					t.Errorf("%s%s: %v, not %v", kind, sort, walked, all)
				}
			}
		}
		if a := s.get(t, "/Condition?_count=0", "machine"); a.json["total"].(float64) < many || len(a.ids("match")) != 0 || a.link("next") != "" {
			t.Errorf("the total alone: %s", a.body)
		}
		if got := len(s.get(t, "/Condition?_count=5000", "machine").ids("match")); got > find.MaxCount {
			t.Errorf("%d on a page", got)
		}
	})
}

func TestSortByDate(t *testing.T) {
	s := lite(t)
	if got := s.get(t, "/Encounter?_sort=-date", "machine").ids("match"); got[0] != openMoveID && got[0] != openStayID || got[4] != stayID && got[4] != moveID {
		t.Errorf("%v", got)
	}
}
