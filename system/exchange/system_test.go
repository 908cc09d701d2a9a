package exchange

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/operator"
	"github.com/sanarip/sanarip/system/exchange/migration"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const operatorPIN, doctorPIN, patientPIN = "20806198800156", "11503198500123", "21209196000217"

func key(system string) string { return "key of " + system }

// town is the exchange with neighbours: the card with a failed job, НИСУР, a
// fund that hangs up; the others are not there.
type town struct {
	system *System
	road   *inproc.Transport
	cardDB *db.DB
	queue  *job.Queue
	cookie *http.Cookie
}

type posts struct{ workforceapi.API }

func (posts) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	if pin != operatorPIN {
		return []workforceapi.Post{{PIN: pin, Role: workforceapi.Doctor}}, nil
	}
	return []workforceapi.Post{{PIN: pin, Role: workforceapi.Operator, Title: text.Words{KY: "Оператор", RU: "Оператор", EN: "Operator"}}}, nil
}

func newTown(t *testing.T, address string) *town {
	t.Helper()
	ctx := t.Context()
	log := slog.New(slog.DiscardHandler)
	w := &town{road: inproc.New(gone{})}
	sites := map[string]string{}
	for name := range exchangeapi.Systems {
		sites[name] = "http://" + name + ".localhost:1"
	}
	env := host.Env{
		Database: address, Connections: 4, Clock: clock.System{}, Log: log, HTTP: w.road.Client(), BaseURL: sites["exchange"],
		Sites: sites, Issuer: sites["identity"], ExchangeAddress: sites["exchange"], ExchangeKey: key("exchange"), ExchangeKeyOf: key,
	}
	var err error
	if w.system, err = New(ctx, env); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.system.Close() })
	serve := func(name string, h http.Handler) {
		health := observe.Health{System: name, Version: "1.2.3", Ready: func(context.Context) error { return nil }}
		if err := w.road.Serve(sites[name], health.Before(h)); err != nil {
			t.Fatal(err)
		}
	}
	serve("exchange", w.system.Handler())

	nisur := exchangeapi.NewProvider(exchangeapi.Workforce, key("workforce"), log)
	workforceapi.Serve(nisur, posts{})
	serve("workforce", nisur)
	serve("insurance", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))

	w.cardDB = dbtest.SQLite(t, "card", job.Migration, audit.Migration)
	w.queue = job.New(w.cardDB, clock.System{}, log, job.Config{})
	fund := insuranceapi.Client{Exchange: &exchangeapi.Client{Self: exchangeapi.Card, Address: sites["exchange"], Key: key("card"), HTTP: w.road.Client()}}
	w.queue.Handle("hand-over", job.Policy{MaxAttempts: 1}, func(ctx context.Context, j job.Job) error {
		_, err := fund.Submit(ctx, insuranceapi.Case{Number: "00000011895017425"}, j.ID, doctorPIN)
		return errors.Join(err, errors.New("about "+patientPIN))
	})
	card := exchangeapi.NewProvider(exchangeapi.Card, key("card"), log)
	exchangeapi.ServeOperations(card, w.cardDB, w.queue, func(*audit.Record) {})
	serve("card", card)
	d := dbtest.Open(t, address, "exchange", migration.Sets...)
	recorder := httptest.NewRecorder()
	err = session.NewStore(d, clock.System{}, sites["exchange"]).Start(ctx, recorder, operatorPIN, "sid", operator.Staff{PIN: operatorPIN, Name: "Сыдыков Тимур"})
	if err != nil {
		t.Fatal(err)
	}
	w.cookie = recorder.Result().Cookies()[0]
	return w
}

// gone is a network on which nobody answers.
type gone struct{}

func (gone) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

func (w *town) fails(t *testing.T) string {
	t.Helper()
	if err := addJob(t.Context(), w.cardDB, w.queue); err != nil {
		t.Fatal(err)
	}
	if err := w.queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	jobs, err := w.queue.List(t.Context(), "troubled", 1)
	if err != nil || len(jobs) != 1 {
		t.Fatal(jobs, err)
	}
	return jobs[0].ID
}

func (w *town) do(t *testing.T, method, path, lang string, form url.Values, signedIn bool) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "http://exchange.localhost:1"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "lang", Value: lang})
	if signedIn {
		r.AddCookie(w.cookie)
	}
	recorder := httptest.NewRecorder()
	w.system.Handler().ServeHTTP(recorder, r)
	return recorder
}

func (w *town) page(t *testing.T, path, lang string) string {
	t.Helper()
	recorder := w.do(t, http.MethodGet, path, lang, nil, true)
	body := recorder.Body.String()
	if recorder.Code != http.StatusOK || strings.Contains(body, "[exchange.") || strings.Contains(body, "[kit.") || strings.Contains(body, "[design.") {
		t.Fatalf("%s in %s: %d %s", path, lang, recorder.Code, body)
	}
	for _, pin := range []string{doctorPIN, patientPIN, operatorPIN} {
		if strings.Contains(body, pin) {
			t.Errorf("%s in %s shows a ПИН", path, lang)
		}
	}
	return body
}

