package fhir

import (
	"context"
	"database/sql"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// The seeded stay: Zhumabekov, emergency, therapy then cardiology, discharged,
// his case returned once and then accepted; and an unknown woman who lies in
// surgery of the other hospital still.
const (
	patientID  = "018f0000-0000-7000-8000-000000000001"
	unknownID  = "018f0000-0000-7000-8000-000000000002"
	stayID     = "018f0000-0000-7000-8000-000000000011"
	openStayID = "018f0000-0000-7000-8000-000000000012"
	moveID     = "018f0000-0000-7000-8000-000000000021"
	secondMove = "018f0000-0000-7000-8000-000000000022"
	openMoveID = "018f0000-0000-7000-8000-000000000023"
	admission  = "018f0000-0000-7000-8000-000000000031"
	mainFinal  = "018f0000-0000-7000-8000-000000000032"
	comorbid   = "018f0000-0000-7000-8000-000000000033"
	withdrawn  = "018f0000-0000-7000-8000-000000000034"
	operation  = "018f0000-0000-7000-8000-000000000041"
	formNumber = "00000011895017426"
	bedOne     = "950174-18-204-2"
	bedTwo     = "950174-21-3а-1" // a Cyrillic letter: no id of FHIR
)

var (
	now      = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	admitted = time.Date(2026, 11, 10, 4, 30, 0, 0, time.UTC)
	moved    = time.Date(2026, 11, 12, 6, 0, 0, 0, time.UTC)
	left     = time.Date(2026, 11, 20, 7, 15, 0, 0, time.UTC)
	secret   = []byte("0123456789abcdef0123456789abcdef")
)

// sample is the API over a seeded database with tokens of the test's choice.
type sample struct {
	*API
	db     *db.DB
	clock  *clock.Manual
	tokens map[string]access.Token
	posts  map[string][]workforceapi.Post
	server *httptest.Server
}

func (s *sample) Introspect(_ context.Context, token string) (access.Token, error) {
	return s.tokens[token], nil
}

func (s *sample) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	return s.posts[pin], nil
}

func newSample(t testing.TB, d *db.DB) *sample {
	t.Helper()
	s := &sample{
		db: d, clock: clock.NewManual(now),
		tokens: map[string]access.Token{
			"machine":  {Active: true, Scopes: []string{"system/*.read"}, ClientID: "fhir-reader", Machine: true},
			"writer":   {Active: true, Scopes: []string{"system/*.read", "system/*.write"}, ClientID: "laboratory", Machine: true},
			"patient":  {Active: true, Scopes: []string{"openid", "patient/*.read"}, ClientID: "app", PIN: demo.Patient.PIN, Name: demo.Patient.Name()},
			"stranger": {Active: true, Scopes: []string{"patient/*.read"}, ClientID: "app", PIN: demo.Nurse.PIN},
			"doctor":   {Active: true, Scopes: []string{"user/*.rs"}, ClientID: "app", PIN: demo.Doctor.PIN, Name: demo.Doctor.Name()},
		},
		posts: map[string][]workforceapi.Post{demo.Doctor.PIN: {{
			ID: "p1", PIN: demo.Doctor.PIN, Role: workforceapi.Doctor, Organisation: demo.Hospital,
			Title: text.Words{KY: "Дарыгер", RU: "Врач"}, OrganisationName: text.Words{KY: "Оорукана", RU: "Больница"},
		}}},
	}
	seed(t, d)
	s.serve(t)
	return s
}

// again is another process on the same database.
func (s *sample) again(t testing.TB) *sample {
	t.Helper()
	other := *s
	other.serve(t)
	return &other
}

func (s *sample) serve(t testing.TB) {
	t.Helper()
	mux := http.NewServeMux()
	s.server = httptest.NewServer(mux)
	t.Cleanup(s.server.Close)
	api := New(Config{
		DB: s.db, Clock: s.clock, Log: slog.New(slog.DiscardHandler), Texts: text.MustLoad(design.Texts, words(t)),
		Site: s.server.URL, Issuer: "http://esi.localhost:8080", Secret: secret, Tokens: s, Posts: s,
	})
	s.API = api
	mux.Handle(root+"/", api)
}

