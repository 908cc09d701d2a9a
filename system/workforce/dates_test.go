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

// NR-2: the days between which somebody may be appointed, moved or stand in, each
// with the day beside it; what is refused leaves everything as it was.
func TestDaysOfAppointmentsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager, operator := h.signIn(t, demo.Manager), h.signIn(t, demo.Operator)
		posts := func(p demo.Person) []workforceapi.Post {
			t.Helper()
			held, err := h.api.Posts(t.Context(), p.PIN)
			if err != nil {
				t.Fatal(err)
			}
			return held
		}
		nurse, head, doctor := posts(demo.Nurse)[0].ID, posts(demo.Head)[0].ID, posts(demo.Doctor)[0].ID
		chief := posts(demo.Chief)[0].ID
		try := func(who browser, path, wrong string, pairs ...string) {
			t.Helper()
			form := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			w := who.do(http.MethodPost, path, form)
			if wrong == "" && w.Code != http.StatusSeeOther {
				t.Errorf("%s %v: %d %s", path, pairs, w.Code, w.Body)
			}
			if wrong != "" && (w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="`+wrong+`-error"`)) {
				t.Errorf("%s %v: %d, %s is not told", path, pairs, w.Code, wrong)
			}
		}
		const post = own + "/posts/"
		for from, wrong := range map[string]string{"2026-11-21": "from", "2027-11-24": "from", "2023-01-01": "from"} {
			try(manager, post+nurse+"/transfer", wrong, "department", demo.Surgery, "from", from)
		}
		try(manager, post+nurse+"/transfer", "department", "department", "99", "from", "2026-11-22")
		try(manager, post+chief+"/transfer", "department", "department", demo.Surgery, "from", "2026-11-22")
		if w := manager.do(http.MethodPost, post+"nobody/transfer", url.Values{"department": {demo.Surgery}, "from": {"2026-11-22"}}); w.Code != http.StatusNotFound {
			t.Errorf("a post that is not there: %d", w.Code)
		}
		for _, c := range [][4]string{ // colleague, from, until, wrong
			{doctor, "2026-11-21", "2026-12-01", "from"},
			{doctor, "2026-11-22", "2026-11-22", "until"},
			{doctor, "2026-11-22", "2029-11-25", "until"}, // longer than three years of leave
			{head, "2026-11-22", "2026-12-01", "colleague"},
			{"nobody", "2026-11-22", "2026-12-01", "colleague"},
			{posts(demo.Clerk)[0].ID, "2026-11-22", "2026-12-01", "colleague"}, // of another hospital
		} {
			try(manager, post+head+"/replace", c[3], "colleague", c[0], "from", c[1], "until", c[2])
		}
		for _, c := range [][4]string{ // title, department, from, wrong
			{"nurse", demo.Therapy, "2024-12-31", "from"},
			{"nurse", demo.Therapy, "2028-01-01", "from"},
			{"nurse", "", "2026-11-22", "department"},
			{"chief", demo.Therapy, "2026-11-22", "department"},
			{"expert", "", "2026-11-22", "title"}, // of the fund
			{"nurse", demo.Therapy, "2025-01-01", ""},
		} {
			try(manager, post+"add", c[3], "pin", demo.Residents[0].PIN, "confirmed", demo.Residents[0].PIN, "title", c[0], "department", c[1], "from", c[2])
		}
		try(operator, post+"add", "title", "pin", demo.Residents[0].PIN, "title", "nurse", "department", demo.Therapy, "from", "2026-11-22")
		if w := operator.do(http.MethodPost, "/organisations/950175/posts/add", url.Values{"pin": {demo.Residents[0].PIN}, "confirmed": {demo.Residents[0].PIN}, "title": {"manager"}, "from": {"2026-11-22"}}); w.Code == http.StatusSeeOther {
			t.Error("a hospital that is no more has a new manager")
		}
		// Who holds the same post there already is not moved, and keeps both.
		try(manager, post+"add", "", "pin", demo.Nurse.PIN, "confirmed", demo.Nurse.PIN, "title", "nurse", "department", demo.Surgery, "from", "2026-11-22")
		if w := manager.do(http.MethodPost, post+nurse+"/transfer", url.Values{"department": {demo.Surgery}, "from": {"2026-11-22"}}); w.Code == http.StatusSeeOther {
			t.Error("one person has one post twice")
		}
		if held := posts(demo.Nurse); len(held) != 2 || !held[0].Until.IsZero() || !held[1].Until.IsZero() {
			t.Errorf("what was refused has changed: %+v", held)
		}
		for until, wrong := range map[string]string{"2026-11-21": "until", "2029-01-01": "until"} {
			try(manager, post+head+"/end", wrong, "until", until)
		}
		// A post of another hospital is not there; nor does a manager leave altogether
		// by way of another post of theirs.
		manager.get(post+posts(demo.Clerk)[0].ID+"/end", http.StatusNotFound)
		try(manager, post+"add", "", "pin", demo.Manager.PIN, "confirmed", demo.Manager.PIN, "title", "therapist", "department", demo.Therapy, "from", "2026-11-22")
		for _, held := range posts(demo.Manager) {
			if held.Role == workforceapi.Doctor {
				manager.do(http.MethodPost, post+held.ID+"/end", url.Values{"until": {"2026-11-22"}, "all": {"1"}})
			}
		}
		if held := posts(demo.Manager); len(held) != 2 {
			t.Errorf("a manager has left altogether: %+v", held)
		}
		if w := manager.do(http.MethodPost, post+posts(demo.Manager)[0].ID+"/end", url.Values{"until": {"2026-11-22"}}); w.Code != http.StatusUnprocessableEntity || len(posts(demo.Manager)) != 2 {
			t.Errorf("a manager leaves the hospital without one: %d", w.Code)
		}
	})
}
