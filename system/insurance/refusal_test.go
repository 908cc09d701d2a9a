package insurance_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// refused posts in three languages and fails unless each answer has the status and
// words of its own for everything, and the Russian one says this.
func refused(t *testing.T, b browser, what, path string, form url.Values, code int, says ...string) string {
	t.Helper()
	russian := ""
	for _, lang := range []string{"ky", "en", "ru"} {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		method := http.MethodPost
		if form == nil {
			method = http.MethodGet
		}
		w := b.do(method, path+sep+"lang="+lang, form)
		russian = html.UnescapeString(w.Body.String())
		if w.Code != code {
			t.Errorf("%s %s: %d, not %d", what, lang, w.Code, code)
		}
		if key := unspoken.FindString(russian); key != "" {
			t.Errorf("%s %s: no words for %s", what, lang, key)
		}
	}
	for _, said := range says {
		if !strings.Contains(russian, said) {
			t.Errorf("%s: %q is not said", what, said)
		}
	}
	return russian
}

// An act that was made already says so, by whom and when, and leads to it; who
// presses the button twice is led there.
func TestAnActAskedForTwiceNamesTheFirst(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		month := url.Values{"organisation": {demo.Hospital}, "month": {"2026-10"}}
		first := h.expert(t)
		second := h.signedIn(t, demo.SecondExpert, workforceapi.Post{Role: workforceapi.Expert, Organisation: demo.Fund})
		made := first.do(http.MethodPost, "/acts", month)
		if made.Code != http.StatusSeeOther {
			t.Fatalf("%d", made.Code)
		}
		if again := first.do(http.MethodPost, "/acts", month); again.Code != http.StatusSeeOther || again.Header().Get("Location") != made.Header().Get("Location") {
			t.Errorf("pressed twice: %d %s", again.Code, again.Header().Get("Location"))
		}
		before := strings.Count(first.get("/acts", http.StatusOK), `href="/acts/`)
		refused(t, second, "a second expert", "/acts", month, http.StatusConflict, "уже составлен", demo.Expert.Name(), "22.11.2026", made.Header().Get("Location"))
		if after := strings.Count(first.get("/acts", http.StatusOK), `href="/acts/`); after != before {
			t.Errorf("%d acts became %d", before, after)
		}
		refused(t, second, "a hospital without cases", "/acts", url.Values{"organisation": {"999999"}, "month": {"2026-10"}}, http.StatusUnprocessableEntity, "ничего не осталось")
		refused(t, second, "no month", "/acts", url.Values{"organisation": {demo.Hospital}, "month": {"2026-13"}}, http.StatusUnprocessableEntity, "Такого месяца")
	})
}

