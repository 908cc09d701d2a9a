// Package cardtest gives tests the card's neighbours in memory, reached through
// the real client and provider of the exchange, and a desk that sits among them.
package cardtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Hospital is the code of the tests' hospital.
const Hospital = "950174"

// Start is when the clock of a test begins: 14:00 in Bishkek.
var Start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// Neighbours are НИСУР and the population register behind an exchange.
type Neighbours struct {
	mu            sync.Mutex
	Away          bool // nobody answers
	Calls         map[string]int
	Orgs          []workforceapi.Organisation
	PostsOf       []workforceapi.Post
	Persons       map[string]populationapi.Person
	populationAPI *exchangeapi.Provider
	workforceAPI  *exchangeapi.Provider
}

const key = "test"

// New makes the neighbours with one hospital of two departments.
func New() *Neighbours {
	n := &Neighbours{Calls: map[string]int{}, Persons: map[string]populationapi.Person{}}
	n.Orgs = []workforceapi.Organisation{
		{Code: Hospital, Kind: directory.Hospital, Name: words("Клиника"), ShortName: words("Клиника"), Departments: []workforceapi.Department{
			{Code: "18", Name: words("Терапия"), Beds: Beds("18", 3)}, {Code: "05", Name: words("Хирургия"), Beds: Beds("05", 2)},
		}},
		{Code: "900001", Kind: "fund", Name: words("Фонд")},
	}
	n.PostsOf = []workforceapi.Post{
		Post("11503198500123", "Асанова Айгүл Маратовна", workforceapi.Doctor, "18"),
		Post("20711199000377", "Исаков Данияр Кубанычович", workforceapi.Doctor, "05"),
		Post("12905199300264", "Мамытова Жибек Таалайбековна", workforceapi.Nurse, "18"),
	}
	log := slog.New(slog.DiscardHandler)
	n.populationAPI = exchangeapi.NewProvider(exchangeapi.Population, key, log)
	n.workforceAPI = exchangeapi.NewProvider(exchangeapi.Workforce, key, log)
	populationapi.Serve(n.populationAPI, n)
	workforceapi.Serve(n.workforceAPI, n)
	return n
}

func words(ru string) text.Words { return text.Words{KY: ru + " (ky)", RU: ru, EN: ru + " (en)"} }

// Beds are beds 101-1, 101-2… of a department.
func Beds(department string, n int) []workforceapi.Bed {
	var beds []workforceapi.Bed
	for i := range n {
		name := fmt.Sprintf("101-%d", i+1)
		beds = append(beds, workforceapi.Bed{ID: BedID(department, i+1), Room: "101", Name: name})
	}
	return beds
}

// BedID is the id of a department's bed.
func BedID(department string, n int) string {
	return fmt.Sprintf("%s-%s-101-%d", Hospital, department, n)
}

// Post is a post in the tests' hospital.
func Post(pin, name string, role workforceapi.Role, department string) workforceapi.Post {
	return workforceapi.Post{
		ID: "post-" + pin + "-" + department, PIN: pin, PersonName: name, Role: role, Title: words("Врач"),
		Organisation: Hospital, OrganisationName: words("Клиника"), Department: department, DepartmentName: words("Отделение " + department),
	}
}

// Set changes the neighbours while others may ask them.
func (n *Neighbours) Set(change func(*Neighbours)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change(n)
}

// RoundTrip leads a message of the exchange to the neighbour it names.
func (n *Neighbours) RoundTrip(r *http.Request) (*http.Response, error) {
	target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	away := n.Away
	n.Calls[target.Service+target.Rest]++
	n.mu.Unlock()
	if away {
		return nil, fmt.Errorf("no route to %s", target.Provider.Code)
	}
	provider := n.workforceAPI
	if target.Provider == exchangeapi.Population {
		provider = n.populationAPI
	}
	asked := httptest.NewRequestWithContext(r.Context(), r.Method, "/exchange/"+target.Service+target.Rest, r.Body)
	asked.Header = r.Header.Clone()
	answer := httptest.NewRecorder()
	provider.ServeHTTP(answer, asked)
	return answer.Result(), nil
}

// Person implements populationapi.API.
func (n *Neighbours) Person(_ context.Context, pin string) (populationapi.Person, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.Persons[pin]
	if !ok {
		return p, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, nil
}

// Posts implements workforceapi.API.
func (n *Neighbours) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.PostsOf), func(p workforceapi.Post) bool { return p.PIN != pin }), nil
}

// Staff implements workforceapi.API.
func (n *Neighbours) Staff(_ context.Context, organisation string) ([]workforceapi.Post, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.PostsOf), func(p workforceapi.Post) bool { return p.Organisation != organisation }), nil
}

// Organisation implements workforceapi.API.
func (n *Neighbours) Organisation(_ context.Context, code string) (workforceapi.Organisation, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, o := range n.Orgs {
		if o.Code == code {
			return o, nil
		}
	}
	return workforceapi.Organisation{}, fail.New(fail.NotFound, "kit.not_found")
}

// Organisations implements workforceapi.API.
func (n *Neighbours) Organisations(context.Context) ([]workforceapi.Organisation, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := slices.Clone(n.Orgs)
	for i := range all {
		all[i].Departments = nil
	}
	return all, nil
}

// Client is an HTTP client that reaches the neighbours alone.
func (n *Neighbours) Client() *http.Client { return &http.Client{Transport: n} }

// Desk is a desk among the neighbours, with the directory copied and the short
// list of ICD-10.
func Desk(t testing.TB, d *db.DB, n *Neighbours) (*desk.Desk, *clock.Manual) {
	t.Helper()
	now, log := clock.NewManual(Start), slog.New(slog.DiscardHandler)
	exchange := &exchangeapi.Client{Self: exchangeapi.Card, Address: "http://exchange.test", Key: key, HTTP: n.Client()}
	sits := &desk.Desk{
		DB: d, Clock: now, Log: log, Mux: http.NewServeMux(), Exchange: exchange, ICD: icd.NewBook(d), Procedures: procedure.NewBook(d),
		Queue: job.New(d, now, log, job.Config{}), Sessions: session.NewStore(d, now, "http://card.localhost"),
		Directory: &directory.Directory{DB: d, Clock: now, Log: log, Workforce: workforceapi.Client{Exchange: exchange}},
	}
	if _, err := sits.Directory.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(icd.Demo(t.Context(), d, now), procedure.Demo(t.Context(), d, now)); err != nil {
		t.Fatal(err)
	}
	return sits, now
}

// As is the context in which the i-th member of the staff acts.
func (n *Neighbours) As(ctx context.Context, i int) context.Context {
	p := n.PostsOf[i]
	return desk.With(ctx, desk.Staff{PIN: p.PIN, Name: p.PersonName, Post: p, Posts: []workforceapi.Post{p}})
}
