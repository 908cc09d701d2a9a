package fhirtest

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// fill writes the records.
func (h *Hospital) fill() {
	h.T.Helper()
	err := h.DB.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		do := func(query string, args ...any) {
			h.T.Helper()
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				h.T.Fatalf("%s: %v", query, err)
			}
		}
		for _, o := range []workforceapi.Organisation{
			{
				Code: demo.Hospital, Kind: "hospital", Name: text.Words{KY: "Улуттук госпиталь", RU: "Национальный госпиталь"},
				Departments: []workforceapi.Department{{Code: demo.Therapy, Name: text.Words{KY: "Терапия", RU: "Терапия"}, Profile: "therapy"}},
			},
			{
				Code: demo.SecondHospital, Kind: "hospital", Name: text.Words{KY: "Райондук оорукана", RU: "Районная больница"},
				Departments: []workforceapi.Department{{Code: demo.Surgery, Name: text.Words{KY: "Хирургия", RU: "Хирургия"}}},
			},
		} {
			data, err := json.Marshal(o)
			if err != nil {
				return err
			}
			do(`INSERT INTO organisation (code, data, synced_at) VALUES ($1, $2, $3)`, o.Code, string(data), db.Micros(Now))
		}
		p := demo.Patient
		person := `INSERT INTO patient (id, pin, family_name, given_name, patronymic, birth_date, sex, region, address, rural, passport, citizenship,
			insured, policy, category, alerts, description, created_at, created_by, organisation, folded_name)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', 0, '', 'KGZ', $8, $9, 'pensioner', $10, '', $11, $12, $13, $14)`
		do(person, PatientID, p.PIN, p.FamilyName, p.GivenName, p.Patronymic, "1960-09-12", "male", 1, "P-000217", "Не переносит пенициллин <сыпь>",
			db.Micros(Admitted), demo.Doctor.PIN, demo.Hospital, text.Fold(p.Name()))
		do(person, OtherID, nil, "", "", "", "", "female", 0, "", "", db.Micros(Admitted), demo.Doctor.PIN, demo.SecondHospital, "")
		stay := `INSERT INTO stay (id, patient_id, organisation, state, kind, admitted_at, hours_since_onset, brought_by, referrer, first_this_year,
			department, bed_id, doctor_pin, doctor_name, discharged_at, outcome, result, recommendations, discharged_by, created_at, created_by)
			VALUES ($1, $2, $3, $4, 'emergency', $5, 6, 'ambulance', '', 1, $6, NULL, $7, $8, $9, $10, $11, '', $7, $5, $7)`
		do(stay, StayID, PatientID, demo.Hospital, "discharged", db.Micros(Admitted), demo.Therapy, demo.Doctor.PIN, demo.Doctor.Name(), db.Micros(Left), "discharged", "improved")
		do(stay, OtherStay, OtherID, demo.SecondHospital, "open", db.Micros(Admitted), demo.Surgery, demo.Surgeon.PIN, demo.Surgeon.Name(), 0, "", "")
		h.written(do)
		return nil
	})
	if err != nil {
		h.T.Fatal(err)
	}
}