// MC-6: a colleague deletes the draft while another types into it: what was typed
// is shown and saved as a new one, or as the correction that it was.
func TestWhatIsTypedIntoADeletedDraftIsKept(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		clerk := h.clerk(t)
		head := h.signedIn(t, demo.HeadInChui, workforceapi.Post{Role: workforceapi.Head, Organisation: demo.SecondHospital})
		form := fieldsOf(clerk.get("/entry/demo-draft-1?lang=ru", http.StatusOK))
		form.Set("referrer", "Кант ЦСМ")
		form.Set("do", "send")
		if w := head.do(http.MethodPost, "/entry/demo-draft-1/discard", nil); w.Code != http.StatusSeeOther {
			t.Fatalf("%d", w.Code)
		}
		body := refused(t, clerk, "saved after it was deleted", "/entry/demo-draft-1", form, http.StatusConflict, "тем временем удалили", "Кант ЦСМ", demo.Residents[4].Name(), `action="/entry"`, `value="again"`)
		if strings.Contains(body, `value="send"`) || strings.Contains(body, `/discard"`) {
			t.Error("what is gone can be sent or deleted")
		}
		form = fieldsOf(body)
		form.Set("do", "again")
		w := clerk.do(http.MethodPost, "/entry", form)
		if w.Code != http.StatusSeeOther || !regexp.MustCompile(`^/entry/.`).MatchString(w.Header().Get("Location")) {
			t.Fatalf("%d %s", w.Code, w.Header().Get("Location"))
		}
		kept := fieldsOf(clerk.get(w.Header().Get("Location"), http.StatusOK))
		if kept.Get("referrer") != "Кант ЦСМ" || kept.Get("name") != demo.Residents[4].Name() || kept.Get("dx1_code") != form.Get("dx1_code") {
			t.Errorf("kept %v", kept)
		}
		refused(t, clerk, "opened after it was deleted", "/entry/demo-draft-1", nil, http.StatusNotFound, "Этого черновика нет")
		refused(t, clerk, "deleted twice", "/entry/demo-draft-1/discard", url.Values{}, http.StatusNotFound, "Этого черновика нет")

		// A correction stays one.
		list := clerk.get("/entry", http.StatusOK)
		returned := regexp.MustCompile(`href="(/cases/[^"?]+)"`).FindAllStringSubmatch(list, -1)
		draft := ""
		for _, link := range returned {
			if w := clerk.do(http.MethodPost, link[1]+"/correct", nil); w.Code == http.StatusSeeOther {
				draft = w.Header().Get("Location")
				break
			}
		}
		if draft == "" {
			t.Fatal("the demo has no case to correct")
		}
		form = fieldsOf(clerk.get(draft, http.StatusOK))
		form.Set("referrer", "Токмок ЦСМ")
		form.Set("do", "save")
		head.do(http.MethodPost, draft+"/discard", nil)
		form = fieldsOf(clerk.do(http.MethodPost, draft, form).Body.String())
		form.Set("do", "again")
		w = clerk.do(http.MethodPost, "/entry", form)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, form)
		}
		body = clerk.get(w.Header().Get("Location")+"?lang=ru", http.StatusOK)
		if !strings.Contains(body, "Исправление возвращённого случая") || fieldsOf(body).Get("referrer") != "Токмок ЦСМ" {
			t.Error("the correction became a case of its own, or lost what was typed")
		}
		form.Set("replaces", "another")
		if w := clerk.do(http.MethodPost, "/entry", form); w.Code != http.StatusNotFound {
			t.Errorf("a correction of nothing: %d", w.Code)
		}
	})
}

// Who has a post here but not this page's is told whose it is; months and tables
// that are none are said to be none.
func TestRefusalsSayWhatToDo(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		expert, clerk := h.expert(t), h.clerk(t)
		manager := h.signedIn(t, demo.Manager, workforceapi.Post{Role: workforceapi.Manager, Organisation: demo.SecondHospital})
		refused(t, expert, "an expert enters", "/entry", nil, http.StatusForbidden, "вводит сама больница")
		refused(t, clerk, "a hospital re-runs", "/rerun", nil, http.StatusForbidden, "только эксперты ФОМС")
		refused(t, manager, "management opens cases", "/cases", nil, http.StatusForbidden, "открыты итоги и акты")
		refused(t, expert, "a month that is none", "/rerun?month=2026-13&table="+url.QueryEscape("ДЕМО-2026-2"), nil, http.StatusOK, "Такого месяца или таблицы нет")
		refused(t, expert, "a table that is none", "/rerun?month=2026-10&table=x", nil, http.StatusOK, "Такого месяца или таблицы нет")
		refused(t, clerk, "a month to reconcile that is none", "/acts/reconcile?month=2026-13", nil, http.StatusOK, "Такого месяца нет")
		refused(t, expert, "one table twice", "/prices/compare?a=x&b=x", nil, http.StatusOK, "две разные таблицы")
		for typed, says := range map[string]string{
			"":                           "",
			"{\n\"number\": 1,,\n}":      "ошибка в строке 2",
			`{"nummer": "1"}`:            "Поля «nummer» нет",
			`{"patient": {"pin": 5}}`:    "«patient.pin» не тот тип",
			`{"number": ""}`:             "Случай не помещается в форму",
			`{"number": "1"} {}`:         "не прочитать",
			`{"number": "1", "bed_days"`: "не прочитать",
		} {
			refused(t, clerk, "simulator "+typed, "/simulator", url.Values{"case": {typed}}, http.StatusUnprocessableEntity, says)
		}
		huge := treatedtest.Good()
		huge.BedDays, huge.Revision = -2147483648, 1<<31
		if _, err := h.api.Check(t.Context(), huge, demo.Doctor.PIN); err == nil {
			t.Error("a revision past every bound was taken")
		}
		huge = treatedtest.Good()
		huge.BedDays, huge.HoursSinceOnset = -9_000_000_000_000, -5
		if d, err := h.api.Check(t.Context(), huge, demo.Doctor.PIN); err != nil || d.State != insuranceapi.Returned || d.Price != 0 {
			t.Errorf("bed-days below nothing: %+v, %v", d, err)
		}
	})
}
