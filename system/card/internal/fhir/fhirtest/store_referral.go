package fhirtest

import (
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db"
)

// What Referring writes.
const (
	Redirected = "0192b5a0-0000-7000-8000-000000000571" // by the second hospital
	Heir       = "0192b5a0-0000-7000-8000-000000000572" // to the first, accepted
	Answered   = "0192b5a0-0000-7000-8000-000000000573" // of the first hospital's stay, with a conclusion
	Elsewhere  = "0192b5a0-0000-7000-8000-000000000574" // the first hospital has no part in it
	Attached   = "0192b5a0-0000-7000-8000-000000000581" // to the heir, the clinic's record
	Sent       = "0192b5a0-0000-7000-8000-000000000582" // with the answered, the first hospital's own
)

// Referred is when the referrals were written.
var Referred = time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)

// Referring writes referrals of the patient's and one of the other's.
func (h *Hospital) Referring() {
	h.T.Helper()
	at := db.Micros(Referred)
	doctor, surgeon := demo.Doctor, demo.Surgeon
	refer := func(id, number, form, purpose, urgency, patient, from, stay, to, department, state string, version int, appointed int64, root, replaces, by, name, conclusion string) {
		h.Do(`INSERT INTO referral (id, number, check_code, form, purpose, urgency, patient_id, from_organisation, from_department, from_stay,
				to_organisation, to_department, code, diagnosis, reason, history, by_pin, by_name, by_role, written_at, valid_until, state, version,
				appointed_at, root, replaces, stay_id, conclusion, remote)
			VALUES ($1, $2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'I20.9', 'Стенокардия', 'Нужна коронарография', 'Боли при нагрузке полгода', $12, $13, 'Врач', $14, '2026-12-21',
				$15, $16, $17, $18, $19, '', $20, '')`,
			id, number, form, purpose, urgency, patient, from, map[bool]string{true: demo.Therapy}[from == demo.Hospital], stay, to, department, by, name, at, state, version,
			appointed, root, replaces, conclusion)
	}
	step := func(id, referral string, seq int, state string, after time.Duration, organisation, by, name, note string, appointed int64) {
		h.Do(`INSERT INTO referral_step (id, referral_id, seq, state, at, organisation, by_pin, by_name, note, appointed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, referral, seq, state, db.Micros(Referred.Add(after)), organisation, by, name, note, appointed)
	}
	result := func(id, referral, owner, kind, title, body, findings string) {
		h.Do(`INSERT INTO referral_result (id, referral_id, position, owner, source, kind, title, at, body, findings, by_name) VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, referral, owner, Blood, kind, title, db.Micros(Admitted), body, findings, doctor.Name())
	}
	const steps = "0192b5a0-0000-7000-8000-0000000005"
	day := db.Micros(Now.Add(48 * time.Hour))
	refer(Redirected, "000000195050126", "057", "hospitalisation", "urgent", PatientID, demo.Clinic, "", demo.SecondHospital, demo.Surgery, "redirected", 2, 0, Redirected, "", surgeon.PIN, surgeon.Name(), "")
	step(steps+"a1", Redirected, 1, "sent", 0, demo.Clinic, surgeon.PIN, surgeon.Name(), "", 0)
	step(steps+"a2", Redirected, 2, "redirected", time.Hour, demo.SecondHospital, surgeon.PIN, surgeon.Name(), "Нет ангиографа", 0)
	refer(Heir, "000000295020126", "057", "hospitalisation", "urgent", PatientID, demo.SecondHospital, "", demo.Hospital, demo.Therapy, "accepted", 2, day, Redirected, Redirected, surgeon.PIN, surgeon.Name(), "")
	step(steps+"b1", Heir, 1, "sent", time.Hour, demo.SecondHospital, surgeon.PIN, surgeon.Name(), "", 0)
	step(steps+"b2", Heir, 2, "accepted", 2*time.Hour, demo.Hospital, doctor.PIN, doctor.Name(), "Натощак", day)
	result(Attached, Heir, demo.Clinic, "laboratory", "Общий анализ крови", "Лейкоцитоз",
		`[{"name":"Лейкоциты","value":"13,4","unit":"10⁹/л","low":4,"high":9.5},{"name":"Бласты","value":"не найдены"}]`)
	refer(Answered, "000000195017426", "028", "consultation", "planned", PatientID, demo.Hospital, StayID, demo.SecondHospital, demo.Surgery, "answered", 2, 0, Answered, "", doctor.PIN, doctor.Name(), "Операция не показана.")
	step(steps+"c1", Answered, 1, "sent", 0, demo.Hospital, doctor.PIN, doctor.Name(), "", 0)
	step(steps+"c2", Answered, 2, "answered", 3*time.Hour, demo.SecondHospital, surgeon.PIN, surgeon.Name(), "", 0)
	result(Sent, Answered, demo.Hospital, "examination", "", "Жалобы на боли за грудиной", "")
	refer(Elsewhere, "000000295050126", "028", "consultation", "emergency", OtherID, demo.SecondHospital, OtherStay, demo.Clinic, "01", "sent", 1, 0, Elsewhere, "", surgeon.PIN, surgeon.Name(), "")
	step(steps+"d1", Elsewhere, 1, "sent", 0, demo.SecondHospital, surgeon.PIN, surgeon.Name(), "", 0)
}
