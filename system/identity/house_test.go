package identity_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// house is ЕСИ with two systems that sign people in through it, an exchange
// that leads to a message system, and a network between.
type house struct {
	t       *testing.T
	esi     *identity.System
	clock   *moving
	base    string
	card    *relying
	portal  *relying
	inbox   *inbox
	address string // database
	network *http.Transport
	set     func(name string, handler http.Handler)
	log     *slog.Logger
	looking sync.Once
	look    *db.DB            // the database beside it
	said    *kept             // all that was logged
	through http.RoundTripper // of browsers; the network where it is nil

	tunduk     string // the exchange's address
	mu         sync.Mutex
	neighbours map[exchangeapi.Subsystem]*exchangeapi.Provider
}

// serve puts a system of the test behind the exchange.
func (h *house) serve(as exchangeapi.Subsystem, register func(p *exchangeapi.Provider)) {
	p := exchangeapi.NewProvider(as, exchangeKey, h.log)
	register(p)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.neighbours[as] = p
}

// exchange leads to the systems behind it.
func (h *house) exchange(w http.ResponseWriter, r *http.Request) {
	target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
	h.mu.Lock()
	neighbour := h.neighbours[target.Provider]
	h.mu.Unlock()
	if err != nil || neighbour == nil {
		http.Error(w, "{}", http.StatusNotFound)
		return
	}
	r.URL.Path = "/exchange/" + target.Service + target.Rest
	neighbour.ServeHTTP(w, r)
}

// moving is the machine's clock, which a test may move on, and stop.
type moving struct {
	mu      sync.Mutex
	ahead   time.Duration
	stopped time.Time
}

func (m *moving) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.stopped.IsZero() {
		return m.stopped.Add(m.ahead)
	}
	return clock.System{}.Now().Add(m.ahead)
}

// stop leaves the clock to the test alone: what comes within some seconds does so
// on any machine.
func (m *moving) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = clock.System{}.Now()
}

func (m *moving) advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ahead += d
}

const exchangeKey = "key-of-the-test"

// The secrets of every house.
var (
	houseSecret = bytes.Repeat([]byte{9}, 32)
	secretOf    = func(name string) string { return name + "-secret+with/signs" }
)

// peopled is a database of ЕСИ with its keys and the demo's people in it.
var peopled = dbtest.Prepared{Fill: func(database string) error {
	ctx := context.Background()
	esi, err := identity.New(ctx, host.Env{
		Database: database, Connections: 10, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), BaseURL: "http://esi.localhost", Secret: houseSecret, Demo: true,
	})
	if err != nil {
		return err
	}
	return errors.Join(esi.Demo(ctx), esi.Close())
}}

func TestMain(m *testing.M) {
	code := m.Run()
	peopled.Remove()
	os.Exit(code)
}

