package card

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const (
	doctorPIN  = "11503198500123"
	nursePIN   = "12905199300264"
	patientPIN = "21209196000217"
)

// house is a running card with its neighbours.
type house struct {
	*System
	n   *cardtest.Neighbours
	now *clock.Manual
}

func newHouse(t testing.TB, change func(*host.Env)) house {
	t.Helper()
	n, now := cardtest.New(), clock.NewManual(cardtest.Start)
	n.Persons[patientPIN] = populationapi.Person{
		PIN: patientPIN, FamilyName: "Жумабеков", GivenName: "Эрмек", Patronymic: "Асанович",
		BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12}, Sex: "male", Address: populationapi.Address{Text: "Сокулук"},
	}
	env := host.Env{
		Database: "sqlite:" + t.TempDir(), Clock: now, Log: slog.New(slog.DiscardHandler), HTTP: n.Client(),
		BaseURL: "http://card.localhost", Issuer: "http://esi.localhost", ExchangeAddress: "http://exchange.test", ExchangeKey: "test",
	}
	if change != nil {
		change(&env)
	}
	s, err := New(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := errors.Join(icd.Demo(t.Context(), s.desk.DB, now), procedure.Demo(t.Context(), s.desk.DB, now)); err != nil {
		t.Fatal(err)
	}
	return house{s, n, now}
}

// browser is a signed-in browser.
type browser struct {
	t       *testing.T
	h       house
	cookies map[string]string
}

// signIn starts the session that the sign-in through ЕСИ would start.
func (h house) signIn(t *testing.T, pin string) *browser {
	t.Helper()
	data, err := h.desk.Admit(t.Context(), signin.Claims{PIN: pin, Name: "Имя Вошедшего"})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := h.desk.Sessions.Start(t.Context(), w, pin, "sid-"+pin, data); err != nil {
		t.Fatal(err)
	}
	b := &browser{t, h, map[string]string{}}
	b.keep(w.Result())
	return b
}

func (b *browser) keep(r *http.Response) {
	for _, c := range r.Cookies() {
		b.cookies[c.Name] = c.Value
	}
}

func (b *browser) send(method, path string, form url.Values) (int, string, string) {
	b.t.Helper()
	r := httptest.NewRequest(method, "http://card.localhost"+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.h.Handler().ServeHTTP(w, r)
	answer := w.Result()
	b.keep(answer)
	body, _ := io.ReadAll(answer.Body)
	if raw := regexp.MustCompile(`\[[a-z]+\.[a-z_.]+\]`).FindString(string(body)); raw != "" {
		b.t.Errorf("%s %s: %s has no words", method, path, raw)
	}
	return answer.StatusCode, answer.Header.Get("Location"), string(body)
}

func (b *browser) get(path string) string {
	b.t.Helper()
	status, _, body := b.send(http.MethodGet, path, nil)
	if status != http.StatusOK {
		b.t.Fatalf("GET %s: %d\n%s", path, status, body)
	}
	return body
}

func (b *browser) post(path string, pairs ...string) (int, string, string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.send(http.MethodPost, path, form)
}

func has(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) {
			t.Errorf("the page has no %q", part)
		}
	}
}

