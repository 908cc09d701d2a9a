package workforce_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

var listed = regexp.MustCompile(`<a class="govuk-link[^"]*" href="/organisations/(\d{6})(?:\?on=[^"]*)?"`)

// NR-1: the register is searched by the database; what fits is the same on both
// engines: whatever the case, with ё or е, in any of three languages, a sign that
// means something to the database means itself.
func TestTheRegisterIsSearched(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		operator, manager := h.signIn(t, demo.Operator), h.signIn(t, demo.Manager)
		h.fill(t, 0, 3)
		form := url.Values{
			"code": {"700001"}, "kind": {"hospital"}, "ownership": {"private"}, "level": {"district"}, "inn": {"01503199910201"}, "okpo": {"00242766"},
			"name_ky": {"«Берёзка 100%» клиникасы"}, "name_ru": {"Клиника «Берёзка 100%»"}, "name_en": {"Beryozka 100% Clinic"},
			"short_ky": {"Берёзка"}, "short_ru": {"Берёзка"}, "short_en": {"Beryozka"}, "region": {"41711000000000"}, "territory": {""},
			"address": {"Ысык-Көл_к., 5"}, "phone": {""}, "from": {"2026-11-20"}, "order_number": {"7"}, "order_day": {"2026-11-19"},
		}
		if w := operator.do(http.MethodPost, "/organisations/open", form); w.Code != http.StatusSeeOther {
			t.Fatalf("open: %d %s", w.Code, w.Body)
		}
		find := func(who browser, query string) []string {
			t.Helper()
			codes := []string{}
			for _, found := range listed.FindAllStringSubmatch(who.get("/organisations?"+query, http.StatusOK), -1) {
				codes = append(codes, found[1])
			}
			return codes
		}
		for _, c := range []struct {
			query string
			want  []string
		}{
			{"q=" + url.QueryEscape("БЕРЕЗКА"), []string{"700001"}},
			{"q=" + url.QueryEscape("березка  клиникасы"), []string{"700001"}},
			{"q=beryozka", []string{"700001"}},
			{"q=" + url.QueryEscape("100%"), []string{"700001"}},
			{"q=" + url.QueryEscape("1%0"), []string{}},
			{"q=" + url.QueryEscape("көл_к"), []string{"700001"}},
			{"q=" + url.QueryEscape("ысык_көл"), []string{}},
			{"q=" + url.QueryEscape("!"), []string{}},
			{"q=01503199910201+00242766", []string{"700001"}},
			{"q=100001+" + url.QueryEscape("больница"), []string{"100001"}},
			{"q=" + url.QueryEscape("больница берёзка"), []string{}},
			{"q=" + url.QueryEscape("берёзка") + "&kind=outpatient", []string{}},
			{"q=" + url.QueryEscape("берёзка") + "&ownership=private&level=district&region=41711000000000&kind=hospital", []string{"700001"}},
			{"q=" + url.QueryEscape("берёзка") + "&level=national", []string{}},
			{"q=" + url.QueryEscape("берёзка") + "&region=41700000000000", []string{}},
			{"q=" + url.QueryEscape("берёзка") + "&state=closed", []string{}},
			{"q=" + url.QueryEscape("берёзка") + "&state=any&on=2026-11-19", []string{}}, // not open yet
			{"q=" + url.QueryEscape("берёзка") + "&state=any&on=2026-11-20", []string{"700001"}},
		} {
			if got := find(operator, c.query); !slices.Equal(got, c.want) {
				query, _ := url.QueryUnescape(c.query)
				t.Errorf("%s: %v, not %v", query, got, c.want)
			}
		}
		if got := find(manager, "state=any"); !slices.Equal(got, []string{demo.Hospital}) {
			t.Errorf("a manager finds %v", got)
		}
		if got := find(manager, "q="+url.QueryEscape("берёзка")); len(got) != 0 {
			t.Errorf("a manager finds %v", got)
		}
		// Who looks for what is not there is not told that nothing was ever registered.
		if body := operator.get("/organisations?lang=ru&q=нетакой", http.StatusOK); !strings.Contains(body, "Таких организаций не найдено") {
			t.Error("a search without a find does not say so")
		}
		// After its new name it is found by that, and on an earlier day by the old one.
		page := operator.get("/organisations/700001/edit", http.StatusOK)
		form.Set("version", versionIn(t, page))
		for _, name := range []string{"name_ky", "name_ru", "name_en", "short_ky", "short_ru", "short_en"} {
			form.Set(name, "Ольха")
		}
		form.Set("from", "2026-11-22")
		if w := operator.do(http.MethodPost, "/organisations/700001/edit", form); w.Code != http.StatusSeeOther {
			t.Fatalf("rename: %d %s", w.Code, w.Body)
		}
		for query, want := range map[string]int{"q=ольха": 1, "q=берёзка": 0, "q=берёзка&on=2026-11-21": 1, "q=ольха&on=2026-11-21": 0} {
			if got := find(operator, query); len(got) != want {
				t.Errorf("%s: %v", query, got)
			}
		}
	})
}

