package insurance_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const key = "shared-with-the-exchange"

// staff is НИСУР as the fund sees it.
type staff struct{ left bool }

func (s *staff) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	post := workforceapi.Post{ID: "1", PIN: pin, PersonName: demo.Expert.Name(), Role: workforceapi.Expert, Title: text.Words{KY: "Эксперт", RU: "Эксперт"}, Organisation: demo.Fund}
	switch {
	case s.left:
	case pin == demo.Expert.PIN:
		return []workforceapi.Post{post}, nil
	case pin == demo.SecondExpert.PIN:
		post.PersonName = demo.SecondExpert.Name()
		return []workforceapi.Post{post}, nil
	case pin == demo.HeadInChui.PIN:
		post.Role, post.Organisation, post.PersonName = workforceapi.Head, demo.SecondHospital, demo.HeadInChui.Name()
		return []workforceapi.Post{post}, nil
	case pin == demo.Manager.PIN:
		post.Role, post.Organisation, post.PersonName = workforceapi.Manager, demo.SecondHospital, demo.Manager.Name()
		return []workforceapi.Post{post}, nil
	case pin == demo.Clerk.PIN:
		post.Role, post.Organisation, post.PersonName = workforceapi.Statistician, demo.SecondHospital, demo.Clerk.Name()
		return []workforceapi.Post{post}, nil
	case pin == demo.Doctor.PIN:
		post.Role, post.Organisation = workforceapi.Doctor, demo.Hospital
		return []workforceapi.Post{post}, nil
	}
	return nil, nil
}

func (s *staff) Organisation(_ context.Context, code string) (workforceapi.Organisation, error) {
	for _, o := range s.all() {
		if o.Code == code {
			return o, nil
		}
	}
	return workforceapi.Organisation{}, fail.New(fail.NotFound, "kit.not_found")
}

func (s *staff) Organisations(context.Context) ([]workforceapi.Organisation, error) {
	return s.all(), nil
}

func (s *staff) Staff(context.Context, string) ([]workforceapi.Post, error) {
	return []workforceapi.Post{
		{PIN: demo.DoctorInChui.PIN, PersonName: demo.DoctorInChui.Name(), Role: workforceapi.Doctor},
		{PIN: demo.HeadInChui.PIN, PersonName: demo.HeadInChui.Name(), Role: workforceapi.Head},
	}, nil
}

func (s *staff) all() []workforceapi.Organisation {
	return []workforceapi.Organisation{
		{
			Code: demo.Hospital, Kind: "hospital", Name: text.Words{KY: "Улуттук госпиталь", RU: "Национальный госпиталь"}, ShortName: text.Words{KY: "Улуттук госпиталь", RU: "Нацгоспиталь"},
			Departments: []workforceapi.Department{{Code: demo.Therapy, Name: text.Words{KY: "Терапия", RU: "Терапия"}}},
		},
		{Code: demo.SecondHospital, Kind: "hospital", ShortName: text.Words{KY: "Чүй", RU: "=Чуйская"}},
		{Code: demo.Fund, Kind: "fund", ShortName: text.Words{KY: "ММКФ", RU: "ФОМС"}},
	}
}

// card takes decisions.
type card struct {
	took  chan insuranceapi.Decision
	forms func(cardapi.Month) ([]cardapi.FormLine, error)
}

func (c card) Forms(_ context.Context, m cardapi.Month) ([]cardapi.FormLine, error) {
	if c.forms == nil {
		return nil, nil
	}
	return c.forms(m)
}

func (c card) Summaries(context.Context, string) ([]cardapi.Head, error) { return nil, nil }
func (c card) Summary(context.Context, string, string) (cardapi.Summary, error) {
	return cardapi.Summary{}, nil
}

func (c card) Decide(_ context.Context, d insuranceapi.Decision) error {
	c.took <- d
	return nil
}

// exchange passes requests on to the provider of the subsystem they name.
func exchange(t *testing.T, providers map[exchangeapi.Subsystem]http.Handler) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
			return
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		providers[target.Provider].ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