// words are those of this subject alone.
func words(t testing.TB) fs.FS {
	t.Helper()
	files, err := filepath.Glob("../../text/fhir*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	all := fstest.MapFS{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all["text/"+filepath.Base(file)] = &fstest.MapFile{Data: data}
	}
	return all
}

// eachSample runs the test on each engine, beside other tests.
func eachSample(t *testing.T, run func(t *testing.T, s *sample)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) { run(t, newSample(t, d)) })
}

func lite(t testing.TB) *sample {
	t.Helper()
	if test, ok := t.(*testing.T); ok {
		test.Parallel()
	}
	return newSample(t, dbtest.SQLite(t, "card", migration.Sets...))
}

func seed(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		do := func(query string, args ...any) {
			t.Helper()
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
		}
		seedDirectory(do)
		seedPatients(do)
		seedStays(do)
		seedCases(do)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

type doer func(query string, args ...any)

func asJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func seedDirectory(do doer) {
	hospital := workforceapi.Organisation{
		Code: demo.Hospital, Kind: "hospital", INN: "01203199510075", OKPO: "00242766", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Улуттук госпиталь", RU: "Национальный госпиталь", EN: "National Hospital"},
		ShortName: text.Words{KY: "УГ", RU: "НГ"}, Address: "г. Бишкек, ул. Тоголок Молдо, 1",
		Departments: []workforceapi.Department{
			{Code: demo.Therapy, Name: text.Words{KY: "Терапия бөлүмү", RU: "Отделение терапии"}, Profile: "therapy"},
			{Code: demo.Cardiology, Name: text.Words{KY: "Кардиология бөлүмү", RU: "Отделение кардиологии"}, Profile: "cardiology"},
		},
	}
	second := workforceapi.Organisation{
		Code: demo.SecondHospital, Kind: "hospital", Name: text.Words{KY: "Райондук оорукана", RU: "Районная больница"},
		Departments: []workforceapi.Department{{Code: demo.Surgery, Name: text.Words{KY: "Хирургия", RU: "Хирургия"}}},
	}
	fund := workforceapi.Organisation{Code: demo.Fund, Kind: "fund", Name: text.Words{KY: "ММКФ", RU: "Фонд ОМС"}}
	for _, o := range []workforceapi.Organisation{hospital, second, fund} {
		do(`INSERT INTO organisation (code, data, synced_at) VALUES ($1, $2, $3)`, o.Code, asJSON(o), db.Micros(now))
	}
	do(`INSERT INTO bed (id, organisation, department, room, name, state, position) VALUES ($1, $2, $3, '204', '204-2', 'ready', 1)`, bedOne, demo.Hospital, demo.Therapy)
	do(`INSERT INTO bed (id, organisation, department, room, name, state, position) VALUES ($1, $2, $3, '3а', '3а-1', 'closed', 2)`, bedTwo, demo.Hospital, demo.Cardiology)
	do(`INSERT INTO bed (id, organisation, department, room, name, state, position) VALUES ('950201-05-1-1', $1, $2, '1', '1-1', 'ready', 1)`, demo.SecondHospital, demo.Surgery)
	do(`INSERT INTO department_head (organisation, department, pin, name, synced_at) VALUES ($1, $2, $3, $4, $5)`,
		demo.Hospital, demo.Cardiology, demo.Head.PIN, demo.Head.Name(), db.Micros(now))
}

func seedPatients(do doer) {
	p := demo.Patient
	insertPatient(do, patientID, p.PIN, p.FamilyName, p.GivenName, p.Patronymic, "1960-09-12", "male", demo.Hospital)
	do(`UPDATE patient SET region = $1, address = $2, passport = $3, policy = 'P-000217', insured = 1 WHERE id = $4`, p.Region, p.Address, p.Passport, patientID)
	insertPatient(do, unknownID, nil, "", "", "", "", "female", demo.SecondHospital)
}

func insertPatient(do doer, id string, pin any, family, given, patronymic, born, sex, organisation string) {
	do(`INSERT INTO patient (id, pin, family_name, given_name, patronymic, birth_date, sex, region, address, rural, passport, citizenship,
		insured, policy, category, alerts, description, created_at, created_by, organisation, folded_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 0, '', 'KGZ', 0, '', '', '', '', $8, $9, $10, $11)`,
		id, pin, family, given, patronymic, born, sex, db.Micros(admitted), demo.Doctor.PIN, organisation,
		text.Fold(strings.Join(strings.Fields(family+" "+given+" "+patronymic), " ")))
}

func seedStays(do doer) {
	doctor, surgeon := demo.Doctor, demo.Surgeon
	do(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year,
		department, bed_id, doctor_pin, doctor_name, discharged_at, outcome, result, recommendations, discharged_by, created_at, created_by)
		VALUES ($1, $2, $3, 'discharged', 'emergency', $4, 6, 'ambulance', 'ЦСМ № 1', 1, $5, NULL, $6, $7, $8, 'discharged', 'improved', '', $6, $4, $6)`,
		stayID, patientID, demo.Hospital, db.Micros(admitted), demo.Cardiology, doctor.PIN, doctor.Name(), db.Micros(left))
	do(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year,
		department, bed_id, doctor_pin, doctor_name, created_at, created_by)
		VALUES ($1, $2, $3, 'open', 'planned', $4, 0, 'self', '', 0, $5, '950201-05-1-1', $6, $7, $4, $6)`,
		openStayID, unknownID, demo.SecondHospital, db.Micros(left), demo.Surgery, surgeon.PIN, surgeon.Name())
	move := `INSERT INTO move (id, stay_id, department, bed_id, from_at, until_at, by_pin, by_name, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')`
	do(move, moveID, stayID, demo.Therapy, bedOne, db.Micros(admitted), db.Micros(moved), doctor.PIN, doctor.Name())
	do(move, secondMove, stayID, demo.Cardiology, bedTwo, db.Micros(moved), db.Micros(left), doctor.PIN, doctor.Name())
	do(move, openMoveID, openStayID, demo.Surgery, "950201-05-1-1", db.Micros(left), 0, surgeon.PIN, surgeon.Name())
	diagnosis := `INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name, ended_at, ended_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '')`
	do(diagnosis, admission, stayID, "admission", "main", "I20.0", "Нестабильная стенокардия", db.Micros(admitted), doctor.PIN, doctor.Name(), 0)
	do(diagnosis, mainFinal, stayID, "final", "main", "I21.0", "Острый трансмуральный инфаркт передней стенки миокарда", db.Micros(left), doctor.PIN, doctor.Name(), 0)
	do(diagnosis, comorbid, stayID, "final", "comorbid", "E11.9", "Сахарный диабет 2 типа <без осложнений>", db.Micros(left), doctor.PIN, doctor.Name(), 0)
	do(diagnosis, withdrawn, stayID, "clinical", "main", "I20.8", "Другие формы стенокардии", db.Micros(admitted), doctor.PIN, doctor.Name(), db.Micros(moved))
	operate := `INSERT INTO operation (id, stay_id, at, code, name, anaesthesia, complication, protocol, surgeon_pin, surgeon_name, root, version, reason, by_pin, by_name, signed_at, side)
		VALUES ($1, $2, $3, 'A16.12.004', $4, 'Местная', '', 'Доступ лучевой. Стент установлен.', $5, $6, $7, $8, $9, $5, $6, $10, 'left')`
	do(operate, operation, stayID, db.Micros(moved), "Стентирование", surgeon.PIN, surgeon.Name(), operation, 1, "", db.Micros(moved))
	do(operate, "018f0000-0000-7000-8000-000000000042", stayID, db.Micros(moved), "Стентирование коронарной артерии", surgeon.PIN, surgeon.Name(), operation, 2, "Уточнено название", db.Micros(left))
}

