package insurance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/act"
	"github.com/sanarip/sanarip/system/insurance/internal/entry"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Demo hands earlier cases of both hospitals in, through the same intake as
// every case: the six months before this one, so that totals have something to
// show. Content follows from number alone, so doing it again changes nothing.
// Their sequences start at 9,000,001: numbers that the card gives stay free.
func (s *System) Demo(ctx context.Context) error {
	if err := errors.Join(icd.Demo(ctx, s.db, s.fund.Clock), procedure.Demo(ctx, s.db, s.fund.Clock)); err != nil {
		return err
	}
	months := total.Months(clock.DateOf(s.fund.Clock.Now()), 7)
	for _, month := range months[:6] {
		first, _ := clock.ParseDate(month + "-01")
		for i, hospital := range []string{demo.Hospital, demo.SecondHospital} {
			random := rand.New(rand.NewPCG(uint64(first.Year)*100+uint64(first.Month), uint64(i))) //nolint:gosec // the same cases each time
			for n := range 5 + random.IntN(6) {
				if err := s.pastCase(ctx, random, hospital, hospital == demo.SecondHospital, first, n); err != nil {
					return err
				}
			}
		}
	}
	if err := s.demoRegions(ctx, months[4:6]); err != nil {
		return err
	}
	if err := s.hand.Keep(ctx, demoDraft(s.fund.Clock.Now())); err != nil {
		return err
	}
	return s.demoWork(ctx, months)
}

