package e2e_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// The operator of ЕСИ finds a person with a reason, ends the sessions, and the
// person reads it among those who looked at their data. Every page of the
// console in every language, at a desk and on a phone.
func TestAnOperatorAtTheConsole(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	esi := w.site["identity"]

	patient := open(t, "patient", 360, "ru")
	patient.goTo(w.site["portal"] + "/my")
	patient.signIn(w, demo.Patient)

	desk := open(t, "operator", 1440, "ru")
	desk.goTo(esi + "/console")
	desk.signIn(w, demo.Operator)
	desk.see("Найти человека")
	desk.fill("pin", demo.Patient.PIN)
	desk.fill("reason", "")
	desk.submit("pin")
	desk.check("no reason")
	desk.fill("reason", "обращение № 17 о потерянном телефоне")
	desk.submit("pin")
	desk.see("Жумабеков")
	account := desk.where()
	if strings.Contains(account, demo.Patient.PIN) {
		t.Error("the ПИН stands in the address")
	}
	desk.fill("reason", "телефон потерян, просит владелец")
	desk.click(`button[name=action][value=end-sessions]`)
	desk.see("Все сеансы завершены")
	w.await(demo.Patient, func(l letter) bool {
		return strings.Contains(l.Body, "телефон потерян, просит владелец")
	})

	desk.goTo(esi + "/console/keys")
	desk.fill("reason", "плановая смена ключей")
	desk.submit("reason")
	desk.see("Смена уже идёт")
	desk.goTo(esi + "/console/audit")
	desk.click(`form[action="/console/audit/check"] button`)
	desk.seeAfterReload("журнал цел")

	pages := map[string]string{
		"people": "/console", "incidents": "/console/incidents", "clients": "/console/clients", "statistics": "/console/statistics",
		"own": "/console/clients?state=own", "own system": "/console/clients/portal", "proofing": "/console/proofing",
		"days": "/console/statistics?span=days", "keys": "/console/keys", "audit": "/console/audit", "missing": "/console/nothing",
		"person": strings.TrimPrefix(account, esi), "trail": strings.TrimPrefix(account, esi) + "/audit",
	}
	for _, lang := range []string{"ky", "ru", "en"} {
		for name, path := range pages {
			sign := "?"
			if strings.Contains(path, "?") {
				sign = "&"
			}
			for width, size := range map[int]string{1440: "wide", 360: "narrow"} {
				desk.resize(width)
				desk.goTo(esi + path + sign + "lang=" + lang)
				desk.check(lang + " " + name)
				if lang != "en" {
					desk.picture(name + "-" + lang + "-" + size)
				}
			}
		}
	}

	// The person reads who looked and why.
	patient.goTo(w.site["portal"] + "/my/accesses")
	if strings.Contains(patient.where(), "/sign-in") { // the sessions were ended
		patient.signIn(w, demo.Patient)
	}
	patient.goTo(w.site["portal"] + "/my/accesses")
	patient.see("обращение № 17 о потерянном телефоне")
}
