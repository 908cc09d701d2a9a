package terminology

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

func each(t *testing.T, run func(t *testing.T, h *fhirtest.Hospital)) {
	t.Helper()
	fhirtest.Each(t, nil, func(t *testing.T, h *fhirtest.Hospital) {
		Mount(h.API, h.DB, h.Clock)
		h.Tokens["writer"] = access.Token{Active: true, Scopes: []string{"system/*.read", "system/*.write"}, ClientID: "writer", Machine: true}
		const head = "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n"
		c := clock.NewManual(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
		for _, rows := range []string{
			"1;I20;Стенокардия;;1\n2;I20.0;Нестабильная стенокардия;1;1\n3;I20.8;Другие формы стенокардии;1;1\n4;A09;Диарея;;1\n",
			"1;I20;Стенокардия;;1\n2;I20.0;Нестабильная стенокардия;1;1\n3;I20.8;Другие формы стенокардии;1;0\n4;A09;Гастроэнтерит;;1\n",
		} {
			if _, err := icd.Import(t.Context(), h.DB, c, strings.NewReader(head+rows), "test", nil); err != nil {
				t.Fatal(err)
			}
			c.Advance(365 * 24 * time.Hour)
		}
		run(t, h)
	})
}

// said are the parameters of the answer as name=value, in order; parts behind
// their parameter.
func said(a fhirtest.Answer) string {
	var p answer
	if json.Unmarshal(a.Body, &p) != nil || p.ResourceType != "Parameters" {
		return fmt.Sprint(a.Status)
	}
	var all []string
	var tell func(ps []parameter)
	tell = func(ps []parameter) {
		for _, one := range ps {
			value := one.String + one.Code + one.URI
			if one.Boolean != nil {
				value = fmt.Sprint(*one.Boolean)
			}
			if one.Coding != nil {
				value = one.Coding.Code + " " + one.Coding.Display
			}
			all = append(all, one.Name+"="+value)
			tell(one.Part)
		}
	}
	tell(p.Parameter)
	return strings.Join(all, ";")
}

const stage = datatype.CodeStage

func TestCodesAreLookedUpAndValidated(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		icd10 := "system=" + url.QueryEscape(datatype.ICD10)
		for _, c := range []struct{ path, lang, want string }{
			{"/CodeSystem/$lookup?system=" + stage + "&code=final", "ky", "name=SanaripDiagnosisStage;display=жыйынтыктоочу;"},
			{"/CodeSystem/$lookup?system=" + stage + "&code=final&displayLanguage=en", "ky", "name=SanaripDiagnosisStage;display=final;designation=;language=ru;value=заключительный"},
			{"/CodeSystem/$lookup?" + icd10 + "&code=A09", "ky", "name=ICD10;display=Гастроэнтерит;designation=;language=ru;value=Гастроэнтерит;property=;code=notSelectable;value=false"},
			{"/CodeSystem/$lookup?" + icd10 + "&code=A09&date=2025-06-01", "ru", "name=ICD10;display=Диарея;"},
			{"/CodeSystem/$lookup?" + icd10 + "&code=I20.8", "ru", "name=ICD10;display=Другие формы стенокардии;designation=;language=ru;value=Другие формы стенокардии;property=;code=notSelectable;value=true;property=;code=parent;value=I20"},
			{"/CodeSystem/$lookup?" + icd10 + "&code=Z99", "ru", "404"},
			{"/CodeSystem/$lookup?code=final", "ru", "400"},
			{"/CodeSystem/$lookup?" + icd10 + "&code=A09&date=yesterday", "ru", "400"},
			{"/CodeSystem/$lookup?" + icd10 + "&code=A09&page=2", "ru", "400"},
			{"/CodeSystem/diagnosis-stage/$validate-code?code=final", "ru", "result=true;display=заключительный"},
			{"/CodeSystem/$validate-code?url=" + stage + "&code=last", "en", "result=false;message=The system has no code “last” on that date."},
			{"/CodeSystem/$validate-code?url=" + stage + "&code=final&display=" + url.QueryEscape("клинический"), "ru", "result=false;message=Код «final» называется иначе: заключительный.;display=заключительный"},
			{"/ValueSet/icd-10/$validate-code?" + icd10 + "&code=I20.8", "en", "result=false;message=There is a code “I20.8”, but it does not stand in the set."},
			{"/ValueSet/icd-10/$validate-code?" + icd10 + "&code=I20.8&date=2025-06-01", "en", "result=true;display=Другие формы стенокардии"},
			{"/ValueSet/icd-10/$validate-code?" + icd10 + "&code=I20", "en", "result=false;"},
			{"/ValueSet/$validate-code?url=" + datatype.Canonical + "/ValueSet/bed-state&system=" + datatype.HL7 + "v2-0116&code=O", "ky", "result=true;display=Occupied"},
			{"/ValueSet/$validate-code?url=urn:nobody&system=x&code=O", "ky", "404"},
			{"/ValueSet/nobody/$validate-code?system=x&code=O", "ky", "404"},
		} {
			if got := said(h.Get(c.path, "", "Accept-Language", c.lang)); !strings.HasPrefix(got+";", c.want) {
				t.Errorf("%s: %s", c.path, got)
			}
		}
		body := `{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"` + stage + `"},{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"urn:x","code":"y"},{"system":"` + stage + `","code":"clinical"}]}}]}`
		if got := said(h.Ask(http.MethodPost, "/CodeSystem/$validate-code", "", body, "Content-Type", "application/fhir+json", "Accept-Language", "ru")); got != "result=true;display=клинический" {
			t.Errorf("a concept of two codes: %s", got)
		}
		for name, body := range map[string]string{
			"no JSON": "{", "another resource": `{"resourceType":"Patient"}`, "too many": `{"resourceType":"Parameters","parameter":[` + strings.Repeat(`{"name":"a","valueString":"b"},`, 60) + `{"name":"a"}]}`,
			"twice": `{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"a"},{"name":"url","valueUri":"b"}]}`,
		} {
			if a := h.Ask(http.MethodPost, "/CodeSystem/$lookup", "", body); a.Status != 400 || a.JSON["resourceType"] != "OperationOutcome" {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		if a := h.Ask(http.MethodPost, "/CodeSystem/$lookup", "", strings.Repeat(" ", maxBody+1)); a.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("too big: %d", a.Status)
		}
	})
}