func seedCases(do doer) {
	do(`INSERT INTO form (number, stay_id, organisation, department, year, sequence, state, issued_at, issued_by) VALUES ($1, $2, $3, '18', 2026, 1, 'valid', $4, $5)`,
		formNumber, stayID, demo.Hospital, db.Micros(left), demo.Doctor.PIN)
	c := insuranceapi.Case{
		Number: formNumber, Revision: 1, Organisation: demo.Hospital, Department: demo.Cardiology,
		Patient:    insuranceapi.Patient{PIN: demo.Patient.PIN, Name: demo.Patient.Name(), Insured: true, Policy: "P-000217"},
		AdmittedAt: admitted, DischargedAt: left, BedDays: 10, Outcome: "discharged", Result: "improved",
		Diagnoses: []insuranceapi.Diagnosis{
			{Stage: "admission", Rank: "main", Code: "I20.0", Text: "Нестабильная стенокардия"},
			{Stage: "final", Rank: "main", Code: "I21.0", Text: "Острый инфаркт миокарда"},
			{Stage: "final", Rank: "comorbid", Code: "E11.9", Text: "Сахарный диабет"},
		},
		Operations:       []insuranceapi.Operation{{At: moved, Code: "A16.12.004", Name: "Стентирование коронарной артерии"}},
		Doctor:           insuranceapi.Staff{PIN: demo.Doctor.PIN, Name: demo.Doctor.Name()},
		HeadOfDepartment: insuranceapi.Staff{PIN: demo.Head.PIN, Name: demo.Head.Name()},
	}
	insert := `INSERT INTO treated_case (number, revision, stay_id, content, request_id, state, decision, created_at, created_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	do(insert, formNumber, 1, stayID, asJSON(c), "r1", "returned", asJSON(insuranceapi.Decision{
		CaseID: "case-1", Number: formNumber, Revision: 1, State: insuranceapi.Returned, At: left.Add(time.Minute),
		Findings: []insuranceapi.Finding{
			{Field: "diagnoses", Rule: "DX-001", Severity: "error", Reason: text.Words{KY: "Код так эмес", RU: "Код уточните", EN: "Be exact"}},
			{Field: "patient.policy", Rule: "PT-003", Severity: "warning", Reason: text.Words{KY: "Полис жок", RU: "Полис не найден"}},
		},
	}), db.Micros(left), demo.Doctor.PIN, db.Micros(left.Add(time.Minute)))
	c.Revision, c.Replaces = 2, "case-1"
	do(insert, formNumber, 2, stayID, asJSON(c), "r2", "accepted", asJSON(insuranceapi.Decision{
		CaseID: "case-2", Number: formNumber, Revision: 2, State: insuranceapi.Accepted, At: left.Add(time.Hour), Findings: []insuranceapi.Finding{},
		Group: "K21", GroupName: text.Words{KY: "Инфаркт", RU: "Инфаркт миокарда"}, Weight: "1.2500", Price: 1234567, PriceTable: "demo-2026",
	}), db.Micros(left.Add(30*time.Minute)), demo.Doctor.PIN, db.Micros(left.Add(time.Hour)))
	c.Revision, c.Replaces = 3, "case-2"
	do(insert, formNumber, 3, stayID, asJSON(c), "r3", "queued", "", db.Micros(now), demo.Doctor.PIN, 0)
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

func (s *sample) ask(t testing.TB, method, path, token string, form url.Values, header ...string) answer {
	t.Helper()
	address := path
	if !strings.HasPrefix(path, "http") {
		address = s.server.URL + root + path
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return send1(t, r)
}

func send1(t testing.TB, r *http.Request) answer {
	t.Helper()
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	a := answer{status: got.StatusCode, header: got.Header}
	var raw json.RawMessage
	if err := json.NewDecoder(got.Body).Decode(&raw); err == nil {
		a.body = raw
		_ = json.Unmarshal(raw, &a.json)
	}
	return a
}

func (s *sample) get(t testing.TB, path, token string) answer {
	return s.ask(t, http.MethodGet, path, token, nil)
}

// ids of the resources of a Bundle with the mode.
func (a answer) ids(mode string) []string {
	ids := []string{}
	entries, _ := a.json["entry"].([]any)
	for _, e := range entries {
		entry := e.(map[string]any)
		if entry["search"].(map[string]any)["mode"] == mode {
			resource := entry["resource"].(map[string]any)
			id, _ := resource["id"].(string)
			ids = append(ids, id)
		}
	}
	return ids
}

func (a answer) link(relation string) string {
	links, _ := a.json["link"].([]any)
	for _, l := range links {
		if link := l.(map[string]any); link["relation"] == relation {
			return link["url"].(string)
		}
	}
	return ""
}