type house struct {
	system   *insurance.System
	clock    *clock.Manual
	api      insuranceapi.Client
	sessions *session.Store
	staff    *staff
	card     card

	env       host.Env
	log       *slog.Logger
	providers map[exchangeapi.Subsystem]http.Handler
}

// runs lets the system do its jobs until the test is over.
func (h house) runs(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { h.system.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
}

func each(t *testing.T, run func(t *testing.T, h house)) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			h := house{clock: clock.NewManual(treatedtest.Now), staff: &staff{}, card: card{took: make(chan insuranceapi.Decision, 10)}}
			log := slog.New(slog.DiscardHandler)
			providers := map[exchangeapi.Subsystem]http.Handler{}
			nisur := exchangeapi.NewProvider(exchangeapi.Workforce, key, log)
			workforceapi.Serve(nisur, h.staff)
			patients := exchangeapi.NewProvider(exchangeapi.Card, key, log)
			cardapi.Serve(patients, h.card)
			providers[exchangeapi.Workforce], providers[exchangeapi.Card] = nisur, patients
			server := exchange(t, providers)
			env := host.Env{
				Database: address(t), Connections: 4, Clock: h.clock, Log: log, HTTP: server.Client(), BaseURL: "http://foms.localhost:8080",
				Issuer: "http://esi.localhost:8080", ExchangeAddress: server.URL, ExchangeKey: key, Demo: true,
			}
			s, err := insurance.New(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			providers[exchangeapi.Insurance] = s.Handler()
			d, err := db.Open(t.Context(), env.Database, "insurance", db.Options{Connections: 2})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			h.env, h.log, h.providers = env, log, providers
			h.system, h.sessions = s, session.NewStore(d, h.clock, env.BaseURL)
			h.api = insuranceapi.Client{Exchange: &exchangeapi.Client{Self: exchangeapi.Card, Address: server.URL, Key: key, HTTP: server.Client()}}
			run(t, h)
		})
	}
}

type browser struct {
	t       *testing.T
	handler http.Handler
	cookies []*http.Cookie
}

func (h house) expert(t *testing.T) browser {
	return h.signedIn(t, demo.Expert, workforceapi.Post{Role: workforceapi.Expert, Organisation: demo.Fund})
}

// clerk is the statistician of the hospital without a card.
func (h house) clerk(t *testing.T) browser {
	return h.signedIn(t, demo.Clerk, workforceapi.Post{Role: workforceapi.Statistician, Organisation: demo.SecondHospital})
}

func (h house) signedIn(t *testing.T, p demo.Person, post workforceapi.Post) browser {
	w := httptest.NewRecorder()
	data := map[string]any{"pin": p.PIN, "name": p.Name(), "post": post, "at": h.clock.Now()}
	if err := h.sessions.Start(t.Context(), w, p.PIN, "sid", data); err != nil {
		t.Fatal(err)
	}
	return browser{t, h.system.Handler(), w.Result().Cookies()}
}

func (b browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	kind := ""
	if form != nil {
		kind = "application/x-www-form-urlencoded"
	}
	return b.raw(method, path, kind, strings.NewReader(form.Encode()))
}