// The third and fourth steps of the story: found by ПИН, admitted, on the board, moved.
func TestFromTheFinderToTheBoard(t *testing.T) {
	h := newHouse(t, nil)
	doctor := h.signIn(t, doctorPIN)
	doctor.get("/ward?lang=ru")
	_, to, _ := doctor.post("/patients/find", "q", "2 12091960 00217")
	if !regexp.MustCompile(`^/patients/[0-9a-f-]{36}$`).MatchString(to) {
		t.Fatalf("found: %s", to)
	}
	has(t, doctor.get(to), "Жумабеков Эрмек Асанович", "66 лет", "2 12091960 00217", "Сокулук", "Госпитализировать")
	has(t, doctor.get(to+"/admit"), `value="2026-11-22T14:00"`, "Асанова Айгүл Маратовна", "палата 101", "Терапия (ky)"[:14])

	wrong := []string{
		"kind", "planned", "at", "2026-11-23T10:00", "brought_by", "self", "referrer_text", "Поликлиника № 7", "admission", "", "admission_text", "пневмония",
		"admission_words", "Левосторонняя", "place", "18/", "doctor", doctorPIN, "category", "", "alerts", "Аллергия: йод", "insured", "1",
	}
	status, _, body := doctor.post(to+"/admit", wrong...)
	if status != http.StatusUnprocessableEntity {
		t.Fatalf("wrong admission: %d", status)
	}
	has(t, body, "Поликлиника № 7", "Левосторонняя", "Аллергия: йод", `value="2026-11-23T10:00"`, "J18.9", "Под эти слова подходит несколько кодов")

	right := append(wrong, "at", "2026-11-22T13:30", "admission_text", "J18.9", "place", "18/"+cardtest.BedID("18", 2))
	status, stayPath, body := doctor.post(to+"/admit", right...)
	if status != http.StatusSeeOther || !strings.HasPrefix(stayPath, "/stays/") {
		t.Fatalf("admission: %d %s %s", status, stayPath, body)
	}
	if _, again, _ := doctor.post(to+"/admit", right...); again != stayPath {
		t.Errorf("the button pressed twice leads to %s", again)
	}
	h.now.Advance(3 * time.Minute)
	status, _, body = doctor.post(to+"/admit", right...)
	if status != http.StatusUnprocessableEntity {
		t.Errorf("admitted again: %d", status)
	}
	has(t, body, "Пациент уже госпитализирован", stayPath)

	has(t, doctor.get("/ward"), "Жумабеков Эрмек Асанович", stayPath, "J18.9", "Занято 1 из 3")
	has(t, doctor.get("/patients"), "Жумабеков Эрмек Асанович", stayPath)
	has(t, doctor.get(to), "Открыть историю болезни", stayPath)
	has(t, doctor.get("/ward/beds/"+cardtest.BedID("18", 2)), "занята")
	status, where, _ := doctor.post("/ward/beds/"+cardtest.BedID("18", 1), "state", "cleaning")
	if status != http.StatusSeeOther || where != "/ward?department=18" {
		t.Errorf("cleaning: %d %s", status, where)
	}
	has(t, doctor.get("/ward?view=list"), "уборка", "Койка отмечена: уборка.")

	status, _, body = doctor.post(stayPath+"/moves", "place", "05/"+cardtest.BedID("05", 1), "at", "2026-11-22T13:00", "reason", "Операция")
	if status != http.StatusUnprocessableEntity {
		t.Errorf("moved into the past: %d", status)
	}
	has(t, body, "Предыдущее перемещение было 22.11.2026 13:30", "Операция", `id="place"`)
	status, where, body = doctor.post(stayPath+"/moves", "place", "05/"+cardtest.BedID("05", 1), "at", "2026-11-22T14:02", "reason", "Операция")
	if status != http.StatusSeeOther || where != stayPath+"/moves" {
		t.Fatalf("moved: %d %s", status, body)
	}
	has(t, doctor.get(stayPath+"/moves"), "Операция", "Хирургия", "Пациент переведён.")
	has(t, doctor.get("/ward?department=05"), "Жумабеков")
}

