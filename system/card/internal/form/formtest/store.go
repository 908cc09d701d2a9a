// Package formtest gives tests of the card a hospital with patients in bed, and
// neighbours that do what the test wants.
package formtest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// The people and places of the tests. Nobody here lives.
const (
	Hospital   = "950174"
	Department = "18"
	DoctorPIN  = "11503198500123"
	DoctorName = "Асанова Айгүл Маратовна"
	HeadPIN    = "20207197800045"
	HeadName   = "Токтогулов Бакыт Эсенович"
	NursePIN   = "12905199300264"
	PatientPIN = "21209196000217"
)

// Start is the moment at which the clock of a World starts.
var Start = time.Date(2026, 11, 22, 10, 0, 0, 0, clock.Bishkek)

// World is a hospital.
type World struct {
	T     testing.TB
	Desk  *desk.Desk
	Clock *clock.Manual
	tx    db.Querier // set within ReadyMany
}

// Each runs the test with a World on every engine.
func Each(t *testing.T, run func(t *testing.T, w World)) {
	t.Helper()
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) { run(t, New(t, d)) })
}

// New makes the World in an empty, migrated database.
func New(t testing.TB, d *db.DB) World {
	t.Helper()
	now := clock.NewManual(Start)
	log := slog.New(slog.DiscardHandler)
	w := World{T: t, Clock: now, Desk: &desk.Desk{
		DB: d, Clock: now, Log: log, Queue: job.New(d, now, log, job.Config{}),
		Site:      &page.Site{System: "card", Texts: text.MustLoad(design.Texts), Log: log},
		Directory: &directory.Directory{DB: d, Clock: now, Log: log},
	}}
	organisation := workforceapi.Organisation{
		Code: Hospital, Kind: "hospital", Name: text.Words{KY: "Улуттук оорукана", RU: "Национальный госпиталь"},
		Departments: []workforceapi.Department{
			{Code: Department, Name: text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение"}},
			{Code: "05", Name: text.Words{KY: "Хирургия бөлүмү", RU: "Хирургическое отделение"}},
		},
	}
	data, err := json.Marshal(organisation)
	if err != nil {
		t.Fatal(err)
	}
	w.Exec(`INSERT INTO organisation (code, data, synced_at) VALUES ($1, $2, 1)`, Hospital, string(data))
	for _, department := range []string{Department, "05"} {
		w.Exec(`INSERT INTO department_head (organisation, department, pin, name, synced_at) VALUES ($1, $2, $3, $4, $5)`,
			Hospital, department, HeadPIN, HeadName, db.Micros(now.Now()))
	}
	for code, name := range map[string]string{
		"I21.0": "Острый трансмуральный инфаркт передней стенки миокарда", "I10": "Эссенциальная гипертензия",
		"J18.9": "Пневмония неуточненная", "K35.8": "Острый аппендицит другой", "O80.0": "Самопроизвольные роды", "N40": "Гиперплазия предстательной железы",
	} {
		w.Exec(`INSERT INTO icd (code, name, parent, usable, source) VALUES ($1, $2, '', 1, 'test')`, code, name)
	}
	w.Exec(`INSERT INTO icd (code, name, parent, usable, source) VALUES ('I21', 'Острый инфаркт миокарда', '', 0, 'test')`)
	return w
}

// Exec writes straight into the database.
func (w World) Exec(query string, args ...any) {
	w.T.Helper()
	if err := w.TryExec(query, args...); err != nil {
		w.T.Fatal(err)
	}
}

// TryExec is Exec that may fail.
func (w World) TryExec(query string, args ...any) error {
	if w.tx != nil {
		_, err := w.tx.ExecContext(context.Background(), query, args...)
		return err
	}
	return w.Desk.DB.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// Int is the one number that the query gives.
func (w World) Int(query string, args ...any) int {
	w.T.Helper()
	var n int
	if err := w.Desk.DB.Read.QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		w.T.Fatal(err)
	}
	return n
}

// Staff is a member of staff of the hospital.
func Staff(pin, name string, role workforceapi.Role) desk.Staff {
	return desk.Staff{PIN: pin, Name: name, Post: workforceapi.Post{
		ID: "post-" + pin, PIN: pin, PersonName: name, Role: role, Title: text.Words{KY: "Дарыгер", RU: "Врач"},
		Organisation: Hospital, OrganisationName: text.Words{KY: "Улуттук оорукана", RU: "Национальный госпиталь"}, Department: Department,
	}}
}

// Doctor is a context in which the doctor acts; Head and Nurse alike.
func Doctor(ctx context.Context) context.Context {
	return desk.With(ctx, Staff(DoctorPIN, DoctorName, workforceapi.Doctor))
}

// Head acts as the head of the department.
func Head(ctx context.Context) context.Context {
	return desk.With(ctx, Staff(HeadPIN, HeadName, workforceapi.Head))
}

// Nurse acts as a nurse.
func Nurse(ctx context.Context) context.Context {
	return desk.With(ctx, Staff(NursePIN, "Мамытова Жибек Таалайбековна", workforceapi.Nurse))
}

// Patient is a new patient; pin "" for one without.
func (w World) Patient(pin string) string {
	w.T.Helper()
	patientID := id.New()
	var number any
	if pin != "" {
		number = pin
	}
	w.Exec(`INSERT INTO patient (id, pin, family_name, given_name, patronymic, birth_date, sex, region, address, rural, passport,
			citizenship, insured, policy, category, alerts, description, created_at, created_by, organisation)
		VALUES ($1, $2, 'Жумабеков', 'Эрмек', 'Асанович', '1960-09-12', 'male', '41708222000000', 'Сокулук айылы, Ленин көч., 5', 1,
			'ID1000217', 'KGZ', 1, 'ОМС-1234567', '', 'Пенициллин', '', 1, $3, $4)`, patientID, number, DoctorPIN, Hospital)
	return patientID
}

// Stay admits the patient two days before the present hour.
func (w World) Stay(patientID string) string {
	w.T.Helper()
	stayID := id.New()
	at := db.Micros(w.Clock.Now().Add(-48 * time.Hour))
	w.Exec(`INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer,
			first_this_year, department, doctor_pin, doctor_name, created_at, created_by)
		VALUES ($1, $2, $3, 'open', 'emergency', $4, 6, 'ambulance', 'ЦСМ №5', 1, $5, $6, $7, $4, $6)`,
		stayID, patientID, Hospital, at, Department, DoctorPIN, DoctorName)
	w.Exec(`INSERT INTO move (id, stay_id, department, from_at, by_pin, by_name, reason) VALUES ($1, $2, $3, $4, $5, $6, '')`,
		id.New(), stayID, Department, at, DoctorPIN, DoctorName)
	return stayID
}

// Diagnosis makes a diagnosis.
func (w World) Diagnosis(stayID, stage, rank, code string) {
	w.T.Helper()
	w.Exec(`INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id.New(), stayID, stage, rank, code, "Диагноз "+code, db.Micros(w.Clock.Now().Add(-time.Hour)), DoctorPIN, DoctorName)
}

// Epicrisis signs a discharge epicrisis.
func (w World) Epicrisis(stayID string) {
	w.T.Helper()
	entryID := id.New()
	at := db.Micros(w.Clock.Now().Add(-time.Hour))
	w.Exec(`INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
		VALUES ($1, $2, 'discharge_epicrisis', $1, 1, '', 'Лечение дало эффект.', $3, $4, $5, 'Врач', $3)`,
		entryID, stayID, at, DoctorPIN, DoctorName)
}

// Ready is a stay that lacks nothing for the discharge.
func (w World) Ready(pin string) string {
	w.T.Helper()
	stayID := w.Stay(w.Patient(pin))
	w.Diagnosis(stayID, "admission", "main", "I21.0")
	w.Diagnosis(stayID, "clinical", "main", "I21.0")
	w.Diagnosis(stayID, "final", "main", "I21.0")
	w.Diagnosis(stayID, "final", "comorbid", "I10")
	w.Epicrisis(stayID)
	return stayID
}

// ReadyMany is n such stays, of the patients PIN(from) and on, written in one
// transaction: benchmarks need thousands.
func (w World) ReadyMany(from, n int) []string {
	w.T.Helper()
	stays := make([]string, n)
	err := w.Desk.DB.Tx(context.Background(), func(_ context.Context, tx *sql.Tx) error {
		within := w
		within.tx = tx
		for i := range stays {
			stays[i] = within.Ready(PIN(from + i))
		}
		return nil
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return stays
}

// PIN is the ПИН of the i-th of many men.
func PIN(i int) string { return fmt.Sprintf("212091960%05d", i%100000) }
