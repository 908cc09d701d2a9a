package portal_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/portal"
	"github.com/sanarip/sanarip/system/portal/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const key = "shared-with-the-exchange"

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// town is the neighbours: they answer under their own contracts, or not at all
// when they are away.
type town struct {
	away map[exchangeapi.Subsystem]*atomic.Bool
	mu   sync.Mutex
	sent []messageapi.Message
}

const stay = "0192b5a0-0000-7000-8000-000000000001"

var summary = cardapi.Summary{
	Head: cardapi.Head{
		Stay: stay, Form: "00000011895017426", Organisation: demo.Hospital,
		OrganisationName: text.Words{KY: "Биринчи оорукана", RU: "Первая больница"},
		AdmittedAt:       start.Add(-200 * time.Hour), DischargedAt: start.Add(-2 * time.Hour),
	},
	PatientName: demo.Patient.Name(), PatientPIN: demo.Patient.PIN, BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12}, Sex: "male",
	Department: text.Words{KY: "Терапия", RU: "Терапия"}, Outcome: "discharged", Result: "improved",
	Diagnoses:  []cardapi.Diagnosis{{Rank: "main", Code: "I21.0", Text: "Острый трансмуральный инфаркт"}},
	Operations: []cardapi.Operation{{At: start.Add(-100 * time.Hour), Name: "Стентирование", Anaesthesia: "местная"}},
	Course:     "Жакшырды.\nНаблюдение <b>участкового</b> врача.", Recommendations: "Аспирин.", Doctor: "Асанова А. М.", HeadOfDepartment: "Токтогулов Б. Э.",
}

type card struct{}

func (card) Summaries(_ context.Context, pin string) ([]cardapi.Head, error) {
	if pin == demo.Patient.PIN {
		return []cardapi.Head{summary.Head}, nil
	}
	return nil, nil
}

func (card) Summary(_ context.Context, pin, id string) (cardapi.Summary, error) {
	if pin == demo.Patient.PIN && id == stay {
		return summary, nil
	}
	return cardapi.Summary{}, fail.New(fail.NotFound, "kit.not_found")
}

func (card) Decide(context.Context, insuranceapi.Decision) error { return nil }

func (card) Forms(context.Context, cardapi.Month) ([]cardapi.FormLine, error) { return nil, nil }

type register struct{}

func (register) Person(_ context.Context, number string) (populationapi.Person, error) {
	for _, p := range demo.People() {
		if p.PIN == number {
			birth, _ := pin.BirthDate(number)
			return populationapi.Person{PIN: number, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic, BirthDate: birth, Sex: pin.Sex(number), Citizenship: "KGZ"}, nil
		}
	}
	return populationapi.Person{}, fail.New(fail.NotFound, "kit.not_found")
}

// stamp is a signature service whose key is the test's.
type stamp struct{}

func (stamp) mac(s signatureapi.Seal) string {
	m := hmac.New(sha256.New, []byte("test"))
	m.Write(s.Signed())
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func (k stamp) Seal(ctx context.Context, r signatureapi.Request) (signatureapi.Seal, error) {
	s := signatureapi.Seal{KeyID: "1", Algorithm: "ES256", Holder: exchangeapi.CallerOf(ctx).Client.String(), Document: r.Document, SHA256: r.SHA256, At: start}
	s.Value = k.mac(s)
	return s, nil
}

func (k stamp) Check(_ context.Context, s signatureapi.Seal) (signatureapi.Verdict, error) {
	return signatureapi.Verdict{Valid: s.Value == k.mac(s)}, nil
}

func (w *town) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, known := range w.sent {
		if known.ID == m.ID {
			return messageapi.Receipt{ID: m.ID}, nil
		}
	}
	w.sent = append(w.sent, m)
	return messageapi.Receipt{ID: m.ID}, nil
}

func (w *town) messages() []messageapi.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]messageapi.Message{}, w.sent...)
}

// bench is a portal in its town, behind an exchange that passes everything on.
type bench struct {
	*portal.System
	*town
	esi   *esi
	env   host.Env
	clock *clock.Manual
	url   string // of the exchange
}

func each(t *testing.T, run func(t *testing.T, b *bench)) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t, address(t))) })
	}
}

