package insurance_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// MC-6: the statistician of a hospital without the card finds the draft begun,
// checks it, mends what the fund says, sends it and sees the decision.
func TestAStatisticianEntersACase(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk := h.clerk(t)
		if w := clerk.do(http.MethodGet, "/desk", nil); w.Header().Get("Location") != "/entry" {
			t.Errorf("after signing in: %s", w.Header().Get("Location"))
		}
		list := clerk.get("/entry?lang=ru", http.StatusOK)
		link := regexp.MustCompile(`/entry/demo-draft-1`).FindString(list)
		if link == "" || strings.Contains(list, demo.Residents[4].PIN) {
			t.Fatal("the draft is not offered, or the list tells a ПИН")
		}
		body := clerk.get(link+"?lang=ru", http.StatusOK)
		form := fieldsOf(body)
		if form.Get("name") != demo.Residents[4].Name() || form.Get("doctor") != demo.DoctorInChui.PIN {
			t.Fatalf("fields %v", form)
		}
		form.Set("do", "send")
		w := clerk.do(http.MethodPost, link+"?lang=ru", form)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "ADM-002") {
			t.Fatalf("%d: what is missing is not said", w.Code)
		}
		form = fieldsOf(w.Body.String())
		form.Set("hours", "5")
		form.Set("do", "send")
		w = clerk.do(http.MethodPost, link, form)
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/cases/") {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		shown := clerk.get(w.Header().Get("Location")+"?lang=ru", http.StatusOK)
		if !strings.Contains(shown, "Введён вручную") || !strings.Contains(shown, "0000118 18 950201 26") {
			t.Error("the case is not shown")
		}
		// The button pressed twice leads to the case; a colleague whose page is old
		// is told who sent it, and keeps what they typed.
		if again := clerk.do(http.MethodPost, link, form); again.Header().Get("Location") != w.Header().Get("Location") {
			t.Errorf("sent again from the old page: %d %s", again.Code, again.Header().Get("Location"))
		}
		form.Set("referrer", "Кант ЦСМ")
		late := h.signedIn(t, demo.HeadInChui, workforceapi.Post{Role: workforceapi.Head, Organisation: demo.SecondHospital}).do(http.MethodPost, link+"?lang=ru", form)
		for _, said := range []string{demo.Clerk.Name(), "уже отправлен", w.Header().Get("Location"), "Кант ЦСМ"} {
			if late.Code != http.StatusConflict || !strings.Contains(late.Body.String(), said) {
				t.Errorf("a colleague sends it again: %d, %q is not said", late.Code, said)
			}
		}
		if strings.Contains(late.Body.String(), `value="send"`) {
			t.Error("a colleague is offered to send it again")
		}
	})
}

func TestAHospitalSeesItsOwnCasesAlone(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		theirs, err := h.api.Submit(t.Context(), treatedtest.Good(), "r1", demo.Doctor.PIN)
		if err != nil {
			t.Fatal(err)
		}
		clerk := h.clerk(t)
		clerk.get("/cases/"+theirs.CaseID, http.StatusNotFound)
		if list := clerk.get("/cases?organisation=950174", http.StatusOK); strings.Contains(list, theirs.CaseID) {
			t.Error("another hospital's case is listed")
		}
		if csv := clerk.get("/totals.csv?organisation=950174", http.StatusOK); strings.Contains(csv, "950174") {
			t.Error("another hospital's totals are shown")
		}
		if w := clerk.do(http.MethodPost, "/cases/"+theirs.CaseID+"/return", url.Values{"comment": {"x"}}); w.Code != http.StatusForbidden {
			t.Errorf("a hospital returned a case: %d", w.Code)
		}
		h.expert(t).get("/entry", http.StatusForbidden)
	})
}

// Management reads what the fund pays its hospital and opens no case.
func TestManagementReadsSumsAlone(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		manager := h.signedIn(t, demo.Manager, workforceapi.Post{Role: workforceapi.Manager, Organisation: demo.SecondHospital})
		if w := manager.do(http.MethodGet, "/desk", nil); w.Header().Get("Location") != "/totals" {
			t.Errorf("after signing in: %d %s", w.Code, w.Header().Get("Location"))
		}
		for _, path := range []string{"/entry", "/entry/demo-draft-1", "/cases", "/cases/x", "/cases/x/why"} {
			manager.get(path, http.StatusForbidden)
		}
		manager.get("/acts", http.StatusOK)
		if csv := manager.get("/totals.csv?organisation="+demo.Hospital, http.StatusOK); strings.Contains(csv, demo.Hospital) || !strings.Contains(csv, demo.SecondHospital) {
			t.Error("management sees another hospital's sums, or not its own")
		}
		if page := manager.get("/totals", http.StatusOK); strings.Contains(page, `href="/cases`) {
			t.Error("management is led to cases")
		}
	})
}

func TestThePagesOfEntrySpeakThreeLanguages(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk := h.clerk(t)
		form := fieldsOf(clerk.get("/entry/demo-draft-1", http.StatusOK))
		form.Set("do", "check")
		for _, lang := range []string{"ky", "ru", "en"} {
			form.Set("hours", "x")
			checked := clerk.do(http.MethodPost, "/entry/demo-draft-1?lang="+lang, form).Body.String()
			form.Set("version", fieldsOf(checked).Get("version"))
			form.Set("hours", "")
			found := clerk.do(http.MethodPost, "/entry/demo-draft-1?lang="+lang, form).Body.String()
			collided := clerk.do(http.MethodPost, "/entry/demo-draft-1?lang="+lang, form).Body.String()
			form.Set("version", fieldsOf(found).Get("version"))
			for name, body := range map[string]string{
				"list": clerk.get("/entry?lang="+lang, http.StatusOK), "form": clerk.get("/entry/demo-draft-1?lang="+lang, http.StatusOK),
				"unreadable": checked, "findings": found, "collided": collided, "cases": clerk.get("/cases?lang="+lang, http.StatusOK),
			} {
				if key := unspoken.FindString(body); key != "" {
					t.Errorf("%s, %s: no words for %s", lang, name, key)
				}
			}
			if !strings.Contains(collided, demo.Clerk.Name()) {
				t.Errorf("%s: who saved in between is not named", lang)
			}
		}
	})
}

