package e2e_test

import (
	"fmt"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Acts of a stay, counted for TestActsTakeWhatThePageSays.

func bedOf(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("a.sn-bed")].find(a => a.innerText.includes(%q))`, name)
}

// note: a bare note, without carrying forward or a template.
func (d day) note() {
	h := d.doctor
	d.act("note", h, d.board(), func() {
		h.click(bedOf("Кадырова"))
		h.into("body", "Состояние стабильное.")
		h.click(says("Записать и подписать"))
		h.see("Запись подписана")
	}, func() {
		h.n()
		h.enter()
		h.n()
		h.focused("body")
		h.browser.keys("Состояние прежнее.")
		h.send()
		h.see("Запись подписана")
	})
}

// change: another main diagnosis stands for the clinical one.
func (d day) change() {
	h := d.doctor
	h.goTo(d.stay + "/diagnoses")
	h.pick("icd", "J15.9", "J15.9") // the main clinical one, to begin with
	h.submit("icd_text")
	h.see("J15.9")
	main := `[...document.querySelectorAll("main tbody tr")].find(r => /Клинический[^]*Основной/.test(r.innerText))`
	why := "Данные рентгенографии."
	d.act("diagnosis-changed", h, d.stay, func() {
		h.click(says("Диагнозы"))
		h.arrive("/diagnoses")
		h.click(`[...` + main + `.querySelectorAll("a")].find(b => b.innerText.trim() === "Изменить")`)
		h.focused("icd_text")
		h.clicks++
		h.pick("icd", "J18.0", "J18.0")
		h.into("why", why)
		h.click(says("Записать изменение"))
		h.see("Диагноз изменён")
	}, func() {
		h.section("9", "Digit9", "/diagnoses")
		h.n()
		h.focused("icd_text")
		h.first("J15.9")
		h.key(kb.Tab)
		h.focused("why")
		h.browser.keys(why)
		h.send()
		h.see("Диагноз изменён")
	})
}

// back walks with Shift+Tab until the focus is where the script accepts.
func (h *actor) back(what, accepts string) {
	h.t.Helper()
	for range 80 {
		h.keys++
		h.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
		if eval[bool](h.browser, `(e => `+accepts+`)(document.activeElement)`) {
			return
		}
	}
	h.t.Fatalf("Shift+Tab never comes to %s at %s", what, h.where())
}