func TestPagesSpeakThreeLanguages(t *testing.T) {
	h := newHouse(t, nil)
	doctor := h.signIn(t, doctorPIN)
	_, to, _ := doctor.post("/patients/find", "q", patientPIN)
	_, stayPath, body := doctor.post(to+"/admit", "kind", "emergency", "at", "2026-11-22T13:30", "hours", "3", "brought_by", "ambulance",
		"admission", "J18.9", "admission_text", "J18.9 Пневмония", "place", "18/", "doctor", doctorPIN, "category", "pensioner", "alerts", "Аллергия: йод\nВИЧ")
	if !strings.HasPrefix(stayPath, "/stays/") {
		t.Fatal(body)
	}
	for _, lang := range []string{"ky", "ru", "en"} {
		for _, path := range []string{"/ward", "/ward?view=list", "/ward?department=05", "/patients", "/patients/new", to, stayPath + "/moves", "/ward/beds/" + cardtest.BedID("18", 2), "/post"} {
			sign := "?"
			if strings.Contains(path, "?") {
				sign = "&"
			}
			body := doctor.get(path + sign + "lang=" + lang)
			has(t, body, `<html lang="`+lang+`"`)
		}
		for path, form := range map[string][]string{
			"/patients/find":       {"q", "Жум"},
			"/patients/new":        {"kind", "citizen", "sex", "male", "pin", "123", "age", "999", "birth_date", "2030-01-01"},
			"/patients/new?x":      {"kind", "unknown"},
			"/patients/find?x":     {"q", "99999999999999"},
			"/patients/find?y":     {"q", "11503198500999"},
			to + "/admit":          {"hours", "много", "place", "nowhere"},
			stayPath + "/moves":    {"place", "18/", "at", "2026-11-22T13:59"},
			"/ward/beds/nowhere":   {"state", "ready"},
			"/stays/nowhere/moves": {"place", "18/"},
		} {
			if status, _, body := doctor.post(path, form...); status >= 500 || body == "" {
				t.Errorf("%s %s: %d", lang, path, status)
			}
		}
	}
}

// Of a foreigner passport and name are asked: no field says at once that it may be
// left out and that it must not.
func TestWhatIsAskedIsNotCalledOptional(t *testing.T) {
	doctor := newHouse(t, nil).signIn(t, doctorPIN)
	for kind, least := range map[string]int{"foreigner": 5, "citizen": 3, "unknown": 1} {
		status, _, body := doctor.post("/patients/new?lang=ru", "kind", kind, "sex", "male")
		asked := strings.Split(body, "govuk-form-group--error")[1:]
		if status != http.StatusUnprocessableEntity || len(asked) < least {
			t.Errorf("%s: %d, %d fields are asked", kind, status, len(asked))
		}
		for _, field := range asked {
			label, _, _ := strings.Cut(field, "govuk-error-message")
			if strings.Contains(label, "необязательно") {
				t.Errorf("%s: %s", kind, label)
			}
		}
	}
}

