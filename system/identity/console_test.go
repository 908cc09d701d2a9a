package identity_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// register is НИСУР: who holds which post.
type register struct {
	workforceapi.API
	mu    sync.Mutex
	posts map[string]workforceapi.Role
}

func (r *register) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	role, ok := r.posts[pin]
	if !ok {
		return nil, nil
	}
	return []workforceapi.Post{{PIN: pin, Role: role, Title: text.Same("оператор ЕСИ"), OrganisationName: tunduk}}, nil
}

// tunduk is the operators' organisation.
var tunduk = text.Words{KY: "«Түндүк» ИИ", RU: "Тундук", EN: "Tunduk"}

func (r *register) Organisations(context.Context) ([]workforceapi.Organisation, error) {
	return []workforceapi.Organisation{{Code: "900011", Name: tunduk, ShortName: tunduk}}, nil
}

func (r *register) leave(pin string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.posts, pin)
}

// staffed puts НИСУР behind the exchange: the demo's operator holds the post,
// the doctor another.
func (h *house) staffed() *register {
	r := &register{posts: map[string]workforceapi.Role{demo.Operator.PIN: workforceapi.Operator, demo.Doctor.PIN: workforceapi.Doctor}}
	h.serve(exchangeapi.Workforce, func(p *exchangeapi.Provider) { workforceapi.Serve(p, r) })
	return r
}

// atConsole is a browser in which the operator is signed in and stands at the console.
func (h *house) atConsole() (*browser, *register) {
	h.t.Helper()
	r := h.staffed()
	b := h.browser()
	h.signIn(b, b.get(h.base+"/console"), demo.Operator).must(http.StatusOK, "Найти человека")
	return b, r
}

// openPerson opens the person's account with a reason.
func (h *house) openPerson(b *browser, person demo.Person) shown {
	h.t.Helper()
	return b.submit(b.get(h.base+"/console"), "/console/people", "pin", person.PIN, "reason", "обращение № 17").must(http.StatusOK, person.FamilyName)
}

// records are the access records of the person, the newest first.
func (h *house) records(d *db.DB, pin string) []audit.Record {
	h.t.Helper()
	records, err := audit.Of(context.Background(), d.Read, pin, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return records
}

// numbers are those of incidents, which differ from page to page.
var numbers = regexp.MustCompile(`оператора: [0-9a-f]+`)

var consolePages = []string{
	"/console", "/console/people/x", "/console/people/x/audit", "/console/incidents", "/console/incidents/x", "/console/statistics",
	"/console/clients", "/console/clients/x", "/console/keys", "/console/audit", "/console/nothing", "/console/",
}

var consolePosts = []string{
	"/console/people", "/console/people/x", "/console/incidents/x", "/console/incidents/x/person", "/console/clients/x", "/console/keys/rotate", "/console/audit/check", "/console/nothing",
}

// Who holds no operator's post is refused on every page alike, whatever it is
// and whether it exists; who is not signed in is led to the sign-in.
func TestTheConsoleIsForOperatorsAlone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.staffed()
		stranger := h.browser().stay()
		for _, path := range consolePages {
			if p := stranger.get(h.base + path); p.status != http.StatusSeeOther || !strings.HasPrefix(p.header.Get("Location"), "/sign-in") {
				t.Errorf("%s signed out: %d to %s", path, p.status, p.header.Get("Location"))
			}
		}
		for _, person := range []demo.Person{demo.Patient, demo.Doctor} { // without any post, with another
			b := h.browser()
			h.signIn(b, b.get(h.base+"/sign-in"), person)
			said := ""
			for _, path := range consolePages {
				p := b.get(h.base + path)
				if p.status != http.StatusForbidden || !strings.Contains(p.words(), "только для операторов") {
					t.Errorf("%s: %d\n%s", path, p.status, p.words())
				}
				if words := numbers.ReplaceAllString(p.words(), ""); said == "" {
					said = words
				} else if words != said {
					t.Errorf("%s says something else:\n%s\n%s", path, words, said)
				}
			}
			for _, path := range consolePosts {
				if p := b.post(h.base+path, url.Values{"pin": {demo.Patient.PIN}, "reason": {"любопытство"}}); p.status != http.StatusForbidden {
					t.Errorf("POST %s: %d", path, p.status)
				}
			}
		}
		for _, r := range h.records(h.db(), demo.Patient.PIN) {
			if strings.HasPrefix(r.Action, "console.") {
				t.Errorf("recorded as if it had happened: %+v", r)
			}
		}
	})
}