// raw sends a body of the kind.
func (b browser) raw(method, path, kind string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

func (b browser) get(path string, status int) string {
	b.t.Helper()
	w := b.do(http.MethodGet, path, nil)
	if w.Code != status {
		b.t.Errorf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

var unspoken = regexp.MustCompile(`\[(insurance|kit|design)\.[a-z0-9_.-]+\]`)

func TestPagesSpeakThreeLanguages(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset, wrong.Patient.Region = 0, "1"
		returned, err := h.api.Submit(t.Context(), wrong, "r1", demo.Doctor.PIN)
		if err != nil {
			t.Fatal(err)
		}
		right := treatedtest.Good()
		right.Revision, right.Replaces = 2, returned.CaseID
		accepted, err := h.api.Submit(t.Context(), right, "r2", demo.Doctor.PIN)
		if err != nil {
			t.Fatal(err)
		}
		nobody := browser{t, h.system.Handler(), nil}
		expert := h.expert(t)
		for _, lang := range []string{"ky", "ru", "en"} {
			q := "?lang=" + lang
			pages := map[string]string{
				"start": nobody.get("/"+q, http.StatusOK), "rules": nobody.get("/rules"+q, http.StatusOK), "prices": nobody.get("/prices"+q, http.StatusOK),
				"old rules": nobody.get("/rules"+q+"&on=2020-01-01", http.StatusOK), "desk": expert.get("/"+q, http.StatusOK),
				"cases": expert.get("/cases"+q, http.StatusOK), "no cases": expert.get("/cases"+q+"&month=1999-01", http.StatusOK),
				"second page": expert.get("/cases"+q+"&after="+accepted.CaseID, http.StatusOK),
				"returned":    expert.get("/cases/"+returned.CaseID+q, http.StatusOK), "accepted": expert.get("/cases/"+accepted.CaseID+q, http.StatusOK),
				"totals": expert.get("/totals"+q, http.StatusOK), "totals of one": expert.get("/totals"+q+"&organisation=950174", http.StatusOK),
				"no comment": expert.do(http.MethodPost, "/cases/"+accepted.CaseID+"/return"+q, url.Values{"comment": {" "}}).Body.String(),
				"no case":    expert.get("/cases/none"+q, http.StatusNotFound),
			}
			for name, body := range pages {
				if found := unspoken.FindString(body); found != "" {
					t.Errorf("%s, %s: no words for %s", lang, name, found)
				}
			}
			if !strings.Contains(pages["returned"], "ADM-002") || !strings.Contains(pages["returned"], "PAT-004") {
				t.Errorf("%s: findings are not shown", lang)
			}
			for _, secret := range []string{demo.Patient.PIN, "Жумабеков"} {
				if strings.Contains(pages["cases"], secret) {
					t.Errorf("%s: the list names the patient", lang)
				}
			}
		}
	})
}

func TestTheDemoIsWrittenOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		csv := func() string { return h.expert(t).get("/totals.csv?lang=ru", http.StatusOK) }
		for range 2 {
			if err := h.system.Demo(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		first := csv()
		if err := h.system.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		if again := csv(); again != first {
			t.Errorf("the demo changed:\n%s\n%s", first, again)
		}
		lines := strings.Split(strings.TrimSpace(first), "\r\n")
		if len(lines) != 13+2*len(demo.RegionHospitals) || !strings.HasPrefix(lines[0], "\ufeffКод;Больница;") || !strings.Contains(first, "950201;'=Чуйская;2026-10;") {
			t.Errorf("totals: %d lines\n%s", len(lines), first)
		}
		if records, err := h.api.Exchange.Accesses(t.Context(), exchangeapi.Insurance, demo.Doctor.PIN, 10); err != nil || len(records) != 0 {
			t.Errorf("the demo left records about a doctor: %+v, %v", records, err)
		}
	})
}

func TestOnlyExpertsOfTheFundSeeCases(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		nobody := browser{t, h.system.Handler(), nil}
		for _, path := range []string{"/cases", "/cases/x", "/totals", "/totals.csv"} {
			if w := nobody.do(http.MethodGet, path, nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in") {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		expert := h.expert(t)
		expert.get("/cases", http.StatusOK)
		h.staff.left = true // leaving the fund
		h.clock.Advance(6 * time.Minute)
		if body := expert.get("/cases?lang=ru", http.StatusForbidden); !strings.Contains(body, "не эксперт фонда") {
			t.Error("who has left is not told why")
		}
	})
}

