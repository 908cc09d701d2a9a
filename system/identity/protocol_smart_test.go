package identity_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// archive is the card: it knows where one person's record is.
type archive map[string]cardapi.Record

func (a archive) Record(_ context.Context, pin string) (cardapi.Record, error) { return a[pin], nil }

// SMART App Launch: an app without a secret is told whose record it opens, and
// the FHIR server whose token it is; the app is not told the ПИН.
func TestSMARTLaunch(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.serve(exchangeapi.Card, func(p *exchangeapi.Provider) {
			cardapi.ServeRecords(p, archive{demo.Patient.PIN: {Patient: "record-1", User: "Patient/record-1"}})
		})
		fhir := h.card.base + cardapi.FHIRPath
		app := h.connect(demo.Doctor, func(s *openid.Settings) { s.Method = openid.MethodPublic })
		approve(t, h, app)
		const scope = "openid fhirUser launch/patient offline_access patient/Observation.rs patient/Condition.read"
		b := h.browser()
		p := h.signIn(b, b.get(h.request("client_id", app.ID, "scope", scope, "aud", fhir)), demo.Patient)
		if p.must(http.StatusOK, "измерения и анализы"); !strings.Contains(p.body, `name="patient/Condition.read"`) {
			t.Fatal("the person is not asked about each kind of data")
		}
		// The person leaves out the diagnoses.
		code := b.answerOf(b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", "patient/Observation.rs", "1", "patient/Condition.read", "", "remember", "1")).Get("code")
		auth := func(r *http.Request, values url.Values) {
			app.auth()(r, values)
			r.Header.Set("Origin", "http://127.0.0.1:9400")
		}
		got := h.call("/connect/token", auth, "grant_type", "authorization_code", "code", code, "redirect_uri", callback, "code_verifier", verifier)
		if got.word("patient") != "record-1" || got.word("scope") != "openid fhirUser launch/patient offline_access patient/Observation.rs" {
			t.Fatalf("%+v", got)
		}
		if origin := got.header.Get("Access-Control-Allow-Origin"); origin != "http://127.0.0.1:9400" {
			t.Errorf("the app's page may not read its token: %q", origin)
		}
		if claims := claimsOf(t, got.word("id_token")); claims["fhirUser"] != fhir+"/Patient/record-1" || claims["pin"] != nil {
			t.Errorf("%v", claims)
		}
		if strings.Contains(decoded(t, got.word("access_token")), demo.Patient.PIN) {
			t.Error("the token tells the ПИН to the app")
		}
		refreshed := h.call("/connect/token", app.auth(), "grant_type", "refresh_token", "refresh_token", got.word("refresh_token"))
		if refreshed.word("patient") != "record-1" || refreshed.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%+v", refreshed)
		}
		for range 2 { // the second answer is given again
			about := h.call("/connect/introspect", basic("card", h.card.secret), "token", got.word("access_token"))
			if about.word("pin") != demo.Patient.PIN || about.word("scope") != got.word("scope") || about.body["active"] != true {
				t.Errorf("the FHIR server is told %+v", about.body)
			}
		}
		if about := h.call("/connect/introspect", basic("portal", h.portal.secret), "token", got.word("access_token")); about.body["pin"] != nil {
			t.Errorf("another system is told %+v", about.body)
		}
	})
}

func decoded(t *testing.T, token string) string {
	t.Helper()
	var all strings.Builder
	for name, value := range claimsOf(t, token) {
		all.WriteString(name)
		if s, ok := value.(string); ok {
			all.WriteString(s)
		}
	}
	return all.String()
}

// An app that was led to another FHIR server, or asks for what nobody can hold it
// to, gets no code.
func TestSMARTLaunchRefused(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.serve(exchangeapi.Card, func(p *exchangeapi.Provider) { cardapi.ServeRecords(p, archive{}) })
	fhir := h.card.base + cardapi.FHIRPath
	app := h.connect(demo.Doctor, func(s *openid.Settings) { s.Method = openid.MethodPublic })
	approve(t, h, app)
	b := h.browser()
	for name, c := range map[string]struct{ scope, aud, refused string }{
		"another server":      {"openid launch/patient patient/*.rs", "https://evil.example/fhir", "invalid_request"},
		"a part of ours":      {"openid launch/patient patient/*.rs", h.card.base, "invalid_request"},
		"no server":           {"openid launch/patient patient/*.rs", "", "invalid_request"},
		"without a launch":    {"openid patient/*.read", "https://evil.example/fhir", "invalid_request"},
		"writing":             {"openid launch/patient patient/*.cruds", fhir, "invalid_scope"},
		"narrowed by a query": {"openid launch/patient patient/Observation.rs?category=laboratory", fhir, "invalid_scope"},
		"a machine's":         {"openid system/Patient.rs", fhir, "invalid_scope"},
	} {
		if got := b.answerOf(b.stay().get(h.request("client_id", app.ID, "scope", c.scope, "aud", c.aud))); got.Get("error") != c.refused {
			t.Errorf("%s: %v", name, got)
		}
	}
	// Somebody whom the card does not know.
	if got := h.codeAt(h.browser(), h.request("client_id", app.ID, "scope", "openid launch/patient", "aud", fhir+"/"), demo.Nurse); got.Get("error") != "access_denied" {
		t.Errorf("%v", got)
	}
	// Pushed ahead, the address is checked then, and needed no more.
	pushing := h.connect(demo.Doctor, fapi)
	if got := pushing.push(proven(pushing.auth()), "scope", "openid launch/patient", "aud", "https://evil.example"); got.word("error") != "invalid_request" {
		t.Errorf("%+v", got)
	}
	if got := pushing.push(proven(pushing.auth()), "scope", "openid launch/patient", "aud", fhir); got.status != http.StatusCreated {
		t.Errorf("%+v", got)
	}
}

