package procedure

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
)

var now = clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))

func day(t *testing.T, s string) clock.Date {
	t.Helper()
	d, ok := clock.ParseDate(s)
	if !ok {
		t.Fatal(s)
	}
	return d
}

func each(t *testing.T, run func(t *testing.T, d *db.DB, b *Book)) {
	dbtest.Each(t, "procedure", []db.Set{Migration}, func(t *testing.T, d *db.DB) { run(t, d, NewBook(d)) })
}

func take(t *testing.T, d *db.DB, file string) Report {
	t.Helper()
	r, err := Import(t.Context(), d, now, strings.NewReader(file), "test")
	if err != nil {
		t.Fatal(err, r.Bad)
	}
	return r
}

const head = "code,from,until,name_ky,name_ru,name_en\n"

// A code holds from its first day to its last, both counted in; what took its place
// holds from the day after.
func TestACodeHoldsFromItsFirstDayToItsLast(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, b *Book) {
		if _, ok, err := b.FindOn(t.Context(), "A1", day(t, "2026-01-01")); ok || err != nil {
			t.Error("an empty table has a code", err)
		}
		if edition, err := b.Edition(t.Context()); edition != 0 || err != nil {
			t.Error(edition, err)
		}
		take(t, d, head+"A1,2020-01-01,2025-12-31,эски,старое,old\nA1,2026-01-01,,жаңы,новое,new\nB2,2026-06-01,2026-06-01,б,б,b\n")
		for _, tc := range []struct{ code, on, name string }{
			{"A1", "2019-12-31", ""},
			{"A1", "2020-01-01", "old"},
			{"A1", "2025-12-31", "old"},
			{"A1", "2026-01-01", "new"},
			{"A1", "2199-01-01", "new"},
			{"B2", "2026-05-31", ""},
			{"B2", "2026-06-01", "b"},
			{"B2", "2026-06-02", ""},
			{"а1", "2026-01-01", "new"},
			{" A1. ", "2026-01-01", "new"},
			{"A1.1", "2026-01-01", ""},
			{"", "2026-01-01", ""},
			{"no code", "2026-01-01", ""},
		} {
			c, ok, err := b.FindOn(t.Context(), tc.code, day(t, tc.on))
			if err != nil || ok != (tc.name != "") || c.Name.EN != tc.name {
				t.Errorf("%s on %s: %+v %v", tc.code, tc.on, c, err)
			}
		}
		for on, want := range map[string]int{"": 3, "2026-06-01": 2, "2026-06-02": 1, "2019-01-01": 0} {
			asked := clock.Date{}
			if on != "" {
				asked = day(t, on)
			}
			if all, err := b.Codes(t.Context(), asked); err != nil || len(all) != want {
				t.Errorf("%s: %v %v", on, all, err)
			}
		}
	})
}

func TestImportOfOperations(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, b *Book) {
		const good = head + "A1,2020-01-01,,а,а,a\nB2,2020-01-01,,б,б,b\n"
		if r := take(t, d, good); r.Rows != 2 || r.Added != 2 || r.Changed+r.Same != 0 {
			t.Errorf("%+v", r)
		}
		if r := take(t, d, "\ufeff"+strings.ReplaceAll(good, ",", ";")); r.Same != 2 || r.Added+r.Changed != 0 {
			t.Errorf("again: %+v", r)
		}
		if edition, _ := b.Edition(t.Context()); edition != 1 {
			t.Errorf("the same file made edition %d", edition)
		}
		// What is not in the file stays; a row is ended and named anew by its first day.
		if r := take(t, d, head+"A1,2020-01-01,2026-12-31,а,а,renamed\nA1,2027-01-01,,а,а,next\n"); r.Added != 1 || r.Changed != 1 {
			t.Errorf("%+v", r)
		}
		if c, ok, _ := b.FindOn(t.Context(), "A1", day(t, "2026-11-22")); !ok || c.Name.EN != "renamed" {
			t.Errorf("%+v", c) // the book saw the import
		}
		if _, ok, _ := b.FindOn(t.Context(), "B2", day(t, "2026-11-22")); !ok {
			t.Error("a code that the file leaves out is gone")
		}
		for name, file := range map[string]string{
			"nothing":            "",
			"a head alone":       head,
			"other columns":      "a,b\n1,2\n",
			"a first day":        head + "C3,tomorrow,,а,а,a\n",
			"a last day":         head + "C3,2020-01-01,soon,а,а,a\n",
			"ends before":        head + "C3,2020-01-02,2020-01-01,а,а,a\n",
			"no code":            head + "апп!,2020-01-01,,а,а,a\n",
			"a long code":        head + strings.Repeat("A", 21) + ",2020-01-01,,а,а,a\n",
			"no Kyrgyz":          head + "C3,2020-01-01,, ,а,a\n",
			"no English":         head + "C3,2020-01-01,,а,а,\n",
			"a long name":        head + "C3,2020-01-01,,а,а," + strings.Repeat("a", 501) + "\n",
			"twice in the file":  head + "C3,2020-01-01,,а,а,a\nC3,2020-01-01,,б,б,b\n",
			"over what is there": head + "C3,2020-01-01,,а,а,a\nB2,2021-01-01,,б,б,b\n",
			"over an ended one":  head + "C3,2020-01-01,,а,а,a\nA1,2026-12-31,2026-12-31,б,б,b\n",
			"no left or right":   strings.TrimSpace(head) + ",paired\nC3,2020-01-01,,а,а,a,left\n",
			"now six, now seven": head + "C3,2020-01-01,,а,а,a\nC4,2020-01-01,,а,а,a,1\n",
			"one good, one bad":  head + "C3,2020-01-01,,а,а,a\n,2020-01-01,,а,а,a\n",
		} {
			if r, err := Import(t.Context(), d, now, strings.NewReader(file), "test"); err == nil {
				t.Errorf("%s was taken: %+v", name, r)
			}
		}
		if _, ok, _ := b.FindOn(t.Context(), "C3", day(t, "2026-11-22")); ok {
			t.Error("a part of a file was taken")
		}
		if edition, _ := b.Edition(t.Context()); edition != 2 {
			t.Errorf("edition %d", edition)
		}
		// A table may say what stands left and right.
		take(t, d, strings.TrimSpace(head)+",paired\nE5,2020-01-01,,а,а,a,1\nE6,2020-01-01,,а,а,a,\n")
		for code, paired := range map[string]bool{"E5": true, "E6": false, "A1": false} {
			if c, ok, err := b.FindOn(t.Context(), code, day(t, "2026-11-22")); err != nil || !ok || c.Paired != paired {
				t.Errorf("%s: %+v %v", code, c, err)
			}
		}
		take(t, d, head+"D4,2020-01-01,,"+strings.Repeat("ө", 500)+",а,a\nD4,2019-01-01,2019-12-31,а,а,a\n")
	})
}

