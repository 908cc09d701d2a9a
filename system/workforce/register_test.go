package workforce_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

var versionField = regexp.MustCompile(`name="version" value="(\d+)"`)

func versionIn(t *testing.T, body string) string {
	t.Helper()
	found := versionField.FindStringSubmatch(body)
	if found == nil {
		t.Fatal("the form names no version")
	}
	return found[1]
}

const own = "/organisations/" + demo.Hospital

// keepers is the whole form of an organisation as ЦЭЗ sends it.
func keepers(version, name string) url.Values {
	return url.Values{
		"version": {version}, "from": {"2026-11-22"}, "order_number": {"12-д"}, "order_day": {"2026-11-20"},
		"name_ky": {name}, "name_ru": {name}, "name_en": {name}, "short_ky": {"Г"}, "short_ru": {"Г"}, "short_en": {"H"},
		"kind": {"hospital"}, "ownership": {"state"}, "level": {"regional"}, "region": {"41708000000000"}, "territory": {"41708222000000"},
		"inn": {"00109199810074"}, "okpo": {"95017405"}, "address": {"Бишкек"}, "phone": {"+996 312 000 000"},
	}
}

// NR-1: what an organisation was called, at which level and where, on any day.
func TestAnOrganisationKeepsItsHistory(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		operator := h.signIn(t, demo.Operator)
		form := keepers(versionIn(t, operator.get(own+"/edit", http.StatusOK)), "Жаңы ысым")
		form.Set("from", "2026-12-01") // planned
		form.Del("order_number")
		form.Del("order_day")
		if w := operator.do(http.MethodPost, own+"/edit", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="order_number-error"`) {
			t.Errorf("renamed without an order: %d", w.Code)
		}
		form = keepers(form.Get("version"), "Жаңы ысым")
		form.Set("from", "2026-12-01")
		form.Set("territory", "41702205000000")
		if w := operator.do(http.MethodPost, own+"/edit", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="territory-error"`) {
			t.Errorf("a territory of another region: %d", w.Code)
		}
		form.Set("territory", "41708222000000")
		if w := operator.do(http.MethodPost, own+"/edit", form); w.Code != http.StatusSeeOther {
			t.Fatalf("edit: %d %s", w.Code, w.Body)
		}
		if o, err := h.api.Organisation(t.Context(), demo.Hospital); err != nil || o.Level != "national" || o.Name.KY == "Жаңы ысым" {
			t.Errorf("planned for December, and so today: %+v %v", o, err)
		}
		h.clock.Advance(10 * 24 * time.Hour)
		if o, err := h.api.Organisation(t.Context(), demo.Hospital); err != nil || o.Level != "regional" || o.Name.KY != "Жаңы ысым" || o.Region != "41708000000000" || o.Phone == "" {
			t.Errorf("in December: %+v %v", o, err)
		}
		operator = h.signIn(t, demo.Operator)
		if body := operator.get(own+"?lang=ky&on=2026-11-30", http.StatusOK); !strings.Contains(body, "Улуттук госпиталь") || !strings.Contains(body, "Республикалык") {
			t.Error("November is forgotten")
		}
		if body := operator.get("/organisations?lang=ru&q="+url.QueryEscape("родильный")+"&state=open&on=2015-06-01", http.StatusOK); !strings.Contains(body, "950175") {
			t.Error("the register of 2015 does not know the maternity hospital")
		}
		if body := operator.get("/organisations?lang=ru&q="+url.QueryEscape("перинатальный")+"&state=open", http.StatusOK); strings.Contains(body, "950175") {
			t.Error("a merged hospital is open")
		}
		all, _ := h.api.Organisations(t.Context())
		for _, o := range all {
			if o.Code == "950175" && (o.Closed != clock.Date{Year: 2025, Month: 7, Day: 1} || o.Successor != demo.Hospital) {
				t.Errorf("merged: %+v", o)
			}
		}
		before := keepers(versionIn(t, operator.get(own+"/edit", http.StatusOK)), "Дагы бир ысым")
		if w := operator.do(http.MethodPost, own+"/edit", before); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="from-error"`) {
			t.Errorf("history was written anew before what holds: %d", w.Code)
		}
		changes := operator.get(own+"/changes?lang=ru", http.StatusOK)
		if !strings.Contains(changes, "Национальный госпиталь (демо)") || !strings.Contains(changes, "Жаңы ысым") || !strings.Contains(changes, demo.Operator.Name()) {
			t.Error("the change shows no before, after or who")
		}
	})
}

// NR-2: two editors at once. One is first, the other is told what changed and
// loses nothing that was typed.
func TestTheSecondEditorIsToldWhatTheFirstChanged(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager, operator := h.signIn(t, demo.Manager), h.signIn(t, demo.Operator)
		version := versionIn(t, manager.get(own+"/edit", http.StatusOK))
		managers := url.Values{
			"version": {version}, "short_ky": {"УГ"}, "short_ru": {"НГ"}, "short_en": {"NH"}, "address": {"Ахунбаев 1"}, "phone": {""},
			"level": {"district"}, "name_ru": {"Захвачено"},
		}
		operators := keepers(version, "Жаңы ысым")
		var wait sync.WaitGroup
		codes := make([]*httptest.ResponseRecorder, 2)
		for i, who := range []func() *httptest.ResponseRecorder{
			func() *httptest.ResponseRecorder {
				return manager.do(http.MethodPost, own+"/edit?lang=ru", managers)
			},
			func() *httptest.ResponseRecorder {
				return operator.do(http.MethodPost, own+"/edit?lang=ru", operators)
			},
		} {
			wait.Go(func() { codes[i] = who() })
		}
		wait.Wait()
		first, second := codes[0], codes[1]
		winner, loser, typed := "Ахунбаев 1", operator, "Жаңы ысым"
		if second.Code == http.StatusSeeOther {
			first, second = second, first
			winner, loser, typed = "Жаңы ысым", manager, "Ахунбаев 1"
		}
		if first.Code != http.StatusSeeOther || second.Code != http.StatusConflict {
			t.Fatalf("%d and %d", codes[0].Code, codes[1].Code)
		}
		told := second.Body.String()
		if !strings.Contains(told, winner) || !strings.Contains(told, typed) || !strings.Contains(told, "Что изменилось") {
			t.Errorf("the second is not told, or lost what was typed: %s", told)
		}
		again := managers
		if loser.cookies[0] == operator.cookies[0] {
			again = operators
		}
		again.Set("version", versionIn(t, told))
		if w := loser.do(http.MethodPost, own+"/edit", again); w.Code != http.StatusSeeOther {
			t.Errorf("knowingly once more: %d", w.Code)
		}
		if o, _ := h.api.Organisation(t.Context(), demo.Hospital); o.Level == "district" || o.Name.RU == "Захвачено" {
			t.Errorf("the management changed what is not its own: %+v", o)
		}
	})
}

// NR-1: a closed code is not given anew in the same year, and a department with
// staff is not closed under them.
func TestDepartmentCodesAreNotGivenAnewInTheirYear(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		open := func(code, from string) int {
			return manager.do(http.MethodPost, own+"/departments/open", url.Values{
				"code": {code}, "name_ky": {"Б"}, "name_ru": {"О"}, "name_en": {"D"}, "profile": {"neurology"}, "from": {from},
			}).Code
		}
		if got := open(demo.Therapy, "2026-11-22"); got != http.StatusUnprocessableEntity {
			t.Errorf("a code that is in use: %d", got)
		}
		var wait sync.WaitGroup
		codes := make([]int, 4)
		for i := range codes {
			wait.Go(func() { codes[i] = open("44", "2026-11-22") })
		}
		wait.Wait()
		opened := 0
		for _, c := range codes {
			if c == http.StatusSeeOther {
				opened++
			}
		}
		if opened != 1 {
			t.Fatalf("one code opened %d times: %v", opened, codes)
		}
		list := manager.get(own+"/departments", http.StatusOK)
		link := regexp.MustCompile(own + `/departments/[0-9a-f-]{20,}`).FindString(list)
		if w := manager.do(http.MethodPost, link+"/beds", url.Values{"room": {"7"}, "beds": {"3"}, "from": {"2026-11-22"}}); w.Code != http.StatusSeeOther {
			t.Fatalf("beds: %d %s", w.Code, w.Body)
		}
		if o, _ := h.api.Organisation(t.Context(), demo.Hospital); len(o.Departments) != 5 || len(o.Departments[4].Beds) != 3 || o.Departments[4].Beds[0].ID != "950174-44-7-1" {
			t.Errorf("departments %+v", o.Departments)
		}
		closing := func(link string) int {
			body := manager.get(link, http.StatusOK)
			return manager.do(http.MethodPost, link+"/close", url.Values{"version": {versionIn(t, body)}, "until": {"2026-11-22"}}).Code
		}
		if got := closing(own + "/departments/" + demo.Hospital + "-" + demo.Therapy); got != http.StatusUnprocessableEntity {
			t.Errorf("closed under its staff: %d", got)
		}
		if got := closing(link); got != http.StatusSeeOther {
			t.Fatalf("close: %d", got)
		}
		if o, _ := h.api.Organisation(t.Context(), demo.Hospital); len(o.Departments) != 4 {
			t.Errorf("a closed department is told: %+v", o.Departments)
		}
		if got := open("44", "2026-12-31"); got != http.StatusUnprocessableEntity {
			t.Errorf("the code anew in the same year: %d", got)
		}
		if got := open("44", "2027-01-01"); got != http.StatusSeeOther {
			t.Errorf("the code in the next year: %d", got)
		}
		h.clock.Advance(45 * 24 * time.Hour)
		manager = h.signIn(t, demo.Manager)
		reopened := regexp.MustCompile(own + `/departments/[0-9a-f-]{20,}`).FindString(manager.get(own+"/departments", http.StatusOK))
		if w := manager.do(http.MethodPost, reopened+"/beds", url.Values{"room": {"7"}, "beds": {"1"}, "from": {"2027-01-05"}}); w.Code != http.StatusSeeOther {
			t.Fatalf("beds anew: %d", w.Code)
		}
		if o, _ := h.api.Organisation(t.Context(), demo.Hospital); len(o.Departments) != 5 || o.Departments[4].Beds[0].ID != "950174-44-7-1-2" {
			t.Errorf("a bed's id was used again: %+v", o.Departments[len(o.Departments)-1])
		}
	})
}

// NR-2: transfer, replacement, leaving altogether, the closing of an organisation.
func TestPostsFollowThePerson(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		posts := func(p demo.Person) []workforceapi.Post {
			t.Helper()
			list, err := h.api.Posts(t.Context(), p.PIN)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		act := func(post workforceapi.Post, what string, form url.Values, want int) {
			t.Helper()
			if w := manager.do(http.MethodPost, own+"/posts/"+post.ID+"/"+what, form); w.Code != want {
				t.Errorf("%s: %d %s", what, w.Code, w.Body)
			}
		}
		nurse := posts(demo.Nurse)[0]
		act(nurse, "transfer", url.Values{"department": {demo.Therapy}, "from": {"2026-11-22"}}, http.StatusUnprocessableEntity)
		act(nurse, "transfer", url.Values{"department": {demo.Surgery}, "from": {"2026-11-22"}}, http.StatusSeeOther)
		if held := posts(demo.Nurse); len(held) != 1 || held[0].Department != demo.Surgery || held[0].Role != workforceapi.Nurse {
			t.Fatalf("transferred: %+v", held)
		}
		doctor, head := posts(demo.Doctor)[0], posts(demo.Head)[0]
		act(head, "replace", url.Values{"colleague": {head.ID}, "from": {"2026-11-22"}, "until": {"2026-12-01"}}, http.StatusUnprocessableEntity)
		act(head, "replace", url.Values{"colleague": {doctor.ID}, "from": {"2026-11-22"}, "until": {"2026-11-22"}}, http.StatusUnprocessableEntity)
		act(head, "replace", url.Values{"colleague": {doctor.ID}, "from": {"2026-11-22"}, "until": {"2026-12-01"}}, http.StatusSeeOther)
		act(head, "replace", url.Values{"colleague": {doctor.ID}, "from": {"2026-11-25"}, "until": {"2026-12-10"}}, http.StatusUnprocessableEntity)
		if held := posts(demo.Doctor); len(held) != 2 || (held[0].Replaces != head.ID && held[1].Replaces != head.ID) {
			t.Fatalf("replacing: %+v", held)
		}
		h.clock.Advance(9 * 24 * time.Hour) // the first of December: the head is back
		if held := posts(demo.Doctor); len(held) != 1 || held[0].Role != workforceapi.Doctor {
			t.Errorf("the replacement lasts on: %+v", held)
		}
		manager = h.signIn(t, demo.Manager)
		act(head, "replace", url.Values{"colleague": {doctor.ID}, "from": {"2026-12-01"}, "until": {"2026-12-20"}}, http.StatusSeeOther)
		act(doctor, "end", url.Values{"until": {"2026-12-01"}, "all": {"1"}}, http.StatusSeeOther)
		if held := posts(demo.Doctor); len(held) != 0 {
			t.Errorf("left altogether, and holds %+v", held)
		}
		act(head, "end", url.Values{"until": {"2026-12-03"}}, http.StatusSeeOther)
		h.clock.Advance(33 * time.Hour) // 23:00 in Bishkek of the day before
		if len(posts(demo.Head)) != 1 {
			t.Error("out before the planned day")
		}
		h.clock.Advance(2 * time.Hour) // midnight has passed
		if len(posts(demo.Head)) != 0 {
			t.Error("in after the planned day")
		}
		operator := h.signIn(t, demo.Operator)
		next, err := h.api.Organisation(t.Context(), demo.Hospital)
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{
			"version": {versionIn(t, operator.get("/organisations/950201/close", http.StatusOK))}, "from": {"2026-12-03"},
			"order_number": {"1"}, "order_day": {"2026-12-01"}, "successor": {demo.Hospital}, "successor_text": {next.Code + " · " + next.ShortName.RU},
		}
		if w := operator.do(http.MethodPost, "/organisations/950201/close", form); w.Code != http.StatusSeeOther {
			t.Fatalf("close: %d %s", w.Code, w.Body)
		}
		if staff, _ := h.api.Staff(t.Context(), "950201"); len(staff) != 0 || len(posts(demo.Clerk)) != 0 {
			t.Error("a closed hospital has staff")
		}
	})
}

// NR-2: who may change what.
func TestEachChangesOnlyWhatIsTheirs(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		doctor, manager, operator := h.signIn(t, demo.Doctor), h.signIn(t, demo.Manager), h.signIn(t, demo.Operator)
		for path, want := range map[string][3]int{ // doctor, manager, operator
			own + "/edit":                           {403, 200, 200},
			own + "/close":                          {403, 403, 200},
			own + "/departments/open":               {403, 200, 200},
			own + "/changes":                        {403, 200, 200},
			own + "/licences":                       {200, 200, 200},
			own + "/equipment":                      {200, 200, 200},
			own + "/equipment/count":                {403, 200, 200},
			own + "/responsible":                    {200, 200, 200},
			"/organisations/950201/departments":     {404, 404, 200},
			"/organisations/950201/edit":            {404, 404, 200},
			"/organisations/open":                   {403, 403, 200},
			"/equipment":                            {403, 403, 200},
			"/responsible":                          {403, 403, 200},
			own + "/departments/950201-18":          {404, 404, 404},
			own + "/scans/nothing":                  {404, 404, 404},
			own + "/posts/add":                      {403, 200, 200},
			"/equipment/export?format=xlsx":         {403, 403, 200},
			"/responsible/export?format=csv":        {403, 403, 200},
			"/organisations/export?format=xlsx":     {200, 200, 200},
			own + "/staff/export?format=csv":        {200, 200, 200},
			"/organisations/export?format=whatever": {400, 400, 400},
		} {
			for i, who := range []browser{doctor, manager, operator} {
				if w := who.do(http.MethodGet, path, nil); w.Code != want[i] {
					t.Errorf("%s, %d: %d, not %d", path, i, w.Code, want[i])
				}
			}
		}
		form := url.Values{"pin": {demo.Residents[0].PIN}, "title": {"nurse"}, "department": {demo.Therapy}, "from": {"2026-11-22"}}
		if w := operator.do(http.MethodPost, own+"/posts/add", form); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("ЦЭЗ gave a nurse's post: %d", w.Code)
		}
		csv := doctor.get("/organisations/export?format=csv&state=any", http.StatusOK)
		if !strings.Contains(csv, demo.Hospital) || strings.Contains(csv, "950201") {
			t.Error("a doctor was given other organisations")
		}
	})
}

// upload is a form with one file.
func (b browser) upload(path string, fields url.Values, file []byte) *httptest.ResponseRecorder {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name := range fields {
		_ = form.WriteField(name, fields.Get(name))
	}
	if file != nil {
		part, _ := form.CreateFormFile("scan", "order.pdf")
		_, _ = part.Write(file)
	}
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

var pdf = []byte("%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")

// NR-4: named by an order with its scan, told by the contract, gone with the post.
func TestWhoIsResponsibleIsNamedByAnOrder(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager := h.signIn(t, demo.Manager)
		named := func() (list []workforceapi.Responsible) {
			list, err := h.api.Responsible(t.Context(), demo.Hospital)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		if got := named(); len(got) != 2 || got[0].OrderNumber == "" || got[0].Post.KY == "" {
			t.Fatalf("demo: %+v", got)
		}
		nurse, _ := h.api.Posts(t.Context(), demo.Nurse.PIN)
		form := url.Values{
			"person": {nurse[0].ID}, "monitoring": {"1"}, "phone": {"+996700100264"}, "order_number": {"31-к"}, "order_day": {"2026-11-20"}, "from": {"2026-11-21"},
		}
		for field, bad := range map[string]string{
			"person": "nobody", "monitoring": "", "phone": "что-то не то", "order_number": "", "order_day": "2026-11-23", "from": "2026-11-19",
		} {
			was := form.Get(field)
			form.Set(field, bad)
			at := map[string]string{"monitoring": "rollout"}[field] // a duty is asked for beside the first
			if at == "" {
				at = field
			}
			if w := manager.upload(own+"/responsible", form, pdf); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="`+at+`-error"`) {
				t.Errorf("%s=%q: %d", field, bad, w.Code)
			}
			form.Set(field, was)
		}
		for name, bad := range map[string][]byte{
			"no PDF": []byte("<html>"), "cut": []byte("%PDF-1.7\n1 0 obj"), "script": []byte("%PDF-1.7\n/JavaScript (x)\n%%EOF"),
			"large": append(append([]byte("%PDF-1.7\n"), make([]byte, 5<<20)...), "%%EOF"...),
		} {
			if w := manager.upload(own+"/responsible", form, bad); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="scan-error"`) {
				t.Errorf("%s was taken: %d", name, w.Code)
			}
		}
		// However large the file is, the form comes back as it was filled in and says the limit.
		for _, mb := range []int{6, 11, 40} {
			large := append(append([]byte("%PDF-1.7\n"), make([]byte, mb<<20)...), "%%EOF"...)
			w := manager.upload(own+"/responsible?lang=ru", form, large)
			for _, want := range []string{`id="scan-error"`, "не больше 5 МБ. Отсканируйте", `value="31-к"`, `value="+996700100264"`, `value="2026-11-21"`, `value="` + nurse[0].ID + `" selected`} {
				if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
					t.Errorf("%d MB: %d without %s", mb, w.Code, want)
				}
			}
			nobody := url.Values{"order_number": {"31-к"}}
			if w := manager.upload(own+"/responsible", nobody, large); !strings.Contains(w.Body.String(), `id="scan-error"`) {
				t.Errorf("%d MB are told of only once all else is right", mb)
			}
			papers := url.Values{"number": {"Л-1"}, "licence_kind": {"pharmacy"}, "from": {"2026-01-10"}}
			if w := manager.upload(own+"/licences", papers, large); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="Л-1"`) {
				t.Errorf("a licence of %d MB: %d", mb, w.Code)
			}
		}
		if w := manager.upload(own+"/responsible", form, pdf); w.Code != http.StatusSeeOther {
			t.Fatalf("name: %d %s", w.Code, w.Body)
		}
		if w := manager.upload(own+"/responsible", form, nil); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("named twice: %d", w.Code)
		}
		got := named()
		if len(got) != 3 {
			t.Fatalf("named %+v", got)
		}
		shown := manager.get(own+"/responsible", http.StatusOK)
		link := regexp.MustCompile(own + `/scans/[0-9a-z-]+`).FindString(shown)
		w := h.signIn(t, demo.Doctor).do(http.MethodGet, link, nil)
		if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), pdf) || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("scan: %d", w.Code)
		}
		if w := h.signIn(t, demo.Clerk).do(http.MethodGet, link, nil); w.Code != http.StatusNotFound {
			t.Errorf("a scan of another hospital: %d", w.Code)
		}
		if w := manager.do(http.MethodPost, own+"/posts/"+nurse[0].ID+"/end", url.Values{"until": {"2026-11-22"}}); w.Code != http.StatusSeeOther {
			t.Fatal("end")
		}
		if got := named(); len(got) != 2 {
			t.Errorf("who left is still responsible: %+v", got)
		}
		if all, err := h.api.Responsible(t.Context(), ""); err != nil || len(all) != 3 {
			t.Errorf("of all: %+v %v", all, err)
		}
		if body := h.signIn(t, demo.Operator).get("/responsible?only=1&lang=ru", http.StatusOK); !strings.Contains(body, "Горбольница") && !strings.Contains(body, "Городская клиническая") || strings.Contains(body, "Национальный госпиталь") {
			t.Error("the list of those without one is wrong")
		}
	})
}