// The sign-in must be fresh, and whoever leaves the post is out within minutes.
func TestAnOperatorSignsInFreshlyAndLeavesWithThePost(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, register := h.atConsole()
		h.clock.advance(61 * time.Minute)
		p := b.get(h.base + "/console/keys")
		p.must(http.StatusOK, "войдите ещё раз")
		h.signIn(b, p, demo.Operator).must(http.StatusOK, "Ключи")
		register.leave(demo.Operator.PIN)
		h.clock.advance(2 * time.Minute)
		b.get(h.base + "/console/keys").must(http.StatusForbidden)
	})
}

// A person is found by ПИН with a reason, which stands in the person's own
// record of accesses; nothing secret is shown, and no ПИН in an address.
func TestAnOperatorLooksAtAPersonWithAReason(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		home := b.get(h.base + "/console")
		b.submit(home, "/console/people", "pin", demo.Patient.PIN, "reason", "").must(http.StatusUnprocessableEntity)
		b.submit(home, "/console/people", "pin", demo.Patient.PIN, "reason", "я").must(http.StatusUnprocessableEntity, "не меньше 5 знаков")
		b.submit(home, "/console/people", "pin", "12", "reason", "обращение № 17").must(http.StatusUnprocessableEntity)
		d := h.db()
		if got := h.records(d, demo.Patient.PIN); len(got) != 0 {
			t.Fatalf("recorded without a search: %+v", got)
		}
		p := h.openPerson(b, demo.Patient)
		p.must(http.StatusOK, "существенный", "Действует", "Код по SMS", "Пароль")
		for _, secret := range []string{demo.Patient.Phone, demo.Patient.Email, "argon2"} {
			if strings.Contains(p.body, secret) {
				t.Errorf("the page shows %s", secret)
			}
		}
		if strings.Contains(p.url.String(), demo.Patient.PIN) {
			t.Error("a ПИН in an address")
		}
		records := h.records(d, demo.Patient.PIN)
		if len(records) != 1 || records[0].Action != "console.search" || records[0].Purpose != "обращение № 17" || records[0].ActorPIN != demo.Operator.PIN || records[0].Organisation != "Тундук" {
			t.Fatalf("%+v", records)
		}
		seen, err := h.neighbour(exchangeKey).Accesses(t.Context(), exchangeapi.Identity, demo.Patient.PIN, 5)
		if err != nil || len(seen) != 1 || seen[0].OrganisationWords != tunduk {
			t.Errorf("the operator's organisation to the person: %+v %v", seen, err)
		}
		// An account that is not there is told, and the question recorded.
		nobody := demo.Residents[0].PIN
		b.submit(home, "/console/people", "pin", nobody, "reason", "обращение № 18").must(http.StatusNotFound, "Аккаунта с таким ПИН нет")
		if got := h.records(d, nobody); len(got) != 1 {
			t.Errorf("%+v", got)
		}
		// Another operator does not get in by the address, nor the same one when
		// the time is over.
		other, register := h.browser(), h.staffed()
		register.posts[demo.Nurse.PIN] = workforceapi.Operator
		h.signIn(other, other.get(h.base+"/console"), demo.Nurse)
		other.get(p.url.String()).must(http.StatusNotFound)
		h.clock.advance(31 * time.Minute)
		b.get(p.url.String()).must(http.StatusNotFound, "время истекло")
	})
}

