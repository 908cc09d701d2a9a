package identity_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// nobodysPIN is well formed, and no account and no person has it.
const nobodysPIN = "20101199900999"

// seen is all that somebody sees of the answer from outside: its address, status,
// headers with their cookies, length and body, but for the ПИН itself, what is
// drawn by lot and the time of the day.
func (b *browser) seen(p shown, pin string) string {
	b.t.Helper()
	header := p.header.Clone()
	length := len(p.body)
	if told := header.Get("Content-Length"); told != "" && told != strconv.Itoa(length) {
		b.t.Errorf("%s: %s bytes are told of %d", p.url.Path, told, length)
	}
	header.Del("Date")
	for i, cookie := range header["Set-Cookie"] {
		name, rest, _ := strings.Cut(cookie, "=")
		value, attributes, _ := strings.Cut(rest, ";")
		header["Set-Cookie"][i] = fmt.Sprintf("%s: %d characters;%s", name, len(value), attributes)
	}
	kept := make([]string, 0, 8)
	for _, cookie := range b.client.Jar.Cookies(p.url) {
		kept = append(kept, fmt.Sprintf("%s: %d characters", cookie.Name, len(cookie.Value)))
	}
	slices.Sort(kept)
	return fmt.Sprintf("%s %d %d bytes %v %v\n%s", p.url.RequestURI(), p.status, length, header, kept, strings.ReplaceAll(p.body, pin, "ПИН"))
}

// sameSeen holds that what was seen step by step with one ПИН was seen with the other.
func sameSeen(t *testing.T, one, other []string) {
	t.Helper()
	if len(one) != len(other) {
		t.Fatalf("%d steps and %d", len(one), len(other))
	}
	for i := range one {
		if one[i] != other[i] {
			t.Fatalf("step %d is told apart:\n%s\n\n%s", i+1, one[i], other[i])
		}
	}
}

// way is one of several requests that must not be told apart.
type way struct {
	name string
	ask  func()
}

// stopwatch keeps what ways took, in the order in which they were first taken.
type stopwatch struct {
	names []string
	took  [][]time.Duration
	first int // who goes first in the next round
}

// turns takes each way so many times, in turns, each of them first as often as
// the others: the first one pays for what was prepared.
func (s *stopwatch) turns(rounds int, ways ...way) {
	if s.names == nil {
		s.took = make([][]time.Duration, len(ways))
		for _, w := range ways {
			s.names = append(s.names, w.name)
		}
	}
	for range rounds {
		for k := range ways {
			i := (k + s.first) % len(ways)
			start := time.Now()
			ways[i].ask()
			s.took[i] = append(s.took[i], time.Since(start))
		}
		s.first++
	}
}

// least is what each way takes where nothing gets in between.
func (s *stopwatch) least() []time.Duration {
	var least []time.Duration
	for _, took := range s.took {
		least = append(least, slices.Min(took))
	}
	return least
}

// alike holds that the ways differ by no more than the machine's own noise. A busy
// machine only ever adds time, so that ways which do the same work come together
// with more turns; ways which do not never will.
func (s *stopwatch) alike(t *testing.T, more func()) {
	t.Helper()
	if testing.Short() {
		t.Skip("measures")
	}
	for range 30 {
		more()
		least := s.least()
		if float64(slices.Max(least)) <= 1.4*float64(slices.Min(least)) {
			return
		}
	}
	t.Errorf("told apart by time: %v take at least %v", s.names, s.least())
}

// A wrong password costs the same work for every ПИН: with an account, without
// one, without a password, closed.
func TestSignInTakesTheSameTime(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	d := h.db()
	defer func() { _ = d.Close() }()
	h.exec(d, `UPDATE account SET password = '' WHERE pin = $1`, demo.Nurse.PIN)
	h.exec(d, `UPDATE account SET state = 'closed' WHERE pin = $1`, demo.Surgeon.PIN)
	wrong := func(pin string) func() {
		b := h.browser()
		b.get(h.base + "/sign-in")
		return func() {
			h.exec(d, `DELETE FROM attempt`)
			b.post(h.base+"/sign-in", url.Values{"pin": {pin}, "password": {"Wrong-pass-1"}}).must(http.StatusUnprocessableEntity, "неверны")
		}
	}
	var s stopwatch
	ways := []way{{"an account", wrong(demo.Doctor.PIN)}, {"no account", wrong(nobodysPIN)}, {"no password", wrong(demo.Nurse.PIN)}, {"closed", wrong(demo.Surgeon.PIN)}}
	s.alike(t, func() { s.turns(12, ways...) })
}

