package insurance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
)

// Demo hands earlier cases of both hospitals in, through the same intake as
// every case: the six months before this one, so that totals have something to
// show. Content follows from number alone, so doing it again changes nothing.
// Their sequences start at 9,000,001: numbers that the card gives stay free.
func (s *System) Demo(ctx context.Context) error {
	months := total.Months(clock.DateOf(s.fund.Clock.Now()), 7)
	for _, month := range months[:6] {
		first, _ := clock.ParseDate(month + "-01")
		for i, hospital := range []string{demo.Hospital, demo.SecondHospital} {
			random := rand.New(rand.NewPCG(uint64(first.Year)*100+uint64(first.Month), uint64(i))) //nolint:gosec // the same cases each time
			for n := range 5 + random.IntN(6) {
				if err := s.pastCase(ctx, random, hospital, first, n); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

type illness struct {
	code, name, department, operation string
	days                              int
}

var illnesses = []illness{
	{"J18.9", "Пневмония неуточнённая", demo.Therapy, "", 9},
	{"I10", "Эссенциальная гипертензия", demo.Therapy, "", 7},
	{"E11.9", "Сахарный диабет 2 типа", demo.Therapy, "", 10},
	{"J44.1", "ХОБЛ с обострением", demo.Therapy, "", 8},
	{"N10", "Острый пиелонефрит", demo.Therapy, "", 9},
	{"I20.0", "Нестабильная стенокардия", demo.Therapy, "", 8},
	{"K35.8", "Острый аппендицит", demo.Surgery, "Аппендэктомия", 5},
	{"K80.1", "Камни жёлчного пузыря с холециститом", demo.Surgery, "Холецистэктомия", 6},
	{"K40.9", "Паховая грыжа", demo.Surgery, "Герниопластика", 4},
}

var (
	families = [2][]string{{"Абдыкеримова", "Турсунова", "Маматова", "Осмонова", "Жапарова"}, {"Абдыкеримов", "Турсунов", "Маматов", "Осмонов", "Жапаров"}}
	names    = [2][]string{{"Айнура", "Чолпон", "Гүлзат", "Бермет"}, {"Азамат", "Нурбек", "Улан", "Талант"}}
)

func (s *System) pastCase(ctx context.Context, random *rand.Rand, hospital string, first clock.Date, n int) error {
	x := illnesses[random.IntN(len(illnesses))]
	out := time.Date(first.Year, first.Month, 1+random.IntN(28), 13, 0, 0, 0, clock.Bishkek)
	in := out.AddDate(0, 0, -x.days).Add(-3 * time.Hour)
	sex := random.IntN(2) // 0 female, 1 male
	born := time.Date(1940+random.IntN(65), time.Month(1+random.IntN(12)), 1+random.IntN(28), 0, 0, 0, 0, time.UTC)
	number := fmt.Sprintf("%d%s%05d", sex+1, born.Format("02012006"), 99000+int(first.Month)*50+n)
	birth, _ := pin.BirthDate(number)
	c := insuranceapi.Case{
		Number:   fmt.Sprintf("%07d%s%s%02d", 9_000_001+int(first.Month)*100+n, x.department, hospital, out.Year()%100),
		Revision: 1, Organisation: hospital, Department: x.department,
		Patient: insuranceapi.Patient{
			PIN: number, Name: families[sex][random.IntN(5)] + " " + names[sex][random.IntN(4)], Sex: pin.Sex(number), BirthDate: birth,
			Region: "41708203000000", Rural: random.IntN(3) == 0, Insured: true, Policy: "ДЕМО-" + number[9:], Category: []string{"", "pensioner", "disabled"}[random.IntN(3)],
		},
		Admission: "emergency", HoursSinceOnset: 1 + random.IntN(48), Referrer: "ЦСМ", AdmittedAt: in.UTC(), DischargedAt: out.UTC(),
		BedDays: rule.BedDays(in, out), Outcome: "discharged", Result: []string{"recovered", "improved"}[random.IntN(2)],
		Moves: []insuranceapi.Move{{Department: x.department, From: in.UTC(), Until: out.UTC()}},
		Diagnoses: []insuranceapi.Diagnosis{
			{Stage: "admission", Rank: "main", Code: x.code, Text: x.name}, {Stage: "final", Rank: "main", Code: x.code, Text: x.name},
		},
		Operations:       []insuranceapi.Operation{},
		Doctor:           insuranceapi.Staff{PIN: demo.Doctor.PIN, Name: demo.Doctor.Name()},
		HeadOfDepartment: insuranceapi.Staff{PIN: demo.Head.PIN, Name: demo.Head.Name()},
	}
	if x.operation != "" {
		c.Operations = append(c.Operations, insuranceapi.Operation{At: in.Add(5 * time.Hour).UTC(), Code: "ДЕМО", Name: x.operation, Anaesthesia: "общая"})
	}
	right := c
	fault := random.IntN(6)
	switch fault { // a third come back, half of those are corrected
	case 0:
		c.HoursSinceOnset = 0
	case 1:
		c.Result = ""
	}
	d, err := s.fund.Past(ctx, c, out.Add(20*time.Hour).UTC())
	if err != nil {
		return err
	}
	if fault == 0 {
		right.Revision, right.Replaces = 2, d.CaseID
		_, err = s.fund.Past(ctx, right, out.Add(44*time.Hour).UTC())
	}
	return err
}
