package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// smartApp serves an app of SMART on FHIR that is written with the public
// library fhirclient, on a port of its own.
func smartApp(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir("fhir/app")))
	mux.HandleFunc("/fhir-client.min.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "fhir/node_modules/fhirclient/build/fhir-client.min.js")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// falseServer says that it is a FHIR server whose people sign in at the true ЕСИ.
func falseServer(t *testing.T, w world) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Access-Control-Allow-Origin", "*")
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(map[string]any{
			"authorization_endpoint": w.site["identity"] + "/connect/authorize", "token_endpoint": w.site["identity"] + "/connect/token",
			"code_challenge_methods_supported": []string{"S256"}, "capabilities": []string{"launch-standalone"},
		})
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A person signs in at ЕСИ, allows an app a part of their record, and the app,
// written with the public client library, shows that part and no more.
func TestSMARTAppInTheBrowser(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	s := &story{world: w, t: t}
	s.doctorSignsIn()
	s.admission()
	app := smartApp(t)
	b := open(t, "patient", 1280, "ru")
	b.goTo(app + "/?iss=" + w.site["card"] + "/fhir/R4")
	b.waitFor(`location.host.startsWith("esi.")`)
	seen := len(w.codes(demo.Patient))
	b.fill("pin", demo.Patient.PIN)
	b.fill("password", demo.Password)
	b.click(`main form button[type=submit], main form button:not([type])`)
	b.enterCode(w, demo.Patient, seen)
	b.see("Из Вашей медицинской карты: диагнозы")
	b.check("consent to an app")
	b.picture("consent")
	if !eval[bool](b, `document.querySelector("[name='patient/Encounter.rs']").checked`) {
		t.Error("what the app asked for is not offered")
	}
	b.click(`[name='patient/Encounter.rs']`)
	b.consent()
	b.waitFor(`location.origin === "` + app + `" && document.querySelector("#state").textContent !== "…"`)
	b.see("ready")
	b.see(demo.Patient.FamilyName)
	b.see("I20")
	b.see("Procedure: 403")
	b.picture("app")
	got := eval[string](b, `[document.body.dataset.scope, document.body.dataset.patients, document.body.dataset.user].join("|")`) // the library shortens the address
	patient := eval[string](b, `document.body.dataset.patient`)
	want := fmt.Sprintf("openid fhirUser launch/patient patient/Patient.rs patient/Condition.rs|1|Patient/%s", patient)
	if patient == "" || got != want {
		t.Errorf("%s, not %s", got, want)
	}

	// An app that was led to a false server gets no token for it.
	b.goTo(app + "/?iss=" + falseServer(t, w))
	b.waitFor(`location.origin === "` + app + `" && document.querySelector("#state").textContent.startsWith("failed")`)
	b.see("aud names no FHIR server of ours")
}
