package insurance_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

var seen = regexp.MustCompile(`name="seen" value="([^"]*)"`)

// decide presses a button of the page that body shows.
func decide(b browser, caseID, body, lang, do, comment string) (code int, answer string) {
	form := url.Values{"do": {do}, "comment": {comment}}
	if found := seen.FindStringSubmatch(body); found != nil {
		form.Set("seen", found[1])
	}
	w := b.do(http.MethodPost, "/cases/"+caseID+"/step?lang="+lang, form)
	return w.Code, html.UnescapeString(w.Body.String())
}

// told fails unless the answer is the page of the case with all of the words.
func told(t *testing.T, what string, code int, body string, words ...string) {
	t.Helper()
	if code != http.StatusConflict || !strings.Contains(body, `id="moved"`) {
		t.Errorf("%s: %d, not on the page of the case", what, code)
	}
	for _, word := range words {
		if !strings.Contains(body, word) {
			t.Errorf("%s: %q is not said", what, word)
		}
	}
	if key := unspoken.FindString(body); key != "" {
		t.Errorf("%s: no words for %s", what, key)
	}
}

// Two experts with the same page: the second is told on the page of the case who
// decided what and when, sees what can be done now and has the comment they typed.
func TestASecondExpertIsToldWhatTheFirstDid(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		d, err := h.api.Submit(t.Context(), treatedtest.Good(), "r1", demo.Doctor.PIN)
		if err != nil {
			t.Fatal(err)
		}
		first := h.expert(t)
		second := h.signedIn(t, demo.SecondExpert, workforceapi.Post{Role: workforceapi.Expert, Organisation: demo.Fund})
		page := first.get("/cases/"+d.CaseID+"?lang=ru", http.StatusOK)
		if code, body := decide(first, d.CaseID, page, "ru", "take", "Нужен протокол."); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, body)
		}
		// The stage allows a return still, but the second expert has not seen it.
		words := map[string]string{"ky": "эч нерсе жазылган жок", "ru": "ничего не записано", "en": "nothing was written"}
		for lang, nothing := range words {
			code, body := decide(second, d.CaseID, page, lang, "return", "Нет <выписки>.")
			told(t, lang, code, body, nothing, demo.Expert.Name(), "22.11.2026", "Нет <выписки>.", `value="confirm"`)
		}
		// The same button pressed twice is done once and is no conflict.
		if code, body := decide(first, d.CaseID, page, "ru", "take", "Нужен протокол."); code != http.StatusSeeOther {
			t.Errorf("pressed twice: %d %s", code, body)
		}
		if body := first.get("/cases/"+d.CaseID+"?lang=ru", http.StatusOK); strings.Count(body, "Нужен протокол.") != 1 || strings.Contains(body, "выписки") {
			t.Error("the past tells a step twice, or one that was not done")
		}
		// What has been seen can be decided on.
		page = second.get("/cases/"+d.CaseID+"?lang=ru", http.StatusOK)
		if code, body := decide(second, d.CaseID, page, "ru", "return", "Нет выписки."); code != http.StatusSeeOther {
			t.Errorf("%d %s", code, body)
		}
	})
}

// A correction that came meanwhile, a stay that is paid under another number, an
// appeal past its term: each is told on the page of the case with the way on.
func TestACaseThatHasMovedOnSaysWhereTo(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		expert := h.expert(t)
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset, wrong.Organisation, wrong.Number = 0, demo.SecondHospital, "00000011895020126"
		old, err := h.api.Submit(t.Context(), wrong, "r1", demo.Doctor.PIN)
		if err != nil || old.State != insuranceapi.Returned {
			t.Fatalf("%+v, %v", old, err)
		}
		clerk := h.clerk(t)
		page := clerk.get("/cases/"+old.CaseID+"?lang=ru", http.StatusOK)
		if !strings.Contains(page, "Возразить против возврата можно до 22.12.2026") {
			t.Error("the term of an appeal is not told")
		}
		right := wrong
		right.HoursSinceOnset, right.Revision, right.Replaces = 4, 2, old.CaseID
		right.Diagnoses = append([]insuranceapi.Diagnosis{}, wrong.Diagnoses...)
		right.Diagnoses[0].Code = "" // returned, too
		corrected, err := h.api.Submit(t.Context(), right, "r2", demo.Doctor.PIN)
		if err != nil || corrected.State != insuranceapi.Returned {
			t.Fatalf("%+v, %v", corrected, err)
		}
		code, body := decide(clerk, old.CaseID, page, "ru", "appeal", "Без сознания.")
		told(t, "a correction came", code, body, "/cases/"+corrected.CaseID, "редакция 2", "Без сознания.")

		// The same stay under another number, accepted.
		page = clerk.get("/cases/"+corrected.CaseID+"?lang=ru", http.StatusOK)
		if code, body := decide(clerk, corrected.CaseID, page, "ru", "appeal", "Диагноз верен."); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, body)
		}
		other := wrong
		other.HoursSinceOnset, other.Number = 4, "00000021895020126"
		paid, err := h.api.Submit(t.Context(), other, "r3", demo.Doctor.PIN)
		if err != nil || paid.State != insuranceapi.Accepted {
			t.Fatalf("%+v, %v", paid, err)
		}
		page = expert.get("/cases/"+corrected.CaseID+"?lang=ru", http.StatusOK)
		code, body = decide(expert, corrected.CaseID, page, "ru", "grant", "Согласны.")
		told(t, "paid already", code, body, "0000002 18 950201 26", "/cases/"+paid.CaseID, "Согласны.")

		// The thirty-first day.
		page = clerk.get("/cases/"+corrected.CaseID+"?lang=ru", http.StatusOK)
		if code, _ := decide(clerk, corrected.CaseID, page, "ru", "withdraw", ""); code != http.StatusSeeOther {
			t.Fatalf("withdrawn: %d", code)
		}
		page = clerk.get("/cases/"+corrected.CaseID+"?lang=ru", http.StatusOK)
		h.clock.Advance(31 * 24 * time.Hour)
		clerk = h.clerk(t)
		code, body = decide(clerk, corrected.CaseID, page, "ru", "appeal", "Опоздали.")
		told(t, "past the term", code, body, "до 22.12.2026", "Опоздали.")
		if strings.Contains(body, `value="appeal"`) {
			t.Error("an appeal past its term is offered")
		}
	})
}

// A case that is not to be corrected by hand says so on its own page.
func TestWhatIsNotToBeCorrectedSaysSoOnItsPage(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		c := treatedtest.Good()
		c.Organisation, c.Number = demo.SecondHospital, "00000011895020126"
		d, err := h.api.Submit(t.Context(), c, "r1", demo.Doctor.PIN)
		if err != nil {
			t.Fatal(err)
		}
		w := h.clerk(t).do(http.MethodPost, "/cases/"+d.CaseID+"/correct?lang=ru", url.Values{})
		told(t, "correct", w.Code, w.Body.String(), "здесь не исправить")
	})
}
