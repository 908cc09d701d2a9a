package message_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/message"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/message/migration"
)

const key = "shared-with-the-exchange"

// contacts stands for ЕСИ.
type contacts struct{ away atomic.Bool }

func (c *contacts) BindTelegram(context.Context, string, string) (bool, error) { return false, nil }

func (c *contacts) Contacts(_ context.Context, pin string) (identityapi.Contacts, error) {
	if c.away.Load() {
		return identityapi.Contacts{}, fail.New(fail.Unavailable, "kit.neighbor_away")
	}
	for _, p := range demo.SignIns {
		if p.PIN == pin {
			return identityapi.Contacts{PIN: pin, Email: p.Email, Phone: p.Phone, Lang: p.Lang}, nil
		}
	}
	return identityapi.Contacts{}, fail.New(fail.NotFound, "kit.not_found")
}

type bench struct {
	*message.System
	env      host.Env
	esi      *contacts
	exchange *httptest.Server
}

// each runs the test with a whole system on each engine, behind an exchange
// that passes everything on.
func each(t *testing.T, run func(t *testing.T, b *bench)) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) { run(t, open(t, address(t))) })
	}
}

func open(t *testing.T, address string) *bench {
	b := &bench{esi: &contacts{}}
	esi := exchangeapi.NewProvider(exchangeapi.Identity, key, slog.New(slog.DiscardHandler))
	identityapi.Serve(esi, b.esi)
	b.exchange = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
			return
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		if target.Provider == exchangeapi.Identity {
			esi.ServeHTTP(w, r)
			return
		}
		b.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(b.exchange.Close)
	b.env = host.Env{
		Database: address, Connections: 6, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), HTTP: http.DefaultClient,
		BaseURL: "http://mail.localhost:8080", Issuer: "http://esi.localhost:8080",
		ExchangeAddress: b.exchange.URL, ExchangeKey: key, Demo: true,
	}
	s, err := message.New(t.Context(), b.env)
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

func (b *bench) from(s exchangeapi.Subsystem) messageapi.Client {
	return messageapi.Client{Exchange: &exchangeapi.Client{Self: s, Address: b.exchange.URL, Key: key}}
}

func notice(id string) messageapi.Message {
	return messageapi.Message{
		ID: id, PIN: demo.Patient.PIN, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email, messageapi.SMS},
		Subject: text.Words{KY: "Сиз ооруканадан чыктыңыз", RU: "Вас выписали"}, Body: text.Words{KY: "Көчүрмө порталда.", RU: "Выписка на портале.\nВторой абзац."},
		Link: "http://portal.localhost:8080/my",
	}
}

type item struct {
	Channel, Address, PIN, Name, Subject, Body, Code, Link string
}

func (b *bench) inbox(t *testing.T, query string) []item {
	t.Helper()
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/inbox.json"+query, nil))
	var items []item
	if err := json.Unmarshal(w.Body.Bytes(), &items); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return items
}

func (b *bench) wait(t *testing.T, n int) []item {
	t.Helper()
	for range 3000 {
		if items := b.inbox(t, ""); len(items) >= n {
			time.Sleep(50 * time.Millisecond) // one too many would show now
			items = b.inbox(t, "")
			if len(items) != n {
				t.Fatalf("%d items in the inbox, want %d", len(items), n)
			}
			return items
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%d items did not arrive: %v", n, b.inbox(t, ""))
	return nil
}

// TestMS1OneMessageEveryWay: mailbox, e-mail through SMTP, SMS; once, however
// often it is sent (MS-1).
func TestMS1OneMessageEveryWay(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		card := b.from(exchangeapi.Card)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := card.Send(t.Context(), notice("stay-1")); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		items := b.wait(t, 2)
		byChannel := map[string]item{}
		for _, i := range items {
			byChannel[i.Channel] = i
		}
		email := byChannel["email"]
		if email.Address != demo.Patient.Email || email.Subject != "Сиз ооруканадан чыктыңыз" || email.Body != "Көчүрмө порталда." || email.Link != "http://portal.localhost:8080/my" || email.Name != demo.Patient.Name() {
			t.Errorf("the e-mail is %+v", email)
		}
		if byChannel["sms"].Address != demo.Patient.Phone {
			t.Errorf("the SMS is %+v", byChannel["sms"])
		}
		// The same ID from another system is another message; other content
		// under the same ID is a mistake.
		if _, err := b.from(exchangeapi.Portal).Send(t.Context(), notice("stay-1")); err != nil {
			t.Error(err)
		}
		changed := notice("stay-1")
		changed.Body.RU = "другое"
		if _, err := card.Send(t.Context(), changed); !fail.Is(err, fail.Conflict) {
			t.Errorf("changed content under the same ID: %v", err)
		}
		b.wait(t, 4)
		if got := b.inbox(t, "?person="+demo.Doctor.PIN); len(got) != 0 {
			t.Errorf("the doctor sees %v", got)
		}
	})
}

