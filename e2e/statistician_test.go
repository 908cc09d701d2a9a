package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/sanarip/sanarip/demo"
)

// The statistician opens the register of forms, filters and exports it by
// keyboard, reads the month's summary and what is behind; ЦЭЗ sees how hospitals move over to the card.
func TestStatisticianAndMonitor(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "statistician", 1440, "ru")
	b.goTo(w.site["card"] + "/sign-in")
	b.signIn(w, demo.Statistician)
	b.goTo(w.site["card"] + "/forms")
	b.seeAfterReload("950174")
	// The filter and the export by keyboard alone.
	b.set("from", time.Now().AddDate(0, -2, 0).Format(time.DateOnly))
	b.focus("the code", `e.name === "code"`)
	b.keys("K35.8", kb.Enter)
	b.waitFor(`location.search.includes("find=") && document.readyState === "complete"`)
	if strings.Contains(b.where(), "K35.8") { // with its full stop, which a sealed address never has
		t.Error("the address tells of an illness: " + b.where())
	}
	b.see("Ниязова")
	if strings.Contains(b.text(), "Молдобаева") {
		t.Error("the filter lets another diagnosis through")
	}
	b.focus("the export", `e.tagName === "SUMMARY"`)
	b.keys(kb.Enter)
	b.focus("the reason", `e.name === "reason"`)
	b.keys("Отчёт за квартал")
	b.look("ru", 1440, "export")
	const send = `(() => { const f = document.querySelector('form[action="/forms/export"]'), d = new URLSearchParams(new FormData(f)); d.set("format", %q);
		return fetch(f.action, {method: "POST", body: d}).then(r => r.text()) })()`
	if csv := eval[string](b, fmt.Sprintf(send, "csv")); !strings.Contains(csv, "K35.8") || strings.Contains(csv, "J18.9") || strings.Count(strings.TrimSpace(csv), "\n") != 1 {
		t.Errorf("the file has %s", csv)
	}
	if xlsx := eval[string](b, fmt.Sprintf(send, "xlsx")); !strings.HasPrefix(xlsx, "PK") {
		t.Errorf("no workbook: %s", tail(xlsx, 200))
	}
	b.goTo(w.site["card"] + "/forms")
	b.focus("the code", `e.name === "code"`)
	b.keys("I21", kb.Enter)
	b.waitFor(`location.search.includes("find=") && document.readyState === "complete"`)
	b.see("Форм не найдено")
	centre := open(t, "centre", 1440, "ru")
	centre.goTo(w.site["card"] + "/sign-in")
	centre.signIn(w, demo.Operator)
	centre.seeAfterReload("Нацгоспиталь")
	for _, v := range views() {
		b.resize(v.width)
		centre.resize(v.width)
		for _, path := range []string{"/forms", "/forms/summary", "/monitor"} {
			b.goTo(w.site["card"] + path + "?lang=" + v.lang)
			b.look(v.lang, v.width, path)
		}
		for _, path := range []string{"/rollout", "/rollout/schedule", "/rollout/trainings"} {
			centre.goTo(w.site["card"] + path + "?lang=" + v.lang)
			centre.look(v.lang, v.width, path)
		}
	}
}
