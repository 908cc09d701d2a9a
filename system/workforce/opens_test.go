package workforce_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
)

// NR-1: a department that opens later has its staff on its first day: they are
// appointed or moved before, from that day on, and not from an earlier one. A code
// whose department closes is another's afterwards.
func TestStaffAwaitTheOpeningOfADepartment(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		send := func(path string, want int, wrong string, pairs ...string) {
			t.Helper()
			form := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				form.Set(pairs[i], pairs[i+1])
			}
			w := manager.do(http.MethodPost, own+path, form)
			if w.Code != want || (wrong != "" && !strings.Contains(w.Body.String(), `id="`+wrong+`-error"`)) {
				t.Errorf("%s %v: %d, %s is not told", path, pairs, w.Code, wrong)
			}
		}
		appoint := func(n, want int, wrong, department, from string) {
			t.Helper()
			pin := demo.Residents[n].PIN
			send("/posts/add", want, wrong, "pin", pin, "confirmed", pin, "title", "nurse", "department", department, "from", from)
		}
		const done, refused = http.StatusSeeOther, http.StatusUnprocessableEntity
		open := func(code, name, from string) {
			t.Helper()
			send("/departments/open", done, "", "code", code, "name_ky", name, "name_ru", name, "name_en", name, "profile", "neurology", "from", from)
		}
		open("44", "Неврология", "2026-12-10")
		if body := manager.get(own+"/posts/add?lang=ru", http.StatusOK); !strings.Contains(body, "44 · Неврология — откроется 10.12.2026") {
			t.Error("the department to open is not offered with its day")
		}
		appoint(0, refused, "from", "44", "2026-12-09")
		appoint(0, refused, "from", "44", "2026-11-22")
		appoint(0, refused, "department", "45", "2026-12-10")
		appoint(0, done, "", "44", "2026-12-10")
		held, err := h.api.Posts(t.Context(), demo.Nurse.PIN)
		if err != nil || len(held) != 1 {
			t.Fatalf("%+v, %v", held, err)
		}
		if body := manager.get(own+"/posts/"+held[0].ID+"/transfer?lang=ru", http.StatusOK); !strings.Contains(body, "откроется 10.12.2026") {
			t.Error("nobody can be moved there")
		}
		send("/posts/"+held[0].ID+"/transfer", refused, "from", "department", "44", "from", "2026-12-09")
		send("/posts/"+held[0].ID+"/transfer", done, "", "department", "44", "from", "2026-12-11")
		// The opening is not taken back from those who wait for it.
		link := regexp.MustCompile(own + `/departments/[0-9a-f-]{20,}`).FindString(manager.get(own+"/departments", http.StatusOK))
		version := versionIn(t, manager.get(link, http.StatusOK))
		if w := manager.do(http.MethodPost, link+"/cancel", url.Values{"version": {version}}); w.Code == done {
			t.Error("the opening was taken back from its staff")
		}

		// Cardiology closes at the end of the year; its code is another's from the next on.
		head, err := h.api.Posts(t.Context(), demo.HeadOfCardiology.PIN)
		if err != nil || len(head) != 1 {
			t.Fatalf("%+v, %v", head, err)
		}
		send("/posts/"+head[0].ID+"/end", done, "", "until", "2026-12-31")
		const cardiology = "/departments/" + demo.Hospital + "-" + demo.Cardiology
		send(cardiology+"/close", done, "", "version", versionIn(t, manager.get(own+cardiology, http.StatusOK)), "until", "2026-12-31")
		appoint(1, refused, "from", demo.Cardiology, "2026-12-31")
		open(demo.Cardiology, "Аритмология", "2027-01-11")
		appoint(1, refused, "from", demo.Cardiology, "2027-01-10")
		appoint(1, done, "", demo.Cardiology, "2026-12-20")
		appoint(2, done, "", demo.Cardiology, "2027-01-11")

		for _, c := range []struct {
			who  string
			day  clock.Date
			want string // the department, "" for no post
		}{
			{demo.Residents[0].PIN, clock.Date{Year: 2026, Month: time.December, Day: 9}, ""},
			{demo.Nurse.PIN, clock.Date{Year: 2026, Month: time.December, Day: 10}, held[0].DepartmentName.RU},
			{demo.Residents[0].PIN, clock.Date{Year: 2026, Month: time.December, Day: 10}, "Неврология"},
			{demo.Nurse.PIN, clock.Date{Year: 2026, Month: time.December, Day: 11}, "Неврология"},
			{demo.Residents[1].PIN, clock.Date{Year: 2026, Month: time.December, Day: 30}, "Кардиологическое отделение"},
			{demo.Residents[1].PIN, clock.Date{Year: 2026, Month: time.December, Day: 31}, ""},
			{demo.Residents[2].PIN, clock.Date{Year: 2027, Month: time.January, Day: 10}, ""},
			{demo.Residents[2].PIN, clock.Date{Year: 2027, Month: time.January, Day: 11}, "Аритмология"},
		} {
			h.clock.Advance(c.day.Start().Sub(h.clock.Now()))
			posts, err := h.api.Posts(t.Context(), c.who)
			got := ""
			if len(posts) > 0 {
				got = posts[0].DepartmentName.RU
			}
			if err != nil || len(posts) > 1 || got != c.want {
				t.Errorf("on %v: %+v, %v; not %q", c.day, posts, err, c.want)
			}
		}
	})
}