// written is what the ward wrote of the first stay, and a line of the second.
func (h *Hospital) written(do func(string, ...any)) {
	doctor, nurse, at := demo.Doctor, demo.Nurse, db.Micros(Admitted)
	do(`INSERT INTO diagnosis (id, stay_id, stage, rank, code, text, at, by_pin, by_name) VALUES ($1, $2, 'final', 'main', 'I20.0', 'Нестабильная стенокардия', $3, $4, $5)`,
		Diagnosis, StayID, at, doctor.PIN, doctor.Name())
	do(`INSERT INTO operation (id, stay_id, at, code, name, anaesthesia, complication, protocol, surgeon_pin, surgeon_name, root, version, reason, by_pin, by_name, signed_at)
		VALUES ($1, $2, $3, 'A06.10.006', 'Коронарография', 'local', '', 'Без осложнений', $4, $5, $1, 1, '', $4, $5, $3)`, Operation, StayID, at, demo.Surgeon.PIN, demo.Surgeon.Name())
	order := `INSERT INTO medical_order (id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, created_at, ended_at, ended_by, end_reason, hours, last_day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7, $10, $8, $11, $12, $13)`
	do(order, Drug, StayID, "drug", "Аспирин", "75 мг", "1 раз в день", at, doctor.PIN, doctor.Name(), 0, "", "08:00", "2026-12-01")
	do(order, Ended, StayID, "drug", "Гепарин", "5000 ЕД", "4 раза в день", at, doctor.PIN, doctor.Name(), db.Micros(Left), "кровотечение", "", "")
	do(order, Test, StayID, "test", "ЭКГ", "", "", at, doctor.PIN, doctor.Name(), 0, "", "", "2026-11-11")
	line := `INSERT INTO observation (id, stay_id, root, version, reason, struck, at, temperature, pulse, systolic, diastolic, respiration, saturation, by_pin, by_name, signed_at)
		VALUES ($1, $2, $3, $4, '', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $6)`
	do(line, Line, StayID, Line, 1, 0, at, 366, 72, 120, 80, 16, 98, nurse.PIN, nurse.Name())
	do(line, "018f0000-0000-7000-8000-000000000062", StayID, Line, 2, 0, at, 385, 72, 120, 80, 0, 98, nurse.PIN, nurse.Name())
	do(line, "018f0000-0000-7000-8000-000000000063", StayID, "018f0000-0000-7000-8000-000000000063", 1, 1, at, 999, 0, 0, 0, 0, 0, nurse.PIN, nurse.Name())
	do(line, "018f0000-0000-7000-8000-000000000064", OtherStay, "018f0000-0000-7000-8000-000000000064", 1, 0, at, 370, 0, 0, 0, 0, 0, nurse.PIN, nurse.Name())
	request := `INSERT INTO request (id, stay_id, kind, code, name, question, urgent, asked_at, by_pin, by_name) VALUES ($1, $2, $3, $4, $5, 'Лихорадка', 1, $6, $7, $8)`
	do(request, Blood, StayID, "laboratory", "cbc", "Общий анализ крови", at, doctor.PIN, doctor.Name())
	do(request, XRay, StayID, "imaging", "", "Рентгенография лёгких", at, doctor.PIN, doctor.Name())
	do(`INSERT INTO answer (id, request_id, version, reason, at, findings, conclusion, by_pin, by_name, by_role, signed_at)
		VALUES ('018f0000-0000-7000-8000-000000000073', $1, 1, '', $2, $3, 'Лейкоцитоз', $4, $5, 'doctor', $2)`, Blood, at,
		`[{"name":"Лейкоциты","value":"13,4","unit":"10⁹/л","low":4,"high":9},{"name":"Бласты","value":"не найдены"},{"name":"СОЭ","value":"<2","unit":"мм/ч","low":2,"high":15}]`,
		doctor.PIN, doctor.Name())
	do(`INSERT INTO consent (id, stay_id, kind, subject, way, state, signer, relation, signed_at, code_hash, code_until, tries, by_pin, by_name, created_at)
		VALUES ($1, $2, 'operation', 'Коронарография', 'paper', 'signed', $3, 'self', $4, '', 0, 0, $5, $6, $4)`, Consent, StayID, demo.Patient.Name(), at, doctor.PIN, doctor.Name())
	entry := `INSERT INTO entry (id, stay_id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at)
		VALUES ($1, $2, $3, $1, 1, '', $4, $5, $6, $7, 'doctor', $5)`
	do(entry, "018f0000-0000-7000-8000-0000000000a1", StayID, "examination", "Жалобы на боли за грудиной <script>alert(1)</script>\nАД 130/80", at, doctor.PIN, doctor.Name())
	do(entry, "018f0000-0000-7000-8000-0000000000a2", StayID, "discharge_epicrisis", "Выписан с улучшением & без болей.", db.Micros(Left), doctor.PIN, doctor.Name())
	do(`INSERT INTO access_record (id, at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id)
		VALUES ($1, $2, $3, $4, $5, 'Врач', 'Больница', 'card', 'stay.view', 'treatment', $6, '')`, Access, at, demo.Patient.PIN, doctor.PIN, doctor.Name(), StayID)
}