// open builds the house on a database of the address; on a copy of peopled it is
// there sooner than on an empty one. settings are pairs of a key and its value.
func open(t *testing.T, database string, settings ...string) *house {
	t.Helper()
	h := &house{t: t, clock: &moving{}, inbox: &inbox{}, address: database, neighbours: map[exchangeapi.Subsystem]*exchangeapi.Provider{}}
	hosts := map[string]string{} // name of the host: address of the listener
	handlers := map[string]http.Handler{}
	var mu sync.Mutex
	listen := func(name string) string {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			handler := handlers[name]
			mu.Unlock()
			handler.ServeHTTP(w, r)
		}))
		server.Start()
		t.Cleanup(server.Close)
		hosts[name+".localhost"] = server.Listener.Addr().String()
		_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
		return "http://" + name + ".localhost:" + port
	}
	h.network = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		name, _, _ := net.SplitHostPort(address)
		return (&net.Dialer{}).DialContext(ctx, network, hosts[name])
	}}
	t.Cleanup(h.network.CloseIdleConnections)
	h.said = &kept{}
	log := slog.New(slog.NewMultiHandler(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}),
		slog.NewJSONHandler(h.said, &slog.HandlerOptions{Level: slog.LevelDebug})))
	h.base = listen("esi")
	sites := map[string]string{"identity": h.base, "card": listen("card"), "portal": listen("portal")}
	exchange := listen("tunduk")
	h.tunduk = exchange

	set := func(name string, handler http.Handler) {
		mu.Lock()
		defer mu.Unlock()
		handlers[name] = handler
	}
	h.set = set
	h.log = log
	h.serve(exchangeapi.Message, func(p *exchangeapi.Provider) { messageapi.Serve(p, h.inbox) })
	set("tunduk", http.HandlerFunc(h.exchange))
	own := map[string]string{}
	for pair := range slices.Chunk(settings, 2) {
		own[pair[0]] = pair[1]
	}
	esi, err := identity.New(context.Background(), host.Env{
		Database: database, Connections: 10, Clock: h.clock, Log: log, HTTP: &http.Client{Transport: h.network, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		BaseURL: h.base, Issuer: h.base, Sites: sites, ClientSecretOf: secretOf, ExchangeAddress: exchange, ExchangeKey: exchangeKey,
		Secret: houseSecret, Demo: true, Settings: own,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.esi = esi
	h.inbox.arrived = h.settle
	set("esi", esi.Handler())
	if err := esi.Demo(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); esi.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done; _ = esi.Close() })
	h.card = newRelying(t, h, "card", sites["card"], secretOf("card"), log)
	h.portal = newRelying(t, h, "portal", sites["portal"], secretOf("portal"), log)
	set("card", h.card.mux)
	set("portal", h.portal.mux)
	return h
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// each runs the test with the house on both engines, side by side.
func each(t *testing.T, run func(t *testing.T, h *house)) {
	t.Helper()
	dbtest.Both(t,
		func(t *testing.T) { run(t, open(t, peopled.SQLite(t))) },
		func(t *testing.T) { run(t, open(t, peopled.Postgres(t))) })
}

// db opens ЕСИ's database beside it, to look.
func (h *house) db() *db.DB {
	h.t.Helper()
	return dbtest.Open(h.t, h.address, "identity")
}

// settle waits until ЕСИ has told what it has to tell: no job is left but those that
// were tried in vain or are planned for later.
func (h *house) settle() {
	h.t.Helper()
	h.looking.Do(func() { h.look = h.db() })
	h.eventually("what is to be told never is", func() bool {
		var n int
		if err := h.look.Read.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM job WHERE state = 'running' OR (state = 'ready' AND attempts = 0 AND run_at <= $1)`,
			db.Micros(h.clock.Now())).Scan(&n); err != nil {
			h.t.Fatal(err)
		}
		return n == 0
	})
}

func (h *house) exec(d *db.DB, statement string, args ...any) {
	h.t.Helper()
	err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// relying is a system that signs people in through ЕСИ, with kit/signin.
type relying struct {
	id, base, secret string
	mux              *http.ServeMux
	sessions         *session.Store
}

func newRelying(t *testing.T, h *house, id, base, secret string, log *slog.Logger) *relying {
	r := &relying{id: id, base: base, secret: secret, mux: http.NewServeMux()}
	r.sessions = session.NewStore(dbtest.SQLite(t, id, session.Migration), h.clock, base)
	site := &page.Site{System: id, Texts: text.MustLoad(design.Texts), Log: log, ErrorPage: design.ErrorPage, FormHosts: []string{h.base}}
	client := signin.New(signin.Config{
		Issuer: h.base, ClientID: id, Secret: secret, BaseURL: base, Scopes: []string{"profile", "email", "phone"},
		HTTP: &http.Client{Transport: h.network}, Sessions: r.sessions,
		Admit: func(_ context.Context, c signin.Claims) (any, error) { return c, nil },
	})
	client.Mount(r.mux, site)
	site.Handle(r.mux, "GET /{$}", client.Require(func(w http.ResponseWriter, req *http.Request) error {
		s, _, err := r.sessions.Of(req)
		if err != nil {
			return err
		}
		_, err = w.Write(s.Data)
		return err
	}))
	return r
}

// browser is a person's browser: it keeps cookies and follows links.
type browser struct {
	t      *testing.T
	client *http.Client
	agent  string
}

func (h *house) browser() *browser {
	jar, _ := cookiejar.New(nil)
	b := &browser{t: h.t, agent: "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Safari/537.36", client: &http.Client{Transport: h.network, Jar: jar}}
	if h.through != nil {
		b.client.Transport = h.through
	}
	return b
}

// shown is what the browser shows.
type shown struct {
	t      *testing.T
	status int
	url    *url.URL
	body   string
	header http.Header
}

func (b *browser) do(r *http.Request) shown {
	b.t.Helper()
	r.Header.Set("User-Agent", b.agent)
	if r.Header.Get("Accept-Language") == "" {
		r.Header.Set("Accept-Language", "ru")
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return shown{b.t, response.StatusCode, response.Request.URL, string(body), response.Header}
}

func (b *browser) get(address string) shown {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(address string, values url.Values) shown {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// One that was never here has no page of ours to send a form from.
	r.Header.Set("Sec-Fetch-Site", "none")
	if len(b.client.Jar.Cookies(r.URL)) > 0 {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.do(r)
}

// stay makes the browser stop at redirects.
func (b *browser) stay() *browser {
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{t: b.t, agent: b.agent, client: &client}
}

var formTag = regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]*)"|<form[^>]*action="([^"]*)"[^>]*method="post"`)

// submit sends the page's form whose action starts with the path.
func (b *browser) submit(p shown, path string, pairs ...string) shown {
	b.t.Helper()
	for _, match := range formTag.FindAllStringSubmatch(p.body, -1) {
		action := html.UnescapeString(match[1] + match[2])
		if cut, _, _ := strings.Cut(action, "?"); cut != path {
			continue
		}
		target, err := p.url.Parse(action)
		if err != nil {
			b.t.Fatal(err)
		}
		values := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		return b.post(target.String(), values)
	}
	b.t.Fatalf("no form %s on %s (%d):\n%s", path, p.url, p.status, p.words())
	return shown{}
}

var (
	tags   = regexp.MustCompile(`(?s)<script.*?</script>|<[^>]*>`)
	blanks = regexp.MustCompile(`\s+`)
)

// words is the page's text.
func (p shown) words() string {
	return strings.TrimSpace(blanks.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(p.body, " ")), " "))
}

func (p shown) must(status int, parts ...string) shown {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("%s answered %d, not %d:\n%s", p.url, p.status, status, p.words())
	}
	for _, part := range parts {
		if !strings.Contains(p.words(), part) {
			p.t.Fatalf("%s does not say %q:\n%s", p.url, part, p.words())
		}
	}
	return p
}

