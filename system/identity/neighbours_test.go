package identity_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
)

// neighbour is another system that asks ЕСИ through an exchange.
func (h *house) neighbour(key string) *exchangeapi.Client {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			http.Error(w, "{}", http.StatusNotFound)
			return
		}
		r.URL.Path = "/exchange/" + target.Service + target.Rest
		h.esi.Handler().ServeHTTP(w, r)
	}))
	h.t.Cleanup(server.Close)
	return &exchangeapi.Client{Self: exchangeapi.Message, Address: server.URL, Key: key}
}

func TestNeighboursLearnContactsAndTheRecordOfAccesses(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		b := h.browser()
		h.enter(b, h.card, demo.Patient)
		exchange := h.neighbour(exchangeKey)
		contacts, err := identityapi.Client{Exchange: exchange}.Contacts(ctx, demo.Patient.PIN)
		if err != nil || contacts != (identityapi.Contacts{PIN: demo.Patient.PIN, Email: demo.Patient.Email, Phone: demo.Patient.Phone, Lang: text.KY}) {
			t.Fatal(contacts, err)
		}
		if _, err := (identityapi.Client{Exchange: exchange}).Contacts(ctx, demo.Residents[0].PIN); !fail.Is(err, fail.NotFound) {
			t.Fatal(err)
		}
		records, err := exchange.Accesses(ctx, exchangeapi.Identity, demo.Patient.PIN, 50)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, r := range records {
			seen[r.Action] = true
			if r.Via != "identity" || r.ActionWords.KY == "" || r.ActionWords.KY == r.Action || strings.Contains(r.PurposeWords.EN, "identity.") {
				t.Errorf("%+v", r)
			}
			// A system has its name in the reader's language.
			if name := r.OrganisationWords; (r.Action == "data.handed" || r.Action == "contacts.read") && (name.KY == "" || name.KY == name.RU || name.EN == name.RU) {
				t.Errorf("%+v", r)
			}
		}
		for _, action := range []string{"sign_in", "consent.given", "data.handed", "contacts.read"} {
			if !seen[action] {
				t.Errorf("%s was not recorded", action)
			}
		}
		if _, err := (identityapi.Client{Exchange: h.neighbour("another key")}).Contacts(ctx, demo.Patient.PIN); err == nil {
			t.Fatal("answered around the exchange")
		}
	})
}

// The daily job runs on both engines, leaves nothing that has run out, and plans
// the next.
func TestWhatHasRunOutIsSwept(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		b := h.browser()
		h.enter(b, h.card, demo.Doctor)
		b.get(h.request())
		other := h.browser()
		h.inbox.clear()
		other.submit(other.get(h.base+"/sign-in"), "/sign-in", "pin", demo.Nurse.PIN, "password", demo.Password)
		exchange := h.neighbour(exchangeKey)
		daily := func(state job.State) int {
			counts, err := exchange.Counts(ctx, exchangeapi.Identity)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range counts {
				if c.Kind == "daily" && c.State == state {
					return c.Number
				}
			}
			return 0
		}
		h.eventually("the daily job was not done", func() bool { return daily(job.Done) == 1 && daily(job.Ready) == 1 })
		h.clock.advance(200 * 24 * time.Hour)
		h.eventually("the next daily job was not done", func() bool { return daily(job.Done) >= 1 && h.left() == 0 })
	})
}

// left counts what should be gone some time after the last sign-in.
func (h *house) left() int {
	h.t.Helper()
	d := h.db()
	defer d.Close()
	var n int
	if err := d.Read.QueryRow(`SELECT (SELECT COUNT(*) FROM flow) + (SELECT COUNT(*) FROM entry) + (SELECT COUNT(*) FROM sso_session) + (SELECT COUNT(*) FROM sso_client)
		+ (SELECT COUNT(*) FROM permission) + (SELECT COUNT(*) FROM attempt) + (SELECT COUNT(*) FROM known_browser)`).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// A system that is away when the session ends hears of it when it is back.
func TestLogoutTokenIsSentAgain(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	h.enter(b, h.card, demo.Doctor)
	var away atomic.Bool
	away.Store(true)
	inner := h.card.mux
	h.set("card", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sign-in/backchannel" && away.Swap(false) {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	b.post(h.base+"/sign-out", nil)
	exchange := h.neighbour(exchangeKey)
	h.eventually("the failure is not seen", func() bool {
		jobs, err := exchange.Jobs(context.Background(), exchangeapi.Identity, "troubled", 10)
		return err == nil && len(jobs) == 1 && strings.Contains(jobs[0].LastError, "502")
	})
	h.clock.advance(time.Minute)
	h.eventually("the card's session lives on", func() bool { return b.stay().get(h.card.base+"/").status == http.StatusSeeOther })
}
