package workforce_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/spreadsheet"
)

var (
	tags    = regexp.MustCompile(`<[^>]*>`)
	spaces  = regexp.MustCompile(`\s+`)
	rowTag  = regexp.MustCompile(`(?s)<tr class="govuk-table__row">(.*?)</tr>`)
	cellTag = regexp.MustCompile(`(?s)<td[^>]*>(.*?)</td>`)
	tileTag = regexp.MustCompile(`<a class="sn-tiles__tile[^>]*aria-label="([^"]*)"`)
)

// tableOf is the cells of the table of the caption, by the column and the first
// cell that matter: rows as they stand.
func tableOf(t *testing.T, body, caption string) [][]string {
	t.Helper()
	_, after, ok := strings.Cut(body, caption+"</caption>")
	if !ok {
		t.Fatalf("no table %q", caption)
	}
	after, _, _ = strings.Cut(after, "</table>")
	var rows [][]string
	for _, row := range rowTag.FindAllStringSubmatch(after, -1) {
		var cells []string
		for _, cell := range cellTag.FindAllStringSubmatch(row[1], -1) {
			cells = append(cells, strings.TrimSpace(spaces.ReplaceAllString(tags.ReplaceAllString(cell[1], " "), " ")))
		}
		if cells != nil {
			rows = append(rows, cells)
		}
	}
	return rows
}

// sums are computers, working, online, doctors and nurses.
type sums [5]int

// hundredths is working computers for one doctor, as it is written in Russian.
func (s sums) perDoctor() string {
	if s[3] == 0 {
		return "—"
	}
	n := (s[1]*100 + s[3]/2) / s[3]
	return strconv.Itoa(n/100) + "," + strconv.Itoa(n%100/10) + strconv.Itoa(n%10)
}

// NR-3: the ministry reads the same in the map, in both tables and in the file, to
// the last figure, today and as of a day before.
func TestMapTablesAndFileSayTheSame(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager, officer := h.signIn(t, demo.Manager), h.signIn(t, demo.Officer)
		form := map[string][]string{"day": {"2026-11-22"}, "internet": {"fibre"}, "before": {"1"}}
		for i, d := range []string{"05", "12", "18", "21", "none"} {
			for n, name := range []string{"nurses", "doctors", "printers", "online", "working", "computers"} {
				form[name+"-"+d] = []string{strconv.Itoa(100*i + 7*n)}
			}
		}
		if w := manager.do(http.MethodPost, own+"/equipment/count", form); w.Code != http.StatusSeeOther {
			t.Fatalf("count: %d %s", w.Code, w.Body)
		}
		today := h.clock.Now().Format(time.DateOnly)
		for _, on := range []string{today, "2026-11-10", "2026-01-01"} {
			body := officer.get("/equipment?lang=ru&measure=per_doctor&on="+on, http.StatusOK)
			file, err := spreadsheet.Read([]byte(officer.get("/equipment/export?format=xlsx&lang=ru&on="+on, http.StatusOK)), 1000)
			if err != nil {
				t.Fatal(err)
			}
			columns := map[string]int{}
			for i, head := range file[0].Cells {
				columns[head] = i
			}
			byRegion, byCode, country := map[string]sums{}, map[string]sums{}, sums{}
			reported := map[string]map[string]bool{}
			for _, line := range file[1:] {
				region, code := line.Cells[columns["Регион"]], line.Cells[columns["Код"]]
				if reported[region] == nil {
					reported[region] = map[string]bool{}
				}
				reported[region][code] = reported[region][code] || line.Cells[columns["Компьютеров"]] != ""
				for i, head := range []string{"Компьютеров", "Исправных", "В сети", "Врачей", "Ср. медперсонала"} {
					at, ok := columns[head]
					if !ok {
						t.Fatalf("the file has no column %q: %v", head, file[0].Cells)
					}
					n, _ := strconv.Atoi(line.Cells[at])
					r, c := byRegion[region], byCode[code]
					r[i], c[i], country[i] = r[i]+n, c[i]+n, country[i]+n
					byRegion[region], byCode[code] = r, c
				}
			}
			all, handed := 0, 0
			share := func(region string) string {
				n := 0
				for _, yes := range reported[region] {
					if yes {
						n++
					}
				}
				all, handed = all+len(reported[region]), handed+n
				return strconv.Itoa(n) + " / " + strconv.Itoa(len(reported[region]))
			}
			written := func(s sums) []string {
				cells := make([]string, 0, 6)
				for _, n := range s {
					cells = append(cells, strconv.Itoa(n))
				}
				return append(cells, s.perDoctor())
			}
			regions := tableOf(t, body, "По регионам")
			if len(regions) != 10 {
				t.Fatalf("%s: %d lines of regions", on, len(regions))
			}
			for i, row := range regions {
				want := byRegion[row[0]]
				of := strconv.Itoa(handed) + " / " + strconv.Itoa(all)
				if i == 9 {
					want = country
				} else {
					of = share(row[0])
				}
				if said, wanted := strings.Join(row[1:], "|"), of+"|"+strings.Join(written(want), "|"); said != wanted {
					t.Errorf("%s, %s: the table says %s, the file %s", on, row[0], said, wanted)
				}
			}
			tiles := tileTag.FindAllStringSubmatch(body, -1)
			for _, tile := range tiles {
				name, said, _ := strings.Cut(tile[1], ": ")
				if figure, _, _ := strings.Cut(said, ", "); figure != byRegion[name].perDoctor() {
					t.Errorf("%s: the map says %s of %s, the file %s", on, figure, name, byRegion[name].perDoctor())
				}
			}
			if len(tiles) != 9 {
				t.Errorf("%s: %d tiles", on, len(tiles))
			}
			for _, row := range tableOf(t, body, "По организациям") {
				if row[4] == "—" { // has not reported
					if byCode[row[0]] != (sums{}) {
						t.Errorf("%s: %s has reported in the file alone", on, row[0])
					}
					continue
				}
				said := strings.Join([]string{row[5], row[6], row[7], row[9], row[10], row[11]}, "|")
				if wanted := strings.Join(written(byCode[row[0]]), "|"); said != wanted {
					t.Errorf("%s, %s: the table says %s, the file %s", on, row[0], said, wanted)
				}
			}
		}
	})
}
