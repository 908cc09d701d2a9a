package card

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

var (
	mounted = regexp.MustCompile(`"((?:GET|POST) /[^"]*)"`)
	filled  = regexp.MustCompile(`\{[a-z]+\}`)
)

// notPages are patterns in the sources that no member of staff opens as a page:
// services of neighbours, the way in, what anybody may see, and the centre's
// pages of nodes, which its own test walks.
var notPages = []string{
	"/connect/", "/away", "/node", "/check/referral/", "/{$}",
}

// pageRoutes are the pages of the card as the sources mount them: one that is
// added later is tried as well.
func pageRoutes(t *testing.T) []string {
	t.Helper()
	var routes []string
	err := filepath.WalkDir("internal", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range mounted.FindAllStringSubmatch(string(data), -1) {
			_, pattern, _ := strings.Cut(m[1], " ")
			if !slices.ContainsFunc(notPages, func(p string) bool { return strings.HasPrefix(pattern, p) }) {
				routes = append(routes, m[1])
			}
		}
		return err
	})
	if err != nil || len(routes) < 140 {
		t.Fatalf("%d pages: %v", len(routes), err)
	}
	slices.Sort(routes)
	return slices.Compact(routes)
}

const (
	clinic    = "950501"
	elsewhere = "950201"
	womanPIN  = "10101199500012"
	clinicPIN = "11605198100345"
)

// filledHospital is a hospital, a clinic and a second hospital with something
// behind every address: two patients, a stay, a referral, a pregnancy.
type filledHospital struct {
	house
	stay, patient, woman, referral, pregnancy, bed string
}

