package population_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

const key = "shared-with-the-exchange"

// each runs the test with a system on each engine, filled with the demo.
func each(t *testing.T, run func(t *testing.T, s *population.System, env host.Env)) {
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + t.TempDir() },
		"postgres": func(t *testing.T) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			env := host.Env{
				Database: address(t), Connections: 4, Clock: clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)),
				Log: slog.New(slog.DiscardHandler), BaseURL: "http://register.localhost:8080", ExchangeKey: key, Demo: true,
			}
			s, err := population.New(t.Context(), env)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			for range 2 { // a second time changes nothing
				if err := s.Demo(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			run(t, s, env)
		})
	}
}

// through is an exchange that passes everything on.
func through(t *testing.T, provider http.Handler, self exchangeapi.Subsystem) *exchangeapi.Client {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			t.Error(err)
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		provider.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return &exchangeapi.Client{Self: self, Address: server.URL, Key: key, HTTP: server.Client()}
}

func TestALookUpAnswersAndIsOnRecord(t *testing.T) {
	each(t, func(t *testing.T, s *population.System, _ host.Env) {
		exchange := through(t, s.Handler(), exchangeapi.Card)
		people := populationapi.Client{Exchange: exchange}
		p, err := people.Person(t.Context(), demo.Patient.PIN, demo.Doctor.PIN, "treatment")
		if err != nil {
			t.Fatal(err)
		}
		if p.Name() != demo.Patient.Name() || p.Sex != "male" || p.BirthDate != (clock.Date{Year: 1960, Month: 9, Day: 12}) || !p.Address.Rural {
			t.Errorf("got %+v", p)
		}
		records, err := exchange.Accesses(t.Context(), exchangeapi.Population, demo.Patient.PIN, 10)
		if err != nil || len(records) != 1 {
			t.Fatalf("%d records, %v", len(records), err)
		}
		r := records[0]
		if r.ActorPIN != demo.Doctor.PIN || r.ActorName != demo.Doctor.Name() || r.Via != "card" || r.Purpose != "treatment" {
			t.Errorf("recorded %+v", r)
		}
		if r.PurposeWords.KY != "Дарылоо" || r.ActionWords.RU == "" {
			t.Errorf("words %+v %+v", r.ActionWords, r.PurposeWords)
		}
	})
}

func TestAMissIsOnRecordToo(t *testing.T) {
	each(t, func(t *testing.T, s *population.System, _ host.Env) {
		exchange := through(t, s.Handler(), exchangeapi.Card)
		people := populationapi.Client{Exchange: exchange}
		const nobody = "10101199099999"
		if _, err := people.Person(t.Context(), nobody, demo.Doctor.PIN, "treatment"); !fail.Is(err, fail.NotFound) {
			t.Errorf("got %v", err)
		}
		records, err := exchange.Accesses(t.Context(), exchangeapi.Population, nobody, 10)
		if err != nil || len(records) != 1 || records[0].Action != "person.miss" {
			t.Errorf("records %+v, %v", records, err)
		}
		for _, wrong := range []string{"", "123", "30101199099999", "1010119909999a", "19999199099999"} {
			if _, err := people.Person(t.Context(), wrong, demo.Doctor.PIN, "treatment"); !fail.Is(err, fail.Invalid) {
				t.Errorf("ПИН %q: %v", wrong, err)
			}
		}
	})
}

func TestNobodyComesAroundTheExchange(t *testing.T) {
	each(t, func(t *testing.T, s *population.System, _ host.Env) {
		exchange := through(t, s.Handler(), exchangeapi.Card)
		exchange.Key = "guessed"
		_, err := populationapi.Client{Exchange: exchange}.Person(t.Context(), demo.Patient.PIN, demo.Doctor.PIN, "treatment")
		if !fail.Is(err, fail.Forbidden) {
			t.Errorf("got %v", err)
		}
	})
}

func TestThePageSpeaksThreeLanguagesAndNamesNobody(t *testing.T) {
	each(t, func(t *testing.T, s *population.System, _ host.Env) {
		for lang, words := range map[string]string{"ky": "Калктын мамлекеттик реестри", "ru": "Государственный реестр населения", "en": "State population register"} {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?lang="+lang, http.NoBody))
			body := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(body, words) || strings.Contains(body, "[population.") {
				t.Errorf("%s: %d %s", lang, w.Code, body)
			}
			for _, p := range demo.People() {
				if strings.Contains(body, p.PIN) || strings.Contains(body, p.FamilyName+" "+p.GivenName) {
					t.Errorf("%s: the page names somebody", lang)
				}
			}
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/nowhere", http.NoBody))
		if w.Code != http.StatusNotFound {
			t.Errorf("nowhere: %d", w.Code)
		}
	})
}

const soate = "\ufeffcode,level,parent,name_ru,name_ky\n" +
	"41700000000000,country,,Кыргызская Республика,Кыргыз Республикасы\n" +
	"41711000000000,city_rep,41700000000000,г. Бишкек,Бишкек ш.\n" +
	"4171,city_rep,41700000000000,короткий код,\n" +
	"41711000000000,city_rep,41700000000000,дважды,\n" +
	"41702000000000,oblast,41700000000000\n" +
	"41703000000000,oblast,41700000000000,,\n" +
	"41711201000000,city_district,41711000000000,Ленинский район,\n"

func TestSOATEIsTakenInAgainAndAgain(t *testing.T) {
	each(t, func(t *testing.T, _ *population.System, env host.Env) {
		for range 2 {
			last := 0
			report, err := population.ImportSOATE(context.Background(), env, strings.NewReader(soate), func(rows int) { last = rows })
			if err != nil {
				t.Fatal(err)
			}
			if report.Rows != 3 || last != 3 || len(report.Bad) != 4 {
				t.Errorf("report %+v, progress %d", report, last)
			}
			if report.Bad[0].Line != 4 {
				t.Errorf("bad rows %+v", report.Bad)
			}
		}
		if _, err := population.ImportSOATE(context.Background(), env, strings.NewReader("a;b\n1;2\n"), nil); err == nil {
			t.Error("a file with another header was taken")
		}
	})
}