var (
	inputs  = regexp.MustCompile(`<input[^>]*>`)
	selects = regexp.MustCompile(`(?s)<select[^>]*name="([^"]+)".*?</select>`)
	chosen  = regexp.MustCompile(`<option value="([^"]*)"[^>]* selected`)
	nameOf  = regexp.MustCompile(`\bname="([^"]+)"`)
	valueOf = regexp.MustCompile(`\bvalue="([^"]*)"`)
)

// fieldsOf reads what a browser would send of the entry form.
func fieldsOf(body string) url.Values {
	if _, after, ok := strings.Cut(body, `id="entry-form"`); ok {
		body, _, _ = strings.Cut(after, "</form>")
	}
	form := url.Values{}
	for _, tag := range inputs.FindAllString(body, -1) {
		name, value := nameOf.FindStringSubmatch(tag), valueOf.FindStringSubmatch(tag)
		if name == nil || value == nil || (strings.Contains(tag, "checkbox") && !strings.Contains(tag, "checked")) {
			continue
		}
		form.Set(name[1], value[1])
	}
	for _, tag := range selects.FindAllStringSubmatch(body, -1) {
		if value := chosen.FindStringSubmatch(tag[0]); value != nil {
			form.Set(tag[1], value[1])
		}
	}
	return form
}

// MC-6: what is looked for stands in no address; sex and age that speak against a
// diagnosis are told with it.
func TestADiagnosisIsLookedForByWords(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk := h.clerk(t)
		w := clerk.do(http.MethodPost, "/entry/icd?row=1&lang=ru", url.Values{"words": {"роды"}, "sex": {"male"}, "birth_date": {"1960-09-12"}, "dx1_stage": {"final"}, "dx1_rank": {"main"}})
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"value":"O`) || !strings.Contains(w.Body.String(), `"hint":`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := clerk.do(http.MethodPost, "/entry/icd?row=x", url.Values{"words": {strings.Repeat("ж", 5000)}, "birth_date": {"вчера"}}); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != "[]" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := h.expert(t).do(http.MethodPost, "/entry/icd", url.Values{"words": {"J18"}}); w.Code != http.StatusForbidden {
			t.Errorf("an expert: %d", w.Code)
		}
		body := clerk.get("/entry/demo-draft-1?lang=ru", http.StatusOK)
		if !strings.Contains(body, `data-combobox="/entry/icd?row=0"`) || strings.Contains(body, "data-open") {
			t.Error("diagnoses cannot be looked for, or by an address")
		}
		// Without scripts the words themselves are sent.
		form := fieldsOf(body)
		form.Set("dx1_code_text", "пневмония")
		form.Set("do", "check")
		shown := clerk.do(http.MethodPost, "/entry/demo-draft-1?lang=ru", form).Body.String()
		if !strings.Contains(shown, "Уточните код") || !strings.Contains(shown, `value="пневмония"`) {
			t.Error("words that mean several codes are not told, or are lost")
		}
	})
}

// Who corrects a case reads beside the form why it came back: what the rules found, each
// leading to its field, and what the expert wrote, also after the rules were asked anew.
func TestACorrectionSaysWhyTheCaseCameBack(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk, expert := h.clerk(t), h.expert(t)
		const comment = "Нет протокола операции."
		first := regexp.MustCompile(`href="(/cases/[0-9a-f-]{36})`)
		for state, said := range map[string][]string{"returned": {"OUT-002", `href="#result"`}, "accepted": {comment}} {
			link := ""
			for _, l := range first.FindAllStringSubmatch(clerk.get("/cases?lang=ru&state="+state, http.StatusOK), -1) {
				if strings.Contains(clerk.get(l[1]+"?lang=ru", http.StatusOK), "Введён вручную") {
					link = l[1]
					break
				}
			}
			if link == "" {
				t.Fatalf("no case entered by hand is %s", state)
			}
			if state == "accepted" {
				if w := expert.do(http.MethodPost, link+"/return", url.Values{"comment": {comment}}); w.Code != http.StatusSeeOther {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
			}
			w := clerk.do(http.MethodPost, link+"/correct", url.Values{})
			if w.Code != http.StatusSeeOther {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			form := w.Header().Get("Location")
			body := clerk.get(form+"?lang=ru", http.StatusOK)
			for _, word := range append(said, "Случай вернули", `href="`+link+`"`) {
				if !strings.Contains(body, word) {
					t.Errorf("%s: %q is not said", state, word)
				}
			}
			for _, lang := range []string{"ky", "en"} {
				if key := unspoken.FindString(clerk.get(form+"?lang="+lang, http.StatusOK)); key != "" {
					t.Errorf("%s: no words for %s", lang, key)
				}
			}
			values := fieldsOf(body)
			values.Set("do", "check")
			if checked := clerk.do(http.MethodPost, form+"?lang=ru", values).Body.String(); !strings.Contains(checked, "Случай вернули") || strings.Contains(checked, comment) != (state == "accepted") {
				t.Errorf("%s: after the rules were asked anew it is not said", state)
			}
		}
	})
}
