package workforce_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/equipment"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/post"
	"github.com/sanarip/sanarip/system/workforce/internal/responsible"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// fill adds hospitals, each with a nurse who answers for the roll-out and a report.
func (h house) fill(t *testing.T, first, count int) {
	t.Helper()
	began := clock.Date{Year: 2024, Month: 9, Day: 1}
	err := h.db.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for i := first; i < first+count; i++ {
			code, okpo := fmt.Sprintf("1%05d", i), 20_000_000+i*10
			for !organisation.ValidOKPO(fmt.Sprint(okpo)) {
				okpo++
			}
			name := text.Words{KY: fmt.Sprint("Оорукана № ", i), RU: fmt.Sprint("Больница № ", i), EN: fmt.Sprint("Hospital No. ", i)}
			o := organisation.Organisation{Organisation: workforceapi.Organisation{
				Ownership: "state", Code: code, Kind: "hospital", INN: fmt.Sprintf("015031999%05d", i), OKPO: fmt.Sprint(okpo), Region: "41711000000000", Level: "district",
				Name: name, ShortName: name, Address: "Бишкек", Departments: []workforceapi.Department{{Code: "18", Name: name, Profile: "therapy"}},
			}}
			if err := organisation.Keep(ctx, tx, o); err != nil {
				return err
			}
			p := post.Row{ID: "p-" + code, PIN: fmt.Sprintf("1010119%07d", i), Name: name.RU, Title: "nurse", Organisation: code, Department: "18", From: began, At: h.clock.Now()}
			if _, err := post.Insert(ctx, tx, p); err != nil {
				return err
			}
			named := responsible.Person{ID: "r-" + code, Organisation: code, PIN: p.PIN, Name: p.Name, Duty: workforceapi.RollOut, Order: organisation.Order{Number: "1", Day: began}, From: began}
			if _, err := responsible.Insert(ctx, tx, named, time.Time{}, ""); err != nil {
				return err
			}
			r := equipment.Report{
				ID: "e-" + code, Organisation: code, Number: 1, Day: clock.Date{Year: 2026, Month: 10, Day: 1}, Internet: equipment.Internets[1], At: h.clock.Now().AddDate(0, -1, 0), By: "—",
				Lines: []equipment.Line{{Code: "18", Name: name, Figures: equipment.Figures{Computers: 5, Working: 4, Online: 3, Doctors: 3, Nurses: 9}}},
			}
			if err := equipment.Insert(ctx, tx, r, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// asked is the page and the statements that it took.
func (b browser) asked(path string) (body string, statements []string) {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	r = r.WithContext(db.Watch(r.Context(), func(s string) { statements = append(statements, s) }))
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.t.Fatalf("%s: %d", path, w.Code)
	}
	return w.Body.String(), statements
}

// NR-1, NR-3, NR-4: with many organisations a page of the register is as long as with
// few and asks the database as often; page by page each organisation stands there once.
func TestPagesDoNotGrowWithTheRegister(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		operator, manager := h.signIn(t, demo.Operator), h.signIn(t, demo.Manager)
		h.fill(t, 0, 60) // more than a page
		paths := []string{"/organisations", "/responsible", "/equipment", "/responsible/export?format=csv", "/equipment/export?format=csv"}
		lengths, counts := map[string]int{}, map[string]int{}
		for _, path := range paths {
			body, statements := operator.asked(path)
			lengths[path], counts[path] = len(body), len(statements)
			if len(statements) == 0 {
				t.Fatal("nothing was watched")
			}
		}
		h.fill(t, 60, 150)
		for _, path := range paths {
			body, statements := operator.asked(path)
			if len(statements) != counts[path] {
				t.Errorf("%s: %d statements, %d with fewer organisations", path, len(statements), counts[path])
			}
			if !strings.Contains(path, "export") && len(body) > lengths[path]*11/10 {
				t.Errorf("%s: %d bytes, %d with fewer organisations", path, len(body), lengths[path])
			}
		}
		for path, link := range map[string]string{"/organisations": ``, "/responsible": `/responsible`, "/equipment?region=41711000000000": `/equipment`} {
			seen, next := map[string]int{}, path
			for pages := 0; next != "" && pages < 10; pages++ {
				body, _ := operator.asked(next)
				for _, found := range regexp.MustCompile(`<a class="govuk-link[^"]*" href="/organisations/(1\d{5})`+link+`"`).FindAllStringSubmatch(body, -1) {
					seen[found[1]]++
				}
				next = ""
				if found := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(body); found != nil {
					next = strings.ReplaceAll(found[1], "&amp;", "&")
				}
			}
			if len(seen) != 210 {
				t.Errorf("%s: %d of 210 organisations", path, len(seen))
			}
			for code, times := range seen {
				if times != 1 {
					t.Errorf("%s: %s stands there %d times", path, code, times)
				}
			}
		}
		// A page is picked by the database, whatever is looked for; who works in one
		// organisation has no other read.
		for path, wanted := range map[string]string{
			"/organisations": "LIMIT", "/organisations?q=больница&page=2": "LIMIT", "/organisations?state=any&on=2025-01-01": "LIMIT",
			"/organisations/950201/close": "o.code = $2",
			"/responsible":                "o.code IN (", "/responsible?only=1&page=2": "o.code IN (", "/equipment": "o.code IN (", "/equipment?region=41711000000000&page=2": "o.code IN (",
		} {
			_, statements := operator.asked(path)
			read := 0
			for _, s := range statements {
				if strings.HasPrefix(s, "SELECT o.code") {
					read++
					if !strings.Contains(s, wanted) {
						t.Errorf("%s reads the whole register: %s", path, s)
					}
				}
			}
			if read == 0 {
				t.Errorf("%s: what it reads was not watched: %q", path, statements)
			}
		}
		_, statements := manager.asked("/organisations?state=any")
		if all := strings.Join(statements, "\n"); strings.Count(all, "FROM organisation o") == 0 || strings.Count(all, "FROM organisation o") != strings.Count(all, "o.code IN (") {
			t.Errorf("a manager's page reads the whole register:\n%s", all)
		}
	})
}
