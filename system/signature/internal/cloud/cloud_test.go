package cloud

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/quick"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/signature/internal/authority"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/migration"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

var ermek = signatureapi.Enrolment{
	PIN: "21209196000217", FamilyName: "Жумабеков", GivenName: "Эрмек", Patronymic: "Асанович", Email: "ermek@example.kg", Lang: text.KY, Level: "high",
}

const stranger = "11503198500123" // has no cloud signature

// inbox is the message system of a test.
type inbox struct {
	mu   sync.Mutex
	all  []messageapi.Message
	seen map[string]bool
	fail bool // the next delivery fails after it was taken
}

func (b *inbox) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.seen[m.ID] { // the same ID is delivered once
		b.seen[m.ID] = true
		b.all = append(b.all, m)
	}
	if b.fail {
		b.fail = false
		return messageapi.Receipt{}, fail.New(fail.Unavailable, "kit.neighbor_away")
	}
	return messageapi.Receipt{ID: m.ID}, nil
}

var inMail = regexp.MustCompile(`\b[0-9A-Z]{4}( [0-9A-Z]{4})+\b`)

// last is the PIN of the latest mail.
func (b *inbox) last(t testing.TB) string {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.all) - 1; i >= 0; i-- {
		if code := inMail.FindString(b.all[i].Body.RU); code != "" {
			return code
		}
	}
	t.Fatal("no PIN was mailed")
	return ""
}

type house struct {
	*Service
	clock *clock.Manual
	inbox *inbox
}

func open(t testing.TB, d *db.DB) *house {
	t.Helper()
	secret := bytes.Repeat([]byte{7}, 32)
	keys, err := keystore.NewSoftware(secret)
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewManual(start)
	quiet := slog.New(slog.DiscardHandler)
	ca := &authority.Service{DB: d, Clock: c, Log: quiet, Keys: keys, Algorithm: keystore.P256, BaseURL: "http://sign.localhost"}
	if err := ca.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := &inbox{seen: map[string]bool{}}
	queue := job.New(d, c, quiet, job.Config{})
	s := &Service{
		DB: d, Clock: c, Log: quiet, Queue: queue, Keys: keys, Authority: ca, Messages: b, Texts: text.MustLoad(os.DirFS("../..")), Secret: secret,
		Organisations: map[string]Organisation{},
	}
	s.Register()
	return &house{s, c, b}
}

func from(t testing.TB, s exchangeapi.Subsystem) context.Context {
	return exchangeapi.WithCaller(t.Context(), exchangeapi.Caller{Client: s, ID: "r-1"})
}

// enrolled gives Ermek a cloud signature and the PIN that was mailed.
func (h *house) enrolled(t testing.TB) string {
	t.Helper()
	if _, err := h.Enrol(from(t, exchangeapi.Identity), ermek); err != nil {
		t.Fatal(err)
	}
	return h.mailed(t)
}

func (h *house) mailed(t testing.TB) string {
	t.Helper()
	if err := h.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h.inbox.last(t)
}

func (h *house) use(t testing.TB, pin string) (signatureapi.CloudToken, error) {
	return h.Auth(from(t, exchangeapi.Identity), signatureapi.CloudAuth{PIN: ermek.PIN, OneTime: pin})
}

// TestID12OnePINOneUse: a PIN serves once, a new one is mailed after it, and of
// eight parallel uses one succeeds.
func TestID12OnePINOneUse(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		pin := h.enrolled(t)
		for round := range 3 {
			var succeeded, refused atomic.Int64
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					switch _, err := h.use(t, pin); {
					case err == nil:
						succeeded.Add(1)
					case fail.Is(err, fail.Invalid), fail.Is(err, fail.TooMany):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			if succeeded.Load() != 1 || refused.Load() != 7 {
				t.Fatalf("round %d: %d of 8 uses succeeded, %d refused", round, succeeded.Load(), refused.Load())
			}
			next := h.mailed(t)
			if next == pin {
				t.Fatal("no new PIN was mailed")
			}
			h.clock.Advance(25 * time.Hour) // the refusals are forgotten
			if _, err := h.use(t, pin); !fail.Is(err, fail.Invalid) {
				t.Fatalf("a spent PIN: %v", err)
			}
			pin = next
		}
		if last := h.inbox.all[0]; last.Address != ermek.Email || !last.Secret || last.Lang != text.KY || len(last.Channels) != 1 || last.Channels[0] != messageapi.Email {
			t.Errorf("mailed %+v", last)
		}
	})
}

