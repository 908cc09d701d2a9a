package organisation_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/organisation"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/identity/migration"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const (
	head, clerk = "11112197500031", "11503198500123"
	code, inn   = "701001", "01203201810014"
)

// staff is НИСУР.
type staff struct {
	workforceapi.API
	posts map[string][]workforceapi.Post
	away  bool
}

func (s *staff) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	if s.away {
		return nil, fail.New(fail.Unavailable, "kit.unavailable")
	}
	return s.posts[pin], nil
}

func (s *staff) Organisation(_ context.Context, asked string) (workforceapi.Organisation, error) {
	if asked != code {
		return workforceapi.Organisation{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return workforceapi.Organisation{Code: code, INN: inn, Name: text.Words{KY: "Оорукана", RU: "Больница", EN: "Hospital"}}, nil
}

// people is the population register.
type people map[string]populationapi.Person

func (p people) Person(_ context.Context, pin, _, _ string) (populationapi.Person, error) {
	person, found := p[pin]
	if !found {
		return populationapi.Person{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return person, nil
}

type world struct {
	*organisation.Organisations
	staff  *staff
	people people
	now    *clock.Manual
	said   []string
	post   *post
}

// post is the system of messages.
type post struct{ sent []messageapi.Message }

func (p *post) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	p.sent = append(p.sent, m)
	return messageapi.Receipt{ID: m.ID}, nil
}

// letters does what waits in the queue and gives what was written since, each as
// the ПИН and the kind of news.
func (w *world) letters(t *testing.T) string {
	t.Helper()
	w.post.sent = nil
	if err := w.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range w.post.sent {
		for _, words := range []text.Words{m.Subject, m.Body} {
			for _, l := range text.Langs {
				if s := words.In(l); s == "" || strings.Contains(s, "<no value>") || strings.Contains(s, "identity.") {
					t.Errorf("%s in %s: %q", m.ID, l, s)
				}
			}
		}
		if !strings.Contains(m.Body.RU, "Больница") || !strings.Contains(m.Body.KY, "Оорукана") || m.Link != "https://esi.example/security/organisations" || m.Address != "" {
			t.Errorf("%+v", m)
		}
		all = append(all, m.PIN+" "+m.ID[strings.LastIndex(m.ID, "-")+1:])
	}
	return strings.Join(all, ", ")
}

func open(d *db.DB) *world {
	now := clock.NewManual(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))
	w := &world{
		now: now, people: people{head: {PIN: head}, clerk: {PIN: clerk}},
		staff: &staff{posts: map[string][]workforceapi.Post{
			head:  {{PIN: head, Role: workforceapi.Manager, Organisation: code}},
			clerk: {{PIN: clerk, Role: workforceapi.Head, Organisation: code, Department: "02"}, {PIN: clerk, Role: workforceapi.Doctor, Organisation: code}},
		}},
	}
	texts, err := text.Load(os.DirFS("../.."))
	if err != nil {
		panic(err)
	}
	w.post = &post{}
	w.Organisations = &organisation.Organisations{
		DB: d, Clock: now, Throttle: &throttle.Throttle{DB: d, Clock: now}, Workforce: w.staff, Register: w.people,
		Queue: job.New(d, now, nil, job.Config{}), Texts: texts, Messages: w.post, Base: "https://esi.example",
		Record: func(_ context.Context, pin, _, action, _ string) error {
			w.said = append(w.said, pin+" "+action)
			return nil
		},
	}
	w.Writes()
	return w
}

func person(pin string) account.Account {
	return account.Account{ID: "account-" + pin, PIN: pin, FamilyName: "Бейшеналиева", GivenName: "Гүлнара", Lang: text.RU}
}

func TestTheHeadBindsAndLetsOthersAct(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		w, ctx := open(d), t.Context()
		claims := func(pin string) []organisation.Claim {
			t.Helper()
			all, err := w.Claims(ctx, pin, text.RU)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		refused := func(err error, key string) {
			t.Helper()
			if !fail.Is(err, fail.Invalid) || fail.As(err).Findings[0].Key != key {
				t.Fatalf("%v, not %s", err, key)
			}
		}
		refused(w.Bind(ctx, person(clerk), inn), "identity.organisation.not_head") // heads a department alone
		refused(w.Bind(ctx, person(head), "01203201810099"), "identity.organisation.not_head")
		refused(w.Bind(ctx, person(head), "hospital"), "identity.organisation.number_form")
		w.people[head] = populationapi.Person{PIN: head, Deceased: true}
		refused(w.Bind(ctx, person(head), inn), "identity.organisation.not_registered")
		w.people[head] = populationapi.Person{PIN: head}
		if len(claims(head)) != 0 {
			t.Fatal("bound without a word of НИСУР")
		}
		if err := w.Bind(ctx, person(head), "0120 3201 8100 14"); err != nil {
			t.Fatal(err)
		}
		if err := w.Bind(ctx, person(head), code); err != nil { // again: the same
			t.Fatal(err)
		}
		if got := claims(head); len(got) != 1 || got[0] != (organisation.Claim{INN: inn, Code: code, Name: "Больница", Role: organisation.Head}) {
			t.Fatalf("%+v", got)
		}
		// Others: invited by the head alone, and only who agrees acts.
		if err := w.Invite(ctx, person(clerk), code, head); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		if err := w.Invite(ctx, person(head), code, clerk); err != nil {
			t.Fatal(err)
		}
		told := func(want string) {
			t.Helper()
			if got := w.letters(t); got != want {
				t.Fatalf("told: %q, not %q", got, want)
			}
		}
		told(clerk + " invited")
		refused(w.Invite(ctx, person(head), code, clerk), "identity.organisation.there")
		refused(w.Invite(ctx, person(head), code, head), "identity.organisation.there")
		if len(claims(clerk)) != 0 {
			t.Fatal("an invitation is no membership")
		}
		invitation := w.Invited(t, clerk)
		if err := w.Answer(ctx, person(head), invitation, true); !fail.Is(err, fail.NotFound) {
			t.Fatalf("somebody else's invitation was taken: %v", err)
		}
		told("") // who is refused, or there already, is not written to again
		if err := w.Answer(ctx, person(clerk), invitation, true); err != nil {
			t.Fatal(err)
		}
		told(head + " joined")
		if got := claims(clerk); len(got) != 1 || got[0].Role != organisation.Representative {
			t.Fatalf("%+v", got)
		}
		if err := w.Remove(ctx, person(clerk), code, invitation); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		if err := w.Remove(ctx, person(head), code, invitation); err != nil || len(claims(clerk)) != 0 {
			t.Fatal(err, claims(clerk))
		}
		told(clerk + " removed")
		// What is taken back or declined is told to the other side.
		if err := w.Invite(ctx, person(head), code, clerk); err != nil {
			t.Fatal(err)
		}
		told(clerk + " invited")
		if err := w.Remove(ctx, person(head), code, w.Invited(t, clerk)); err != nil {
			t.Fatal(err)
		}
		told(clerk + " recalled")
		if err := w.Invite(ctx, person(head), code, clerk); err != nil {
			t.Fatal(err)
		}
		if err := w.Answer(ctx, person(clerk), w.Invited(t, clerk), false); err != nil {
			t.Fatal(err)
		}
		told(head + " left")
		// Who leaves the post acts no more: НИСУР is asked each day, and while it
		// is away its last word holds.
		w.staff.posts[head] = nil
		if len(claims(head)) != 1 {
			t.Fatal("asked too often")
		}
		w.now.Advance(25 * time.Hour)
		w.staff.away = true
		if len(claims(head)) != 1 {
			t.Fatal("НИСУР is away, and the head acts no more")
		}
		w.staff.away = false
		if len(claims(head)) != 0 {
			t.Fatal("left, and still the head")
		}
		if len(w.said) == 0 {
			t.Fatal("nothing was recorded")
		}
	})
}