func TestSetsAreExpandedPageByPage(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		expand := func(path string) string {
			var v valueSet
			a := h.Get(path, "", "Accept-Language", "ru")
			if a.Status != 200 || json.Unmarshal(a.Body, &v) != nil {
				return fmt.Sprint(a.Status)
			}
			all := []string{fmt.Sprint(v.Expansion.Total)}
			for _, c := range v.Expansion.Contains {
				all = append(all, c.Code+" "+c.Display)
			}
			return strings.Join(all, "; ")
		}
		set := "/ValueSet/$expand?url=" + datatype.Canonical + "/ValueSet/"
		for path, want := range map[string]string{
			set + "diagnosis-rank": "3; main основной; complication осложнение; comorbid сопутствующий",
			set + "diagnosis-rank&displayLanguage=ky&offset=1&count=1":                            "3; complication татаалдашуу",
			set + "diagnosis-rank&filter=" + url.QueryEscape("КОШТ"):                              "1; comorbid сопутствующий",
			set + "diagnosis-rank&count=0":                                                        "3",
			set + "diagnosis-rank&offset=9":                                                       "3",
			"/ValueSet/bed-state/$expand?count=2":                                                 "4; U Unoccupied; O Occupied",
			"/ValueSet/icd-10/$expand?count=1":                                                    "2; A09 Гастроэнтерит",
			"/ValueSet/icd-10/$expand?offset=1":                                                   "2; I20.0 Нестабильная стенокардия",
			"/ValueSet/icd-10/$expand?filter=" + url.QueryEscape("стенок нестаб"):                 "1; I20.0 Нестабильная стенокардия",
			"/ValueSet/$expand?url=" + url.QueryEscape(datatype.ICD10+"?fhir_vs") + "&filter=A09": "1; A09 Гастроэнтерит",
			"/ValueSet/icd-10/$expand?date=2025-06-01":                                            "3; A09 Диарея; I20.0 Нестабильная стенокардия; I20.8 Другие формы стенокардии",
			"/ValueSet/icd-10/$expand?date=2025-06-01&offset=2":                                   "3; I20.8 Другие формы стенокардии",
			"/ValueSet/icd-10/$expand?date=2026-06-01":                                            "2; A09 Гастроэнтерит; I20.0 Нестабильная стенокардия",
			"/ValueSet/icd-10/$expand?date=2025-06-01&filter=" + url.QueryEscape("диарея"):        "1; A09 Диарея",
			"/ValueSet/icd-10/$expand?date=2026-06-01&filter=" + url.QueryEscape("диарея"):        "0",
			"/ValueSet/icd-10/$expand?date=yesterday":                                             "400",
			"/ValueSet/icd-10/$expand?count=-1":                                                   "400",
			"/ValueSet/icd-10/$expand?count=1&count=2":                                            "400",
			"/ValueSet/$expand": "404",
		} {
			if got := expand(path); got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
	})
}

