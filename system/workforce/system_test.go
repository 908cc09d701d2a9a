package workforce_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
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
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const key = "shared-with-the-exchange"

// people is a population register that knows the demo's people.
type people struct{}

func (people) Person(_ context.Context, number string) (populationapi.Person, error) {
	for _, p := range demo.People() {
		if p.PIN == number {
			birth, _ := pin.BirthDate(number)
			return populationapi.Person{PIN: number, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic, BirthDate: birth}, nil
		}
	}
	return populationapi.Person{}, fail.New(fail.NotFound, "kit.not_found")
}

// passOn is an exchange that passes everything on to one provider.
func passOn(t *testing.T, provider http.Handler) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		provider.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

type house struct {
	system   *workforce.System
	clock    *clock.Manual
	api      workforceapi.Client
	sessions *session.Store
	db       *db.DB
}

func each(t *testing.T, run func(t *testing.T, h house)) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := address(t)
			now := clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))
			register := exchangeapi.NewProvider(exchangeapi.Population, key, slog.New(slog.DiscardHandler))
			populationapi.Serve(register, people{})
			env := host.Env{
				Database: database, Connections: 4, Clock: now, Log: slog.New(slog.DiscardHandler), HTTP: http.DefaultClient,
				BaseURL: "http://nisur.localhost:8080", Issuer: "http://esi.localhost:8080", ExchangeKey: key, Demo: true,
				ExchangeAddress: passOn(t, register).URL,
			}
			s, err := workforce.New(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			for range 2 { // a second time changes nothing
				if err := s.Demo(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			d, err := db.Open(t.Context(), database, "workforce", db.Options{Connections: 2})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = d.Close() })
			run(t, house{
				system: s, clock: now, db: d, sessions: session.NewStore(d, now, env.BaseURL),
				api: workforceapi.Client{Exchange: &exchangeapi.Client{Self: exchangeapi.Card, Address: passOn(t, s.Handler()).URL, Key: key}},
			})
		})
	}
}

// browser is somebody signed in.
type browser struct {
	t       *testing.T
	handler http.Handler
	cookies []*http.Cookie
}

func (h house) signIn(t *testing.T, p demo.Person) browser {
	w := httptest.NewRecorder()
	if err := h.sessions.Start(t.Context(), w, p.PIN, "sid", map[string]string{"name": p.Name()}); err != nil {
		t.Fatal(err)
	}
	return browser{t, h.system.Handler(), w.Result().Cookies()}
}

func (b browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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

// NR-1
func TestTheContractTellsPostsAndOrganisations(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		posts, err := h.api.Posts(t.Context(), demo.Doctor.PIN)
		if err != nil || len(posts) != 1 {
			t.Fatalf("posts %+v, %v", posts, err)
		}
		p := posts[0]
		if p.Role != workforceapi.Doctor || p.Organisation != demo.Hospital || p.Department != demo.Therapy || p.PersonName != demo.Doctor.Name() || p.DepartmentName.RU == "" {
			t.Errorf("post %+v", p)
		}
		if none, err := h.api.Posts(t.Context(), demo.Patient.PIN); err != nil || len(none) != 0 {
			t.Errorf("the patient has posts: %+v, %v", none, err)
		}
		o, err := h.api.Organisation(t.Context(), demo.Hospital)
		if err != nil || len(o.Departments) != 4 {
			t.Fatalf("organisation %+v, %v", o, err)
		}
		for _, d := range o.Departments {
			if len(d.Beds) < 12 || len(d.Beds) > 20 {
				t.Errorf("department %s has %d beds", d.Code, len(d.Beds))
			}
		}
		if o.Departments[2].Code != demo.Therapy || o.Departments[2].Beds[0].ID != "950174-18-201-1" {
			t.Errorf("therapy %+v", o.Departments[2])
		}
		all, err := h.api.Organisations(t.Context())
		if err != nil || len(all) != 11+len(demo.RegionHospitals) {
			t.Errorf("%d organisations, %v", len(all), err)
		}
		if _, err := h.api.Organisation(t.Context(), "000000"); !fail.Is(err, fail.NotFound) {
			t.Errorf("no such organisation: %v", err)
		}
		if staff, err := h.api.Staff(t.Context(), demo.Hospital); err != nil || len(staff) != 10 {
			t.Errorf("%d staff, %v", len(staff), err)
		}
	})
}

var postLink = regexp.MustCompile(`/organisations/950174/posts/[a-z0-9-]+/end`)

