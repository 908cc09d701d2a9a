package fhirtest

import (
	"encoding/json"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// Pregnancy is what Expecting writes.
const Pregnancy = "0192b5a0-0000-7000-8000-000000000113"

// Expecting writes a pregnancy of the patient's, with a visit and a result.
func (h *Hospital) Expecting() {
	h.T.Helper()
	content := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			h.T.Fatal(err)
		}
		return string(data)
	}
	signed := db.Micros(Admitted)
	h.Do(`INSERT INTO pregnancy (id, number, patient_id, organisation, state, dated_from, next_visit, warnings, given_at, outcome, ended_on, closed_at, closed_by, close_note, created_at, created_by)
		VALUES ($1, '950174-26-00001', $2, $3, 'open', '2026-03-01', '', 0, 0, '', '', 0, '', '', $4, $5)`, Pregnancy, PatientID, demo.Hospital, signed, demo.Doctor.PIN)
	for kind, body := range map[string]any{
		"registration": cardapi.Registration{LastPeriod: clock.Date{Year: 2026, Month: 3, Day: 1}, Fetuses: 1, Gravida: 2, Para: 1, Allergies: "Пенициллин", Former: []cardapi.FormerBirth{{Year: 2020, Outcome: "birth", WeightG: 3300}}},
		"visit":        cardapi.Visit{Day: clock.Date{Year: 2026, Month: 10, Day: 4}, Weight: 702, Systolic: 120, Diastolic: 75, Advice: "Пить <b>воду</b> & отдыхать"},
		"result":       cardapi.LabResult{Day: clock.Date{Year: 2026, Month: 9, Day: 4}, Kind: "haemoglobin", Value: "118"},
	} {
		h.Do(`INSERT INTO antenatal_part (id, pregnancy_id, kind, root, version, reason, day, content, organisation, by_pin, by_name, signed_at)
			VALUES ($1, $2, $3, $1, 1, '', '2026-10-04', $4, $5, $6, $7, $8)`, kind+"-1", Pregnancy, kind, content(body), demo.Hospital, demo.Doctor.PIN, demo.Doctor.Name(), signed)
	}
}
