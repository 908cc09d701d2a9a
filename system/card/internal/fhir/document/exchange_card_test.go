package document_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/fhir/document"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// The exchange card of a pregnancy is a document too: preliminary while she is
// pregnant, with the birth once the hospital has returned its tear-off.
func TestExchangeCardIsADocument(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		const pregnancy = fhirtest.Pregnancy
		h.Expecting()
		titles := func(c document.Composition) string {
			var codes []string
			for _, s := range c.Section {
				codes = append(codes, s.Code.Coding[0].Code)
			}
			return strings.Join(codes, " ")
		}
		c, b := whole(t, h, h.Get("/Composition/"+pregnancy+"-113/$document", "doctor"))
		if got := titles(c); got != "57060-6 10162-6 48765-2 57059-8 30954-2" {
			t.Errorf("the sections are %s", got)
		}
		if c.Status != "preliminary" || c.Identifier.Value != "950174-26-00001" || c.Subject.Reference != "Patient/"+fhirtest.PatientID {
			t.Errorf("%+v", c)
		}
		if visits := c.Section[3].Text.Div; !strings.Contains(visits, "70,2") || !strings.Contains(visits, "120/75") || !strings.Contains(visits, "Пить &lt;b&gt;воду") {
			t.Errorf("the visits are %s", visits)
		}
		if strings.Contains(string(b.Entry[0].Resource), "[card.") {
			t.Errorf("words are missing: %s", b.Entry[0].Resource)
		}
		for path, want := range map[string]int{
			"/Composition?type=http://loinc.org|57055-6":                                     1,
			"/Composition?patient=" + fhirtest.PatientID + "&status=preliminary":             1,
			"/DocumentReference?type=http://loinc.org|57055-6&patient=" + fhirtest.PatientID: 1,
			"/DocumentReference?type=http://loinc.org|57055-6&encounter=" + fhirtest.StayID:  0,
			"/Composition?_id=" + pregnancy + "-113":                                         1,
		} {
			if got := h.Get(path, "machine"); len(got.Resources()) != want {
				t.Errorf("%s: %d of %d: %s", path, len(got.Resources()), want, got.Body)
			}
		}
		for token, status := range map[string]int{"": 401, "narrow": 403, "stranger": 404} {
			if a := h.Get("/Composition/"+pregnancy+"-113/$document", token); a.Status != status {
				t.Errorf("%q: %d", token, a.Status)
			}
		}

		returned := cardapi.TearOff{
			Root: "r", Version: 1, Kind: cardapi.TearOffMother, Pregnancy: pregnancy, Number: "950174-26-00001", FromName: text.Same("Роддом № 2"), Doctor: "Врач Роддома", SignedAt: fhirtest.Left,
			Birth:    cardapi.Birth{Ending: "birth", EndedAt: fhirtest.Left, Days: 276, Mode: "spontaneous", MotherState: "discharged"},
			Newborns: []cardapi.Newborn{{BornAt: fhirtest.Left, Order: 1, Sex: "female", State: "alive", WeightG: 3280}},
		}
		content, err := json.Marshal(returned)
		if err != nil {
			t.Fatal(err)
		}
		h.Do(`UPDATE pregnancy SET state = 'closed', outcome = 'live_birth', ended_on = '2026-11-20', closed_at = $2, closed_by = 'r' WHERE id = $1`, pregnancy, db.Micros(fhirtest.Left.Add(time.Hour)))
		h.Do(`INSERT INTO tear_off_inbox (root, version, kind, organisation, sender, pregnancy_id, content, received_at, read_at, read_pin, read_name)
			VALUES ('r', 1, 'mother', $1, $2, $3, $4, $5, 0, '', '')`, demo.Hospital, demo.SecondHospital, pregnancy, string(content), db.Micros(fhirtest.Left.Add(time.Hour)))
		c, _ = whole(t, h, h.Get("/Composition/"+pregnancy+"-113/$document", "patient"))
		if got := titles(c); c.Status != "final" || got != "57060-6 10162-6 48765-2 57059-8 30954-2 57074-7 57075-4" {
			t.Errorf("after the birth it is %s with %s", c.Status, got)
		}
		if newborn := c.Section[len(c.Section)-1].Text.Div; !strings.Contains(newborn, "3280") {
			t.Errorf("the newborn is %s", newborn)
		}
	})
}