func TestAReturnByHandGoesToTheCardAndIsOnRecord(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); h.system.Run(ctx) }()
		defer func() { stop(); <-done }()
		accepted, err := h.api.Submit(t.Context(), treatedtest.Good(), "r1", demo.Doctor.PIN)
		if err != nil || accepted.State != insuranceapi.Accepted {
			t.Fatalf("%+v, %v", accepted, err)
		}
		expert := h.expert(t)
		if w := expert.do(http.MethodPost, "/cases/"+accepted.CaseID+"/return", url.Values{"comment": {"Нет протокола."}}); w.Code != http.StatusSeeOther {
			t.Fatalf("return: %d %s", w.Code, w.Body)
		}
		select {
		case d := <-h.card.took:
			if d.State != insuranceapi.Returned || d.Comment != "Нет протокола." || d.CaseID != accepted.CaseID {
				t.Errorf("the card took %+v", d)
			}
		case <-time.After(time.Minute):
			t.Fatal("the card heard nothing")
		}
		if w := expert.do(http.MethodPost, "/cases/"+accepted.CaseID+"/return", url.Values{"comment": {"Ещё."}}); w.Code != http.StatusConflict {
			t.Errorf("twice: %d", w.Code)
		}
		body := expert.get("/cases/"+accepted.CaseID+"?lang=ru", http.StatusOK)
		if !strings.Contains(body, "Нет протокола.") || !strings.Contains(body, demo.Expert.Name()) {
			t.Error("the return is not shown")
		}
		records, err := h.api.Exchange.Accesses(t.Context(), exchangeapi.Insurance, demo.Patient.PIN, 10)
		if err != nil {
			t.Fatal(err)
		}
		actions := map[string]bool{}
		for _, r := range records {
			actions[r.Action] = true
			if r.ActionWords.KY == "" || r.PurposeWords.EN == "" {
				t.Errorf("record without words: %+v", r)
			}
			if name := r.OrganisationWords; r.Organisation != "" && !strings.HasPrefix(r.Organisation, "95") && (name.RU != r.Organisation || name.KY == "" || name.KY == name.RU) { // else a code: НИСУР was away
				t.Errorf("record without its organisation's name in each language: %+v", r)
			}
		}
		for _, want := range []string{"case.submit", "case.read", "case.return"} {
			if !actions[want] {
				t.Errorf("no record of %s in %+v", want, records)
			}
		}
	})
}

func TestTheCatalogueIsPublic(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		var rules []insuranceapi.Rule
		body := (browser{t, h.system.Handler(), nil}).get("/rules.json", http.StatusOK)
		if err := json.Unmarshal([]byte(body), &rules); err != nil || len(rules) < 25 {
			t.Errorf("%d rules, %v", len(rules), err)
		}
		served, err := h.api.Rules(t.Context(), clock.DateOf(h.clock.Now()))
		if err != nil || len(served) != len(rules) {
			t.Errorf("%d rules through the exchange, %v", len(served), err)
		}
		(browser{t, h.system.Handler(), nil}).get("/rules.json?on=soon", http.StatusBadRequest)
		(browser{t, h.system.Handler(), nil}).get("/rules?on=soon", http.StatusBadRequest)
		checked, err := h.api.Check(t.Context(), treatedtest.Good(), demo.Doctor.PIN)
		if err != nil || checked.State != insuranceapi.Accepted || checked.Price == 0 {
			t.Errorf("check %+v, %v", checked, err)
		}
	})
}

// The fund's own table takes the place of the invented one.
func TestAnotherTableOfRatesIsRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rates.json")
	table := `[{"id":"2026","name":{"ky":"Тариф","ru":"Тариф","en":"Rates"},"source":"приказ","from":"2026-01-01","base_rate":100,"categories":["pensioner"],
		"groups":[{"code":"1","name":{"ky":"a","ru":"a","en":"a"},"weight":15000,"diagnoses":["A00-Z99"]}],"adjustments":[]}]`
	open := func(content string) (*insurance.System, error) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return insurance.New(t.Context(), host.Env{
			Database: "sqlite:" + t.TempDir(), Clock: clock.NewManual(treatedtest.Now), Log: slog.New(slog.DiscardHandler),
			Settings: map[string]string{"price_tables": file},
		})
	}
	s, err := open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/prices?lang=ru", http.NoBody))
	if body := w.Body.String(); !strings.Contains(body, "приказ") || strings.Contains(body, "вымышлен") {
		t.Error(body)
	}
	if _, err := open(`[{"id":"bad"}]`); err == nil {
		t.Error("a table with nothing in it was taken")
	}
}