// Our sets are there for everybody; with a token they stand beside those that
// systems write, and nobody writes over ours.
func TestSetsOfOursStandBesideThoseOfOthers(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		if a := h.Get("/ValueSet/bed-state", ""); a.Status != 200 || a.JSON["url"] != datatype.Canonical+"/ValueSet/bed-state" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		theirs := `{"resourceType":"ValueSet","id":"theirs","url":"urn:theirs","name":"Theirs","status":"active"}`
		if a := h.Ask(http.MethodPut, "/ValueSet/theirs", "writer", theirs, "Content-Type", "application/fhir+json"); a.Status != 201 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if a := h.Ask(http.MethodPut, "/ValueSet/bed-state", "writer", strings.ReplaceAll(theirs, `"theirs"`, `"bed-state"`), "Content-Type", "application/fhir+json"); a.Status != 405 {
			t.Errorf("ours is written over: %d %s", a.Status, a.Body)
		}
		for path, want := range map[string]string{
			"/ValueSet?url=urn:theirs":                                    "ValueSet/theirs",
			"/ValueSet?url=" + datatype.Canonical + "/ValueSet/bed-state": "ValueSet/bed-state",
			"/ValueSet?_id=bed-state,theirs":                              "ValueSet/bed-state ValueSet/theirs",
		} {
			if got := strings.Join(h.Get(path, "machine").Resources(), " "); got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
		if got := h.Get("/ValueSet?url=urn:theirs", "").Resources(); len(got) != 0 {
			t.Errorf("without a token: %v", got)
		}
		seen := map[string]bool{}
		for next := "/ValueSet?_count=3"; next != "" && len(seen) < 50; {
			a := h.Get(next, "")
			for _, one := range a.Resources() {
				seen[one] = true
			}
			next = a.Next()
		}
		if len(seen) != len(newBook(nil).sets) {
			t.Errorf("%v", seen)
		}
	})
}

// A code is translated where a map on the shelf leads, and nowhere else.
func TestWhatAMapLeadsToIsTranslated(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		put := `{"resourceType":"ConceptMap","id":"m","url":"urn:map","status":"active","group":[{"source":"http://snomed.info/sct","target":"` + datatype.ICD10 +
			`","element":[{"code":"4557003","target":[{"code":"I20.0","equivalence":"equivalent"}]},{"code":"1","target":[{"equivalence":"unmatched"}]}]}]}`
		if a := h.Ask(http.MethodPut, "/ConceptMap/m", "writer", put, "Content-Type", "application/fhir+json"); a.Status != 201 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		const from = "/ConceptMap/$translate?system=http://snomed.info/sct&code="
		found := "result=true;match=;equivalence=equivalent;concept=I20.0 Нестабильная стенокардия;source=urn:map"
		for path, want := range map[string]string{
			from + "4557003": found,
			from + "4557003&url=urn:map&targetsystem=" + datatype.ICD10:               found,
			from + "4557003&target=" + datatype.Canonical + "/ValueSet/icd-10":        found,
			from + "4557003&url=urn:other":                                            "result=false;message=В таблице соответствий этого кода нет.",
			from + "1":                                                                "result=false;message=В таблице соответствий этого кода нет.",
			"/ConceptMap/$translate?reverse=true&code=I20.0&system=" + datatype.ICD10: "result=true;match=;equivalence=equivalent;concept=4557003 ;source=urn:map",
			"/ConceptMap/$translate":                                                  "400",
		} {
			if got := said(h.Get(path, "machine", "Accept-Language", "ru")); got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
		for token, want := range map[string]int{"": 401, "narrow": 403} {
			if a := h.Get(from+"4557003", token); a.Status != want {
				t.Errorf("%q: %d", token, a.Status)
			}
		}
	})
}

func TestTheStatementTellsOfTheTerminology(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		a := h.Get("/metadata?mode=terminology", "")
		for _, part := range []string{`"TerminologyCapabilities"`, stage, datatype.ICD10, `"paging":true`} {
			if !strings.Contains(string(a.Body), part) {
				t.Errorf("no %s: %s", part, a.Body)
			}
		}
		whole := string(h.Get("/metadata", "").Body)
		for _, name := range []string{"CodeSystem-lookup", "CodeSystem-validate-code", "ValueSet-expand", "ValueSet-validate-code", "ConceptMap-translate"} {
			if !strings.Contains(whole, definitions+name) {
				t.Errorf("no %s", name)
			}
		}
	})
}

// Whatever comes in is read or refused.
func FuzzParameters(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Parameters","parameter":[{"name":"code","valueCode":"x"},{"name":"count","valueInteger":3},{"name":"c","valueCoding":{"code":"y"}}]}`))
	f.Add([]byte(`{"resourceType":"Parameters","parameter":[{"name":"date","valueDate":"2026-11-22"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := readParameters(body)
		if err != nil {
			return
		}
		for name, value := range a.values {
			if value == "" || len(value) > maxValue {
				t.Errorf("%s: %q", name, value)
			}
		}
		if err := a.settle([]string{"code", "date", "count"}, "ru", fhirtest.Now); err == nil && len(a.codings) > maxParams+1 {
			t.Errorf("%d codes", len(a.codings))
		}
		if n, err := a.number("count", 1, mostCount); err == nil && (n < 0 || n > mostCount) {
			t.Errorf("count %d", n)
		}
	})
}
