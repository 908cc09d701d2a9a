package insurance_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// A hospital appeals because of a namesake; the expert sees both forms side by side,
// tells them apart with a reason, and may take that back.
func TestAnExpertTellsNamesakesApart(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		var forms [2]insuranceapi.Decision
		for i := range forms {
			c := treatedtest.Good()
			c.Patient.PIN, c.Organisation = "", demo.SecondHospital
			c.Number = []string{"00000011895020126", "00000021895020126"}[i]
			c.Patient.Policy = []string{"P-1", "P-2"}[i]
			var err error
			if forms[i], err = h.api.Submit(t.Context(), c, "r"+c.Number, demo.Doctor.PIN); err != nil {
				t.Fatal(err)
			}
		}
		id := forms[1].CaseID
		clerk := h.clerk(t)
		page := clerk.get("/cases/"+id+"?lang=ru", http.StatusOK)
		if !strings.Contains(page, "Исправьте её, добавив ПИН") {
			t.Error("the hospital is not told what it can do")
		}
		if code, body := decide(clerk, id, page, "ru", "appeal", "Это другой человек."); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, body)
		}
		if page := clerk.get("/cases/"+id+"?lang=ru", http.StatusOK); strings.Contains(page, "Принятая форма") || strings.Contains(page, "P-1") {
			t.Error("the other form is laid before the hospital")
		}
		expert := h.expert(t)
		for lang, words := range map[string][]string{
			"ky": {"Бул башка адам", "Кабыл алынган форма", "айырмаланат"},
			"ru": {"Это другой человек", "Принятая форма", "различается"},
			"en": {"It is another person", "The accepted form", "differs"},
		} {
			page = expert.get("/cases/"+id+"?lang="+lang, http.StatusOK)
			for _, word := range append(words, "/cases/"+forms[0].CaseID, "P-1", "P-2", `value="apart"`) {
				if !strings.Contains(page, word) {
					t.Errorf("%s: %q is not said", lang, word)
				}
			}
			if strings.Contains(page, `value="grant"`) || strings.Contains(page, `value="same"`) {
				t.Errorf("%s: a step that cannot be done is offered", lang)
			}
			if key := unspoken.FindString(page); key != "" {
				t.Errorf("%s: no words for %s", lang, key)
			}
		}
		if code, _ := decide(expert, id, page, "ru", "apart", ""); code != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", code)
		}
		if code, body := decide(expert, id, page, "ru", "apart", "Паспорта AN1 и AN2."); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, body)
		}
		for i, other := range []string{"0000002 18 950201 26", "0000001 18 950201 26"} {
			body := expert.get("/cases/"+forms[i].CaseID+"?lang=ru", http.StatusOK)
			for _, word := range []string{"Подтверждено, что это разные люди", "Паспорта AN1 и AN2.", other, `value="same"`, `href="/cases/` + forms[1-i].CaseID} {
				if !strings.Contains(body, word) {
					t.Errorf("case %d: %q is not said", i, word)
				}
			}
		}
		page = expert.get("/cases/"+id+"?lang=ru", http.StatusOK)
		if code, body := decide(expert, id, page, "ru", "same", "Паспорт один."); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, body)
		}
		if page := expert.get("/cases/"+id+"?lang=ru", http.StatusOK); !strings.Contains(page, "Паспорт один.") || strings.Contains(page, "разные люди") {
			t.Error("what was taken back still stands")
		}
	})
}
