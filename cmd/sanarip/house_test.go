package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func values(t *testing.T, flags map[string]string) *config.Values {
	t.Helper()
	if flags["data"] == "" {
		flags["data"] = t.TempDir()
	}
	v, err := config.Load(keys(), "", nil, flags)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// openHouse opens a house and serves it on a port of its own.
func openHouse(t *testing.T, flags map[string]string) (*house, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	h, err := newHouse(values(t, flags), port, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.close() })
	server := httptest.NewUnstartedServer(h)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return h, port
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	response, err := inproc.New(nil).Client().Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func TestTheWholeHouseStands(t *testing.T) {
	data := t.TempDir()
	h, port := openHouse(t, map[string]string{"demo": "true", "data": data})
	if len(h.running) != len(systems) {
		t.Fatalf("%d systems run, want %d", len(h.running), len(systems))
	}
	h.fill(t.Context())
	for _, s := range systems {
		status, body := get(t, "http://"+s.host+".localhost:"+port+"/ready")
		var state observe.State
		if err := json.Unmarshal([]byte(body), &state); err != nil || status != http.StatusOK || !state.Ready || state.System != s.name {
			t.Errorf("%s: %d %s", s.name, status, body)
		}
		if status, body := get(t, "http://"+s.host+".localhost:"+port+"/metrics"); status != http.StatusOK || !strings.Contains(body, "sanarip_build_info") {
			t.Errorf("%s: metrics %d", s.name, status)
		}
	}
	if status, body := get(t, "http://localhost:"+port+"/ready"); status != http.StatusOK {
		t.Errorf("whole: %d %s", status, body)
	}
	for _, lang := range []string{"ky", "ru", "en"} {
		status, body := get(t, "http://localhost:"+port+"/?lang="+lang)
		if status != http.StatusOK || strings.Contains(body, "[start.") || !strings.Contains(body, demo.Patient.PIN) || !strings.Contains(body, demo.Password) ||
			!strings.Contains(body, "http://portal.localhost:"+port+"/") {
			t.Errorf("start page in %s: %d %s", lang, status, body)
		}
	}
	if status, _ := get(t, "http://nothing.localhost:"+port+"/"); status != http.StatusMisdirectedRequest {
		t.Errorf("a host of nobody: %d", status)
	}
	// A call from system to system, through the exchange, within the process.
	posts, err := workforceapi.Client{Exchange: h.client(t, exchangeapi.Card)}.Posts(t.Context(), demo.Doctor.PIN)
	if err != nil || len(posts) == 0 {
		t.Errorf("posts of the doctor: %v %v", posts, err)
	}
	// PT-9: a file that the portal never issued.
	forged := filepath.Join(data, "forged.pdf")
	if err := os.WriteFile(forged, []byte("%PDF-1.7 forged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := dispatch(t.Context(), []string{"verify", "--data", data, "--addr", "127.0.0.1:" + port, forged}, io.Discard); !errors.Is(err, errNotAuthentic) {
		t.Errorf("verify: %v", err)
	}
	// The demo written again changes nothing and fails nowhere.
	for _, p := range h.parts {
		if err := h.fillOne(t.Context(), p.name); err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
	}
}

func (h *house) client(t *testing.T, self exchangeapi.Subsystem) *exchangeapi.Client {
	t.Helper()
	env, err := h.env(exchangeapi.NameOf(self))
	if err != nil {
		t.Fatal(err)
	}
	return exchangeapi.NewClient(env, self)
}

func TestWithoutDemoNobodyIsShown(t *testing.T) {
	_, port := openHouse(t, map[string]string{"only": "population"})
	if _, body := get(t, "http://localhost:"+port+"/"); strings.Contains(body, demo.Password) || strings.Contains(body, demo.Patient.PIN) {
		t.Error("the demo's people are shown without demo")
	}
}

func TestTwoHousesShareTheWork(t *testing.T) {
	data := t.TempDir()
	// The first house has the register; the second the exchange, and knows where the first is.
	first, firstPort := openHouse(t, map[string]string{"data": data, "only": "population", "demo": "true"})
	first.fill(t.Context())
	second, secondPort := openHouse(t, map[string]string{"data": data, "only": "exchange", "site_population": "http://register.localhost:" + firstPort})
	person, err := populationapi.Client{Exchange: second.client(t, exchangeapi.Card)}.Person(t.Context(), demo.Patient.PIN, demo.Doctor.PIN, "treatment")
	if err != nil || person.FamilyName != demo.Patient.FamilyName {
		t.Errorf("%+v %v (exchange at %s)", person, err, secondPort)
	}
}

func TestSecrets(t *testing.T) {
	data := t.TempDir()
	first, err := newSecrets(values(t, map[string]string{"data": data}), parts)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(data, "secret")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v %v", info, err)
	}
	again, err := newSecrets(values(t, map[string]string{"data": data}), parts)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, s := range systems {
		if first.ExchangeKey(s.name) != again.ExchangeKey(s.name) || first.ClientSecret(s.name) != again.ClientSecret(s.name) {
			t.Errorf("%s: keys change with a restart", s.name)
		}
		seal, err := first.Seal(s.name)
		if err != nil || len(seal) != 32 {
			t.Errorf("%s: seal %d %v", s.name, len(seal), err)
		}
		for what, secret := range map[string]string{"key": first.ExchangeKey(s.name), "client": first.ClientSecret(s.name), "seal": string(seal)} {
			if other, twice := seen[secret]; twice {
				t.Errorf("%s of %s is also %s", what, s.name, other)
			}
			seen[secret] = what + " of " + s.name
		}
	}
}

// A process that is given its own keys needs no master secret, and makes none.
func TestKeysByHandNeedNoMaster(t *testing.T) {
	data := t.TempDir()
	long := strings.Repeat("x", 40)
	v := values(t, map[string]string{"data": data, "only": "card", "exchange_key_card": "k", "client_secret_card": "c", "seal_card": long})
	running, err := chosen(v)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSecrets(v, running)
	if err != nil || s.ExchangeKey("card") != "k" || s.ClientSecret("card") != "c" || s.ExchangeKey("portal") != "" {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := os.Stat(filepath.Join(data, "secret")); err == nil {
		t.Error("a master secret was made")
	}
}

func TestWrongConfigurationIsTold(t *testing.T) {
	for name, flags := range map[string]map[string]string{
		"unknown system": {"only": "card,carrd"},
		"path in a site": {"site_card": "https://card.example.kg/x"},
		"no address":     {"site_card": "card.example.kg"},
		"short secret":   {"secret": "short"},
		"demo":           {"demo": "perhaps"},
	} {
		if _, err := newHouse(values(t, flags), "1", slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCommandLine(t *testing.T) {
	ctx := context.Background()
	var out bytes.Buffer
	for _, args := range [][]string{{"help"}, {"version"}, {"config", "--data", t.TempDir()}} {
		if err := dispatch(ctx, args, &out); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
	for _, want := range []string{"sanarip run", "site_card", "message_smtp_address", "(default)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not told", want)
		}
	}
	for _, args := range [][]string{{"nothing"}, {"run", "--nothing"}, {"import", "icd10"}, {"import", "x", "y"}, {"exchange-key", "nobody"}} {
		if err := dispatch(ctx, args, io.Discard); err == nil {
			t.Errorf("%v: accepted", args)
		}
	}
	data := t.TempDir()
	var key, again bytes.Buffer
	if err := dispatch(ctx, []string{"exchange-key", "--data", data, "card"}, &key); err != nil {
		t.Fatal(err)
	}
	if err := dispatch(ctx, []string{"exchange-key", "--data", data, "card"}, &again); err != nil || key.String() != again.String() || key.Len() < 40 {
		t.Errorf("%q %q %v", key.String(), again.String(), err)
	}
}

func TestImportTellsBadRowsAndIsRepeatable(t *testing.T) {
	data, ctx := t.TempDir(), context.Background()
	path := filepath.Join(data, "soate.csv")
	content := "code,level,parent,name_ru,name_ky\n41711000000000,1,,Бишкек,Бишкек\nbroken\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var out bytes.Buffer
		err := dispatch(ctx, []string{"import", "--data", data, "soate", path}, &out)
		if err == nil || !strings.Contains(err.Error(), "1 rows were left out") || !strings.Contains(out.String(), "1 territories") {
			t.Errorf("%q %v", out.String(), err)
		}
	}
}

func TestAHugeBodyIsRefused(t *testing.T) {
	_, port := openHouse(t, map[string]string{"only": "exchange"})
	body := io.LimitReader(zeros{}, 50<<20)
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://tunduk.localhost:"+port+"/r1/a/b/c/d/e", body)
	client := inproc.New(nil).Client()
	client.Timeout = time.Minute
	response, err := client.Do(request)
	if err != nil {
		return // the connection was closed on us: as good
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 400 {
		t.Errorf("%d", response.StatusCode)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A system whose public address is https is to be had by TLS alone: its cookies
// too, those that keep a language, a look and a notice.
func TestASystemOfHTTPSIsKeptToIt(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		_, port := openHouse(t, map[string]string{"only": "population", "site_population": scheme + "://people.example.kg"})
		cookies := map[string]*http.Cookie{}
		for _, q := range []struct{ method, path, body string }{
			{http.MethodGet, "/?lang=ky", ""}, {http.MethodPost, "/assets/look", "look=large"},
		} {
			r, err := http.NewRequestWithContext(t.Context(), q.method, "http://127.0.0.1:"+port+q.path, strings.NewReader(q.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "people.example.kg"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if told := response.Header.Get("Strict-Transport-Security"); (told != "") != (scheme == "https") {
				t.Errorf("%s %s %s: Strict-Transport-Security %q", scheme, q.method, q.path, told)
			}
			for _, c := range response.Cookies() {
				cookies[c.Name] = c
			}
		}
		for _, name := range []string{"lang", "look"} {
			if c := cookies[name]; c == nil || c.Secure != (scheme == "https") || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("%s: the cookie %s is %+v", scheme, name, c)
			}
		}
	}
}