// TestMS1CodeIsForgotten: a one-time code is delivered and nothing of it stays
// outside the demo's inbox.
func TestMS1CodeIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		_, err := b.from(exchangeapi.Identity).Send(t.Context(), messageapi.Message{
			ID: "code-1", Address: demo.Doctor.Phone, Channels: []messageapi.Channel{messageapi.SMS}, Secret: true, Lang: text.RU,
			Subject: text.Words{RU: "Код входа", KY: "Кирүү коду"}, Body: text.Words{RU: "Код 482913, действует 3 минуты", KY: "Код 482913, 3 мүнөт"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.wait(t, 1)[0]; got.Code != "482913" || got.Name != demo.Doctor.Name() {
			t.Errorf("the inbox has %+v", got)
		}
		d := b.look(t)
		var body, subject, address string
		for range 3000 {
			if err := d.QueryRow(`SELECT m.subject, m.body, d.address FROM message m JOIN delivery d ON d.message_id = m.id`).Scan(&subject, &body, &address); err != nil {
				t.Fatal(err)
			}
			if body == "" {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if body+subject+address != "" {
			t.Errorf("of the code is left: %q %q %q", subject, body, address)
		}
	})
}

func (b *bench) look(t *testing.T) *sql.DB {
	return dbtest.Open(t, b.env.Database, "message", migration.Sets...).Read
}

// TestWaitsForESI: while ЕСИ is away the mailbox has the letter and the rest waits.
func TestWaitsForESI(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.esi.away.Store(true)
		if _, err := b.from(exchangeapi.Card).Send(t.Context(), notice("n")); err != nil {
			t.Fatal(err)
		}
		operator := &exchangeapi.Client{Self: exchangeapi.Exchange, Address: b.exchange.URL, Key: key}
		var jobs []exchangeapi.JobView
		for range 3000 {
			var err error
			if jobs, err = operator.Jobs(t.Context(), exchangeapi.Message, "troubled", 10); err != nil {
				t.Fatal(err)
			}
			if len(jobs) == 2 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if len(jobs) != 2 {
			t.Fatalf("the operator sees %d troubled jobs, want 2", len(jobs))
		}
		for _, j := range jobs {
			if strings.Contains(j.Subject+j.LastError, demo.Patient.PIN) || strings.Contains(j.Subject+j.LastError, "@") {
				t.Errorf("a job shows a person: %+v", j)
			}
		}
		if b := b.get(t, demo.Patient.PIN, "/", text.RU); !strings.Contains(b, "Вас выписали") {
			t.Error("the mailbox waits for ЕСИ too")
		}
		b.esi.away.Store(false)
		for _, j := range jobs {
			if err := operator.RetryJob(t.Context(), exchangeapi.Message, j.ID, demo.Operator.PIN); err != nil {
				t.Fatal(err)
			}
		}
		b.wait(t, 2)
	})
}

// TestNobodyToReach: without an account there is the mailbox alone, and no job
// knocks for ever.
func TestNobodyToReach(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		m := notice("n")
		m.PIN = demo.Residents[0].PIN
		if _, err := b.from(exchangeapi.Card).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		d := b.look(t)
		var n int
		for range 3000 {
			if err := d.QueryRow(`SELECT COUNT(*) FROM delivery WHERE state = 'unreachable' AND reason = 'no-contact'`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n == 2 {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("%d deliveries are unreachable, want 2", n)
	})
}

func TestHostileMessages(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	for name, spoil := range map[string]func(*messageapi.Message){
		"no id":             func(m *messageapi.Message) { m.ID = "" },
		"long id":           func(m *messageapi.Message) { m.ID = strings.Repeat("x", 201) },
		"bad pin":           func(m *messageapi.Message) { m.PIN = "123" },
		"no text":           func(m *messageapi.Message) { m.Body = text.Words{EN: "only English"} },
		"long text":         func(m *messageapi.Message) { m.Body.KY = strings.Repeat("ө", 5001) },
		"control text":      func(m *messageapi.Message) { m.Subject = text.Words{KY: "\x07\x01", RU: "\u202e"} },
		"no channel":        func(m *messageapi.Message) { m.Channels = nil },
		"twice":             func(m *messageapi.Message) { m.Channels = []messageapi.Channel{"sms", "sms"} },
		"unknown channel":   func(m *messageapi.Message) { m.Channels = []messageapi.Channel{"pigeon"} },
		"secret in mailbox": func(m *messageapi.Message) { m.Secret = true },
		"script link":       func(m *messageapi.Message) { m.Link = "javascript:alert(1)" },
		"link with a user":  func(m *messageapi.Message) { m.Link = "https://tunduk.kg@evil.example/" },
		"bad address":       func(m *messageapi.Message) { m.Address = "a@b.kg\r\nRCPT TO:<x@y.kg>" },
		"bad language":      func(m *messageapi.Message) { m.Lang = "fr" },
		"nobody":            func(m *messageapi.Message) { m.PIN, m.Channels = "", []messageapi.Channel{"sms"} },
	} {
		m := notice("n")
		spoil(&m)
		if _, err := b.from(exchangeapi.Card).Send(t.Context(), m); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// get opens a page as the person ("" for nobody).
func (b *bench) get(t *testing.T, pin, path string, l text.Lang) string {
	t.Helper()
	_, body := b.open(t, pin, path, l)
	return body
}

func (b *bench) open(t *testing.T, pin, path string, l text.Lang) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.AddCookie(&http.Cookie{Name: "lang", Value: string(l)})
	if pin != "" {
		d := dbtest.Open(t, b.env.Database, "message", migration.Sets...)
		w := httptest.NewRecorder()
		if err := session.NewStore(d, b.env.Clock, b.env.BaseURL).Start(t.Context(), w, pin, "sid", map[string]string{"name": "Жумабеков Эрмек"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Body)
	if strings.Contains(string(body), "[message.") || strings.Contains(string(body), "[kit.") {
		t.Errorf("%s in %s lacks words:\n%s", path, l, body)
	}
	return w.Code, string(body)
}

func TestPagesInThreeLanguages(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	for n := range 32 {
		if _, err := b.from(exchangeapi.Card).Send(t.Context(), notice(fmt.Sprint("n", n))); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range text.Langs {
		for _, path := range []string{"/", "/inbox", "/inbox?still=1&person=%3Cscript%3E", "/nothing"} {
			b.get(t, "", path, l)
		}
		list := b.get(t, demo.Patient.PIN, "/", l)
		if !strings.Contains(list, "/?page=2") {
			t.Error("no second page")
		}
		b.get(t, demo.Patient.PIN, "/?page=2", l)
		_, rest, _ := strings.Cut(list, `href="/messages/`)
		messageID, _, _ := strings.Cut(rest, `"`)
		if body := b.get(t, demo.Patient.PIN, "/messages/"+messageID, l); !strings.Contains(body, "http://portal.localhost:8080/my") {
			t.Errorf("%s: the letter has no link", l)
		}
		if code, _ := b.open(t, demo.Doctor.PIN, "/messages/"+messageID, l); code != http.StatusNotFound {
			t.Errorf("another person's letter is %d", code)
		}
		if code, _ := b.open(t, "", "/messages/"+messageID, l); code != http.StatusSeeOther {
			t.Errorf("a letter without sign-in is %d", code)
		}
	}
}

// TestNoInboxWithoutDemo: what would show everybody's messages is not there in earnest.
func TestNoInboxWithoutDemo(t *testing.T) {
	s, err := message.New(t.Context(), host.Env{
		Database: "sqlite:" + t.TempDir(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), BaseURL: "http://mail.localhost:8080", ExchangeKey: key,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for _, path := range []string{"/inbox", "/inbox.json"} {
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s is %d", path, w.Code)
		}
	}
}
