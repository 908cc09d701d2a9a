package icd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
)

var now = clock.NewManual(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC))

func importFile(t *testing.T, d *db.DB, path string) Report {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return importText(t, d, string(data))
}

func importText(t *testing.T, d *db.DB, file string) Report {
	t.Helper()
	report, err := Import(t.Context(), d, now, strings.NewReader(file), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestImportLeavesOutBadRowsAndSaysWhy(t *testing.T) {
	dbtest.Each(t, "icd", []db.Set{Migration}, func(t *testing.T, d *db.DB) {
		report := importFile(t, d, "testdata/broken.csv")
		want := map[int]string{
			7: "a quote is not closed", 8: "4 columns instead of 8", 9: "MKB_CODE is no code of ICD-10", 10: "MKB_NAME is empty",
			11: "code I21.0 stands in line 5 already", 13: "ACTUAL is neither 0 nor 1", 19: "the line is not UTF-8",
		}
		if len(report.Bad) != len(want) || report.BadRows != len(want) || report.Rows != 17 || report.Added != 10 {
			t.Errorf("report %+v", report)
		}
		for _, b := range report.Bad {
			if want[b.Line] != b.Reason {
				t.Errorf("line %d: %s, not %s", b.Line, b.Reason, want[b.Line])
			}
		}
		book := NewBook(d)
		for code, usable := range map[string]bool{
			"IX": false, "I20-I25": false, "I21": false, "I21.0": true, "I21.1": true, "I10": true, "C50.0": true, "A90": false, "S02.0": true, "S02.00": true,
		} {
			c, ok, err := book.Find(t.Context(), code)
			if err != nil || !ok || c.Usable != usable {
				t.Errorf("%s: %+v %v %v", code, c, ok, err)
			}
		}
		if c, _, _ := book.Find(t.Context(), "I21.1"); c.Name != `Острый "нижний" инфаркт; миокарда` || c.Parent != "I21" {
			t.Errorf("quotes: %+v", c)
		}
	})
}

func TestImportAgainChangesNothingAndWithdrawnCodesStay(t *testing.T) {
	dbtest.Each(t, "icd", []db.Set{Migration}, func(t *testing.T, d *db.DB) {
		const head = "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n"
		importText(t, d, head+"1;A00;Холера;;1\n2;A00.0;Холера 01;1;1\n3;A00.9;Холера неуточнённая;1;1\n4;I10;Гипертензия;;1\n")
		book := NewBook(d)
		if found, _ := book.Search(t.Context(), "холера"); len(found) != 2 {
			t.Fatalf("found %v", found)
		}
		if again := importText(t, d, head+"1;A00;Холера;;1\n2;A00.0;Холера 01;1;1\n3;A00.9;Холера неуточнённая;1;1\n4;I10;Гипертензия;;1\n"); again.Same != 4 || again.Added+again.Changed+again.Withdrawn != 0 {
			t.Errorf("again: %+v", again)
		}
		if v, _ := version(t.Context(), d.Read); v != 1 {
			t.Errorf("version %d after the same file twice", v)
		}
		// A bad row hides which code it was about: nothing is withdrawn.
		if bad := importText(t, d, head+"1;A00;Холера;;1\n2;A00.0;Холера 01;1;1\nсломано\n4;I10;Гипертензия;;1\n"); bad.Withdrawn != 0 || bad.BadRows != 1 {
			t.Errorf("with a bad row: %+v", bad)
		}
		later := importText(t, d, head+"1;A00;Холера;;1\n2;A00.0;Холера, вибрион 01;1;1\n4;I10;Гипертензия;;0\n")
		if later.Withdrawn != 2 || later.Changed != 1 {
			t.Errorf("later: %+v", later)
		}
		for _, code := range []string{"A00.9", "I10"} {
			if c, ok, _ := book.Find(t.Context(), code); !ok || c.Usable {
				t.Errorf("%s should be there and not usable: %+v %v", code, c, ok)
			}
		}
		// The book sees what another process imported.
		if found, _ := book.Search(t.Context(), "вибрион"); len(found) != 1 || found[0].Code != "A00.0" {
			t.Errorf("after the import: %v", found)
		}
		if _, err := book.Resolve(t.Context(), "I10", "I10 Гипертензия"); !fail.Is(err, fail.Invalid) {
			t.Errorf("a withdrawn code was taken: %v", err)
		}
	})
}

// Of imports at once one may be refused; what stands afterwards is what one of the
// files says, whole, and no mixture of two.
func TestImportsAtOnceAreNotMixed(t *testing.T) {
	dbtest.Each(t, "icd", []db.Set{Migration}, func(t *testing.T, d *db.DB) {
		const head = "ID;REC_CODE;MKB_CODE;MKB_NAME;ID_PARENT;ADDL_CODE;ACTUAL;DATE\n1;;\"I10\";\"Гипертензия\";;;1;\n"
		importText(t, d, head)
		for round := range 5 {
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					_, _ = Import(t.Context(), d, now, strings.NewReader(fmt.Sprintf("%s2;;\"A%d%d.0\";\"Новое\";;;1;\n", head, round, i)), "test", nil)
				})
			}
			all.Wait()
			codes, err := loadAll(t.Context(), d.Read, "")
			usable := 0
			for _, c := range codes {
				if c.Usable {
					usable++
				}
			}
			if err != nil || usable != 2 {
				t.Fatalf("round %d: %d codes are usable, not the two of one file: %v %v", round, usable, codes, err)
			}
		}
	})
}