// Passport data that do not fit take the same time, whether the ПИН has an
// account, has none, or is nobody's.
func TestRegistrationTakesTheSameTime(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	h.populate(&residents{changed: map[string]func(*populationapi.Person){
		demo.Residents[1].PIN: func(p *populationapi.Person) { p.Passport.Expires = clock.Date{Year: 2020, Month: 1, Day: 1} },
	}})
	d := h.db()
	defer func() { _ = d.Close() }()
	unfit := func(pin, passport string) func() {
		b := h.browser()
		b.get(h.base + "/register/passport")
		return func() {
			h.exec(d, `DELETE FROM attempt`)
			b.post(h.base+"/register/passport", url.Values{"pin": {pin}, "passport": {passport}}).must(http.StatusUnprocessableEntity, "зарегистрировать не удаётся")
		}
	}
	var s stopwatch
	ways := []way{
		{"an account", unfit(demo.Patient.PIN, "ID9999999")},
		{"no account", unfit(newcomer.PIN, "ID9999999")},
		{"nobody", unfit("11503198599999", "ID9999999")},
		{"run out", unfit(demo.Residents[1].PIN, demo.Residents[1].Passport)},
	}
	s.alike(t, func() { s.turns(40, ways...) })
}

// Whoever guesses at the recovery of somebody's account locks that somebody out
// of nothing: not of the sign-in, and not of a recovery by ID card or operator.
func TestGuessingAtARecoveryDoesNotLockThePersonOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for range 3 {
			thief := h.browser()
			h.recovering(thief, demo.Doctor.PIN)
			for _, way := range []string{"sms", "email"} {
				for range 4 {
					thief.post(h.base+"/sign-in/recover/send", url.Values{"way": {way}})
					thief.post(h.base+"/sign-in/recover/code/"+way, url.Values{"code": {"000000"}})
				}
			}
		}
		b := h.browser() // one that was never here
		h.inbox.clear()
		p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
		b.submit(p, "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Phone)).must(http.StatusOK, "Мой аккаунт")
	})
}

// One code of a message typed in eight windows of one browser at once, one code of
// an authenticator in eight browsers: one session.
func TestACodeUsedEightTimesAtOnceOpensOneSession(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		begin := func(person demo.Person) (*browser, shown) {
			b := h.browser()
			return b.stay(), b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", person.PIN, "password", demo.Password).must(http.StatusOK)
		}
		one := func(person demo.Person, enter func(i int) shown) {
			t.Helper()
			entered := make([]bool, 8)
			var all sync.WaitGroup
			for i := range entered {
				all.Go(func() { entered[i] = enter(i).header.Get("Location") == "/" }) // not back to the sign-in
			}
			all.Wait()
			count := 0
			for _, in := range entered {
				if in {
					count++
				}
			}
			d := h.db()
			defer func() { _ = d.Close() }()
			var sessions int
			err := d.Read.QueryRow(`SELECT COUNT(*) FROM sso_session s JOIN account a ON a.id = s.account_id WHERE a.pin = $1`, person.PIN).Scan(&sessions)
			if err != nil || sessions != 1 || count != 1 {
				t.Errorf("%s: %d entered, %d sessions (%v)", person.FamilyName, count, sessions, err)
			}
		}

		b, p := begin(demo.Nurse)
		code := h.inbox.code(t, demo.Nurse.Phone)
		one(demo.Nurse, func(int) shown { return b.submit(p, "/sign-in/code", "code", code) })

		var windows [8]func() shown
		for i := range windows {
			b, p := begin(demo.Head)
			windows[i] = func() shown { return b.submit(p, "/sign-in/code", "code", code) }
		}
		var err error
		if code, err = totp.GenerateCode(demo.Head.TOTP, h.clock.Now()); err != nil { // one, whenever it is typed
			t.Fatal(err)
		}
		one(demo.Head, func(i int) shown { return windows[i]() })
	})
}
