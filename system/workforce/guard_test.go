package workforce_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

// NR-1, NR-2: what the register refuses, thing by thing, each with its field; nothing
// of it is changed.
func TestWhatTheRegisterRefuses(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager, operator := h.signIn(t, demo.Manager), h.signIn(t, demo.Operator)
		form := func(pairs ...string) url.Values {
			f := url.Values{}
			for i := 0; i < len(pairs); i += 2 {
				f.Set(pairs[i], pairs[i+1])
			}
			return f
		}
		refused := func(path string, want int, wrong string, pairs ...string) {
			t.Helper()
			w := manager.do(http.MethodPost, own+path, form(pairs...))
			if w.Code != want || (wrong != "" && !strings.Contains(w.Body.String(), `id="`+wrong+`-error"`)) {
				t.Errorf("%s %v: %d, %s is not told", path, pairs, w.Code, wrong)
			}
		}
		const invalid, conflict = http.StatusUnprocessableEntity, http.StatusConflict
		before := manager.get(own+"/changes", http.StatusOK)

		const therapy = "/departments/" + demo.Hospital + "-" + demo.Therapy
		version := versionIn(t, manager.get(own+therapy, http.StatusOK))
		names := []string{"name_ky", "Бөлүм", "name_ru", "Отделение", "name_en", "Department", "profile", "therapy"}
		with := func(name, value string, pairs ...string) []string {
			return append(append([]string{}, pairs...), name, value)
		}
		opens := append([]string{"code", "44", "from", "2026-12-01"}, names...)
		for _, c := range [][2]string{{"code", "4"}, {"code", "4a"}, {"code", "00"}, {"name_ky", ""}, {"name_ru", ""}, {"name_en", ""}, {"profile", "magic"}, {"from", "2024-12-31"}, {"from", "2028-01-01"}, {"from", ""}} {
			refused("/departments/open", invalid, c[0], with(c[0], c[1], opens...)...)
		}
		edits := append([]string{"version", version}, names...)
		for _, c := range [][2]string{{"name_ky", ""}, {"name_ru", ""}, {"name_en", ""}, {"profile", "magic"}} {
			refused(therapy+"/edit", invalid, c[0], with(c[0], c[1], edits...)...)
		}
		if w := manager.do(http.MethodPost, own+therapy+"/edit", form(with("version", "99", edits...)...)); w.Code != conflict {
			t.Errorf("edited as somebody else had read it: %d", w.Code)
		}
		for _, until := range []string{"", "2024-12-31", "2028-01-01", "2026-11-21"} {
			refused(therapy+"/close", invalid, "until", "version", version, "until", until)
		}
		if w := manager.do(http.MethodPost, own+therapy+"/close", form("version", "99", "until", "2026-12-31")); w.Code != conflict {
			t.Errorf("closed as somebody else had read it: %d", w.Code)
		}
		if w := manager.do(http.MethodPost, own+therapy+"/close", form("version", version, "until", "2026-12-31")); w.Code == http.StatusSeeOther {
			t.Error("closed with its staff in it")
		}
		beds := []string{"room", "299", "beds", "2", "from", "2026-11-22"}
		for _, c := range [][2]string{{"room", ""}, {"room", "2-1"}, {"room", "2 1"}, {"beds", "0"}, {"beds", "31"}, {"beds", "two"}, {"profile", "magic"}, {"from", "2024-12-31"}, {"from", "2028-01-01"}} {
			refused(therapy+"/beds", invalid, c[0], with(c[0], c[1], beds...)...)
		}
		if w := manager.do(http.MethodPost, own+therapy+"/beds/close", form("bed", "no-such-bed")); w.Code == http.StatusSeeOther {
			t.Error("a bed that is not there was closed")
		}
		if w := manager.do(http.MethodPost, own+"/departments/nobody/close", form("version", "1", "until", "2026-12-31")); w.Code != http.StatusNotFound {
			t.Errorf("a department that is not there: %d", w.Code)
		}

		papers := url.Values{"number": {"Л-9"}, "licence_kind": {"pharmacy"}, "from": {"2026-01-10"}}
		for field, bad := range map[string]string{"number": "", "licence_kind": "magic", "from": ""} {
			was := papers.Get(field)
			papers.Set(field, bad)
			if w := manager.upload(own+"/licences", papers, nil); w.Code != invalid || !strings.Contains(w.Body.String(), `id="`+field+`-error"`) {
				t.Errorf("licence %s=%q: %d", field, bad, w.Code)
			}
			papers.Set(field, was)
		}
		for field, bad := range map[string][]string{"day": {"", "2026-11-23", "2025-11-01"}, "internet": {"", "pigeon"}} {
			for _, value := range bad {
				count := form("day", "2026-11-22", "internet", "fibre", "before", "1")
				for _, d := range []string{"05", "12", "18", "21", "none"} {
					for _, name := range []string{"computers", "working", "online", "printers", "doctors", "nurses"} {
						count.Set(name+"-"+d, "1")
					}
				}
				count.Set(field, value)
				if w := manager.do(http.MethodPost, own+"/equipment/count", count); w.Code != invalid || !strings.Contains(w.Body.String(), `id="`+field+`-error"`) {
					t.Errorf("equipment %s=%q: %d", field, value, w.Code)
				}
			}
		}
		// What is the management's alone is not for those who keep the register.
		nurse, err := h.api.Posts(t.Context(), demo.Nurse.PIN)
		if err != nil || len(nurse) != 1 {
			t.Fatalf("%+v, %v", nurse, err)
		}
		post := own + "/posts/" + nurse[0].ID
		for path, sent := range map[string]url.Values{
			post + "/transfer":   form("department", demo.Surgery, "from", "2026-11-22"),
			post + "/replace":    form("colleague", nurse[0].ID, "from", "2026-11-22", "until", "2026-11-30"),
			own + "/responsible": form("person", nurse[0].ID, "rollout", "1", "order_number", "1", "order_day", "2026-11-20", "from", "2026-11-21"),
		} {
			if w := operator.do(http.MethodPost, path, sent); w.Code != http.StatusForbidden {
				t.Errorf("%s: %d for those who keep the register", path, w.Code)
			}
		}
		if after := manager.get(own+"/changes", http.StatusOK); strings.Count(after, "<tr") != strings.Count(before, "<tr") {
			t.Error("what was refused stands in the history")
		}

		// A post is not ended before it began, nor a second time once it is over; with all
		// others ends also the one that has not begun, on its first day.
		try := func(post string, want int, wrong, until string) {
			t.Helper()
			refused("/posts/"+post+"/end", want, wrong, "until", until)
		}
		if w := manager.do(http.MethodPost, own+"/posts/add", form("pin", demo.Nurse.PIN, "confirmed", demo.Nurse.PIN, "title", "nurse", "department", demo.Surgery, "from", "2026-12-05")); w.Code != http.StatusSeeOther {
			t.Fatalf("add: %d", w.Code)
		}
		if w := manager.do(http.MethodPost, own+"/posts/"+nurse[0].ID+"/end", form("until", "2026-11-25", "all", "1")); w.Code != http.StatusSeeOther {
			t.Fatalf("leave: %d", w.Code)
		}
		h.clock.Advance(14 * 24 * time.Hour) // 6 December
		if held, err := h.api.Posts(t.Context(), demo.Nurse.PIN); err != nil || len(held) != 0 {
			t.Errorf("who left altogether holds %+v, %v", held, err)
		}
		manager = h.signIn(t, demo.Manager)
		try(nurse[0].ID, invalid, "", "2026-12-07")
		if w := manager.do(http.MethodPost, own+"/posts/add", form("pin", demo.Nurse.PIN, "confirmed", demo.Nurse.PIN, "title", "nurse", "department", demo.Therapy, "from", "2026-12-20")); w.Code != http.StatusSeeOther {
			t.Fatalf("add anew: %d", w.Code)
		}
		staff := manager.get(own+"/staff", http.StatusOK)
		at := strings.LastIndex(staff[:strings.Index(staff, "20.12.2026")], "<tr")
		later := strings.Split(strings.Split(staff[at:], own+"/posts/")[1], "/")[0]
		try(later, invalid, "until", "2026-12-19")
	})
}