// What an operator does to an account happens, is recorded with the reason and
// told to the person.
func TestAnOperatorActsOnAnAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		citizen := h.browser()
		h.signIn(citizen, citizen.get(h.base+"/sign-in"), demo.Patient)
		guess := h.browser()
		for range 6 { // locks the password for others' browsers
			guess.submit(guess.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Patient.PIN, "password", "Wrong-password-1")
		}
		guess.submit(guess.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Patient.PIN, "password", demo.Password).must(http.StatusTooManyRequests)
		miss := func() int { // in the person's own browser, which is counted apart
			return citizen.post(h.base+"/sign-in", url.Values{"pin": {demo.Patient.PIN}, "password": {"Wrong-password-1"}}).status
		}
		for miss() != http.StatusTooManyRequests {
		}
		p := h.openPerson(b, demo.Patient)
		path := p.url.Path
		do := func(action, says string) shown {
			t.Helper()
			h.inbox.clear()
			next := b.submit(p, path, "action", action, "reason", "обращение № 17").must(http.StatusOK, says)
			newest := h.records(d, demo.Patient.PIN)[0]
			if newest.Action != "console."+action || newest.Purpose != "обращение № 17" || newest.ActorPIN != demo.Operator.PIN {
				t.Errorf("%s: recorded %+v", action, newest)
			}
			h.eventually(action+" was not told", func() bool {
				h.inbox.mu.Lock()
				defer h.inbox.mu.Unlock()
				return slices.ContainsFunc(h.inbox.messages, func(m messageapi.Message) bool {
					return m.PIN == demo.Patient.PIN && strings.Contains(m.Body.KY, "обращение № 17") && strings.Contains(m.Body.KY, tunduk.KY)
				})
			})
			return next
		}
		b.submit(p, path, "action", "unlock", "reason", "").must(http.StatusUnprocessableEntity)
		b.submit(p, path, "action", "explode", "reason", "обращение № 17").must(http.StatusBadRequest)
		do("unlock", "Счётчики сброшены")
		if status := miss(); status == http.StatusTooManyRequests {
			t.Error("the person's own browser stays locked")
		}
		guess.submit(guess.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Patient.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
		do("freeze", "Заморожен до")
		b.submit(p, path, "action", "freeze", "reason", "обращение № 17").must(http.StatusConflict)
		do("thaw", "Действует")
		do("end-sessions", "Открытых сеансов нет")
		if shown := citizen.get(h.base + "/"); strings.Contains(shown.words(), demo.Patient.FamilyName) {
			t.Error("a session that was ended goes on")
		}
		granted := h.redeem(h.code(h.browser(), demo.Patient, "scope", "openid offline_access").Get("code"))
		do("block", "Заблокирован")
		if again := h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", granted.Refresh); again.status == http.StatusOK {
			t.Error("what a blocked account granted goes on")
		}
		blocked := guess.submit(guess.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Patient.PIN, "password", demo.Password)
		if blocked.status == http.StatusOK && strings.Contains(blocked.words(), "Код подтверждения") {
			blocked = guess.submit(blocked, "/sign-in/code", "code", h.inbox.code(t, demo.Patient.Phone))
		}
		blocked.must(http.StatusForbidden, "заблокирован")
		do("unblock", "Действует")
		// Not one's own.
		own := h.openPerson(b, demo.Operator)
		own.must(http.StatusOK, "обратитесь к другому оператору")
		b.post(own.url.String(), url.Values{"action": {"end-sessions"}, "reason": {"сам себе хозяин"}}).must(http.StatusForbidden)
	})
}

// A refresh token that comes a second time ends its grant and is an incident.
func TestAStolenRefreshTokenIsAnIncident(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		first := h.redeem(h.code(h.browser(), demo.Patient, "scope", "openid offline_access").Get("code"))
		refresh := func(token string) tokens {
			return h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", token)
		}
		second := refresh(first.Refresh)
		third := refresh(second.Refresh)
		for range 3 {
			if stolen := refresh(first.Refresh); stolen.Error != "invalid_grant" {
				t.Fatalf("%+v", stolen)
			}
		}
		if again := refresh(third.Refresh); again.Error != "invalid_grant" {
			t.Fatalf("%+v", again)
		}
		p := b.get(h.base+"/console/incidents").must(http.StatusOK, "Токен использован повторно conformance Новый")
		if n := strings.Count(p.body, "/console/incidents/"); n != 1 {
			t.Errorf("%d incidents", n)
		}
	})
}

