package insurance_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// The demo's acts are read by the fund and by their hospital, on a page, on paper
// in Kyrgyz and Russian, and as a workbook; the open month is settled.
func TestActsAreShownPrintedAndMade(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		expert, clerk := h.expert(t), h.clerk(t)
		list := expert.get("/acts?lang=ru", http.StatusOK)
		links := regexp.MustCompile(`href="(/acts/[^"/]+)">(\d{6})-`).FindAllStringSubmatch(list, -1)
		if len(links) < 6 {
			t.Fatalf("%d acts in the demo", len(links))
		}
		for _, link := range links {
			want := http.StatusNotFound
			if link[2] == "950201" {
				want = http.StatusOK
			}
			clerk.get(link[1], want)
			clerk.get(link[1]+"/act.pdf", want)
			clerk.get(link[1]+"/act.xlsx", want)
		}
		for _, lang := range []string{"ky", "ru"} {
			if pdf := expert.get(links[0][1]+"/act.pdf?lang="+lang, http.StatusOK); !strings.HasPrefix(pdf, "%PDF-") || len(pdf) < 5000 {
				t.Errorf("%s: %d bytes of PDF", lang, len(pdf))
			}
		}
		book := expert.get(links[0][1]+"/act.xlsx", http.StatusOK)
		if z, err := zip.NewReader(bytes.NewReader([]byte(book)), int64(len(book))); err != nil || len(z.File) != 6 {
			t.Errorf("the workbook cannot be opened: %v", err)
		}
		for _, lang := range []string{"ky", "ru", "en"} {
			body := expert.get("/acts?lang="+lang, http.StatusOK) + clerk.get("/acts?lang="+lang, http.StatusOK) + expert.get(links[0][1]+"?lang="+lang, http.StatusOK) +
				expert.get("/acts/reconcile?lang="+lang, http.StatusOK) + expert.get("/acts/reconcile?organisation=950174&month=2026-10&lang="+lang, http.StatusOK)
			if key := unspoken.FindString(body); key != "" {
				t.Errorf("%s: no words for %s", lang, key)
			}
		}
		before := strings.Count(list, `href="/acts/`)
		if w := expert.do(http.MethodPost, "/acts", url.Values{"organisation": {"950174"}, "month": {"2026-10"}}); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if after := strings.Count(expert.get("/acts", http.StatusOK), `href="/acts/`); after != before+1 {
			t.Errorf("%d acts, then %d", before, after)
		}
		if w := expert.do(http.MethodPost, "/acts?lang=ru", url.Values{"organisation": {"950174"}, "month": {"2026-11"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "ещё не закончился") {
			t.Errorf("a month that is not over: %d", w.Code)
		}
		// All hospitals' acts of a month by one press, which is the fund's.
		if w := clerk.do(http.MethodPost, "/acts", url.Values{"all": {"1"}, "month": {"2026-10"}}); w.Code != http.StatusForbidden {
			t.Errorf("a hospital made all acts: %d", w.Code)
		}
		if body := expert.get("/acts?month=2026-10&lang=ru", http.StatusOK); !strings.Contains(body, "Составить все акты за 10.2026") {
			t.Error("all acts of the month are not offered")
		}
		if w := expert.do(http.MethodPost, "/acts?lang=ru", url.Values{"all": {"1"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Такого месяца или организации нет") {
			t.Errorf("all acts of no month: %d", w.Code)
		}
		if w := expert.do(http.MethodPost, "/acts", url.Values{"all": {"1"}, "month": {"2026-10"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/acts?month=2026-10" {
			t.Errorf("all acts of the month: %d %s", w.Code, w.Header().Get("Location"))
		}
		for _, lang := range []string{"ky", "ru", "en"} {
			body := expert.get("/acts?lang="+lang, http.StatusOK)
			if key := unspoken.FindString(body); key != "" || !strings.Contains(body, map[string]string{"ky": "акт түзүлүп жатат", "ru": "актов", "en": "acts are being made"}[lang]) {
				t.Errorf("%s: how far the acts are is not said, or no words for %s", lang, key)
			}
		}
		if w := clerk.do(http.MethodPost, "/acts", url.Values{"organisation": {"950201"}, "month": {"2026-10"}}); w.Code != http.StatusForbidden {
			t.Errorf("a hospital made an act: %d", w.Code)
		}
	})
}

// A hospital appeals, another expert grants: the case is paid, both sides see why.
func TestAnAppealGoesBetweenHospitalAndFund(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset, wrong.Organisation, wrong.Number = 0, "950201", "00000011895020126"
		d, err := h.api.Submit(t.Context(), wrong, "r1", "11503198500123")
		if err != nil {
			t.Fatal(err)
		}
		path := "/cases/" + d.CaseID
		expert, clerk := h.expert(t), h.clerk(t)
		step := func(b browser, do, comment string, want int) {
			t.Helper()
			if w := b.do(http.MethodPost, path+"/step", url.Values{"do": {do}, "comment": {comment}}); w.Code != want {
				t.Fatalf("%s: %d %s", do, w.Code, w.Body)
			}
		}
		if body := clerk.get(path+"?lang=ru", http.StatusOK); !strings.Contains(body, "Возразить") || strings.Contains(body, "Удовлетворить") {
			t.Error("the hospital's buttons are wrong")
		}
		step(clerk, "appeal", "", http.StatusUnprocessableEntity)
		step(clerk, "appeal", "Доставлен без сознания.", http.StatusSeeOther)
		step(clerk, "grant", "Сами себе.", http.StatusConflict)
		step(expert, "settle", "x", http.StatusConflict)
		step(expert, "magic", "x", http.StatusConflict)
		if list := expert.get("/cases?state=appealed", http.StatusOK); !strings.Contains(list, d.CaseID) {
			t.Error("the appeal is not in the fund's list")
		}
		step(expert, "comment", "Смотрим.", http.StatusSeeOther)
		step(expert, "grant", "Согласны.", http.StatusSeeOther)
		for _, lang := range []string{"ky", "ru", "en"} {
			body := clerk.get(path+"?lang="+lang, http.StatusOK) + expert.get(path+"?lang="+lang, http.StatusOK) + expert.get("/cases?lang="+lang, http.StatusOK)
			for _, said := range []string{"Доставлен без сознания.", "Смотрим.", "Согласны."} {
				if !strings.Contains(body, said) {
					t.Errorf("%s: %q is not shown", lang, said)
				}
			}
			if key := unspoken.FindString(body); key != "" {
				t.Errorf("%s: no words for %s", lang, key)
			}
		}
		if body := clerk.get(path+"?lang=ru", http.StatusOK); !strings.Contains(body, ">принят<") {
			t.Error("the case is not accepted")
		}
	})
}