func TestTheOperatorFindsTheCauseOfAFailedHandOver(t *testing.T) {
	dbtestEach(t, func(t *testing.T, address string) {
		w := newTown(t, address)
		id := w.fails(t)
		for _, lang := range []string{"ky", "ru", "en"} {
			overview := w.page(t, "/", lang)
			if strings.Count(overview, "1.2.3") < 3 || !strings.Contains(overview, `href="/failures"`) || !strings.Contains(overview, "<svg class=\"sn-bars__svg\"") {
				t.Errorf("overview in %s: %s", lang, overview)
			}
			failures := w.page(t, "/failures", lang)
			if !strings.Contains(failures, "/jobs/card/"+id) || !strings.Contains(failures, "hand-over") {
				t.Errorf("failures in %s: %s", lang, failures)
			}
			j := w.page(t, "/jobs/card/"+id, lang)
			if !strings.Contains(j, "Server.ServerProxy.NetworkError") || !strings.Contains(j, `action="/jobs/card/`+id+`/retry"`) || strings.Count(j, `href="/log/`) != 1 {
				t.Errorf("job in %s: %s", lang, j)
			}
			w.page(t, "/log?client=card&failed=1&service=treated-cases&id="+id[:8], lang)
			w.page(t, "/rights", lang)
		}
		// From the job to its message, with the hash.
		j := w.page(t, "/jobs/card/"+id, "ru")
		link := j[strings.Index(j, `href="/log/`)+6:]
		link = link[:strings.IndexByte(link, '"')]
		message := w.page(t, link, "ru")
		if !strings.Contains(message, "До системы не удалось достучаться") || !strings.Contains(message, "X-Road-Request-Hash") || !strings.Contains(message, id) {
			t.Errorf("message: %s", message)
		}
		if check := w.do(t, http.MethodPost, "/log/check", "ru", nil, true); check.Code != http.StatusOK || !strings.Contains(check.Body.String(), "Журнал цел") {
			t.Errorf("check: %d %s", check.Code, check.Body)
		}
		// Retry.
		if retried := w.do(t, http.MethodPost, "/jobs/card/"+id+"/retry", "ru", nil, true); retried.Code != http.StatusSeeOther {
			t.Fatalf("retry: %d %s", retried.Code, retried.Body)
		}
		if again, err := w.queue.Get(t.Context(), id); err != nil || again.State != job.Ready {
			t.Errorf("after the retry: %+v %v", again, err)
		}
	})
}

func TestOnlyOperatorsComeIn(t *testing.T) {
	w := newTown(t, "sqlite:"+t.TempDir())
	for _, path := range []string{"/", "/failures", "/log", "/rights", "/jobs/card/x"} {
		if got := w.do(t, http.MethodGet, path, "ru", nil, false); got.Code != http.StatusSeeOther || !strings.HasPrefix(got.Header().Get("Location"), "/sign-in") {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
	if got := w.do(t, http.MethodPost, "/jobs/card/x/retry", "ru", nil, false); got.Code != http.StatusUnauthorized {
		t.Errorf("retry: %d", got.Code)
	}
	if _, err := w.system.desk.Admit(t.Context(), signin.Claims{PIN: doctorPIN}); !fail.Is(err, fail.Forbidden) {
		t.Errorf("a doctor is admitted: %v", err)
	}
	if _, err := w.system.desk.Admit(t.Context(), signin.Claims{PIN: operatorPIN}); err != nil {
		t.Error(err)
	}
	if got := w.do(t, http.MethodGet, "/jobs/nothing/x", "ru", nil, true); got.Code != http.StatusNotFound {
		t.Errorf("unknown system: %d", got.Code)
	}
}

func TestAHangingSystemDoesNotHoldThePageBack(t *testing.T) {
	w := newTown(t, "sqlite:"+t.TempDir())
	release := make(chan struct{})
	defer close(release)
	_ = w.road.Serve("http://portal.localhost:1", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	began := time.Now()
	if body := w.page(t, "/", "en"); !strings.Contains(body, "Not answering") {
		t.Error(body)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestR1IsNotCleanedIntoARedirect(t *testing.T) {
	w := newTown(t, "sqlite:"+t.TempDir())
	r := httptest.NewRequest(http.MethodPost, "/r1//x/../y", nil)
	recorder := httptest.NewRecorder()
	w.system.Handler().ServeHTTP(recorder, r)
	if recorder.Code != http.StatusBadRequest || recorder.Header().Get("X-Road-Error") == "" {
		t.Errorf("%d", recorder.Code)
	}
	body, _ := io.ReadAll(recorder.Body)
	if !strings.Contains(string(body), `"type":"Client.`) {
		t.Errorf("%s", body)
	}
}

// NR-2: an operator who has left is out at the next page, not when the session ends.
func TestWhoIsNoOperatorAnyMoreIsOut(t *testing.T) {
	w := newTown(t, "sqlite:"+t.TempDir())
	recorder := httptest.NewRecorder()
	err := w.system.desk.Sessions.Start(t.Context(), recorder, doctorPIN, "sid-2", operator.Staff{PIN: doctorPIN})
	if err != nil {
		t.Fatal(err)
	}
	w.cookie = recorder.Result().Cookies()[0]
	if got := w.do(t, http.MethodPost, "/jobs/card/x/retry", "ru", nil, true); got.Code != http.StatusForbidden {
		t.Errorf("retry: %d", got.Code)
	}
	if got := w.do(t, http.MethodGet, "/log", "ru", nil, true); got.Code != http.StatusSeeOther {
		t.Errorf("the session goes on: %d", got.Code)
	}
}
