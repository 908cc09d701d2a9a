// Package treatedtest gives tests a treated case with nothing wrong in it.
package treatedtest

import (
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Now is when the tests take place.
var Now = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// Good is a case that no rule has anything against.
func Good() insuranceapi.Case {
	in := time.Date(2026, 11, 10, 9, 30, 0, 0, clock.Bishkek).UTC()
	moved := time.Date(2026, 11, 12, 8, 0, 0, 0, clock.Bishkek).UTC()
	out := time.Date(2026, 11, 19, 14, 0, 0, 0, clock.Bishkek).UTC()
	return insuranceapi.Case{
		Number: "00000011895017426", Revision: 1, Organisation: "950174", Department: "18",
		Patient: insuranceapi.Patient{
			PIN: "21209196000217", Name: "Жумабеков Эрмек Асанович", Sex: "male", BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12},
			Region: "41708222000000", Rural: true, Insured: true, Policy: "P-000217", Category: "pensioner",
		},
		Admission: "emergency", HoursSinceOnset: 6, Referrer: "ЦСМ № 6", AdmittedAt: in, DischargedAt: out, BedDays: 9,
		Outcome: "discharged", Result: "improved",
		Moves: []insuranceapi.Move{{Department: "05", From: in, Until: moved}, {Department: "18", From: moved, Until: out}},
		Diagnoses: []insuranceapi.Diagnosis{
			{Stage: "admission", Rank: "main", Code: "J18.9", Text: "Пневмония"},
			{Stage: "final", Rank: "main", Code: "J18.0", Text: "Бронхопневмония"},
			{Stage: "final", Rank: "comorbid", Code: "I10", Text: "Гипертензия"},
		},
		Operations:       []insuranceapi.Operation{{At: in.Add(time.Hour), Code: "A16.09", Name: "Дренирование плевральной полости", Anaesthesia: "local"}},
		Doctor:           insuranceapi.Staff{PIN: "11503198500123", Name: "Асанова Айгүл Маратовна"},
		HeadOfDepartment: insuranceapi.Staff{PIN: "20207197800045", Name: "Токтогулов Бакыт Эсенович"},
	}
}
