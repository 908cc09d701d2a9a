package identity_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/place/placetest"
	"github.com/sanarip/sanarip/system/identity"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// comeFrom lets all requests to ЕСИ come from the network address.
func (h *house) comeFrom(address string) {
	h.set("esi", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = address
		h.esi.Handler().ServeHTTP(w, r)
	}))
}

// ID-9: sessions and sign-ins with place and time; whoever reads of one reads
// where it was, in their own language.
func TestSessionsSignInsAndMessagesNameThePlace(t *testing.T) {
	const address = "212.112.100.1"
	const inRussian, inEnglish = "Бишкек, Кыргызстан · " + address, "Bishkek, Kyrgyzstan · " + address
	run := func(t *testing.T, database string) {
		h := open(t, database, "places", placetest.File(t))
		h.comeFrom(address + ":5000")
		_, b, link := h.warned(demo.Doctor)
		b.get(h.base+"/").must(http.StatusOK, "Предыдущий вход", inRussian)
		p := b.get(h.base + "/security/sessions")
		if n := strings.Count(p.words(), inRussian); n != 4 { // two sessions, two sign-ins
			t.Errorf("the place stands %d times:\n%s", n, p.words())
		}
		b.get(h.base+"/security/events").must(http.StatusOK, inRussian)
		stranger := h.browser()
		stranger.submit(stranger.get(h.base+"/not-me"), "/not-me", "link", link).must(http.StatusOK, inRussian)
		if m := h.told(demo.Doctor); !strings.Contains(m.Body.RU, inRussian) || !strings.Contains(m.Body.KY, inRussian) || !strings.Contains(m.Body.EN, inEnglish) {
			t.Errorf("%+v", m.Body)
		}
		phone := h.phone(demo.Patient)
		h.comeFrom("5.44.0.9:5000") // the screen is elsewhere
		screen := h.wait(h.base + "/sign-in")
		h.comeFrom(address + ":5000")
		phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", screen.code).must(http.StatusOK, "Подтвердить вход?", "Гамбург, Германия · 5.44.0.9")
		operator, _ := h.atConsole()
		if n := strings.Count(h.openPerson(operator, demo.Doctor).words(), inRussian); n != 4 {
			t.Errorf("the operator sees the place %d times", n)
		}
		// What is kept is the address alone: the table is asked when a page is made.
		var kept int
		d := h.db()
		defer d.Close()
		if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM visit WHERE address NOT IN ($1, '5.44.0.9')`, address).Scan(&kept); err != nil || kept != 0 {
			t.Error(kept, err)
		}
	}
	dbtest.Both(t,
		func(t *testing.T) { run(t, peopled.SQLite(t)) },
		func(t *testing.T) { run(t, peopled.Postgres(t)) })
}

// told is the message with a link that came to the person's mailbox.
func (h *house) told(person demo.Person) messageapi.Message {
	h.t.Helper()
	for range 3000 {
		h.inbox.mu.Lock()
		for _, m := range h.inbox.ever {
			if m.PIN == person.PIN && strings.Contains(m.Link, "/not-me#") {
				h.inbox.mu.Unlock()
				return m
			}
		}
		h.inbox.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	h.t.Fatal("nothing was told")
	return messageapi.Message{}
}

func TestABrokenTableOfPlacesStopsTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(file, placetest.Bytes(t)[:500], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := identity.New(context.Background(), host.Env{
		Database: peopled.SQLite(t), Connections: 2, Clock: &moving{}, Secret: houseSecret, BaseURL: "http://esi.localhost",
		Settings: map[string]string{"places": file},
	})
	if err == nil || !strings.Contains(err.Error(), "identity_places: ") {
		t.Fatal(err)
	}
}
