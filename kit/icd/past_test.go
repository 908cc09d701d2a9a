package icd

import (
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// A code is told as it was on the day: before it was renamed or withdrawn.
func TestACodeIsToldAsItWasOnTheDay(t *testing.T) {
	dbtest.Each(t, "icd", []db.Set{Migration}, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
		const head = "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n"
		for _, rows := range []string{"1;A00;Холера;;1\n2;A09;Диарея;;1\n", "1;A00;Холера;;1\n2;A09;Гастроэнтерит;;1\n3;U07;Новая болезнь;;1\n", "1;A00;Холера;;0\n2;A09;Гастроэнтерит;;1\n3;U07;Новая болезнь;;1\n"} {
			if _, err := Import(t.Context(), d, c, strings.NewReader(head+rows), "test", nil); err != nil {
				t.Fatal(err)
			}
			c.Advance(365 * 24 * time.Hour)
		}
		book := NewBook(d)
		for _, want := range []struct {
			code, day, name string
			there, usable   bool
		}{
			{"A09", "2024-06-01", "Диарея", true, true},
			{"A09", "2025-06-01", "Диарея", true, true},
			{"A09", "2026-06-01", "Гастроэнтерит", true, true},
			{"U07", "2025-06-01", "Новая болезнь", true, true},
			{"U07", "2026-06-01", "Новая болезнь", true, true},
			{"A00", "2026-06-01", "Холера", true, true},
			{"A00", "2027-06-01", "Холера", true, false},
			{"Z99", "2027-06-01", "", false, false},
		} {
			at, err := time.Parse(time.DateOnly, want.day)
			if err != nil {
				t.Fatal(err)
			}
			got, there, err := book.FindOn(t.Context(), want.code, at)
			if err != nil || there != want.there || got.Name != want.name || got.Usable != want.usable {
				t.Errorf("%s on %s: %+v %v %v", want.code, want.day, got, there, err)
			}
		}
		// Whatever FindOn tells of a day, the pages of that day tell, with words and
		// without; days of before and after an import do not disturb each other.
		for _, want := range []struct{ day, words, page string }{
			{"2024-06-01", "", "A00 Холера, A09 Диарея, U07 Новая болезнь"},
			{"2025-06-01", "", "A00 Холера, A09 Диарея, U07 Новая болезнь"},
			{"2026-06-01", "", "A00 Холера, A09 Гастроэнтерит, U07 Новая болезнь"},
			{"2027-06-01", "", "A09 Гастроэнтерит, U07 Новая болезнь"},
			{"2025-06-01", "диар", "A09 Диарея"},
			{"2025-06-01", "гастро", ""},
			{"2026-06-01", "гастро", "A09 Гастроэнтерит"},
			{"2026-06-01", "холера", "A00 Холера"},
			{"2027-06-01", "холера", ""},
			{"2024-06-01", "диар", "A09 Диарея"},
		} {
			at, err := time.Parse(time.DateOnly, want.day)
			if err != nil {
				t.Fatal(err)
			}
			page, total, err := book.Page(t.Context(), want.words, at, 0, 5)
			var got []string
			for _, c := range page {
				got = append(got, c.Label())
				if told, there, err := book.FindOn(t.Context(), c.Code, at); err != nil || !there || told != c {
					t.Errorf("%s on %s: the page has %+v, FindOn %+v %v %v", c.Code, want.day, c, told, there, err)
				}
			}
			if err != nil || strings.Join(got, ", ") != want.page || total != len(got) {
				t.Errorf("%s %q: %v of %d: %v", want.day, want.words, got, total, err)
			}
		}
		at := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
		if page, total, err := book.Page(t.Context(), "", at, 1, 5); err != nil || total != 2 || len(page) != 1 || page[0].Code != "U07" {
			t.Errorf("%v of %d: %v", page, total, err)
		}
		// An import is seen at once, in what was before it too.
		if _, err := Import(t.Context(), d, c, strings.NewReader(head+"1;A00;Холера;;0\n2;A09;Понос;;1\n3;U07;Новая болезнь;;1\n4;Z99;Зависимость;;1\n"), "test", nil); err != nil {
			t.Fatal(err)
		}
		if page, _, err := book.Page(t.Context(), "гастро", at, 0, 5); err != nil || len(page) != 1 || page[0].Name != "Гастроэнтерит" {
			t.Errorf("%v: %v", page, err)
		}
		if page, _, err := book.Page(t.Context(), "понос", c.Now(), 0, 5); err != nil || len(page) != 1 {
			t.Errorf("%v: %v", page, err)
		}
	})
}
