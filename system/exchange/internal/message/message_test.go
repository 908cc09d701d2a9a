package message_test

import (
	"context"
	"crypto/sha512"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/kit/porttest"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/message"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
	"github.com/sanarip/sanarip/system/exchange/internal/right"
	"github.com/sanarip/sanarip/system/exchange/migration"
)

// bench is an exchange over real HTTP with one provider, which plays every system.
type bench struct {
	url      string
	log      *record.Log
	rights   right.Rights
	db       *db.DB
	service  *message.Service
	mu       sync.Mutex
	provider http.HandlerFunc
	asked    []*http.Request
	bodies   []string
}

func key(system string) string { return "key of " + system }

func newBench(t *testing.T, d *db.DB) *bench {
	t.Helper()
	b := &bench{db: d, log: record.New(d), rights: right.Rights{DB: d, Clock: clock.System{}}}
	if err := b.rights.Seed(context.Background()); err != nil {
		t.Fatal(err)
	}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.asked, b.bodies = append(b.asked, r), append(b.bodies, string(body))
		answer := b.provider
		b.mu.Unlock()
		if answer == nil {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"ok":true}`)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(provider.Close)
	sites := map[string]string{}
	for name := range exchangeapi.Systems {
		sites[name] = provider.URL
	}
	b.service = &message.Service{
		Rights: b.rights, Log: b.log, Clock: clock.System{}, Slog: slog.New(slog.DiscardHandler),
		HTTP: inproc.New(nil).Client(), Sites: sites, KeyOf: key, Timeout: time.Minute,
	}
	server := httptest.NewServer(b.service)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

const toFund = "/r1/central-server/GOV/70000030/treated-case/treated-cases/submit"

// send sends as the card unless headers say otherwise.
func (b *bench) send(t *testing.T, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, b.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if request.URL, err = url.Parse(b.url + path); err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Road-Client", exchangeapi.Card.String())
	request.Header.Set("Proxy-Authorization", "Bearer "+key("card"))
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			request.Header.Del(headers[i])
			continue
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := inproc.New(nil).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(data)
}

func (b *bench) records(t *testing.T) []record.Record {
	t.Helper()
	all, err := b.log.Search(t.Context(), record.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEX1AMessageGoesThroughWithTheHeadersOfTheProtocol(t *testing.T) {
	dbtest.Each(t, "exchange", migration.Sets, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		b.provider = func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			for _, name := range []string{"X-Road-Service", "X-Road-Request-Id", "X-Road-Request-Hash", "X-Road-Id", "X-Road-Error"} {
				h.Set(name, "the provider's own")
			}
			h.Set("Server", "nginx")
			h.Set("X-Business", "stays")
			h.Set("Keep-Alive", "timeout=5")
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, "busy")
		}
		response, body := b.send(t, "POST", toFund+"?a=1&b=%D2%A3", `{"number":"1"}`,
			"X-Road-Id", "ID-1", "X-Road-UserId", "11503198500123", "X-Road-Issue", "treated-case", "User-Agent", "spy", "Server", "x",
			"X-Road-Request-Hash", "forged", "X-Road-Request-Id", "forged", "Connection", "X-Secret-Hop", "X-Secret-Hop", "no", "Te", "trailers", "X-Kept", "yes")
		if response.StatusCode != http.StatusConflict || body != "busy" {
			t.Fatalf("a provider's own status passes as it is: %d %s", response.StatusCode, body)
		}
		h := response.Header
		if h.Get("X-Road-Id") != "ID-1" || h.Get("X-Road-Service") != "central-server/GOV/70000030/treated-case/treated-cases" ||
			h.Get("X-Road-Error") != "" || h.Get("X-Business") != "stays" || h.Get("Server") != "" || h.Get("Keep-Alive") != "" ||
			h.Get("X-Road-Client") != exchangeapi.Card.String() {
			t.Errorf("answer headers %v", h)
		}
		seen := b.asked[0]
		if seen.URL.RequestURI() != "/exchange/treated-cases/submit?a=1&b=%D2%A3" || b.bodies[0] != `{"number":"1"}` {
			t.Errorf("the provider saw %s %s", seen.URL.RequestURI(), b.bodies[0])
		}
		for name, want := range map[string]string{
			"X-Road-Client": exchangeapi.Card.String(), "X-Road-Id": "ID-1", "X-Road-Userid": "11503198500123", "X-Road-Issue": "treated-case",
			"X-Kept": "yes", "X-Secret-Hop": "", "Te": "", "User-Agent": "", "Server": "", "X-Road-Request-Hash": "",
			"X-Road-Request-Id": h.Get("X-Road-Request-Id"), "Proxy-Authorization": "Bearer " + key("insurance"),
		} {
			if got := seen.Header.Get(name); got != want {
				t.Errorf("the provider saw %s: %q, want %q", name, got, want)
			}
		}
		// The hash, computed anew from what the provider was given.
		if got, want := h.Get("X-Road-Request-Hash"), independentHash(seen, toFund+"?a=1&b=%D2%A3", b.bodies[0]); got != want {
			t.Errorf("X-Road-Request-Hash %s, want %s", got, want)
		}
		records := b.records(t)
		if len(records) != 1 || records[0].QueryID != "ID-1" || records[0].Status != 409 || records[0].Endpoint != "/submit" ||
			records[0].RequestHash != h.Get("X-Road-Request-Hash") || records[0].ResponseHash == "" || records[0].ResponseBytes != 4 ||
			records[0].UserID != "11503198500123" || records[0].Kind != record.Response {
			t.Errorf("log %+v", records)
		}
		if verdict, err := b.log.Verify(t.Context()); err != nil || verdict.Records != 2 || verdict.Broken != 0 {
			t.Errorf("chain %+v %v", verdict, err)
		}
	})
}

// independentHash follows the protocol's text, not our code.
func independentHash(seen *http.Request, pathAndQuery, body string) string {
	var names []string
	for name := range seen.Header {
		if name != "Proxy-Authorization" && name != "Content-Length" && name != "Accept-Encoding" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := seen.Method + "\r\n" + pathAndQuery + "\r\n"
	for _, name := range names {
		for _, value := range seen.Header[name] {
			text += name + ":" + value + "\r\n"
		}
	}
	headers := sha512.Sum512([]byte(text))
	if body == "" {
		return base64.StdEncoding.EncodeToString(headers[:])
	}
	ofBody := sha512.Sum512([]byte(body))
	both := sha512.Sum512([]byte(string(headers[:]) + string(ofBody[:])))
	return base64.StdEncoding.EncodeToString(both[:])
}

func TestAMissingIDIsMadeAndAnEmptyBodyHashed(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
	response, _ := b.send(t, "POST", toFund, "")
	if len(response.Header.Get("X-Road-Id")) != 36 || b.asked[0].Header.Get("X-Road-Id") != response.Header.Get("X-Road-Id") {
		t.Errorf("X-Road-Id %q", response.Header.Get("X-Road-Id"))
	}
	if got, want := response.Header.Get("X-Road-Request-Hash"), independentHash(b.asked[0], toFund, ""); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestRefusals(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
	fund := "/r1/central-server/GOV/70000030/treated-case/"
	denied := "Server.ServerProxy.AccessDenied"
	for name, c := range map[string]struct {
		method, path string
		headers      []string
		want         string
		logged       bool
	}{
		"no client":                   {"POST", toFund, []string{"X-Road-Client", ""}, "Client.BadRequest", false},
		"half a client":               {"POST", toFund, []string{"X-Road-Client", "central-server/GOV/1"}, "Client.BadRequest", false},
		"unknown client":              {"POST", toFund, []string{"X-Road-Client", "central-server/GOV/1/x"}, "Client.SslAuthenticationFailed", false},
		"forged client":               {"POST", toFund, []string{"X-Road-Client", exchangeapi.Portal.String()}, "Client.SslAuthenticationFailed", false},
		"no key":                      {"POST", toFund, []string{"Proxy-Authorization", ""}, "Client.SslAuthenticationFailed", false},
		"empty key":                   {"POST", toFund, []string{"Proxy-Authorization", "Bearer "}, "Client.SslAuthenticationFailed", false},
		"four parts":                  {"POST", "/r1/central-server/GOV/70000030/treated-case", nil, "Client.BadRequest", true},
		"dots in an identifier":       {"POST", "/r1/central-server/GOV/%2e%2e/treated-case/x", nil, "Client.BadRequest", true},
		"slash in an identifier":      {"POST", "/r1/central-server/GOV/70000030%2Fx/treated-case/x", nil, "Client.BadRequest", true},
		"dots after the service":      {"POST", fund + "treated-cases/%2e%2e/operations/retry", nil, "Client.BadRequest", true},
		"plain dots":                  {"POST", fund + "treated-cases/../operations/retry", nil, "Client.BadRequest", true},
		"dots encoded twice":          {"POST", fund + "treated-cases/%252e%252e/operations", nil, "Client.BadRequest", true},
		"slash after the service":     {"POST", fund + "treated-cases/submit%2F..%2Fx", nil, "Client.BadRequest", true},
		"unknown member":              {"POST", "/r1/central-server/GOV/99/x/y", nil, "Server.ClientProxy.UnknownMember", true},
		"other instance":              {"POST", "/r1/other/GOV/70000030/treated-case/treated-cases/submit", nil, "Server.ClientProxy.UnknownMember", true},
		"unknown service":             {"POST", fund + "nothing", nil, "Server.ServerProxy.UnknownService", true},
		"right of another":            {"POST", "/r1/central-server/GOV/70000040/state-payments/charges/make", nil, denied, true},
		"endpoint without right":      {"POST", fund + "operations/retry", nil, denied, true},
		"unknown endpoint":            {"POST", fund + "treated-cases/delete", nil, denied, true},
		"longer than the endpoint":    {"POST", fund + "treated-cases/submit/more", nil, denied, true},
		"method without right":        {"GET", toFund, nil, denied, true},
		"id too long":                 {"POST", toFund, []string{"X-Road-Id", strings.Repeat("x", 256)}, "Client.BadRequest", true},
		"asks to change the protocol": {"POST", toFund, []string{"Upgrade", "websocket"}, "Client.BadRequest", true},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(b.records(t))
			response, body := b.send(t, c.method, c.path, "{}", c.headers...)
			var e exchangeapi.Error
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("%d %s", response.StatusCode, body)
			}
			status := http.StatusInternalServerError
			if strings.HasPrefix(c.want, "Client.") {
				status = http.StatusBadRequest
			}
			if response.StatusCode != status || e.Type != c.want || response.Header.Get("X-Road-Error") != c.want || e.Message == "" || e.Detail == "" {
				t.Errorf("%d %+v, X-Road-Error %q; want %s", response.StatusCode, e, response.Header.Get("X-Road-Error"), c.want)
			}
			if got := len(b.records(t)) - before; (got == 1) != c.logged {
				t.Errorf("%d records", got)
			}
		})
	}
	if len(b.asked) != 0 {
		t.Errorf("the provider was asked %d times", len(b.asked))
	}
}

func TestABodyTooLargeIsRefused(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
	response, body := b.send(t, "POST", toFund, strings.Repeat("x", exchangeapi.MaxMessage+1))
	if response.StatusCode != http.StatusBadRequest || response.Header.Get("X-Road-Error") != "Client.MessageTooLarge" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestProvidersThatFail(t *testing.T) {
	hijack := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = io.WriteString(connection, text)
			_ = connection.Close()
		}
	}
	for name, c := range map[string]struct {
		provider http.HandlerFunc
		want     string // X-Road-Error
		status   int
	}{
		"never answers": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "Server.ServerProxy.ServiceFailed.Timeout", 500},
		"stops half-way": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, "Server.ServerProxy.ServiceFailed.Timeout", 500},
		"speaks no HTTP":    {hijack("SSH-2.0-OpenSSH_9.2\r\n"), "Server.ServerProxy.NetworkError", 500},
		"lives elsewhere":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMisdirectedRequest) }, "Server.ServerProxy.NetworkError", 500},
		"hangs up":          {hijack(""), "Server.ServerProxy.NetworkError", 500},
		"cuts its body off": {hijack("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), "Server.ServerProxy.NetworkError", 500},
		"answers without end": {func(w http.ResponseWriter, _ *http.Request) {
			chunk := make([]byte, 1<<20)
			for range 10 {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, "Server.ServerProxy.ServiceFailed.MessageTooLarge", 500},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, "", 302},
		"has an error itself": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "", 500},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
			if strings.HasSuffix(c.want, ".Timeout") {
				b.service.Timeout = 150 * time.Millisecond
			}
			b.provider = c.provider
			response, body := b.send(t, "POST", toFund, "{}")
			if response.Header.Get("X-Road-Error") != c.want || response.StatusCode != c.status {
				t.Errorf("%d %q %s; want %d %q", response.StatusCode, response.Header.Get("X-Road-Error"), body, c.status, c.want)
			}
			records := b.records(t)
			if len(records) != 1 || records[0].Error != c.want || records[0].Status != c.status {
				t.Errorf("log %+v", records)
			}
		})
	}
}

func TestAProviderThatIsNotThere(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
	b.service.Sites["insurance"] = fmt.Sprintf("http://127.0.0.1:%d", porttest.Free(t))
	response, _ := b.send(t, "POST", toFund, "{}")
	if response.Header.Get("X-Road-Error") != "Server.ServerProxy.NetworkError" {
		t.Errorf("%q", response.Header.Get("X-Road-Error"))
	}
}

func TestWithoutTheLogNothingPasses(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
	// The rights are still read, but nothing can be written.
	if err := breakLog(b.db); err != nil {
		t.Fatal(err)
	}
	response, _ := b.send(t, "POST", toFund, "{}")
	if response.Header.Get("X-Road-Error") != "Server.ServerProxy.LoggingFailed" || len(b.asked) != 0 {
		t.Errorf("%q, provider asked %d times", response.Header.Get("X-Road-Error"), len(b.asked))
	}
}

func TestRightsOfGroupsAndGlobs(t *testing.T) {
	dbtest.Each(t, "exchange", migration.Sets, func(t *testing.T, d *db.DB) {
		b := newBench(t, d)
		path := "/r1/central-server/GOV/70000040/state-payments/ledger/2026/11"
		if response, _ := b.send(t, "GET", path, ""); response.Header.Get("X-Road-Error") == "" {
			t.Fatal("allowed before the right was given")
		}
		if err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { // as an operator writes them
			for _, write := range []db.Question{
				db.Write(`INSERT INTO client_group (code, name) VALUES ('hospitals', 'Hospitals')`),
				db.Write(`INSERT INTO group_member (group_code, subsystem) VALUES ('hospitals', $1)`, exchangeapi.Card.String()),
				db.Write(`INSERT INTO access_right (subject, provider, service, method, path, source, created_at)
					VALUES ('group:hospitals', $1, 'ledger', 'GET', '/*/11', 'operator', 1)`, exchangeapi.Payment.String()),
			} {
				if _, err := tx.ExecContext(ctx, write.Query, write.Args...); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if response, _ := b.send(t, "GET", path, ""); response.StatusCode != http.StatusOK {
			t.Errorf("group member: %d %s", response.StatusCode, response.Header.Get("X-Road-Error"))
		}
		if response, _ := b.send(t, "GET", path, "", "X-Road-Client", exchangeapi.Message.String(), "Proxy-Authorization", "Bearer "+key("message")); response.StatusCode == http.StatusOK {
			t.Error("somebody outside the group was let through")
		}
		if err := b.rights.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
		if response, _ := b.send(t, "GET", path, ""); response.StatusCode != http.StatusOK {
			t.Error("seeding took away what the operator added")
		}
	})
}

func TestMetadata(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
	base := "/r1/central-server/GOV/70000030/treated-case/"
	_, all := b.send(t, "GET", base+"listMethods", "")
	_, mine := b.send(t, "GET", base+"allowedMethods", "")
	for _, service := range []string{"treated-cases", "rules", "operations", "accesses"} {
		if !strings.Contains(all, `"`+service+`"`) {
			t.Errorf("listMethods lacks %s: %s", service, all)
		}
	}
	if !strings.Contains(mine, `"treated-cases"`) || strings.Contains(mine, `"operations"`) {
		t.Errorf("allowedMethods: %s", mine)
	}
	response, description := b.send(t, "GET", base+"getOpenAPI?serviceCode=treated-cases", "")
	if response.StatusCode != http.StatusOK || !strings.Contains(description, `"openapi":"3.0.3"`) || !strings.Contains(description, `"hours_since_onset"`) {
		t.Errorf("getOpenAPI: %d %.300s", response.StatusCode, description)
	}
	if response, _ := b.send(t, "GET", base+"getOpenAPI?serviceCode=nothing", ""); response.Header.Get("X-Road-Error") != "Server.ServerProxy.UnknownService" {
		t.Error("a description of nothing")
	}
	if response, _ := b.send(t, "GET", base+"listMethods", "", "Proxy-Authorization", "Bearer x"); response.StatusCode != http.StatusBadRequest {
		t.Error("metadata for strangers")
	}
	recorder := httptest.NewRecorder()
	b.service.ListClients(recorder, httptest.NewRequest(http.MethodGet, "/listClients", nil))
	if strings.Count(recorder.Body.String(), "SUBSYSTEM") != 10 {
		t.Errorf("listClients: %s", recorder.Body)
	}
}

func TestClientsThatLeaveAreLoggedAllTheSame(t *testing.T) {
	b := newBench(t, dbtest.SQLite(t, "exchange", migration.Sets...))
	arrived := make(chan struct{})
	b.provider = func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() }
	ctx, leave := context.WithCancel(t.Context())
	request, _ := http.NewRequestWithContext(ctx, "POST", b.url+toFund, strings.NewReader("{}"))
	request.Header.Set("X-Road-Client", exchangeapi.Card.String())
	request.Header.Set("Proxy-Authorization", "Bearer "+key("card"))
	go func() { <-arrived; leave() }()
	if _, err := http.DefaultClient.Do(request); err == nil {
		t.Fatal("answered")
	}
	for range 3000 {
		if records := b.records(t); len(records) == 1 && records[0].Kind == record.Response {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("no answer's record")
}

func breakLog(d *db.DB) error {
	return d.Tx(context.Background(), execute(`CREATE TRIGGER no_more BEFORE INSERT ON message_record BEGIN SELECT RAISE(ABORT, 'no more'); END`))
}

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"", "", true},
		{"", "/x", false},
		{"/find", "/find", true},
		{"/find", "/find/x", false},
		{"/find", "/finder", false},
		{"/*", "/a", true},
		{"/*", "/a/b", false},
		{"/*/b", "/a/b", true},
		{"/**", "/a/b/c", true},
		{"**", "", true},
		{"/a/**/z", "/a/b/c/z", true},
		{"/a/*z", "/a/bz", true},
		{"/a/*z", "/a/b/z", false},
	} {
		if got := right.Match(c.glob, c.path); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.glob, c.path, got)
		}
	}
}
