package workforce_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

var planned = regexp.MustCompile(`/planned/cancel"[^>]*>\s*<input type="hidden" name="version" value="(\d+)">\s*<input type="hidden" name="number" value="(\d+)">`)

// plannedIn is what the page's button sends.
func plannedIn(t *testing.T, body string) url.Values {
	t.Helper()
	found := planned.FindStringSubmatch(body)
	if found == nil {
		t.Fatal("the page offers no cancelling")
	}
	return url.Values{"version": {found[1]}, "number": {found[2]}}
}

// NR-1: what is planned for an organisation is taken back before its day, once;
// with a closing the posts that it was to end last again.
func TestWhatIsPlannedIsCancelled(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		operator, manager := h.signIn(t, demo.Operator), h.signIn(t, demo.Manager)
		rename := keepers(versionIn(t, operator.get(own+"/edit", http.StatusOK)), "Жаңы ысым")
		rename.Set("from", "2026-12-01")
		if w := operator.do(http.MethodPost, own+"/edit", rename); w.Code != http.StatusSeeOther {
			t.Fatalf("planned: %d", w.Code)
		}
		back := plannedIn(t, manager.get(own, http.StatusOK))
		if w := operator.do(http.MethodPost, own+"/planned/cancel", url.Values{"version": back["version"], "number": {"1"}}); w.Code != http.StatusConflict {
			t.Errorf("the opening is taken back: %d", w.Code)
		}
		// Two at once: one takes it back, the other is told.
		codes := make([]int, 2)
		var wait sync.WaitGroup
		for i, who := range []browser{operator, manager} {
			wait.Go(func() { codes[i] = who.do(http.MethodPost, own+"/planned/cancel", back).Code })
		}
		wait.Wait()
		if codes[0]+codes[1] != http.StatusSeeOther+http.StatusConflict {
			t.Errorf("taken back by both: %v", codes)
		}
		if body := manager.get(own+"/changes?lang=ru", http.StatusOK); !strings.Contains(body, "Отменено запланированное изменение") {
			t.Error("the history does not tell of it")
		}
		if body := manager.get(own, http.StatusOK); planned.MatchString(body) {
			t.Error("it is offered once more")
		}

		closing := url.Values{"version": {versionIn(t, operator.get(own+"/close", http.StatusOK))}, "from": {"2026-12-01"}, "order_number": {"9"}, "order_day": {"2026-11-20"}}
		if w := operator.do(http.MethodPost, own+"/close", closing); w.Code != http.StatusSeeOther {
			t.Fatalf("closing planned: %d %s", w.Code, w.Body)
		}
		late := url.Values{"pin": {demo.Residents[2].PIN}, "title": {"nurse"}, "department": {demo.Therapy}, "from": {"2026-12-02"}, "confirmed": {demo.Residents[2].PIN}}
		if w := manager.do(http.MethodPost, own+"/posts/add", late); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("appointed after the closing: %d", w.Code)
		}
		if body := manager.get(own, http.StatusOK); planned.MatchString(body) {
			t.Error("the management may take a closing back")
		}
		back = plannedIn(t, operator.get(own, http.StatusOK))
		if w := manager.do(http.MethodPost, own+"/planned/cancel", back); w.Code != http.StatusForbidden {
			t.Errorf("the management took a closing back: %d", w.Code)
		}
		if w := operator.do(http.MethodPost, own+"/planned/cancel", back); w.Code != http.StatusSeeOther {
			t.Fatalf("closing taken back: %d %s", w.Code, w.Body)
		}
		h.clock.Advance(10 * 24 * time.Hour)
		if o, err := h.api.Organisation(t.Context(), demo.Hospital); err != nil || !o.Closed.IsZero() || len(o.Departments) != 4 || len(o.Departments[0].Beds) == 0 || strings.Contains(o.Name.KY, "Жаңы") {
			t.Errorf("in December: %+v %v", o, err)
		}
		if posts, err := h.api.Posts(t.Context(), demo.Surgeon.PIN); err != nil || len(posts) != 1 {
			t.Errorf("the surgeon's posts: %v %v", posts, err)
		}
		operator = h.signIn(t, demo.Operator)
		if w := operator.do(http.MethodPost, own+"/planned/cancel", back); w.Code != http.StatusConflict {
			t.Errorf("a second time: %d", w.Code)
		}
	})
}

