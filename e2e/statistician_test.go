package e2e_test

import (
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// The statistician opens the register of forms, filters it, reads the month's
// summary and what is behind; ЦЭЗ sees how hospitals move over to the card.
func TestStatisticianAndMonitor(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	b := open(t, "statistician", 1440, "ru")
	b.goTo(w.site["card"] + "/sign-in")
	b.signIn(w, demo.Clerk)
	b.goTo(w.site["card"] + "/forms")
	b.fill("code", "I21")
	b.submit("code")
	b.see("Форм не найдено")
	centre := open(t, "centre", 1440, "ru")
	centre.goTo(w.site["card"] + "/sign-in")
	centre.signIn(w, demo.Operator)
	centre.seeAfterReload("Нацгоспиталь")
	for _, width := range []int{1440, 360} {
		b.resize(width)
		centre.resize(width)
		langs := []string{"ky", "ru", "en"}
		if width == 360 {
			langs = langs[:1] // the longest words
		}
		for _, lang := range langs {
			for _, path := range []string{"/forms", "/forms/summary", "/monitor"} {
				b.goTo(w.site["card"] + path + "?lang=" + lang)
				b.look(lang, width, path)
			}
			for _, path := range []string{"/rollout", "/rollout/schedule", "/rollout/trainings"} {
				centre.goTo(w.site["card"] + path + "?lang=" + lang)
				centre.look(lang, width, path)
			}
		}
	}
}