func newFilledHospital(t *testing.T) filledHospital {
	t.Helper()
	h, _, doctor, stayPath := newHospital(t)
	h.n.Set(func(n *cardtest.Neighbours) {
		n.Orgs = append(n.Orgs, workforceapi.Organisation{Code: clinic, Kind: "outpatient"}, workforceapi.Organisation{
			Code: elsewhere, Kind: "hospital", Departments: []workforceapi.Department{{Code: "18", Profile: "therapy", Beds: cardtest.Beds("18", 2)}},
		})
		post := cardtest.Post(clinicPIN, "Турдалиева Чынара", workforceapi.Doctor, "31")
		post.Organisation = clinic
		n.PostsOf = append(n.PostsOf, post)
		n.Persons[womanPIN] = populationapi.Person{
			PIN: womanPIN, FamilyName: "Садыкова", GivenName: "Нургүл", Sex: "female", BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1},
		}
	})
	if _, err := h.desk.Directory.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := filledHospital{house: h, stay: strings.TrimPrefix(stayPath, "/stays/"), bed: cardtest.BedID("18", 2), pregnancy: id.New()}
	_, to, _ := doctor.post("/patients/find", "q", patientPIN)
	f.patient = strings.TrimPrefix(to, "/patients/")
	midwife := h.signIn(t, clinicPIN)
	_, to, _ = midwife.post("/patients/find", "q", womanPIN)
	f.woman = strings.TrimPrefix(to, "/patients/")
	status, to, body := midwife.post(to+"/pregnancy", "once", f.pregnancy, "last_period", "2026-04-01", "fetuses", "1", "gravida", "1", "para", "0",
		"height", "165", "weight_before", "60", "blood", "A", "rhesus", "negative")
	done(t, "/antenatal/", status, to, body)
	var err error
	sender := cardtest.Post("10101198000018", "Врач Второй Больницы", workforceapi.Doctor, "18")
	sender.Organisation = elsewhere
	ctx := desk.With(t.Context(), desk.Staff{PIN: sender.PIN, Name: sender.PersonName, Post: sender})
	f.referral, err = referral.Write(ctx, h.desk, referral.Writing{
		Once: id.New(), Patient: f.woman, Kind: referral.Form057 + "/" + referral.Hospitalisation, Urgency: "planned",
		Organisation: cardtest.Hospital, Department: "18", Code: "J18.9", Reason: "Лечение",
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// path is the route with what stands behind it.
func (f filledHospital) path(route string) (method, path string) {
	method, pattern, _ := strings.Cut(route, " ")
	values := map[string]string{
		"/stays/": f.stay, "/patients/": f.patient, "/referrals/": f.referral, "/antenatal/": f.pregnancy, "/ward/beds/": f.bed,
		"/monitor/": "no_diary", "/rollout/organisations/": cardtest.Hospital,
	}
	if strings.Contains(pattern, "pregnancy") {
		values["/patients/"] = f.woman
	}
	for prefix, value := range values {
		if strings.HasPrefix(pattern, prefix) {
			pattern = strings.Replace(pattern, filled.FindString(pattern+"{x}"), value, 1)
		}
	}
	if pattern == "/merge/compare" {
		pattern += "?a=" + f.patient + "&b=" + f.woman
	}
	return method, filled.ReplaceAllString(pattern, "00000000-0000-4000-8000-000000000001")
}

// staff signs in somebody new with the role.
func (f filledHospital) staff(t *testing.T, number string, role workforceapi.Role, organisation string) *browser {
	t.Helper()
	f.n.Set(func(n *cardtest.Neighbours) {
		post := cardtest.Post(number, "Кызматкер", role, "18")
		post.Organisation = organisation
		n.PostsOf = append(n.PostsOf, post)
	})
	return f.signIn(t, number)
}

// Whichever page shows a person's name or paper, and be it the answer to a form
// that was refused, who looked is on record before it is sent.
func TestWhoeverSeesAPatientIsOnRecord(t *testing.T) {
	f := newFilledHospital(t)
	people := map[string]string{"Эрмек": patientPIN, "Садыкова": womanPIN}
	shown := 0
	for i, route := range pageRoutes(t) {
		method, path := f.path(route)
		organisation := cardtest.Hospital
		if strings.HasPrefix(path, "/antenatal") || strings.Contains(path, "pregnancy") {
			organisation = clinic
		}
		number := fmt.Sprintf("2%013d", i)
		b := f.staff(t, number, workforceapi.Head, organisation)
		var form url.Values
		if method == http.MethodPost {
			form = url.Values{"q": {"Жумабеков"}, "survivor": {f.patient}, "merged": {f.woman}}
		}
		status, _, body := b.send(method, path, form)
		if status >= 500 && status != http.StatusBadGateway { // the exchange of the test leads to no other card
			t.Errorf("%s: %d", route, status)
		}
		for name, number2 := range people {
			about := strings.Contains(body, name)
			if status == http.StatusOK && (strings.HasPrefix(body, "%PDF") || strings.HasPrefix(body, "PK")) {
				figures := strings.HasPrefix(path, "/rollout") || strings.HasPrefix(path, "/forms/summary") // of nobody alone
				hers := strings.HasPrefix(path, "/antenatal") || strings.HasPrefix(path, "/referrals")
				about = !figures && (number2 == womanPIN) == hers
			}
			if !about {
				continue
			}
			shown++
			var n int
			err := f.desk.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record WHERE subject_pin = $1 AND actor_pin = $2`, number2, number).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				t.Errorf("%s shows %s, and nothing is on record (%d)", route, name, status)
			}
		}
	}
	if shown < 60 {
		t.Errorf("only %d pages showed a patient", shown)
	}
}

// For a hospital that is no side of it nothing is behind an address, whatever the
// page, and nobody is named. Pages of patients are every hospital's.
func TestAnotherHospitalOpensNothing(t *testing.T) {
	f := newFilledHospital(t)
	stranger := f.staff(t, "20000000000019", workforceapi.Head, "950301")
	tried := 0
	for _, route := range pageRoutes(t) {
		method, path := f.path(route)
		if !strings.Contains(path, f.stay) && !strings.Contains(path, f.referral) && !strings.Contains(path, f.pregnancy) && !strings.Contains(path, f.bed) {
			continue
		}
		if strings.HasSuffix(path, "/reason") { // the chief physician's alone, who has a test of their own
			continue
		}
		tried++
		var form url.Values
		if method == http.MethodPost {
			form = url.Values{
				"once": {id.New()}, "do": {"accepted"}, "at": {"2026-11-22T13:50"}, "seen": {"1"}, "state": {"cleaning"}, "day": {"2026-11-20"},
				"outcome": {"birth"}, "ended_on": {"2026-11-20"}, "note": {"x"}, "reason": {"x"}, "to": {"950301/18"}, "kind": {"hb"}, "value": {"1"},
			}
		}
		status, to, body := stranger.send(method, path, form)
		if !slices.Contains([]int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusBadRequest}, status) {
			t.Errorf("%s: %d %s", route, status, to)
		}
		for _, told := range []string{"Эрмек", "Садыкова", patientPIN, womanPIN} {
			if strings.Contains(body, told) {
				t.Errorf("%s tells of %s", route, told)
			}
		}
	}
	if tried < 70 {
		t.Errorf("only %d addresses were tried", tried)
	}
	var n int
	err := f.desk.DB.Read.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM referral WHERE state <> 'sent') + (SELECT COUNT(*) FROM pregnancy WHERE state <> 'open')
		+ (SELECT COUNT(*) FROM bed WHERE id = $1 AND state = 'cleaning')`, f.bed).Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("a stranger changed %d things: %v", n, err)
	}
}

// roles are those that sign in to the card, in the order of docs/access.md.
var roles = []workforceapi.Role{
	workforceapi.Doctor, workforceapi.Head, workforceapi.Nurse, workforceapi.Statistician, workforceapi.Chief, workforceapi.Manager, workforceapi.Operator,
}

// docs/access.md says which role opens which page of the card, and so it is: a
// new page, or one that is opened to more, fails here until the table says so.
func TestPagesAreOpenedByTheRolesOfTheTable(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "access.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if cells := strings.Split(line, "|"); len(cells) == len(roles)+3 {
			if m := regexp.MustCompile("`((?:GET|POST) /[^`]*)`").FindStringSubmatch(cells[1]); m != nil {
				row := ""
				for _, cell := range cells[2 : len(roles)+2] {
					row += "|" + strings.TrimSpace(cell)
				}
				table[m[1]] = row
			}
		}
	}
	f := newFilledHospital(t)
	f.n.Set(func(n *cardtest.Neighbours) {
		n.Orgs = append(n.Orgs, workforceapi.Organisation{Code: "900010", Kind: "operator"})
	})
	if _, err := f.desk.Directory.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	routes := pageRoutes(t)
	open := map[string]string{}
	for i, role := range roles {
		organisation := cardtest.Hospital
		if role == workforceapi.Operator {
			organisation = "900010"
		}
		b := f.staff(t, fmt.Sprintf("1%013d", i), role, organisation)
		for _, route := range routes {
			method, path := f.path(route)
			var form url.Values
			if method == http.MethodPost {
				form = url.Values{}
			}
			status, to, _ := b.send(method, path, form)
			cell := "●"
			if status == http.StatusForbidden {
				cell = ""
			}
			if strings.HasPrefix(to, "/post") || strings.HasPrefix(to, "/sign-in") {
				t.Errorf("%s as %s leads to %s", route, role, to)
			}
			open[route] += "|" + cell
		}
	}
	for _, route := range slices.Sorted(maps.Keys(open)) {
		if said, ok := table[route]; !ok || said != open[route] {
			t.Errorf("docs/access.md has %q for %s; it is\n| `%s` %s |", said, route, route, strings.ReplaceAll(strings.ReplaceAll(open[route], "|", " | "), "  ", " "))
		}
		delete(table, route)
	}
	for route := range table {
		t.Errorf("docs/access.md has %s, which is no page", route)
	}
}