func open(t *testing.T, address string) *bench {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	b := &bench{esi: &esi{}, town: &town{away: map[exchangeapi.Subsystem]*atomic.Bool{}}, clock: clock.NewManual(start)}
	providers := map[exchangeapi.Subsystem]http.Handler{}
	add := func(s exchangeapi.Subsystem, serve func(p *exchangeapi.Provider)) {
		p := exchangeapi.NewProvider(s, key, quiet)
		serve(p)
		exchangeapi.Serve(p, exchangeapi.ServiceAccesses, "", func(_ context.Context, q exchangeapi.AccessQuery) ([]audit.Record, error) {
			return []audit.Record{
				{ID: s.Code, At: start.Add(-time.Hour), Subject: q.PIN, ActorPIN: demo.Doctor.PIN, ActorName: demo.Doctor.Name(), ActorRole: "врач", Organisation: "Первая больница", ActionWords: text.Words{KY: "Ачты " + s.Code, RU: "Открыла " + s.Code, EN: "Opened " + s.Code}},
				{ID: "x", At: start, Subject: demo.Head.PIN, ActorName: "somebody else's record"},
			}, nil
		})
		providers[s], b.away[s] = p, &atomic.Bool{}
	}
	add(exchangeapi.Card, func(p *exchangeapi.Provider) {
		cardapi.Serve(p, card{})
		cardapi.ServeOwnCards(p, card{})
	})
	add(exchangeapi.Population, func(p *exchangeapi.Provider) { populationapi.Serve(p, register{}) })
	add(exchangeapi.Signature, func(p *exchangeapi.Provider) { signatureapi.Serve(p, stamp{}) })
	add(exchangeapi.Message, func(p *exchangeapi.Provider) { messageapi.Serve(p, b.town) })
	add(exchangeapi.Insurance, func(*exchangeapi.Provider) {})
	add(exchangeapi.Identity, func(p *exchangeapi.Provider) { identityapi.ServeSigning(p, b.esi) })
	add(exchangeapi.Workforce, func(p *exchangeapi.Provider) { workforceapi.Serve(p, staff{}) })
	add(exchangeapi.Payment, func(*exchangeapi.Provider) {})
	exchange := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
			return
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		if target.Provider == exchangeapi.Portal {
			b.Handler().ServeHTTP(w, r)
			return
		}
		if b.away[target.Provider].Load() {
			w.Header().Set(exchangeapi.HeaderError, "Server.ServerProxy.ServiceFailed.NetworkError")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"type":"Server.ServerProxy.ServiceFailed.NetworkError","message":"away"}`)
			return
		}
		providers[target.Provider].ServeHTTP(w, r)
	}))
	t.Cleanup(exchange.Close)
	b.url = exchange.URL
	b.env = host.Env{
		Database: address, Connections: 6, Clock: b.clock, Log: quiet, HTTP: http.DefaultClient, BaseURL: "http://portal.localhost:8080",
		Issuer: "http://esi.localhost:8080", ExchangeAddress: exchange.URL, ExchangeKey: key, Secret: bytes.Repeat([]byte{9}, 32), Demo: true,
	}
	s, err := portal.New(t.Context(), b.env)
	if err != nil {
		t.Fatal(err)
	}
	b.System = s
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended; _ = s.Close() })
	return b
}

// browser is somebody at the portal; a nil person is nobody signed in.
type browser struct {
	b       *bench
	cookies []*http.Cookie
	lang    text.Lang
	remote  string
}

func (b *bench) as(t *testing.T, p *demo.Person) *browser {
	t.Helper()
	one := &browser{b: b, lang: text.RU, remote: "192.0.2.1:4000"}
	if p == nil {
		return one
	}
	d := dbtest.Open(t, b.env.Database, "portal", migration.Sets...)
	w := httptest.NewRecorder()
	err := session.NewStore(d, b.clock, b.env.BaseURL).Start(t.Context(), w, p.PIN, "sid", map[string]string{
		"pin": p.PIN, "name": p.Name(), "email": p.Email, "phone": p.Phone, "birth_date": "1960-09-12",
	})
	if err != nil {
		t.Fatal(err)
	}
	one.cookies = w.Result().Cookies()
	return one
}

type answer struct {
	code   int
	body   string
	header http.Header
}

func (br *browser) do(t *testing.T, r *http.Request) answer {
	t.Helper()
	for _, c := range br.cookies {
		r.AddCookie(c)
	}
	r.AddCookie(&http.Cookie{Name: "lang", Value: string(br.lang)})
	r.RemoteAddr = br.remote
	w := httptest.NewRecorder()
	br.b.Handler().ServeHTTP(w, r)
	a := answer{w.Code, w.Body.String(), w.Header()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		for _, missing := range []string{"[portal.", "[kit.", "[design."} {
			if strings.Contains(a.body, missing) {
				t.Errorf("%s in %s lacks words: %s", r.URL.Path, br.lang, a.body[strings.Index(a.body, missing):][:60])
			}
		}
	}
	return a
}

func (br *browser) get(t *testing.T, path string) answer {
	t.Helper()
	return br.do(t, httptest.NewRequest(http.MethodGet, path, nil))
}

func (br *browser) post(t *testing.T, path string, pairs ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return br.do(t, r)
}

// upload sends a file to be checked.
func (br *browser) upload(t *testing.T, data []byte) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "document.pdf")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(data)
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, "/verify/file", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return br.do(t, r)
}

// find gives the first group of the pattern in the page.
func find(t *testing.T, body, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no %s in:\n%s", pattern, body)
	}
	return m[1]
}

// order orders a service and gives the application's address.
func (br *browser) order(t *testing.T, service string) string {
	t.Helper()
	form := br.get(t, "/services/"+service+"/order")
	token := find(t, form.body, `name="token" value="([^"]+)"`)
	chosen := stay
	if strings.Contains(form.body, `value="newest"`) {
		chosen = "newest"
	}
	sent := br.post(t, "/services/"+service+"/order", "token", token, "stay", chosen)
	if sent.code != http.StatusSeeOther {
		t.Fatalf("the order is %d: %s", sent.code, sent.body)
	}
	return sent.header.Get("Location")
}

// issue orders a summary and its document, and gives the document's address.
func (br *browser) issue(t *testing.T) string {
	t.Helper()
	return br.post(t, br.order(t, "discharge-summary")+"/document", "lang", "ru").header.Get("Location")
}

// advance moves the clock on when every job that is due has been tried: one that is
// in hand would count its next try from the later moment, which never comes.
func (b *bench) advance(t *testing.T, d time.Duration) {
	t.Helper()
	look := dbtest.Open(t, b.env.Database, "portal")
	eventually(t, "the jobs are not tried", func() bool {
		var n int
		err := look.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM job WHERE state = 'running' OR (state = 'ready' AND run_at <= $1)`, db.Micros(b.clock.Now())).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
	b.clock.Advance(d)
}

// eventually waits for what jobs do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 3000 {
		if ok() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(what)
}