func TestDemo(t *testing.T) {
	h := newHouse(t, func(e *host.Env) {
		e.Demo = true
		new(fund).join(e)
	})
	h.n.Set(func(n *cardtest.Neighbours) {
		for _, p := range slices.Concat(demo.Residents, demo.Discharged, []demo.Person{demo.Mother, demo.Expecting}) {
			born, _ := clock.ParseDate(p.PIN[1:3] + "." + p.PIN[3:5] + "." + p.PIN[5:9])
			n.Persons[p.PIN] = populationapi.Person{PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic, BirthDate: born, Sex: "female"}
		}
		for i, code := range []string{demo.Therapy, demo.Surgery} {
			head := []demo.Person{demo.Head, demo.HeadOfSurgery}[i]
			n.PostsOf = append(n.PostsOf, cardtest.Post(head.PIN, head.Name(), workforceapi.Head, code))
		}
		n.Orgs[0].Departments = nil
		for _, code := range []string{demo.Therapy, demo.Surgery, demo.Cardiology} {
			department := workforceapi.Department{Code: code}
			for _, l := range demoLying() {
				if l.department == code && l.room != 0 {
					department.Beds = append(department.Beds, workforceapi.Bed{ID: demoBed(code, l.room, l.bed), Room: "1", Name: "1"})
				}
			}
			for _, c := range demoCleaning {
				if c.department == code {
					department.Beds = append(department.Beds, workforceapi.Bed{ID: demoBed(code, c.room, c.bed), Room: "1", Name: "1"})
				}
			}
			if code == demo.Surgery { // of the man whom nobody knows
				department.Beds = append(department.Beds, workforceapi.Bed{ID: demoBed(code, 303, 2), Room: "303", Name: "303-2"})
			}
			n.Orgs[0].Departments = append(n.Orgs[0].Departments, department)
		}
		n.Orgs[0].Departments = append(n.Orgs[0].Departments, workforceapi.Department{Code: demo.Maternity, Beds: []workforceapi.Bed{{ID: demoBed(demo.Maternity, 501, 1), Room: "501", Name: "501-1"}}})
		n.Orgs = append(n.Orgs, workforceapi.Organisation{Code: demo.Clinic, Kind: "outpatient", Departments: []workforceapi.Department{{Code: demo.Antenatal}}})
		n.Away = true
	})
	for range 2 {
		if err := h.Demo(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.desk.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.n.Set(func(n *cardtest.Neighbours) { n.Away = false })
		h.now.Advance(time.Minute)
		if err := h.desk.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var stays, cleaning int
	row := h.desk.DB.Read.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM stay WHERE state = 'open'), (SELECT COUNT(*) FROM bed WHERE state = 'cleaning')`)
	if err := row.Scan(&stays, &cleaning); err != nil {
		t.Fatal(err)
	}
	if stays != len(demoLying())+2 || cleaning != len(demoCleaning) { // the nameless man and the mother
		t.Errorf("%d stays, %d beds being cleaned", stays, cleaning)
	}
	// What the demo's past tells was written in time then.
	figures, err := monitor.Compute(t.Context(), h.desk, demo.Hospital)
	if err != nil {
		t.Fatal(err)
	}
	admitted := 0
	for department, f := range figures {
		admitted += f.Admitted
		if f.LateAdmission != 0 || f.LateEntry != 0 || f.FormLate != 0 {
			t.Errorf("department %s: %d of %d admissions and %d of %d entries count as entered late, %d of %d forms as sent late",
				department, f.LateAdmission, f.Admitted, f.LateEntry, f.Written, f.FormLate, f.Discharged)
		}
	}
	if admitted == 0 {
		t.Error("the monitor counts no admission")
	}
	before := h.rows(t)
	for table, want := range map[string]int{"refusal": 1, "newborn": 1, "confinement_part": 1, "pregnancy": 1, "exchange_card": 1, "antenatal_part": 11} {
		if before[table] != want {
			t.Errorf("%d rows in %s, want %d", before[table], table, want)
		}
	}
	// A second start changes nothing, also after the man was recognised.
	err = h.desk.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE patient SET kind = 'citizen', family_name = 'Турсунов' WHERE kind = 'unknown'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.admitDemo(t.Context(), job.Job{}); err != nil {
		t.Errorf("again: %v", err)
	}
	var forms, died int
	row = h.desk.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*), COUNT(CASE WHEN s.outcome = 'died' THEN 1 END) FROM form f JOIN stay s ON s.id = f.stay_id`)
	if err := row.Scan(&forms, &died); err != nil {
		t.Fatal(err)
	}
	if forms != len(demoGone()) || died != 1 {
		t.Errorf("%d forms, %d of the dead", forms, died)
	}
	if after := h.rows(t); !maps.Equal(before, after) {
		t.Errorf("a second start changes\n%v\nto\n%v", before, after)
	}
}

// rows counts what the demo writes.
func (h house) rows(t *testing.T) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, table := range []string{"patient", "stay", "move", "diagnosis", "refusal", "newborn", "pregnancy", "exchange_card", "antenatal_part", "confinement_part"} {
		var rows int
		if err := h.desk.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		n[table] = rows
	}
	return n
}

func TestDirectoryIsOrderedOnceInTenMinutes(t *testing.T) {
	h := newHouse(t, nil)
	for range 3 {
		if err := h.wantDirectory(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.desk.Queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.n.Calls["organisations/list"]; got != 1 {
		t.Errorf("НИСУР was copied %d times", got)
	}
	o, err := h.desk.Directory.Organisation(context.Background(), cardtest.Hospital)
	if err != nil || o.Kind != directory.Hospital {
		t.Errorf("%+v %v", o, err)
	}
}

func TestBodyTooLarge(t *testing.T) {
	h := newHouse(t, nil)
	doctor := h.signIn(t, doctorPIN)
	if status, _, _ := doctor.post("/patients/find", "q", strings.Repeat("ж", page.MaxBody)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body too large: %d", status)
	}
}
