package document_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/document"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

func each(t *testing.T, run func(t *testing.T, h *fhirtest.Hospital)) {
	t.Helper()
	fhirtest.Each(t, slices.Concat(clinical.Offers(), document.Offers()), func(t *testing.T, h *fhirtest.Hospital) {
		document.Mount(h.API)
		run(t, h)
	})
}

type bundle struct {
	Type       string
	Identifier struct{ Value string }
	Entry      []struct {
		FullURL  string `json:"fullUrl"`
		Resource json.RawMessage
	}
}

// whole reads a document and holds it against what every document must be: the
// Composition first, every reference led to, narratives that are XML.
func whole(t *testing.T, h *fhirtest.Hospital, a fhirtest.Answer) (document.Composition, bundle) {
	t.Helper()
	var b bundle
	var c document.Composition
	if a.Status != 200 || json.Unmarshal(a.Body, &b) != nil || json.Unmarshal(b.Entry[0].Resource, &c) != nil || c.ResourceType != "Composition" ||
		b.Type != "document" || !strings.HasPrefix(b.Identifier.Value, "urn:uuid:") {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	there := map[string]bool{}
	for _, e := range b.Entry {
		if there[e.FullURL] {
			t.Errorf("%s stands twice", e.FullURL)
		}
		there[e.FullURL] = true
	}
	for _, e := range b.Entry {
		for _, m := range regexp.MustCompile(`"reference":"([^"]+)"`).FindAllStringSubmatch(string(e.Resource), -1) {
			if !there[m[1]] && !there[h.URL+"/"+m[1]] {
				t.Errorf("%s leads to %s, which is not in the document", e.FullURL, m[1])
			}
		}
	}
	for _, s := range c.Section {
		if s.Text == nil || s.Title == "" {
			t.Fatalf("%+v", s)
		}
		d := xml.NewDecoder(strings.NewReader(s.Text.Div))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", s.Text.Div, err)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "script" {
				t.Errorf("what was written became markup: %s", s.Text.Div)
			}
		}
	}
	return c, b
}

func TestDocumentsOfAStay(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		c, b := whole(t, h, h.Get("/Composition/"+fhirtest.StayID+"-history/$document", "doctor"))
		if len(c.Section) != 6 || !strings.Contains(c.Section[4].Text.Div, "&lt;script&gt;") || len(b.Entry) < 10 {
			t.Errorf("%d sections, %d entries: %+v", len(c.Section), len(b.Entry), c.Section)
		}
		c, _ = whole(t, h, h.Get("/Composition/"+fhirtest.StayID+"-epicrisis/$document", "patient"))
		if last := c.Section[len(c.Section)-1]; !strings.Contains(last.Text.Div, "улучшением &amp; без болей") {
			t.Errorf("%+v", last)
		}
		for path, want := range map[string]int{
			"/Composition?patient=" + fhirtest.PatientID:                                   2,
			"/Composition?type=http://loinc.org|18842-5":                                   1, // the other is not discharged yet
			"/Composition?status=preliminary":                                              1,
			"/DocumentReference?patient=" + fhirtest.PatientID + "&status=current":         2,
			"/DocumentReference?patient=" + fhirtest.PatientID + "&category=clinical-note": 2,
			"/DocumentReference?patient=" + fhirtest.PatientID + "&category=imaging":       0,
			"/DocumentReference?encounter=" + fhirtest.OtherStay + "&date=ge2026-11-01":    1,
		} {
			if got := h.Get(path, "machine"); len(got.Resources()) != want {
				t.Errorf("%s: %v", path, got.Resources())
			}
		}
		var d document.DocumentReference
		if err := json.Unmarshal(h.Get("/DocumentReference/"+fhirtest.StayID+"-epicrisis", "machine").Body, &d); err != nil {
			t.Fatal(err)
		}
		if a := h.Get(d.Content[0].Attachment.URL, "machine"); a.Status != 200 {
			t.Errorf("%s: %d", d.Content[0].Attachment.URL, a.Status)
		}
		for token, status := range map[string]int{"": 401, "narrow": 403, "stranger": 404} {
			if a := h.Get("/Composition/"+fhirtest.StayID+"-history/$document", token); a.Status != status {
				t.Errorf("%q: %d", token, a.Status)
			}
		}
		if a := h.Get("/Composition/"+fhirtest.OtherStay+"-epicrisis/$document", "machine"); a.Status != 404 {
			t.Errorf("an epicrisis that nobody signed: %d", a.Status)
		}
		if n := h.Count(`SELECT COUNT(*) FROM access_record WHERE action = 'fhir.document'`); n == 0 {
			t.Error("not recorded")
		}
	})
}

// The International Patient Summary has its three required sections whatever is
// known, with resources that say so where nothing is.
func TestInternationalPatientSummary(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		for _, patient := range []string{fhirtest.PatientID, fhirtest.OtherID} {
			a := h.Get("/Patient/"+patient+"/$summary", "machine")
			c, _ := whole(t, h, a)
			codes := map[string]document.Section{}
			for _, s := range c.Section {
				codes[s.Code.Coding[0].Code] = s
			}
			for _, required := range []string{"11450-4", "48765-2", "10160-0"} {
				if len(codes[required].Entry) == 0 {
					t.Errorf("%s: the section %s is empty", patient, required)
				}
			}
			if c.Type.Coding[0].Code != "60591-5" || c.Subject.Reference != "Patient/"+patient || len(c.Author) != 1 {
				t.Errorf("%+v", c)
			}
			body := string(a.Body)
			// A warning in words is no coded allergy.
			if !strings.Contains(body, "no-allergy-info") || strings.Contains(body, "no-problem-info") != (patient == fhirtest.OtherID) {
				t.Errorf("%s: %s", patient, body)
			}
			if _, ok := codes["104605-1"]; ok != (patient == fhirtest.PatientID) {
				t.Errorf("%s: alerts %v", patient, ok)
			}
			if strings.Contains(body, "Гепарин") {
				t.Error("a medicine that was stopped is told as taken")
			}
		}
	})
}