// TestPINAskedForReplacesTheOneBefore, also when both mails were under way at once.
func TestPINAskedForReplacesTheOneBefore(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		old := h.enrolled(t)
		ask := signatureapi.PINRequest{PIN: ermek.PIN, Method: signatureapi.Email}
		for range 2 {
			if err := h.Begin(from(t, exchangeapi.Identity), ask); err != nil {
				t.Fatal(err)
			}
		}
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				if err := h.Queue.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if _, err := h.use(t, old); !fail.Is(err, fail.Invalid) {
			t.Errorf("the replaced PIN: %v", err)
		}
		good := 0
		for _, m := range h.inbox.all {
			if _, err := h.use(t, inMail.FindString(m.Body.RU)); err == nil {
				good++
			}
		}
		if good != 1 {
			t.Errorf("%d of %d mailed PINs are good", good, len(h.inbox.all))
		}
	})
}

// TestMailSentAgainSaysTheSame: the mail server took the mail and we did not hear
// of it; the job is done again, and the PIN that the person has is the good one.
func TestMailSentAgainSaysTheSame(t *testing.T) {
	h := open(t, dbtest.SQLite(t, "signature", migration.Sets...))
	h.inbox.fail = true
	first := h.enrolled(t)
	h.clock.Advance(time.Minute)
	if again := h.mailed(t); again != first {
		t.Fatalf("%s, then %s", first, again)
	}
	if _, err := h.use(t, first); err != nil {
		t.Fatal(err)
	}
}

// TestNobodyIsTold: a ПИН with a cloud signature and one without are alike in
// answers and locks, and a PIN asked for makes a job for both.
func TestNobodyIsTold(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		h.enrolled(t)
		for try := range 8 {
			var answers [2]string
			for i, pin := range []string{ermek.PIN, stranger} {
				_, err := h.Auth(from(t, exchangeapi.Identity), signatureapi.CloudAuth{PIN: pin, OneTime: "0000 0000"})
				answers[i] = err.Error()
			}
			if answers[0] != answers[1] {
				t.Errorf("try %d: %q and %q", try, answers[0], answers[1])
			}
		}
		for range 5 {
			var answers [2]error
			for i, pin := range []string{ermek.PIN, stranger} {
				answers[i] = h.Begin(from(t, exchangeapi.Identity), signatureapi.PINRequest{PIN: pin, Method: signatureapi.Email})
			}
			if (answers[0] == nil) != (answers[1] == nil) {
				t.Errorf("%v and %v", answers[0], answers[1])
			}
		}
		before := len(h.inbox.all)
		if err := h.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, m := range h.inbox.all[before:] {
			if m.Address != ermek.Email {
				t.Errorf("mailed to %q", m.Address)
			}
		}
	})
}

// TestGuessingLocksAndTheOwnerStaysIn: few guesses, then a lock that tells its
// minutes and the owner; the short PIN waits, a long one asked for works at once.
func TestGuessingLocksAndTheOwnerStaysIn(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		pin := h.enrolled(t)
		wrong := othertest.Than(pin)
		guesses := 0
		for range 24 * 60 {
			_, err := h.use(t, wrong)
			switch {
			case fail.Is(err, fail.Invalid):
				guesses++
			case !fail.Is(err, fail.TooMany):
				t.Fatal(err)
			case fail.As(err).Args["Count"].(int) < 1:
				t.Fatalf("a lock of %v minutes", fail.As(err).Args["Count"])
			}
			h.clock.Advance(time.Minute)
		}
		if guesses < 5 || guesses > 12 {
			t.Errorf("%d guesses in a day", guesses)
		}
		if _, err := h.use(t, wrong); !fail.Is(err, fail.TooMany) && !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		for range 6 {
			_, _ = h.use(t, wrong)
		}
		if _, err := h.use(t, pin); !fail.Is(err, fail.TooMany) {
			t.Fatalf("the right PIN during the lock: %v", err)
		}
		before := len(h.inbox.all)
		if err := h.Begin(from(t, exchangeapi.Identity), signatureapi.PINRequest{PIN: ermek.PIN, Method: signatureapi.Email}); err != nil {
			t.Fatal(err)
		}
		long := h.mailed(t)
		if len(strings.ReplaceAll(long, " ", "")) != LongLetters {
			t.Fatalf("mailed %q during the lock", long)
		}
		if _, err := h.use(t, strings.ToLower(strings.ReplaceAll(long, " ", ""))); err != nil {
			t.Fatalf("the long PIN: %v", err)
		}
		if _, err := h.use(t, h.mailed(t)); err != nil {
			t.Errorf("after it the lock is over: %v", err)
		}
		told := 0
		for _, m := range h.inbox.all[:before+1] {
			if strings.Contains(m.Subject.RU, "заблокирована") {
				told++
			}
		}
		if told == 0 {
			t.Error("the owner was not told of the lock")
		}
	})
}

