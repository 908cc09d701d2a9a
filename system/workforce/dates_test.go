package workforce_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// NR-2: no post outlasts what it is held in, or who holds it: not by a transfer
// into a department that is to close, and not by doing the work of a colleague.
func TestNoPostOutlastsItsDepartmentOrItsHolder(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		post := func(p demo.Person) workforceapi.Post {
			t.Helper()
			held, err := h.api.Posts(t.Context(), p.PIN)
			if err != nil || len(held) == 0 {
				t.Fatalf("%s holds %+v, %v", p.Name(), held, err)
			}
			return held[0]
		}
		act := func(p demo.Person, what string, want int, wrong string, pairs ...string) {
			t.Helper()
			form := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			w := manager.do(http.MethodPost, own+"/posts/"+post(p).ID+"/"+what, form)
			if w.Code != want || (wrong != "" && !strings.Contains(w.Body.String(), `id="`+wrong+`-error"`)) {
				t.Errorf("%s %s %v: %d %s", p.FamilyName, what, pairs, w.Code, w.Body)
			}
		}
		const cardiology = own + "/departments/" + demo.Hospital + "-" + demo.Cardiology
		act(demo.HeadOfCardiology, "end", http.StatusSeeOther, "", "until", "2026-12-31")
		closing := url.Values{"version": {versionIn(t, manager.get(cardiology, http.StatusOK))}, "until": {"2026-12-31"}}
		if w := manager.do(http.MethodPost, cardiology+"/close", closing); w.Code != http.StatusSeeOther {
			t.Fatalf("close: %d %s", w.Code, w.Body)
		}
		act(demo.Nurse, "transfer", http.StatusUnprocessableEntity, "from", "department", demo.Cardiology, "from", "2026-12-31")
		act(demo.Nurse, "transfer", http.StatusSeeOther, "", "department", demo.Cardiology, "from", "2026-12-30")

		act(demo.Doctor, "end", http.StatusSeeOther, "", "until", "2026-12-10")
		act(demo.Head, "replace", http.StatusUnprocessableEntity, "until", "colleague", post(demo.Doctor).ID, "from", "2026-12-01", "until", "2026-12-11")
		act(demo.Head, "replace", http.StatusSeeOther, "", "colleague", post(demo.Doctor).ID, "from", "2026-12-01", "until", "2026-12-10")

		on := func(p demo.Person, day clock.Date, want int) {
			t.Helper()
			h.clock.Advance(day.Start().Sub(h.clock.Now()))
			held, err := h.api.Posts(t.Context(), p.PIN)
			if err != nil || len(held) != want {
				t.Errorf("%s on %v holds %+v, %v", p.FamilyName, day, held, err)
			}
		}
		december := func(day int) clock.Date { return clock.Date{Year: 2026, Month: time.December, Day: day} }
		on(demo.Doctor, december(9), 2)
		on(demo.Doctor, december(10), 0)
		on(demo.Nurse, december(30), 1)
		on(demo.Nurse, december(31), 0)
		if o, err := h.api.Organisation(t.Context(), demo.Hospital); err != nil || len(o.Departments) != 3 {
			t.Errorf("on the day of its closing cardiology is open: %+v, %v", o.Departments, err)
		}
	})
}

// NR-1: a bed that closed gives its name to another from that day on, not before.
func TestBedsOfARoomNeverShareAName(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		const therapy = own + "/departments/" + demo.Hospital + "-" + demo.Therapy
		if w := manager.do(http.MethodPost, therapy+"/beds/close", url.Values{"bed": {"950174-18-201-1"}}); w.Code != http.StatusSeeOther {
			t.Fatalf("close: %d %s", w.Code, w.Body)
		}
		for from, want := range map[string]string{"2026-10-01": "201-5", "2026-11-22": "201-1"} {
			if w := manager.do(http.MethodPost, therapy+"/beds", url.Values{"room": {"201"}, "beds": {"1"}, "from": {from}}); w.Code != http.StatusSeeOther {
				t.Fatalf("from %s: %d %s", from, w.Code, w.Body)
			}
			o, err := h.api.Organisation(t.Context(), demo.Hospital)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]int{}
			for _, d := range o.Departments {
				for _, b := range d.Beds {
					seen[d.Code+" "+b.Name]++
				}
			}
			if seen[demo.Therapy+" "+want] != 1 {
				t.Errorf("from %s no bed %s was added: %v", from, want, seen)
			}
			for name, n := range seen {
				if n > 1 {
					t.Errorf("%d beds are called %s", n, name)
				}
			}
		}
	})
}