// NR-2: the management adds staff; who leaves is out the same day.
func TestAManagerAddsAndEndsAPost(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		newcomer := demo.Residents[0]
		manager := h.signIn(t, demo.Manager)
		form := url.Values{"pin": {pin.Grouped(newcomer.PIN)}, "title": {"cardiologist"}, "department": {demo.Cardiology}, "from": {"22.11.2026"}}
		shown := manager.do(http.MethodPost, "/organisations/950174/posts/add?lang=ru", form)
		if shown.Code != http.StatusOK || !strings.Contains(shown.Body.String(), newcomer.Name()) {
			t.Fatalf("the person is not shown: %d %s", shown.Code, shown.Body)
		}
		if posts, _ := h.api.Posts(t.Context(), newcomer.PIN); len(posts) != 0 {
			t.Error("appointed before it was confirmed")
		}
		form.Set("pin", newcomer.PIN)
		form.Set("confirmed", newcomer.PIN)
		if done := manager.do(http.MethodPost, "/organisations/950174/posts/add", form); done.Code != http.StatusSeeOther {
			t.Fatalf("add: %d %s", done.Code, done.Body)
		}
		posts, err := h.api.Posts(t.Context(), newcomer.PIN)
		if err != nil || len(posts) != 1 || posts[0].PersonName != newcomer.Name() {
			t.Fatalf("posts %+v, %v", posts, err)
		}
		if twice := manager.do(http.MethodPost, "/organisations/950174/posts/add", form); twice.Code != http.StatusConflict {
			t.Errorf("a second time: %d", twice.Code)
		}
		own := h.signIn(t, newcomer)
		own.get("/organisations/950174", http.StatusOK)

		end := "/organisations/950174/posts/" + posts[0].ID + "/end"
		if wrong := manager.do(http.MethodPost, end, url.Values{"until": {"2026-11-01"}}); wrong.Code != http.StatusUnprocessableEntity {
			t.Errorf("an end in the past: %d", wrong.Code)
		}
		if done := manager.do(http.MethodPost, end, url.Values{"until": {"2026-11-22"}}); done.Code != http.StatusSeeOther {
			t.Fatalf("end: %d %s", done.Code, done.Body)
		}
		if posts, _ := h.api.Posts(t.Context(), newcomer.PIN); len(posts) != 0 {
			t.Error("the post is in force on the day of leaving")
		}
		own.get("/organisations/950174", http.StatusForbidden)
		records, err := h.api.Exchange.Accesses(t.Context(), exchangeapi.Workforce, newcomer.PIN, 10)
		if err != nil || len(records) != 2 || records[0].Action != "post.end" || records[0].ActorPIN != demo.Manager.PIN || records[0].ActionWords.KY == "" || !named(records[0]) {
			t.Errorf("records %+v, %v", records, err)
		}
	})
}

func TestOnlyTheManagementOfTheOrganisationChangesStaff(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		doctor := h.signIn(t, demo.Doctor)
		doctor.get("/organisations/950174/posts/add", http.StatusForbidden)
		if w := doctor.do(http.MethodPost, "/organisations/950174/posts/add", url.Values{"pin": {demo.Patient.PIN}}); w.Code != http.StatusForbidden {
			t.Errorf("a doctor added somebody: %d", w.Code)
		}
		doctor.get("/organisations/950201", http.StatusNotFound)
		if body := doctor.get("/organisations/950174/staff", http.StatusOK); postLink.MatchString(body) {
			t.Error("a doctor is offered to end posts")
		}
		manager := h.signIn(t, demo.Manager)
		manager.get("/organisations/950201/posts/add", http.StatusNotFound)
		if link := postLink.FindString(manager.get("/organisations/950174/staff", http.StatusOK)); link == "" {
			t.Error("the manager is not offered to end posts")
		}
		patient := h.signIn(t, demo.Patient)
		if body := patient.get("/organisations/950174?lang=ru", http.StatusForbidden); !strings.Contains(body, "нет Вашей должности") {
			t.Error("who has no post is not told so")
		}
		nobody := browser{t, h.system.Handler(), nil}
		if w := nobody.do(http.MethodGet, "/organisations/950174", nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in?") {
			t.Errorf("not led to the sign-in: %d", w.Code)
		}
		managers, _ := h.api.Posts(t.Context(), demo.Manager.PIN)
		if w := manager.do(http.MethodPost, "/organisations/950174/posts/"+managers[0].ID+"/end", url.Values{"until": {"2026-11-22"}}); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("a manager ended the own post: %d", w.Code)
		}
	})
}

func TestWrongAppointmentsAreToldBesideTheirFields(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		good := url.Values{"pin": {demo.Residents[0].PIN}, "title": {"nurse"}, "department": {demo.Therapy}, "from": {"2026-11-22"}}
		for field, value := range map[string]string{"pin": "123", "title": "minister", "department": "99", "from": "31.02.2026"} {
			form := url.Values{}
			for name := range good {
				form.Set(name, good.Get(name))
			}
			form.Set(field, value)
			w := manager.do(http.MethodPost, "/organisations/950174/posts/add", form)
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="`+field+`-error"`) {
				t.Errorf("%s=%s: %d", field, value, w.Code)
			}
		}
		unknown := url.Values{"pin": {"10101199099999"}, "title": {"nurse"}, "department": {demo.Therapy}, "from": {"2026-11-22"}}
		if w := manager.do(http.MethodPost, "/organisations/950174/posts/add", unknown); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "pin-error") {
			t.Errorf("unknown person: %d", w.Code)
		}
	})
}

func TestPagesSpeakThreeLanguages(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager, operator := h.signIn(t, demo.Manager), h.signIn(t, demo.Operator)
		staff, _ := h.api.Staff(t.Context(), demo.Hospital)
		for _, lang := range []string{"ky", "ru", "en"} {
			pages := []string{
				(browser{t, h.system.Handler(), nil}).get("/?lang="+lang, http.StatusOK),
				operator.get("/organisations?lang="+lang, http.StatusOK),
				manager.get("/organisations/950174?lang="+lang, http.StatusOK),
				manager.get("/organisations/950174/departments?lang="+lang, http.StatusOK),
				manager.get("/organisations/950174/staff?lang="+lang, http.StatusOK),
				manager.get("/organisations/950174/posts/add?lang="+lang, http.StatusOK),
				manager.get("/organisations/950174/posts/"+staff[0].ID+"/end?lang="+lang, http.StatusOK),
				manager.get("/nowhere?lang="+lang, http.StatusNotFound),
			}
			for i, body := range pages {
				if strings.Contains(body, "[workforce.") || strings.Contains(body, "[kit.") || strings.Contains(body, demo.Doctor.PIN) {
					t.Errorf("%s, page %d: words are missing, or a ПИН is shown", lang, i)
				}
			}
		}
	})
}

// named says that the record has the organisation's name in each language.
func named(r audit.Record) bool {
	name := r.OrganisationWords
	return name.RU == r.Organisation && name.KY != "" && name.KY != name.RU && name.EN != "" && name.EN != name.RU
}