// demoRegions is a few cases of hospitals elsewhere, some from their card and
// some entered by hand: they are on their way.
func (s *System) demoRegions(ctx context.Context, months []string) error {
	for i, h := range demo.RegionHospitals {
		for _, month := range months {
			first, _ := clock.ParseDate(month + "-01")
			random := rand.New(rand.NewPCG(uint64(first.Year)*100+uint64(first.Month), uint64(100+i))) //nolint:gosec // the same cases each time
			for n := range 4 {
				if err := s.pastCase(ctx, random, h.Code, n >= h.ByCard, first, n); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// demoWork is what the fund and the hospitals did with those cases, once: acts
// of the older months, a case under review, an appeal waiting.
func (s *System) demoWork(ctx context.Context, months []string) error {
	if known, err := s.acts.List(ctx, act.Filter{}); err != nil || len(known.Acts) > 0 {
		return err
	}
	expert := treated.Expert{
		PIN: demo.Expert.PIN, Name: demo.Expert.Name(), Role: "Эксперт", Organisation: "ФОМС (демо)",
		Title: text.Words{KY: "ММКФнын эксперти", RU: "Эксперт ФОМС", EN: "Expert of the fund"},
	}
	clerk := treated.Expert{
		PIN: demo.Clerk.PIN, Name: demo.Clerk.Name(), Role: "Медицинский статистик", Organisation: "Чуйская облбольница (демо)", Hospital: demo.SecondHospital,
		Title: text.Words{KY: "Медициналык статистик", RU: "Медицинский статистик", EN: "Medical statistician"},
	}
	step := func(stage treated.Stage, do treated.Step, comment string, by treated.Expert) error {
		lines, _, err := s.fund.List(ctx, treated.Filter{Organisation: demo.SecondHospital, State: string(stage)})
		if err != nil || len(lines) == 0 {
			return err
		}
		fund := s.fund
		if do == treated.StepAppeal { // within its term: the day after the case came back
			fund.Clock = clock.NewManual(db.Time(lines[0].DischargedAt).Add(44 * time.Hour))
		}
		return fund.Do(ctx, lines[0].ID, do, comment, by)
	}
	if err := step(treated.Accepted, treated.StepTake, "Прошу приложить протокол.", expert); err != nil {
		return err
	}
	if err := step(treated.Returned, treated.StepAppeal, "Больной доставлен без сознания, время начала заболевания установить нельзя.", clerk); err != nil {
		return err
	}
	for _, month := range months[:4] {
		for _, hospital := range []string{demo.Hospital, demo.SecondHospital} {
			if _, err := s.acts.Make(ctx, hospital, month, expert); err != nil && !fail.Is(err, fail.Invalid) {
				return err
			}
		}
	}
	return nil
}

// demoDraft is a form that the statistician of the hospital without a card has
// begun: the hours since the onset are still missing.
func demoDraft(now time.Time) entry.Draft {
	out := clock.DateOf(now.AddDate(0, 0, -1))
	in := clock.DateOf(now.AddDate(0, 0, -8))
	at := func(d clock.Date, hour string) string { return d.String() + "T" + hour }
	return entry.Draft{
		ID: "demo-draft-1", Organisation: demo.SecondHospital, ByPIN: demo.Clerk.PIN, ByName: demo.Clerk.Name(), Version: 1, CreatedAt: now, UpdatedAt: now,
		Values: map[string]string{
			"number": "118", "pin": demo.Residents[4].PIN, "name": demo.Residents[4].Name(), "sex": "female", "birth_date": "1966-05-09", "region": "41708000000000", "rural": "1",
			"insured": "1", "policy": "ДЕМО-00828", "category": "pensioner", "admission": "emergency", "referrer": "Аламүдүн ЦСМ",
			"admitted_at": at(in, "10:20"), "discharged_at": at(out, "13:00"), "outcome": "discharged", "result": "improved", "mv0_department": demo.Therapy,
			"dx0_stage": "admission", "dx0_rank": "main", "dx0_code": "I10", "dx0_text": "Эссенциальная гипертензия",
			"dx1_stage": "final", "dx1_rank": "main", "dx1_code": "I11.9", "dx1_text": "Гипертензивная болезнь сердца без сердечной недостаточности",
			"doctor": demo.DoctorInChui.PIN, "doctor_name": demo.DoctorInChui.Name(), "head": demo.HeadInChui.PIN, "head_name": demo.HeadInChui.Name(),
		},
	}
}

type illness struct {
	code, name, department, operated, operation string
	days                                        int
}

var illnesses = []illness{
	{"J18.9", "Пневмония неуточнённая", demo.Therapy, "", "", 9},
	{"I10", "Эссенциальная гипертензия", demo.Therapy, "", "", 7},
	{"E11.9", "Сахарный диабет 2 типа", demo.Therapy, "", "", 10},
	{"J44.1", "ХОБЛ с обострением", demo.Therapy, "", "", 8},
	{"N10", "Острый пиелонефрит", demo.Therapy, "", "", 9},
	{"I20.0", "Нестабильная стенокардия", demo.Therapy, "", "", 8},
	{"K35.8", "Острый аппендицит", demo.Surgery, "A16.18.1", "Аппендэктомия", 5},
	{"K80.1", "Камни жёлчного пузыря с холециститом", demo.Surgery, "A16.14.2", "Холецистэктомия лапароскопическая", 6},
	{"K40.9", "Паховая грыжа", demo.Surgery, "A16.30", "Грыжесечение", 4},
}

var (
	families = [2][]string{{"Абдыкеримова", "Турсунова", "Маматова", "Осмонова", "Жапарова"}, {"Абдыкеримов", "Турсунов", "Маматов", "Осмонов", "Жапаров"}}
	names    = [2][]string{{"Айнура", "Чолпон", "Гүлзат", "Бермет"}, {"Азамат", "Нурбек", "Улан", "Талант"}}
)

func (s *System) pastCase(ctx context.Context, random *rand.Rand, hospital string, byHand bool, first clock.Date, n int) error {
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
		c.Operations = append(c.Operations, insuranceapi.Operation{At: in.Add(5 * time.Hour).UTC(), Code: x.operated, Name: x.operation, Anaesthesia: "general"})
	}
	way := treated.ByExchange
	if byHand { // has no card yet
		way = treated.ByHand
		c.Doctor = insuranceapi.Staff{PIN: demo.DoctorInChui.PIN, Name: demo.DoctorInChui.Name()}
		c.HeadOfDepartment = insuranceapi.Staff{PIN: demo.HeadInChui.PIN, Name: demo.HeadInChui.Name()}
	}
	right := c
	fault := random.IntN(6)
	switch fault { // a third come back, half of those are corrected
	case 0:
		c.HoursSinceOnset = 0
	case 1:
		c.Result = ""
	}
	d, err := s.fund.Past(ctx, c, way, out.Add(20*time.Hour).UTC())
	if fail.Is(err, fail.Conflict) {
		return nil // of a demo of before, with another content
	}
	if err != nil {
		return err
	}
	if fault == 0 {
		right.Revision, right.Replaces = 2, d.CaseID
		_, err = s.fund.Past(ctx, right, way, out.Add(44*time.Hour).UTC())
	}
	return err
}
