package access

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
)

var now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// esi is ЕСИ as far as tokens go.
type esi struct {
	*httptest.Server
	asked, asPerson               atomic.Int32
	answer, profile               string
	user, password, token, bearer string
}

func newESI(t *testing.T) *esi {
	e := &esi{answer: `{}`, profile: `{}`}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /connect/introspect", func(w http.ResponseWriter, r *http.Request) {
		e.asked.Add(1)
		e.user, e.password, _ = r.BasicAuth()
		e.token = r.PostFormValue("token")
		_, _ = io.WriteString(w, e.answer)
	})
	mux.HandleFunc("GET /connect/userinfo", func(w http.ResponseWriter, r *http.Request) {
		e.asPerson.Add(1)
		e.bearer = r.Header.Get("Authorization")
		_, _ = io.WriteString(w, e.profile)
	})
	e.Server = httptest.NewServer(mux)
	t.Cleanup(e.Close)
	return e
}

func TestIntrospection(t *testing.T) {
	e := newESI(t)
	at := clock.NewManual(now)
	i := &Introspection{Issuer: e.URL, ClientID: "card", Secret: "se-cret", HTTP: e.Client(), Clock: at}
	ask := func(name string) Token {
		t.Helper()
		got, err := i.Introspect(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if ask("a").Active || e.user != "card" || e.password != "se-cret" || e.token != "a" {
		t.Errorf("asked as %q %q for %q", e.user, e.password, e.token)
	}
	// A refusal is asked for again; what is active is believed for half a minute.
	e.answer = `{"active":true,"scope":"system/*.read","client_id":"app","sub":"app","iss":"` + e.URL + `","exp":4102444800,"token_type":"Bearer","aud":"x"}`
	got := ask("a")
	if !got.Active || !got.Machine || got.PIN != "" || !slices.Equal(got.Scopes, []string{"system/*.read"}) || e.asked.Load() != 2 || e.asPerson.Load() != 0 {
		t.Errorf("%+v after %d", got, e.asked.Load())
	}
	e.answer = `{"active":false}`
	at.Advance(29 * time.Second)
	if !ask("a").Active || e.asked.Load() != 2 {
		t.Error("not believed for half a minute")
	}
	at.Advance(time.Second)
	if ask("a").Active {
		t.Error("believed for longer than half a minute")
	}
	// A person is known by the profile.
	e.answer = `{"active":true,"scope":"openid profile patient/*.read","client_id":"app","sub":"u1"}`
	e.profile = `{"sub":"u1","pin":"21209196000217","name":"Жумабеков"}`
	if got := ask("p"); got.Machine || got.PIN != "21209196000217" || got.Name != "Жумабеков" || e.bearer != "Bearer p" {
		t.Errorf("%+v", got)
	}
	e.profile = `{"sub":"somebody else","pin":"21209196000217"}`
	if got := ask("q"); got.Machine || got.PIN != "" {
		t.Errorf("the profile of another is taken: %+v", got)
	}
	e.answer = `{"active":true,"scope":"patient/*.read","client_id":"app","sub":"u1","pin":"21209196000217","name":"Ж"}`
	before := e.asPerson.Load()
	if got := ask("r"); got.Machine || got.PIN != "21209196000217" || e.asPerson.Load() != before {
		t.Errorf("%+v", got)
	}
	for name, body := range map[string]string{
		"of another issuer": `{"active":true,"client_id":"a","sub":"a","iss":"http://evil"}`,
		"a refresh token":   `{"active":true,"client_id":"a","sub":"a","token_type":"refresh_token"}`,
	} {
		e.answer = body
		if ask(name).Active {
			t.Errorf("%s is taken", name)
		}
	}
	e.answer = `<html>`
	if _, err := i.Introspect(context.Background(), "b"); !fail.Is(err, fail.BadNeighbor) {
		t.Errorf("garbage: %v", err)
	}
	before = e.asked.Load()
	if got, err := i.Introspect(context.Background(), strings.Repeat("x", maxToken+1)); got.Active || err != nil || e.asked.Load() != before {
		t.Error("a huge token was passed on")
	}
	e.Close()
	if _, err := i.Introspect(context.Background(), "c"); !fail.Is(err, fail.Unavailable) {
		t.Errorf("away: %v", err)
	}
}