// NR-3: counted by department, as of a day, with those who owe a report.
func TestEquipmentIsReportedByDepartment(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		manager, operator := h.signIn(t, demo.Manager), h.signIn(t, demo.Operator)
		form := url.Values{"day": {"2026-11-22"}, "internet": {"fibre"}, "before": {"1"}}
		for _, d := range []string{"05", "18", "21", "none"} {
			for name, n := range map[string]string{"computers": "9", "working": "8", "online": "7", "printers": "2", "doctors": "5", "nurses": "10"} {
				form.Set(name+"-"+d, n)
			}
		}
		for field, bad := range map[string]string{"working-05": "10", "online-18": "9", "nurses-21": "-1", "doctors-none": "x", "computers-05": "1000"} {
			was := form.Get(field)
			form.Set(field, bad)
			if w := manager.do(http.MethodPost, own+"/equipment/count", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `id="`+field+`-error"`) {
				t.Errorf("%s=%s: %d", field, bad, w.Code)
			}
			form.Set(field, was)
		}
		var wait sync.WaitGroup
		codes := make([]int, 3)
		for i := range codes {
			wait.Go(func() { codes[i] = manager.do(http.MethodPost, own+"/equipment/count", form).Code })
		}
		wait.Wait()
		taken := 0
		for _, c := range codes {
			if c == http.StatusSeeOther {
				taken++
			} else if c != http.StatusConflict {
				t.Errorf("count: %d", c)
			}
		}
		if taken != 1 {
			t.Fatalf("%d counts of the same sight were taken: %v", taken, codes)
		}
		now := operator.get("/equipment/export?format=csv&lang=ru&region=41711000000000", http.StatusOK)
		if strings.Count(now, "22.11.2026") != 5 || !strings.Contains(now, ";9;8;7;2;5;10") {
			t.Errorf("report: %s", now)
		}
		earlier := operator.get("/equipment/export?format=csv&lang=ru&on=2026-11-01", http.StatusOK)
		if strings.Contains(earlier, "22.11.2026") || !strings.Contains(earlier, "22.10.2026") {
			t.Errorf("as of a day: %s", earlier)
		}
		body := operator.get("/equipment?lang=ru", http.StatusOK)
		if strings.Count(body, "<a class=\"sn-tiles__tile") != 9 || !strings.Contains(body, "не отчиталась") || !strings.Contains(body, "с опозданием") {
			t.Error("the map has not nine tiles, or nobody is late")
		}
		if w := operator.do(http.MethodPost, "/equipment/ask", url.Values{"since": {"2026-11-22"}, "due": {"2026-12-10"}, "source": {"Приказ № 9"}}); w.Code != http.StatusSeeOther {
			t.Fatalf("ask: %d %s", w.Code, w.Body)
		}
		if body := manager.get(own+"/equipment?lang=ru", http.StatusOK); !strings.Contains(body, "Приказ № 9") || !strings.Contains(body, "в срок") {
			t.Error("the call is not shown to who answered it")
		}
	})
}