// Incidents gather by themselves, once each, and are handled step by step.
func TestIncidentsGatherAndAreHandled(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		var account string
		if err := d.Read.QueryRowContext(t.Context(), `SELECT id FROM account WHERE pin = $1`, demo.Patient.PIN).Scan(&account); err != nil {
			t.Fatal(err)
		}
		var accounts int
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM account`).Scan(&accounts); err != nil {
			t.Fatal(err)
		}
		now := db.Micros(h.clock.Now())
		h.exec(d, `INSERT INTO incident (id, number, kind, reference, about, account_id, detail, at, state, version)
			VALUES ('incident-1', 'ABCD1234', 'disowned', 'event-1', 'new_browser', $1, 'Firefox · Linux · 203.0.113.9', $2, 'open', 0)`, account, now)
		for i := range 25 {
			h.exec(d, `INSERT INTO visit (id, account_id, at, method, level, agent, address, client_id, outcome) VALUES ($1, $2, $3, 'password', '', '', '203.0.113.9', '', 'refused')`,
				fmt.Sprint("visit-", i), account, now)
		}
		h.exec(d, `INSERT INTO visit (id, account_id, at, method, level, agent, address, client_id, outcome)
			SELECT 'spray-' || id, id, $1, 'password', '', '', '198.51.100.7', '', 'refused' FROM account`, now)
		var wait sync.WaitGroup
		for range 4 { // several processes at once
			wait.Go(func() {
				if err := h.esi.GatherIncidents(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		p := b.get(h.base+"/console/incidents").must(http.StatusOK, "Человек сообщил", "Много неудачных входов в один", "с одного адреса", fmt.Sprintf("198.51.100.7 · %d × %d", accounts, accounts))
		if n := strings.Count(p.body, "/console/incidents/"); n != 3 {
			t.Errorf("%d incidents\n%s", n, p.words())
		}
		var incident string
		if err := d.Read.QueryRowContext(t.Context(), `SELECT id FROM incident WHERE kind = 'disowned'`).Scan(&incident); err != nil {
			t.Fatal(err)
		}
		path := "/console/incidents/" + incident
		p = b.get(h.base+path).must(http.StatusOK, "вошли с нового браузера · Firefox · Linux · 203.0.113.9", "Новый")
		step := func(version, to, note string) shown {
			t.Helper()
			return b.submit(p, path, "version", version, "to", to, "reason", note)
		}
		b.get(h.base+"/console/incidents?number=abcd1234").must(http.StatusOK, "Человек сообщил", "ABCD1234")
		b.get(h.base+"/console/incidents?number=ABCD1235").must(http.StatusOK, "Инцидента с номером ABCD1235 нет")
		step("0", "working", "").must(http.StatusUnprocessableEntity)
		step("0", "working", "звоню человеку").must(http.StatusOK, "В работе", "звоню человеку", "Сыдыков")
		step("0", "closed", "второй оператор").must(http.StatusConflict)
		step("1", "closed", "сменил пароль").must(http.StatusOK, "Закрыт", "сменил пароль")
		step("2", "closed", "ещё раз закрыть").must(http.StatusConflict)
		b.get(h.base+"/console/incidents?state=closed").must(http.StatusOK, "Человек сообщил")
		records := h.records(d, demo.Patient.PIN)
		if len(records) < 2 || records[0].Action != "console.incident" || records[0].Purpose != "сменил пароль" {
			t.Errorf("%+v", records)
		}
		b.submit(b.get(h.base+path), path+"/person").must(http.StatusOK, demo.Patient.FamilyName, "Инцидент безопасности")
	})
}

// Sign-ins are counted by hour, day and week, way and outcome.
func TestSignInStatistics(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		h.exec(d, `DELETE FROM visit`)
		var account string
		if err := d.Read.QueryRowContext(t.Context(), `SELECT id FROM account WHERE pin = $1`, demo.Patient.PIN).Scan(&account); err != nil {
			t.Fatal(err)
		}
		n := 0
		// Hours that are over are counted once: what a test writes into them, anew.
		anew := func() {
			h.exec(d, `DELETE FROM visit_count`)
			h.exec(d, `UPDATE visit_counted SET until = 0`)
		}
		visit := func(ago time.Duration, method, outcome string, times int) {
			for range times {
				n++
				h.exec(d, `INSERT INTO visit (id, account_id, at, method, level, agent, address, client_id, outcome) VALUES ($1, $2, $3, $4, '', '', '', '', $5)`,
					fmt.Sprint("v", n), account, db.Micros(h.clock.Now().Add(-ago)), method, outcome)
			}
		}
		visit(0, "password", "entered", 3)
		visit(0, "password", "refused", 1)
		// One more with a ПИН that has no account.
		h.exec(d, `INSERT INTO stray (id, at, method, agent, address, client_id) VALUES ('s1', $1, 'password', '', '', '')`, db.Micros(h.clock.Now()))
		visit(0, "passkey", "entered", 1)
		visit(5*24*time.Hour, "card", "entered", 4)
		visit(60*24*time.Hour, "phone", "entered", 5)
		anew()
		p := b.get(h.base+"/console/statistics").must(http.StatusOK, "Вошли: 4. Отказано: 2.", "Пароль 3 2 40 %", "Ключ доступа 1 0 0 %")
		if strings.Contains(p.words(), "ID-карта") || strings.Count(p.body, "<svg class=\"sn-bars__svg") != 2 {
			t.Error(p.words())
		}
		b.get(h.base+"/console/statistics?span=days").must(http.StatusOK, "Вошли: 8. Отказано: 2.", "ID-карта 4 0 0 %", h.clock.Now().Add(-5*24*time.Hour).In(clock.Bishkek).Format("02.01")+" 4")
		b.get(h.base+"/console/statistics?span=weeks").must(http.StatusOK, "Вошли: 13. Отказано: 2.", "QR-код")
		visit(200*24*time.Hour, "card", "entered", 7)
		visit(400*24*time.Hour, "card", "entered", 9) // before all of them
		anew()
		b.get(h.base+"/console/statistics?span=weeks").must(http.StatusOK, "Вошли: 13. Отказано: 2.")
		p = b.get(h.base+"/console/statistics?span=months").must(http.StatusOK, "Вошли: 20. Отказано: 2.", h.clock.Now().Add(-200*24*time.Hour).In(clock.Bishkek).Format("01.2006")+" 7")
		if n := strings.Count(p.body, "<rect class=\"sn-bars__bar"); n != 24 { // two charts of twelve months
			t.Errorf("%d bars", n)
		}
		for span, steps := range map[string]int{"hours": 24, "days": 30, "weeks": 12} {
			if n := strings.Count(b.get(h.base+"/console/statistics?span="+span).body, "<rect class=\"sn-bars__bar"); n != 2*steps {
				t.Errorf("%s: %d bars", span, n)
			}
		}
	})
}

// A registered system waits for an operator, who is not its owner.
func TestAnOperatorDecidesAboutClients(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		registry := &openid.Registry{DB: d, Clock: h.clock}
		var ids []string
		for _, owner := range []demo.Person{demo.Doctor, demo.Operator} {
			var account string
			if err := d.Read.QueryRowContext(t.Context(), `SELECT id FROM account WHERE pin = $1`, owner.PIN).Scan(&account); err != nil {
				t.Fatal(err)
			}
			c, _, err := registry.Create(t.Context(), account, openid.Settings{
				Name: text.Same("Аптека"), Address: "https://pharmacy.example", Redirects: []string{"https://pharmacy.example/cb"}, Scopes: []string{"openid", "profile"},
				Grants: []openid.Grant{openid.GrantCode}, Method: openid.MethodBasic, Profile: openid.ProfilePlain,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := registry.Submit(t.Context(), account, c.ID); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, c.ID)
		}
		path := "/console/clients/" + ids[0]
		b.get(h.base+"/console/clients").must(http.StatusOK, "Аптека", "https://pharmacy.example")
		p := b.get(h.base+path).must(http.StatusOK, "Ждут решения", "Асанова", "https://pharmacy.example/cb",
			"Информация о профиле", "profile", "Человек входит через ЕСИ", "authorization_code", "Секретом, в заголовке", "client_secret_basic", "Обычный", "plain")
		decide := func(decision string, status int, parts ...string) {
			t.Helper()
			b.submit(p, path, "decision", decision, "reason", "договор № 5").must(status, parts...)
		}
		b.submit(p, path, "decision", "approve", "reason", "").must(http.StatusUnprocessableEntity)
		decide("approve", http.StatusOK, "Одобрены")
		decide("approve", http.StatusConflict)
		decide("block", http.StatusOK, "Заблокированы", "договор № 5")
		decide("unblock", http.StatusOK, "Тестовые")
		if got := h.records(d, demo.Doctor.PIN); len(got) < 3 || got[0].Action != "console.client-unblock" || got[0].Object != ids[0] {
			t.Errorf("%+v", got)
		}
		h.eventually("the owner was not told", func() bool {
			h.inbox.mu.Lock()
			defer h.inbox.mu.Unlock()
			for _, m := range h.inbox.messages {
				if strings.Contains(m.Subject.RU, "одобрена") && strings.Contains(m.Body.RU, "Аптека: договор № 5") {
					return true
				}
			}
			return false
		})
		// However many there are, each is found, by any part of what is known of it.
		for _, find := range []string{"АПТЕКА", "pharmacy.ex", ids[1], "%"} {
			p := b.get(fmtURL(h.base+"/console/clients", "find", find))
			if found := strings.Contains(p.body, ids[1]); found == (find == "%") {
				t.Errorf("%s: %s", find, p.words())
			}
		}
		path = "/console/clients/" + ids[1]
		p = b.get(h.base + path)
		decide("approve", http.StatusForbidden, "другой оператор")
	})
}

// New keys are published before they sign; a second rotation waits.
func TestKeysAreRotatedWithOverlap(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		before := h.browser().get(h.base + "/.well-known/openid-configuration/jwks").body
		p := b.get(h.base+"/console/keys").must(http.StatusOK, "Подписывает", "RS256", "ES256")
		b.submit(p, "/console/keys/rotate", "reason", "").must(http.StatusUnprocessableEntity)
		b.submit(p, "/console/keys/rotate", "reason", "плановая смена").must(http.StatusOK, "Подготовлен", "Смена уже идёт")
		b.post(h.base+"/console/keys/rotate", url.Values{"reason": {"ещё раз"}}).must(http.StatusConflict)
		after := h.browser().get(h.base + "/.well-known/openid-configuration/jwks").body
		if strings.Count(after, `"kid"`) != 2*strings.Count(before, `"kid"`) {
			t.Errorf("published before:\n%s\nafter:\n%s", before, after)
		}
		for _, r := range h.records(h.db(), "") {
			if r.Action == "console.keys-rotate" && r.Purpose == "плановая смена" && r.ActorPIN == demo.Operator.PIN {
				return
			}
		}
		t.Error("the rotation is not recorded")
	})
}

// The trail says whether it is whole; somebody who changed it makes an incident.
func TestTheAuditTrailIsShownAndChecked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b, _ := h.atConsole()
		d := h.db()
		p := h.openPerson(b, demo.Patient)
		b.get(p.url.String()+"/audit").must(http.StatusOK, "Оператор открыл аккаунт", "обращение № 17", "Сыдыков")
		list := b.get(h.base+"/console/audit").must(http.StatusOK, "Оператор открыл аккаунт", "2 •••••••• •••17", "Сам человек")
		if strings.Contains(list.body, demo.Patient.PIN) {
			t.Error("the list shows whose data it was")
		}
		today := clock.DateOf(h.clock.Now())
		if got := b.get(fmtURL(h.base+"/console/audit", "action", "console.", "from", today.String(), "until", today.String())).must(http.StatusOK).words(); strings.Contains(got, "Сам человек") {
			t.Errorf("not narrowed: %s", got)
		}
		b.get(fmtURL(h.base+"/console/audit", "until", "2026-01-01")).must(http.StatusOK, "Таких записей нет")
		b.get(fmtURL(h.base+"/console/audit", "from", "завтра")).must(http.StatusUnprocessableEntity)
		check := func(says string) {
			t.Helper()
			h.eventually("records were not sealed", func() bool {
				var n int
				return d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_waiting`).Scan(&n) == nil && n == 0
			})
			b.submit(b.get(h.base+"/console/audit"), "/console/audit/check").must(http.StatusOK, "Проверка началась")
			h.eventually("the check did not say "+says, func() bool { return strings.Contains(b.get(h.base+"/console/audit").words(), says) })
		}
		check("журнал цел")
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			guard := `DROP TRIGGER access_record_update`
			if d.Dialect == db.Postgres {
				guard = `DROP TRIGGER access_record_kept ON access_record`
			}
			if _, err := tx.ExecContext(ctx, guard); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `UPDATE access_record SET purpose = 'лечение' WHERE action = 'console.search'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		check("журнал нарушен, найдено изменений: 1")
		b.get(h.base+"/console/incidents").must(http.StatusOK, "Журнал аудита нарушен")
	})
}
