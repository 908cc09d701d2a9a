package insurance_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

func (b browser) send(path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// The simulator says what the fund says, knows nobody and leaves nothing behind.
func TestTheSimulatorHasNoEffectsAndTellsOfNobody(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		nobody := browser{t, h.system.Handler(), nil}
		example := nobody.get("/simulator/example.json", http.StatusOK)
		var d insuranceapi.Decision
		w := nobody.send("/simulator/treated-cases", example)
		if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != http.StatusOK || d.State != insuranceapi.Accepted || d.Price == 0 || len(d.Findings) != 0 || d.CaseID != "" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		// Somebody's real stay at that time is no reason to refuse: the simulator
		// would tell who was in hospital.
		if _, err := h.api.Submit(t.Context(), treatedtest.Good(), "r1", demo.Doctor.PIN); err != nil {
			t.Fatal(err)
		}
		stay := treatedtest.Good()
		stay.Number = "00000091895017426"
		body, err := json.Marshal(stay)
		if err != nil {
			t.Fatal(err)
		}
		w = nobody.send("/simulator/treated-cases", string(body))
		if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.State != insuranceapi.Accepted {
			t.Errorf("%s", w.Body)
		}
		if list := h.expert(t).get("/cases", http.StatusOK); strings.Contains(list, "0000009 18") {
			t.Error("a simulated case was kept")
		}
		wrong := strings.Replace(example, `"hours_since_onset": 6`, `"hours_since_onset": 0`, 1)
		if w := nobody.send("/simulator/treated-cases", wrong); !strings.Contains(w.Body.String(), "ADM-002") {
			t.Errorf("%s", w.Body)
		}
		for name, body := range map[string]string{
			"no JSON": "{", "nothing": "", "a misspelt field": `{"nubmer":"1"}`, "two": example + example, "no number": `{"revision":1}`,
			"a wrong type": `{"revision":"x"}`, "too much": `{"number":"` + strings.Repeat("1", 2<<20) + `"}`,
		} {
			if w := nobody.send("/simulator/treated-cases", body); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"error"`) {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		for body, said := range map[string]string{ // who is refused is told what to mend
			"[]": "one JSON object", "{": "cut off", "": "empty", `{"number" 1}`: "byte 11", `{"number":1}`: "field number", `{"nubmer":"1"}`: "nubmer", example + example: "more than one",
			`{"admitted_at":"2026-11-01"}`: "2026-11-22T14:00:00+06:00", `{"patient":{"birth_date":"12.09.1960"}}`: "a day is not written",
		} {
			if w := nobody.send("/simulator/treated-cases", body); !strings.Contains(w.Body.String(), said) {
				t.Errorf("%.40s: %s", body, w.Body)
			}
		}
		for _, lang := range []string{"ky", "ru", "en"} {
			for name, body := range map[string]string{
				"page":       nobody.get("/simulator?lang="+lang, http.StatusOK),
				"tried":      nobody.do(http.MethodPost, "/simulator?lang="+lang, url.Values{"case": {wrong}}).Body.String(),
				"accepted":   nobody.do(http.MethodPost, "/simulator?lang="+lang, url.Values{"case": {example}}).Body.String(),
				"unreadable": nobody.do(http.MethodPost, "/simulator?lang="+lang, url.Values{"case": {"?"}}).Body.String(),
				"all rules":  nobody.get("/rules?all=1&lang="+lang, http.StatusOK),
			} {
				if key := unspoken.FindString(body); key != "" {
					t.Errorf("%s, %s: no words for %s", lang, name, key)
				}
			}
		}
	})
}

// A rule replayed shows the values that it looked at, to the fund and to the
// hospital whose case it is.
func TestARuleIsReplayedFieldByField(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		wrong := treatedtest.Good()
		wrong.BedDays = 4
		d, err := h.api.Submit(t.Context(), wrong, "r1", demo.Doctor.PIN)
		if err != nil {
			t.Fatal(err)
		}
		expert := h.expert(t)
		if shown := expert.get("/cases/"+d.CaseID+"?lang=ru", http.StatusOK); !strings.Contains(shown, "/why/BED-001") {
			t.Error("the case does not lead to the replay")
		}
		for _, lang := range []string{"ky", "ru", "en"} {
			one := expert.get("/cases/"+d.CaseID+"/why/BED-001?lang="+lang, http.StatusOK)
			all := expert.get("/cases/"+d.CaseID+"/why?lang="+lang, http.StatusOK)
			fund := expert.get("/cases/"+d.CaseID+"/why/PRC-001?lang="+lang, http.StatusOK) + expert.get("/cases/"+d.CaseID+"/why/DUP-001?lang="+lang, http.StatusOK) + expert.get("/cases/"+d.CaseID+"/why/DUP-003?lang="+lang, http.StatusOK)
			for _, want := range []string{"bed_days", ">4<", "10.11.2026 09:30", "(4 ≠ 9)"} {
				if !strings.Contains(one, want) {
					t.Errorf("%s: %q is not shown", lang, want)
				}
			}
			if key := unspoken.FindString(one + all + fund); key != "" {
				t.Errorf("%s: no words for %s", lang, key)
			}
			if !strings.Contains(all, "DGN-001") || !strings.Contains(fund, "ДЕМО-2026-2") || strings.Contains(one, "Жумабеков") {
				t.Errorf("%s: what the rules looked at is wrong", lang)
			}
		}
		// Fields and codes are said in words, beside what programs call them.
		for path, want := range map[string]string{"BED-001": "Койко-дни · bed_days", "OUT-002": "Выписан · discharged"} {
			if shown := expert.get("/cases/"+d.CaseID+"/why/"+path+"?lang=ru", http.StatusOK); !strings.Contains(shown, want) {
				t.Errorf("%s: %q is not shown", path, want)
			}
		}
		expert.get("/cases/"+d.CaseID+"/why/QQQ-001", http.StatusNotFound)
		h.clerk(t).get("/cases/"+d.CaseID+"/why/BED-001", http.StatusNotFound) // another hospital
	})
}

// The demo's autumn under the table of the year before: differences are shown,
// what was paid stays.
func TestAMonthIsReRun(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		expert := h.expert(t)
		before := expert.get("/totals.csv", http.StatusOK)
		for _, lang := range []string{"ky", "ru", "en"} {
			body := expert.get("/rerun?lang="+lang+"&month=2026-10&table="+url.QueryEscape("ДЕМО-2025"), http.StatusOK)
			body += expert.get("/rerun?lang="+lang, http.StatusOK) + expert.get("/rerun?month=2020-01&lang="+lang+"&table="+url.QueryEscape("ДЕМО-2025"), http.StatusOK)
			if key := unspoken.FindString(body); key != "" {
				t.Errorf("%s: no words for %s", lang, key)
			}
			if !strings.Contains(body, "950201") || !strings.Contains(body, "−") {
				t.Errorf("%s: no difference is shown", lang)
			}
		}
		// Two tables side by side: the draft and the month are the fund's own matter.
		clerk := h.clerk(t)
		pair := "/prices/compare?a=" + url.QueryEscape("ДЕМО-2026-2") + "&b=" + url.QueryEscape("ДЕМО-ПРОЕКТ-2027") + "&month=2026-10&lang="
		for _, lang := range []string{"ky", "ru", "en"} {
			shown := expert.get(pair+lang, http.StatusOK)
			if !strings.Contains(shown, "006.2") || !strings.Contains(shown, "sn-bars__bar--mark") || !strings.Contains(shown, "/rerun?month=2026-10") {
				t.Errorf("%s: the tables are not compared", lang)
			}
			hidden := clerk.get(pair+lang, http.StatusOK)
			if strings.Contains(hidden, "006.2") || strings.Contains(hidden, "ДЕМО-ПРОЕКТ-2027") || strings.Contains(hidden, "/rerun?") {
				t.Errorf("%s: a hospital sees the fund's draft", lang)
			}
			odd := expert.get("/prices/compare?a=none&b=none&month=2026-99&lang="+lang, http.StatusOK) + clerk.get("/prices/compare?lang="+lang, http.StatusOK)
			if key := unspoken.FindString(shown + hidden + odd); key != "" {
				t.Errorf("%s: no words for %s", lang, key)
			}
		}
		// A result is shown again to who asks again, until it is counted anew.
		one, two := url.Values{"month": {"2026-10"}, "organisation": {""}, "table": {"ДЕМО-2025"}}, url.Values{"month": {"2026-10"}, "first": {"ДЕМО-2026-2"}, "table": {"ДЕМО-ПРОЕКТ-2027"}}
		moment := regexp.MustCompile(`состоянию на [0-9. :]+`)
		shown := func() string { return moment.FindString(expert.get("/rerun?lang=ru&"+one.Encode(), http.StatusOK)) }
		was := shown()
		h.clock.Advance(2 * time.Minute)
		if now := shown(); was == "" || now != was {
			t.Errorf("%q, then %q", was, now)
		}
		for address, form := range map[string]url.Values{"/rerun?": one, "/prices/compare?": two, "/rerun": {"month": {"2020-01"}, "table": {"x"}}} {
			if w := expert.do(http.MethodPost, "/rerun", form); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), address) {
				t.Errorf("%v: %d, %s", form, w.Code, w.Header().Get("Location"))
			}
		}
		if now := shown(); now == was {
			t.Errorf("counted anew, it is still %q", now)
		}
		if w := clerk.do(http.MethodPost, "/rerun", one); w.Code != http.StatusForbidden {
			t.Errorf("a hospital re-runs: %d", w.Code)
		}
		if after := expert.get("/totals.csv", http.StatusOK); after != before {
			t.Error("the re-run changed the totals")
		}
		clerk.get("/rerun", http.StatusForbidden)
	})
}