func TestImportRefusesWhatIsNoClassification(t *testing.T) {
	d := dbtest.SQLite(t, "icd", Migration)
	for name, file := range map[string]string{
		"empty": "", "other columns": "a;b;c\n1;2;3\n", "header alone": "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n",
		"all bad": "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\nx\n", "binary": string(bytes.Repeat([]byte{0, 255}, 100000)),
	} {
		if _, err := Import(t.Context(), d, now, strings.NewReader(file), "test", nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestImportOfTheWholeListAndSearchInIt(t *testing.T) {
	path := os.Getenv("SANARIP_ICD10")
	if path == "" {
		path = "../../../shared/data/icd10_ru_2.27.csv"
	}
	if _, err := os.Stat(path); err != nil {
		t.Skip("the whole list is not here: set SANARIP_ICD10 to its file")
	}
	dbtest.Each(t, "icd", []db.Set{Migration}, func(t *testing.T, d *db.DB) {
		told := 0
		file, err := os.Open(filepath.Clean(path))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		report, err := Import(t.Context(), d, now, file, "icd10", func(int, int) { told++ })
		if err != nil {
			t.Fatal(err)
		}
		if report.Rows != 15038 || report.BadRows != 0 || report.Added != 15038 || told < 30 {
			t.Errorf("report: %d rows, %d bad %v, %d added, told %d times", report.Rows, report.BadRows, report.Bad, report.Added, told)
		}
		if again := importFile(t, d, path); again.Same != 15038 {
			t.Errorf("again: %+v", again)
		}
		const small = "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n1;I10;Гипертензия;;1\n"
		if _, err := Import(t.Context(), d, now, strings.NewReader(small), "part", nil); err == nil {
			t.Error("a part of the list withdrew the rest")
		}
		book := NewBook(d)
		for query, first := range map[string]string{
			"I21.0": "I21.0", "i210": "I21.0", "i21": "I21.0", "острый инфаркт передней": "I21.0", "передней инфаркт остр": "I21.0",
			"С50": "C50.0", "с50.1": "C50.1", "аппендицит острый": "K35.8", "ПНЕВМОНИЯ НЕУТОЧНЁННАЯ": "J18.9", "эссенциальная гипертензи": "I10", "К35.8": "K35.8",
		} {
			found, err := book.Search(t.Context(), query)
			if err != nil || len(found) == 0 || len(found) > 20 || found[0].Code != first {
				t.Errorf("%q: %v %v, not %s", query, found, err, first)
			}
		}
		if found, _ := book.Search(t.Context(), "и21"); len(found) != 0 {
			t.Errorf("и21: %v", found)
		}
		start := time.Now()
		const times = 50
		for range times {
			_, _ = book.Search(t.Context(), "острый инфаркт миокарда")
		}
		t.Logf("a search takes %v", time.Since(start)/times)
	})
}

func TestResolve(t *testing.T) {
	d := dbtest.SQLite(t, "icd", Migration)
	if err := Demo(t.Context(), d, now); err != nil {
		t.Fatal(err)
	}
	if err := Demo(t.Context(), d, now); err != nil {
		t.Fatal(err)
	}
	book := NewBook(d)
	for _, c := range []struct{ value, typed, code, key string }{
		{"I21.0", "I21.0 Острый инфаркт", "I21.0", ""},
		{"", "i210", "I21.0", ""},
		{"I10", "K35.8 Острый аппендицит", "K35.8", ""},
		{"I10", "рожа", "A46", ""},                  // scripts are off, the words were changed
		{"I10", "пневмония", "", "kit.icd.several"}, // so, and they name several
		{"I10", "Z99.99 что-то", "", "kit.icd.unknown"},
		{"I10", "белиберда", "", "kit.icd.unknown"},
		{"I10", "", "I10", ""},
		{"", "a46*", "A46", ""}, // as the classification prints asterisk and dagger codes

		{"", "А41.9+", "A41.9", ""},
		{"", "K35.8† Острый аппендицит", "K35.8", ""},
		{"", "рожа", "A46", ""},
		{"", "обострение лёгких хроническая", "J44.1", ""},
		{"", "пневмония", "", "kit.icd.several"},
		{"", "белиберда", "", "kit.icd.unknown"},
		{"", "  ", "", "kit.icd.required"},
		{strings.Repeat("x", 1000), "", "", "kit.icd.choose"},
	} {
		got, err := book.Resolve(t.Context(), c.value, c.typed)
		key := ""
		if err != nil {
			key = fail.As(err).Key
		}
		if got.Code != c.code || key != c.key {
			t.Errorf("%q %q: %s %s, not %s %s", c.value, c.typed, got.Code, key, c.code, c.key)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("testdata/broken.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add("ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n1;\"A00\";\"Холера\"\";;1\n")
	f.Fuzz(func(t *testing.T, file string) {
		lines := 0
		_ = parse(strings.NewReader(file), func(r row) {
			lines++
			if r.code == "" || r.name == "" || len([]rune(r.name)) > maxName || (!codeShape.MatchString(r.code) && !headingShape.MatchString(r.code)) {
				t.Errorf("a bad row was taken: %+v", r)
			}
		}, func(BadRow) { lines++ })
		if most := strings.Count(file, "\n") + 1; lines > most {
			t.Errorf("%d rows from %d lines", lines, most)
		}
	})
}