// TestNoSecretLiesInTheDatabase: no PIN, no key in the open, no token.
func TestNoSecretLiesInTheDatabase(t *testing.T) {
	dir := t.TempDir()
	d := dbtest.Open(t, "sqlite:"+dir, "signature", migration.Sets...)
	h := open(t, d)
	pin := h.enrolled(t)
	token, err := h.use(t, pin)
	if err != nil {
		t.Fatal(err)
	}
	next := h.mailed(t)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{
			"a PIN": pin, "a PIN without spaces": strings.ReplaceAll(pin, " ", ""), "the next PIN": strings.ReplaceAll(next, " ", ""), "a token": token.Token, "a key": "PRIVATE KEY",
		} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s lies in %s", what, filepath.Base(name))
			}
		}
	}
}

// TestPINsAreRead: what is shown is read back, whatever job made it; no two jobs
// make one PIN for long.
func TestPINsAreRead(t *testing.T) {
	s := &Service{Secret: bytes.Repeat([]byte{1}, 32)}
	seen, asked := map[string]bool{}, map[string]bool{}
	property := func(jobID string, long bool) bool {
		code, err := s.code(jobID, long)
		if err != nil {
			return false
		}
		seen[code] = true
		asked[fmt.Sprint(jobID, long)] = true
		again, err := s.code(jobID, long)
		got, wasLong, ok := typed(" " + strings.ToLower(shown(code)) + "-")
		return err == nil && again == code && ok && got == code && wasLong == long
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
		t.Error(err)
	}
	if len(seen) < len(asked)-2 || len(asked) < 400 {
		t.Errorf("%d different PINs of %d jobs", len(seen), len(asked))
	}
	for _, bad := range []string{"", "1", "123456789", "1234567٣", strings.Repeat("1", 1000), "1234567U", "ABCDEFGHJKMNPQRU", "12345678\x00"} {
		if code, _, ok := typed(bad); ok {
			t.Errorf("%q is read as %q", bad, code)
		}
	}
}

func FuzzTyped(f *testing.F) {
	f.Add("1234 5678")
	f.Add("ABCD-efgh-jkmn-pqrs")
	f.Fuzz(func(t *testing.T, in string) {
		if code, long, ok := typed(in); ok && (long && len(code) != LongLetters || !long && len(code) != Digits) {
			t.Errorf("%q: %q", in, code)
		}
	})
}

// TestSweep: what is over goes, what is good stays.
func TestSweep(t *testing.T) {
	dbtest.Each(t, "signature", migration.Sets, func(t *testing.T, d *db.DB) {
		h := open(t, d)
		pin := h.enrolled(t)
		if err := h.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		token, err := h.use(t, pin)
		if err != nil {
			t.Fatal(err)
		}
		next := h.mailed(t)
		_, _ = h.use(t, othertest.Than(next))
		if err := h.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := h.CertInfo(from(t, exchangeapi.Identity), signatureapi.CloudQuery{Token: token.Token}); err != nil {
			t.Errorf("a good token is swept: %v", err)
		}
		left := func() (n int) {
			for _, table := range []string{"cloud_token", "cloud_attempt", "cloud_code"} {
				var rows int
				if err := d.Read.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&rows); err != nil {
					t.Fatal(err)
				}
				n += rows
			}
			return n
		}
		if n := left(); n != 4 { // a token, a count, a spent and a good PIN
			t.Errorf("%d rows", n)
		}
		h.clock.Advance(codeLife + time.Hour)
		if _, err := h.use(t, next); !fail.Is(err, fail.Invalid) {
			t.Errorf("a PIN of half a year ago: %v", err)
		}
		h.clock.Advance(codeLife)
		if err := h.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := left(); n != 0 {
			t.Errorf("%d rows are never swept", n)
		}
	})
}