// Two imports at once leave one after the other, or one and a refusal; never a code
// that stands twice for a day.
func TestImportsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, b *Book) {
		var all sync.WaitGroup
		for _, from := range []string{"2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"} {
			all.Go(func() {
				_, _ = Import(t.Context(), d, now, strings.NewReader(head+"A1,"+from+",,а,а,a\n"), "test")
			})
		}
		all.Wait()
		if codes, err := b.Codes(t.Context(), day(t, "2026-11-22")); err != nil || len(codes) != 1 {
			t.Errorf("%v %v", codes, err)
		}
	})
}

func TestSearchOfOperations(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB, b *Book) {
		for range 2 {
			if err := Demo(t.Context(), d, now); err != nil {
				t.Fatal(err)
			}
		}
		for query, want := range map[string]string{
			"стентир": "A16.12.1", "кесар": "A16.20.1", "аппенд": "A16.18.1 A16.18.2", "лапароскопическая аппенд": "A16.18.2", "АППЕНДЭКТОМИЯ  лап": "A16.18.2", "a16.12.2": "A16.12.2",
			"а16.12": "A16.12.1 A16.12.2 A16.12.3", "бычагы": "", "": "", "  ": "", "щщ": "", "резекция желудка": "A16.16.1",
		} {
			found, err := b.Search(t.Context(), query, day(t, "2026-11-22"))
			var codes []string
			for _, c := range found {
				codes = append(codes, c.Code)
			}
			if err != nil || strings.Join(codes, " ") != want {
				t.Errorf("%q: %v %v", query, codes, err)
			}
		}
		if found, _ := b.Search(t.Context(), "резекция желудка", day(t, "2025-12-31")); len(found) != 1 || found[0].Code != "A16.16" {
			t.Errorf("of the day before: %v", found)
		}
		if found, _ := b.Search(t.Context(), "A", day(t, "2026-11-22")); len(found) != Most {
			t.Errorf("%d found", len(found))
		}
		if c, _, _ := b.FindOn(t.Context(), "A16.18.1", day(t, "2026-11-22")); c.Label(text.RU) != "A16.18.1 Аппендэктомия" {
			t.Error(c.Label(text.RU))
		}
	})
}

func TestABookThatIsNotThere(t *testing.T) {
	var none *Book
	if _, ok, err := none.FindOn(t.Context(), "A1", day(t, "2026-11-22")); ok || err != nil {
		t.Error(ok, err)
	}
	if found, err := none.Search(t.Context(), "A1", day(t, "2026-11-22")); len(found) != 0 || err != nil {
		t.Error(found, err)
	}
}

func TestACodeUnderAnother(t *testing.T) {
	for _, tc := range []struct {
		code, of string
		under    bool
	}{{"A16.12.1", "A16.12", true}, {"A16.12", "A16.12", true}, {"A16.121", "A16.12", false}, {"A16", "A16.12", false}, {"", "A16", false}} {
		if Under(tc.code, tc.of) != tc.under {
			t.Errorf("%+v", tc)
		}
	}
}