// SMART Backend Services: a machine proves itself with its key and asks for one
// type of resource.
func TestSMARTBackendServices(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	machine := h.connect(demo.Doctor, func(s *openid.Settings) {
		s.Method, s.Grants, s.Scopes = openid.MethodKey, []openid.Grant{openid.GrantMachine}, []string{openid.ScopeSystemRead}
		s.Redirects, s.PostLogout = nil, nil
	})
	approve(t, h, machine)
	got := h.call("/connect/token", machine.auth("aud", h.base+"/connect/token"), "grant_type", "client_credentials", "scope", "system/Patient.rs system/Observation.read")
	if got.status != http.StatusOK || got.word("scope") != "system/Patient.rs system/Observation.read" {
		t.Fatalf("%+v", got)
	}
	if about := h.call("/connect/introspect", basic("card", h.card.secret), "token", got.word("access_token")); about.body["active"] != true || about.body["pin"] != nil {
		t.Errorf("%+v", about.body)
	}
	for _, scope := range []string{
		"patient/Patient.rs", "system/*.cruds", "launch/patient",
		"system/Shoe.rs", "system/patient.rs", "system/DomainResource.rs", "system/.rs", "system/Patient.sr", "system/Patient.rr", "system/Patient.", "system/Patient",
		"system/Patient.rs system/Shoe.rs", // the whole request: a part would be taken for all of it
	} {
		if got := h.call("/connect/token", machine.auth(), "grant_type", "client_credentials", "scope", scope); got.status == http.StatusOK {
			t.Errorf("%s: %+v", scope, got)
		}
	}
}

// An app of staff may be registered to write, the person may leave that out, and
// the address of the FHIR server must be named.
func TestSMARTAppOfStaffWrites(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	fhir := h.card.base + cardapi.FHIRPath
	app := h.connect(demo.Doctor, func(s *openid.Settings) { s.Scopes = openid.AppScopes })
	approve(t, h, app)
	const both, write = "user/Observation.crus", "user/Condition.cu"
	b := h.browser()
	p := h.signIn(b, b.get(h.request("client_id", app.ID, "scope", "openid "+both+" "+write, "aud", fhir)), demo.Doctor)
	p.must(http.StatusOK, "Чтение карт Ваших пациентов и запись в них от Вашего имени: измерения и анализы", "Запись от Вашего имени в карты Ваших пациентов: диагнозы")
	code := b.answerOf(b.stay().submit(p, "/consent", "decision", "allow", "agreement", "1", both, "1", write, "", "remember", "1")).Get("code")
	got := app.redeem(app.auth(), code)
	if got.Scope != "openid "+both {
		t.Fatalf("%+v", got)
	}
	about := h.call("/connect/introspect", basic("card", h.card.secret), "token", got.Access)
	if about.word("scope") != got.Scope || about.word("pin") != demo.Doctor.PIN {
		t.Errorf("the FHIR server is told %+v", about.body)
	}
	// The whole of it may be left out as well.
	b = h.browser()
	p = h.signIn(b, b.get(h.request("client_id", app.ID, "scope", "openid user/*.read user/*.write", "aud", fhir)), demo.Nurse)
	if p.must(http.StatusOK, "Запись от Вашего имени в карты Ваших пациентов"); !strings.Contains(p.body, `name="user/*.write"`) {
		t.Error("nobody may leave out writing")
	}
	reader := h.connect(demo.Doctor, nil)
	approve(t, h, reader)
	b = h.browser()
	for name, c := range map[string]struct{ client, scope, aud, refused string }{
		"an app to read":      {reader.ID, "openid user/Observation.cu", fhir, "invalid_scope"},
		"an app to read both": {reader.ID, "openid user/Observation.crus", fhir, "invalid_scope"},
		"a record":            {app.ID, "openid patient/Observation.crus", fhir, "invalid_scope"},
		"letters of no order": {app.ID, "openid user/Observation.uc", fhir, "invalid_scope"},
		"what nobody writes":  {app.ID, "openid user/AuditEvent.crus", fhir, "invalid_scope"},
		"what there is not":   {app.ID, "openid user/Shoe.rs", fhir, "invalid_scope"},
		"no server":           {app.ID, "openid user/Observation.cu", "", "invalid_request"},
	} {
		if got := b.answerOf(b.stay().get(h.request("client_id", c.client, "scope", c.scope, "aud", c.aud))); got.Get("error") != c.refused {
			t.Errorf("%s: %v", name, got)
		}
	}
}