// signIn takes the person through password and code; the page after is given.
func (h *house) signIn(b *browser, p shown, person demo.Person) shown {
	h.t.Helper()
	p.must(http.StatusOK, "Вход")
	h.inbox.clear()
	p = b.submit(p, "/sign-in", "pin", person.PIN, "password", demo.Password)
	p.must(http.StatusOK, "Код подтверждения")
	return b.submit(p, "/sign-in/code", "code", h.inbox.code(h.t, person.Phone))
}

// enter takes the person into the system, through everything on the way.
func (h *house) enter(b *browser, r *relying, person demo.Person, pairs ...string) signin.Claims {
	h.t.Helper()
	p := h.signIn(b, b.get(r.base+"/"), person)
	p.must(http.StatusOK, "Передача данных")
	p = b.submit(p, "/consent", append([]string{"decision", "allow", "agreement", "1"}, pairs...)...)
	return p.claims()
}

func (p shown) claims() signin.Claims {
	p.t.Helper()
	p.must(http.StatusOK)
	var c signin.Claims
	if err := json.Unmarshal([]byte(p.body), &c); err != nil {
		p.t.Fatalf("%s shows no claims: %v\n%s", p.url, err, p.words())
	}
	return c
}

func (h *house) eventually(what string, ok func() bool) {
	h.t.Helper()
	for range 1500 {
		if ok() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatal(what)
}

func fmtURL(base string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	return fmt.Sprintf("%s?%s", base, query.Encode())
}