// NR-1: who takes a closing organisation over is looked for, not chosen from the
// whole register; with and without a script. Only one of its kind may be.
func TestASuccessorIsLookedFor(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		operator := h.signIn(t, demo.Operator)
		h.fill(t, 0, 40)
		const closing = "/organisations/950201/close"
		page := operator.get(closing, http.StatusOK)
		if strings.Contains(page, "100007") || strings.Contains(page, demo.Hospital) {
			t.Error("the page holds the register")
		}
		suggest := func(words string) []string {
			t.Helper()
			w := operator.do(http.MethodPost, closing+"/successors", url.Values{"words": {words}})
			var answer []struct{ Value, Label string }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
				t.Fatalf("%d %v %s", w.Code, err, w.Body)
			}
			codes := []string{}
			for _, each := range answer {
				if !strings.HasPrefix(each.Label, each.Value+" · ") {
					t.Errorf("%q for %s", each.Label, each.Value)
				}
				codes = append(codes, each.Value)
			}
			return codes
		}
		if got := suggest("больница"); len(got) != 20 {
			t.Errorf("%d are suggested", len(got))
		}
		if got := suggest("100007"); !slices.Equal(got, []string{"100007"}) {
			t.Errorf("by its code: %v", got)
		}
		for _, words := range []string{"", "950201", "фомс", "нет такой"} { // itself, another kind
			if got := suggest(words); len(got) != 0 {
				t.Errorf("%q: %v", words, got)
			}
		}
		if w := h.signIn(t, demo.Manager).do(http.MethodPost, closing+"/successors", url.Values{"words": {"больница"}}); w.Code != http.StatusNotFound && w.Code != http.StatusForbidden {
			t.Errorf("a manager searches: %d", w.Code)
		}

		form := url.Values{"version": {versionIn(t, page)}, "from": {"2026-12-03"}, "order_number": {"1"}, "order_day": {"2026-11-20"}}
		send := func(code, words string) (int, string) {
			t.Helper()
			form.Set("successor", code)
			form.Set("successor_text", words)
			w := operator.do(http.MethodPost, closing+"?lang=ru", form)
			return w.Code, w.Body.String()
		}
		const which, check = "Введите код из шести цифр", "Эта ли организация?"
		for _, c := range []struct{ code, words, told string }{
			{"", "больница", which},                 // many
			{"", "нет такой", which},                // none
			{"", "950201", which},                   // itself
			{"100007", "Берёзка", which},            // chosen, then written over
			{demo.Fund, "Больница № 7 ФОМС", which}, // another kind
			{"100007", "100008", check},             // chosen, then another code
			{"", "100007", check},                   // without a script
		} {
			code, body := send(c.code, c.words)
			if code != http.StatusUnprocessableEntity || !strings.Contains(body, c.told) || !strings.Contains(body, `id="successor-error"`) {
				t.Errorf("%q %q: %d", c.code, c.words, code)
			}
			if c.told == check && (!strings.Contains(body, `value="`+c.words+`"`) || !strings.Contains(body, "Больница № ")) {
				t.Errorf("%q %q: what was found does not stand there", c.code, c.words)
			}
		}
		// Nor does the rule lie with the page alone.
		book := organisation.Book{DB: h.db, Clock: h.clock}
		err := h.db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			order := organisation.Order{Number: "1", Day: book.Today()}
			_, err := book.Shut(ctx, tx, "950201", 1, book.Today(), order, demo.Fund, change.Actor{PIN: demo.Operator.PIN})
			return err
		})
		if findings := fail.As(err).Findings; len(findings) != 1 || findings[0].Key != "workforce.close.successor_wrong" {
			t.Errorf("a hospital merged into the fund: %v", err)
		}
		// A form that was made elsewhere cannot join what is of another kind.
		if code, _ := send(demo.Fund, demo.Fund+" · ФОМС"); code != http.StatusUnprocessableEntity {
			t.Errorf("a hospital was merged into the fund: %d", code)
		}
		if code, body := send("100007", "100007 · Больница № 7"); code != http.StatusSeeOther {
			t.Fatalf("%d %s", code, body)
		}
		if body := operator.get("/organisations/950201?lang=ru&on=2026-12-03", http.StatusOK); !strings.Contains(body, "100007") {
			t.Error("the successor is not kept")
		}
	})
}

// NR-2: staff is filtered by departments that are open on the day or are to open.
func TestStaffIsFilteredByADepartmentThatOpensLater(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		open := url.Values{"code": {"44"}, "name_ky": {"Неврология"}, "name_ru": {"Неврология"}, "name_en": {"Neurology"}, "profile": {"neurology"}, "from": {"2026-12-10"}}
		if w := manager.do(http.MethodPost, own+"/departments/open", open); w.Code != http.StatusSeeOther {
			t.Fatalf("open: %d", w.Code)
		}
		pin := demo.Residents[0].PIN
		appoint := url.Values{"pin": {pin}, "confirmed": {pin}, "title": {"nurse"}, "department": {"44"}, "from": {"2026-12-10"}}
		if w := manager.do(http.MethodPost, own+"/posts/add", appoint); w.Code != http.StatusSeeOther {
			t.Fatalf("appoint: %d", w.Code)
		}
		body := manager.get(own+"/staff?lang=ru&department=44", http.StatusOK)
		if !strings.Contains(body, `<option value="44" selected`) || !strings.Contains(body, "44 · Неврология — откроется 10.12.2026") {
			t.Error("the department that opens later cannot be chosen")
		}
		if !strings.Contains(body, demo.Residents[0].FamilyName) || strings.Contains(body, ">"+demo.Doctor.FamilyName) {
			t.Error("its staff is not what is shown")
		}
		if body := manager.get(own+"/staff?lang=ru&department=44&on=2026-12-01", http.StatusOK); !strings.Contains(body, "никто не числится") {
			t.Error("before its opening the department is not said to have nobody")
		}
		if body := manager.get(own+"/staff?lang=ru&on=2026-12-11", http.StatusOK); !strings.Contains(body, "44 · Неврология") || strings.Contains(body, "— откроется") {
			t.Error("on a day after the opening it is still to open")
		}
	})
}
