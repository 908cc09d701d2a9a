package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
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
	w, p := oneProcess(t, "")
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

	// The doctor allows the same author's app for staff to write; the doctor is
	// signed in already.
	d := s.doctor
	d.goTo(app + "/?staff&iss=" + w.site["card"] + "/fhir/R4")
	d.waitFor(`location.pathname === "/consent"`)
	d.see("Чтение карт Ваших пациентов и запись в них от Вашего имени: измерения и анализы")
	d.check("consent to write")
	d.picture("consent-to-write")
	d.consent()
	d.waitFor(`location.origin === "` + app + `" && document.querySelector("#state").textContent !== "…"`)
	d.picture("app-of-staff")
	for _, line := range []string{
		`create: 201 W/"1"`, `update: 200 W/"2"`, "update of what has changed: 412", "conditional create: 200 the same", "read: 98", "without the scope: 403", "about nobody: 403", "ready",
	} {
		d.see(line)
	}
	w.machineWrites(p)
}

// token gets a machine a token of ЕСИ with its secret, as an operator reads it.
func (w world) token(p *process, client, scope string) string {
	w.t.Helper()
	data := p.command.Args[slices.Index(p.command.Args, "--data")+1]
	secret, err := exec.Command(p.command.Path, "client-secret", client, "--data", data).Output()
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, w.site["identity"]+"/connect/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(strings.TrimSpace(string(secret))))
	answer, err := local.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var got struct {
		Token string `json:"access_token"`
		Scope string `json:"scope"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || got.Scope != scope {
		w.t.Fatalf("%s asked for %q: %s %v, %q", client, scope, answer.Status, err, got.Scope)
	}
	return got.Token
}

// machineWrites does as a laboratory's system would, with tokens of ЕСИ.
func (w world) machineWrites(p *process) {
	w.t.Helper()
	token, reader := w.token(p, "fhir-writer", "system/*.read system/Observation.cu"), w.token(p, "fhir-reader", "system/*.read")
	send := func(token, method, path, body string, header ...string) (status int, etag, id string) {
		w.t.Helper()
		r, err := http.NewRequest(method, w.site["card"]+"/fhir/R4/"+path, strings.NewReader(body))
		if err != nil {
			w.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/fhir+json")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := local.Do(r)
		if err != nil {
			w.t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		var got struct {
			ID string `json:"id"`
		}
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
			w.t.Fatalf("%s %s: %s: %v", method, path, answer.Status, err)
		}
		return answer.StatusCode, answer.Header.Get("ETag"), got.ID
	}
	const body = `{"resourceType":"Observation","identifier":[{"system":"urn:lab","value":"7"}],"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]}%s}`
	first := fmt.Sprintf(body, "")
	status, etag, id := send(token, http.MethodPost, "Observation", first, "If-None-Exist", "identifier=urn:lab|7")
	if status != http.StatusCreated || etag != `W/"1"` {
		w.t.Fatalf("create: %d %s", status, etag)
	}
	next := fmt.Sprintf(body, `,"id":"`+id+`","valueString":"120"`)
	for _, c := range []struct {
		name, token, method, path, body string
		header                          []string
		status                          int
	}{
		{"the same again", token, http.MethodPost, "Observation", first, []string{"If-None-Exist", "identifier=urn:lab|7"}, http.StatusOK},
		{"a change", token, http.MethodPut, "Observation/" + id, next, []string{"If-Match", etag}, http.StatusOK},
		{"a change of what has changed", token, http.MethodPut, "Observation/" + id, first[:len(first)-1] + `,"id":"` + id + `"}`, []string{"If-Match", etag}, http.StatusPreconditionFailed},
		{"another type", token, http.MethodPost, "Specimen", `{"resourceType":"Specimen"}`, nil, http.StatusForbidden},
		{"by who may read", reader, http.MethodPost, "Observation", first, nil, http.StatusForbidden},
		{"reading it", reader, http.MethodGet, "Observation/" + id, "", nil, http.StatusOK},
	} {
		if got, _, _ := send(c.token, c.method, c.path, c.body, c.header...); got != c.status {
			w.t.Errorf("%s: %d, not %d", c.name, got, c.status)
		}
	}
}