// NR-1: a department's planned opening and closing, and a licence that has not
// begun, are taken back; a code that was promised to another stays its own.
func TestPlannedDepartmentsAndLicencesAreCancelled(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		const page = own + "/departments/" + demo.Hospital + "-" + demo.Cardiology
		operator := h.signIn(t, demo.Operator)
		ids := regexp.MustCompile(own + `/departments/[0-9a-f-]{20,}`)
		open := func(code, from string) int {
			return manager.do(http.MethodPost, own+"/departments/open", url.Values{
				"code": {code}, "name_ky": {"Б"}, "name_ru": {"Новое"}, "name_en": {"D"}, "profile": {"neurology"}, "from": {from},
			}).Code
		}
		cancel := func(link string) int {
			return manager.do(http.MethodPost, link+"/cancel", url.Values{"version": {versionIn(t, manager.get(link, http.StatusOK))}}).Code
		}
		if open("44", "2027-02-01") != http.StatusSeeOther {
			t.Fatal("not opened")
		}
		link := ids.FindString(manager.get(own+"/departments", http.StatusOK))
		manager.do(http.MethodPost, link+"/beds", url.Values{"room": {"7"}, "beds": {"3"}, "from": {"2027-02-01"}})
		if got := cancel(link); got != http.StatusSeeOther {
			t.Fatalf("opening not taken back: %d", got)
		}
		manager.get(link, http.StatusNotFound)

		// Cardiology has staff until the end of the year; then it closes.
		staff := manager.get(own+"/staff", http.StatusOK)
		for _, end := range regexp.MustCompile(own+`/posts/[0-9a-z-]+/end`).FindAllString(staff, -1) {
			if body := manager.get(end, http.StatusOK); strings.Contains(body, demo.HeadOfCardiology.FamilyName) {
				if w := manager.do(http.MethodPost, end, url.Values{"until": {"2026-12-30"}}); w.Code != http.StatusSeeOther {
					t.Fatalf("the head does not leave: %d %s", w.Code, w.Body)
				}
			}
		}
		closing := url.Values{"version": {versionIn(t, manager.get(page, http.StatusOK))}, "until": {"2026-12-31"}}
		if w := manager.do(http.MethodPost, page+"/close", closing); w.Code != http.StatusSeeOther {
			t.Fatalf("closing planned: %d %s", w.Code, w.Body)
		}
		if open(demo.Cardiology, "2027-01-15") != http.StatusSeeOther {
			t.Fatal("the code is not promised to another")
		}
		version := regexp.MustCompile(`/cancel"[^>]*>\s*<input type="hidden" name="version" value="(\d+)">`).FindStringSubmatch(manager.get(page, http.StatusOK))
		if version == nil {
			t.Fatal("the page offers no cancelling")
		}
		if w := manager.do(http.MethodPost, page+"/cancel", url.Values{"version": version[1:]}); w.Code != http.StatusConflict {
			t.Errorf("two departments with one code: %d", w.Code)
		}
		if got := cancel(ids.FindString(manager.get(own+"/departments", http.StatusOK))); got != http.StatusSeeOther {
			t.Fatalf("the other's opening not taken back: %d", got)
		}
		if w := manager.do(http.MethodPost, page+"/cancel", url.Values{"version": version[1:]}); w.Code != http.StatusSeeOther {
			t.Fatalf("closing not taken back: %d %s", w.Code, w.Body)
		}
		if w := manager.do(http.MethodPost, page+"/cancel", url.Values{"version": version[1:]}); w.Code != http.StatusConflict {
			t.Errorf("a second time: %d", w.Code)
		}

		later := url.Values{"number": {"Л-1"}, "licence_kind": {"pharmacy"}, "from": {"2027-01-01"}, "until": {""}}
		if w := manager.upload(own+"/licences", later, nil); w.Code != http.StatusSeeOther {
			t.Fatalf("licence: %d %s", w.Code, w.Body)
		}
		back := regexp.MustCompile(own + `/licences/[0-9a-z-]+/cancel`)
		offered := back.FindAllString(manager.get(own+"/licences", http.StatusOK), -1)
		if len(offered) != 1 {
			t.Fatalf("offered: %v", offered)
		}
		for i, want := range []int{http.StatusSeeOther, http.StatusNotFound} {
			if w := operator.do(http.MethodPost, offered[0], url.Values{}); w.Code != want {
				t.Errorf("licence, time %d: %d", i+1, w.Code)
			}
		}
		if w := operator.do(http.MethodPost, own+"/licences/demo-licence-1/cancel", url.Values{}); w.Code != http.StatusConflict {
			t.Errorf("a licence in force is gone: %d", w.Code)
		}
		h.clock.Advance(60 * 24 * time.Hour)
		if o, _ := h.api.Organisation(t.Context(), demo.Hospital); len(o.Departments) != 4 {
			t.Errorf("in January: %+v", o.Departments)
		}
	})
}
