package identity_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// work is what ЕСИ asks of its database while it answers. What jobs do beside the
// requests is not told.
type work struct {
	mu   sync.Mutex
	done []string
}

// watched has the house tell its work.
func (h *house) watched() *work {
	w := &work{}
	inner := h.esi.Handler()
	h.set("esi", http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(out, r.WithContext(db.Watch(r.Context(), func(statement string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			// SQLite's transactions share their beginning and their end.
			if word, _, _ := strings.Cut(statement, " "); !slices.Contains([]string{"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"}, strings.ToUpper(word)) {
				w.done = append(w.done, strings.Join(strings.Fields(statement), " "))
			}
		})))
	}))
	return w
}

// of is the work of what is asked.
func (w *work) of(ask func()) []string {
	w.mu.Lock()
	w.done = nil
	w.mu.Unlock()
	ask()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.done)
}

// verbs are what the statements do, in their order: a row is read, made, changed.
func verbs(statements []string) (all []string) {
	for _, each := range statements {
		verb, _, _ := strings.Cut(each, " ")
		all = append(all, strings.ToUpper(verb))
	}
	return all
}

// alike holds that the ways ask the database for the same work: as many reads and
// writes in one order, though of other tables. To measure time finds no work that
// is small beside the noise of a machine; what was asked is the same on every run.
func (w *work) alike(t *testing.T, what string, ways ...way) {
	t.Helper()
	first := w.of(ways[0].ask)
	if len(first) == 0 {
		t.Fatalf("%s: nothing was asked", what)
	}
	for _, each := range ways[1:] {
		if done := w.of(each.ask); !slices.Equal(verbs(first), verbs(done)) {
			t.Errorf("%s: %d statements for %s, %d for %s:\n%s\n\n%s", what, len(first), ways[0].name, len(done), each.name, strings.Join(first, "\n"), strings.Join(done, "\n"))
		}
	}
}

// A known and an unknown ПИН cost the database the same statements: at sign-in,
// registration and recovery.
func TestEveryPINCostsTheSameWork(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{changed: map[string]func(*populationapi.Person){
			demo.Residents[1].PIN: func(p *populationapi.Person) { p.Passport.Expires = clock.Date{Year: 2020, Month: 1, Day: 1} },
		}})
		opened := h.db()
		h.exec(opened, `UPDATE account SET password = '' WHERE pin = $1`, demo.Nurse.PIN)
		h.exec(opened, `UPDATE account SET state = 'closed' WHERE pin = $1`, demo.Surgeon.PIN)
		w := h.watched()
		from := func(name, path, pin string, ask func(b *browser)) way {
			b := h.browser()
			b.get(h.base + path)
			return way{name, func() { ask(b) }}
		}
		wrong := func(name, pin string) way {
			return from(name, "/sign-in", pin, func(b *browser) {
				b.post(h.base+"/sign-in", url.Values{"pin": {pin}, "password": {"Wrong-pass-1"}}).must(http.StatusUnprocessableEntity, "неверны")
			})
		}
		w.alike(t, "a wrong password", wrong("an account", demo.Doctor.PIN), wrong("no account", nobodysPIN), wrong("no password", demo.Nurse.PIN), wrong("closed", demo.Surgeon.PIN))

		unfit := func(name, pin, passport string) way {
			return from(name, "/register/passport", pin, func(b *browser) {
				b.post(h.base+"/register/passport", url.Values{"pin": {pin}, "passport": {passport}}).must(http.StatusUnprocessableEntity, "зарегистрировать не удаётся")
			})
		}
		w.alike(t, "a passport that does not fit", unfit("an account", demo.Patient.PIN, "ID9999999"), unfit("no account", newcomer.PIN, "ID9999999"),
			unfit("nobody", "11503198599999", "ID9999999"), unfit("run out", demo.Residents[1].PIN, demo.Residents[1].Passport))
		begin := func(name string, p demo.Person) way {
			return from(name, "/register/passport", p.PIN, func(b *browser) {
				b.post(h.base+"/register/passport", url.Values{"pin": {p.PIN}, "passport": {p.Passport}}).must(http.StatusOK, "Соглашение и конфиденциальность")
			})
		}
		w.alike(t, "a passport that fits", begin("an account", demo.Patient), begin("no account", newcomer))

		o := newOffice(t, h)
		h.serve(exchangeapi.Signature, func(p *exchangeapi.Provider) { signatureapi.ServeCloud(p, cloudService{o}) })
		o.inCloud(demo.Expert)
		cloud := func(name string, p demo.Person) way {
			return from(name, "/sign-in/signature", p.PIN, func(b *browser) { b.sign(h, p, "00000000").must(http.StatusUnprocessableEntity, "неверны") })
		}
		w.alike(t, "a wrong PIN of the cloud signature", cloud("an account", demo.Expert), cloud("no account", newcomer))
		mail := func(name string, p demo.Person) way {
			return from(name, "/sign-in/signature", p.PIN, func(b *browser) {
				b.post(h.base+"/sign-in/signature/pin", url.Values{"pin": {p.PIN}}).must(http.StatusOK, "Если у этого ПИН есть облачная подпись")
			})
		}
		w.alike(t, "a new PIN of the cloud signature", mail("an account", demo.Expert), mail("no account", newcomer))

		browsers := map[string]*browser{}
		recover := func(name, pin string) way {
			browsers[pin] = h.browser()
			return way{name, func() { browsers[pin].post(h.base+"/sign-in/recover", url.Values{"pin": {pin}}).must(http.StatusOK) }}
		}
		w.alike(t, "a recovery begun", recover("an account", demo.Doctor.PIN), recover("no account", nobodysPIN))
		step := func(path string, values url.Values, status int) []way {
			return []way{
				{"an account", func() { browsers[demo.Doctor.PIN].post(h.base+path, values).must(status) }},
				{"no account", func() { browsers[nobodysPIN].post(h.base+path, values).must(status) }},
			}
		}
		guess := url.Values{"code": {"000000"}}
		for _, path := range []string{"/sign-in/recover/code/sms", "/sign-in/recover/code/totp", "/sign-in/recover/code/backup"} {
			w.alike(t, path, step(path, guess, http.StatusUnprocessableEntity)...)
		}
		w.alike(t, "a code asked for", step("/sign-in/recover/send", url.Values{"way": {"sms"}}, http.StatusOK)...)
		h.inbox.code(t, demo.Doctor.Phone) // it is on its way to the one
		for _, typed := range []string{"000000", "12345", ""} {
			w.alike(t, "a guess at a code that was sent: "+typed, step("/sign-in/recover/code/sms", url.Values{"code": {typed}}, http.StatusUnprocessableEntity)...)
		}
	})
}
