package card

import (
	"context"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/journal"
	"github.com/sanarip/sanarip/system/card/internal/maternity"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// foundAt describes the man of the demo whom nobody knows.
const foundAt = "Найден без сознания на остановке у Ошского рынка. Рост около 175 см, волосы тёмные, шрам на левом предплечье. Серая куртка, документов нет."

// demoNameless admits a man whom nobody knows to surgery.
func (s *System) demoNameless(ctx context.Context) error {
	d, now := s.desk, s.env.Clock.Now()
	known, err := describedAs(ctx, d.DB.Read, demo.Hospital, foundAt)
	if err != nil || known {
		return err
	}
	ctx = s.acting(ctx, demo.Surgeon, workforceapi.Doctor, demo.Surgery)
	nameless, _, err := patient.Register(ctx, d, patient.Patient{Kind: patient.Nameless, Sex: patient.Male, BirthYear: clock.DateOf(now).Year - 45, Description: foundAt})
	if err != nil {
		return err
	}
	_, err = reception.Admit(ctx, d, reception.Admission{
		Patient: nameless.ID, Kind: reception.Emergency, At: now.Add(-7 * time.Hour), HoursSinceOnset: 2, BroughtBy: "ambulance",
		Admission: reception.Diagnosis{Code: "S06.0"}, Department: demo.Surgery, DoctorPIN: demo.Surgeon.PIN, Bed: demoBed(demo.Surgery, 303, 2), Transport: "stretcher",
	})
	return s.takenBefore(ctx, err)
}

// demoDoubles writes one man down twice, once in another spelling, and refuses
// him a bed once.
func (s *System) demoDoubles(ctx context.Context) error {
	d, now := s.desk, s.env.Clock.Now()
	born := clock.Date{Year: 1978, Month: 3, Day: 12}
	known, err := bornAs(ctx, d.DB.Read, demo.Hospital, born, "Касымов", "Азат")
	if err != nil || known {
		return err
	}
	ctx = s.acting(ctx, demo.Surgeon, workforceapi.Doctor, demo.Surgery)
	once, _, err := patient.Register(ctx, d, patient.Patient{Kind: patient.Citizen, FamilyName: "Касымов", GivenName: "Азат", Patronymic: "Бакирович", Sex: patient.Male, BirthDate: born, Address: "Бишкек ш., Чокморов көч., 31"})
	if err != nil {
		return err
	}
	if _, _, err = patient.Register(ctx, d, patient.Patient{Kind: patient.Citizen, FamilyName: "Касимов", GivenName: "Азат", Sex: patient.Male, BirthDate: born, Alerts: "Аллергия: новокаин"}); err != nil {
		return err
	}
	_, err = journal.Refuse(ctx, d, journal.Refusal{
		Patient: once.ID, Kind: reception.Emergency, At: now.Add(-3 * time.Hour), HoursSinceOnset: 12, BroughtBy: "self", Code: "N10", Reason: "outpatient",
		Help: "Осмотрен, анализ мочи, УЗИ почек: показаний к стационарному лечению нет. Назначен ципрофлоксацин, явка к семейному врачу через 3 дня.",
	})
	return err
}

// demoBirth admits a woman in labour, whose child was born here last night.
func (s *System) demoBirth(ctx context.Context) error {
	d, now := s.desk, s.env.Clock.Now()
	hospital, err := d.Directory.Organisation(ctx, demo.Hospital)
	if _, ok := directory.Department(hospital, demo.Maternity); err != nil || !ok {
		return nil //nolint:nilerr // a demo without that department
	}
	ctx = s.acting(ctx, demo.HeadOfMaternity, workforceapi.Doctor, demo.Maternity)
	mother, _, err := patient.Find(ctx, d, demo.Mother.PIN)
	if err != nil {
		return err
	}
	known, err := hasStays(ctx, d.DB.Read, mother.ID)
	if err != nil || known {
		return err
	}
	stayID, err := reception.Admit(ctx, d, reception.Admission{
		Patient: mother.ID, Kind: reception.Emergency, At: now.Add(-16 * time.Hour), HoursSinceOnset: 4, BroughtBy: "ambulance", FirstThisYear: true,
		Admission: reception.Diagnosis{Code: "O80.0"}, Department: demo.Maternity, DoctorPIN: demo.HeadOfMaternity.PIN, Bed: demoBed(demo.Maternity, 501, 1), Insured: true,
	})
	if err != nil {
		return s.takenBefore(ctx, err)
	}
	born := now.Add(-9 * time.Hour)
	if _, err := newborn.Register(ctx, d, stayID, newborn.Birth{BornAt: born, Sex: patient.Female, Weight: 3420, Length: 52, Apgar1: 8, Apgar5: 9, Live: true}); err != nil {
		return err
	}
	return maternity.WriteBirth(ctx, d, stayID, antenatal.Writing{Once: id.New()}, cardapi.Birth{
		Ending: exchangecard.EndingBirth, LabourAt: now.Add(-20 * time.Hour), EndedAt: born, Days: 39*7 + 2, Mode: "spontaneous", BloodLoss: 250, MotherState: "discharged",
		Advice: "Грудное вскармливание по требованию. Осмотр в женской консультации через 10 дней.",
	})
}

// demoPregnancy keeps a woman at the antenatal clinic from her 12th week to the
// 33rd, with her exchange card given.
func (s *System) demoPregnancy(ctx context.Context) error {
	d, today := s.desk, clock.DateOf(s.env.Clock.Now())
	clinic, err := d.Directory.Organisation(ctx, demo.Clinic)
	if _, ok := directory.Department(clinic, demo.Antenatal); err != nil || !ok {
		return nil //nolint:nilerr // a demo without that clinic
	}
	ctx = s.actingAt(ctx, demo.Obstetrician, demo.Clinic, demo.Antenatal)
	woman, _, err := patient.Find(ctx, d, demo.Expecting.PIN)
	if err != nil {
		return err
	}
	known, err := hasPregnancy(ctx, d.DB.Read, woman.ID)
	if err != nil || known {
		return err
	}
	ago := func(days int) clock.Date { return clock.DateOf(today.Start().AddDate(0, 0, -days).Add(12 * time.Hour)) }
	pregnancy := id.New()
	err = antenatal.Register(ctx, d, woman.ID, pregnancy, cardapi.Registration{
		LastPeriod: ago(33 * 7), Fetuses: 1, Gravida: 2, Para: 1, HeightCM: 164, WeightBefore: 585, Blood: "A", Rhesus: "positive",
		Former: []cardapi.FormerBirth{{Year: today.Year - 4, Outcome: "birth", Weeks: 39, WeightG: 3300}}, Risks: []string{"thyroid"},
	})
	if err != nil {
		return err
	}
	for _, v := range []cardapi.Visit{
		{Day: ago(147), Weight: 596, Systolic: 110, Diastolic: 70, Next: ago(105)},
		{Day: ago(105), Weight: 618, Systolic: 115, Diastolic: 70, Fundal: 180, Girth: 82, HeartRate: 146, Next: ago(49)},
		{Day: ago(49), Weight: 652, Systolic: 120, Diastolic: 75, Fundal: 260, Girth: 89, HeartRate: 142, Presentation: "cephalic", Oedema: "none", Next: ago(7)},
		{Day: ago(7), Weight: 689, Systolic: 140, Diastolic: 90, Fundal: 315, Girth: 95, HeartRate: 138, Presentation: "cephalic", Oedema: "legs", Complaints: "Головная боль к вечеру", Advice: "Контроль давления дважды в день, анализ мочи на белок.", Next: ago(-7)},
	} {
		if err := antenatal.WriteVisit(ctx, d, pregnancy, antenatal.Writing{Once: id.New()}, v); err != nil {
			return fmt.Errorf("visit: %w", err)
		}
	}
	for _, r := range []cardapi.LabResult{
		{Day: ago(147), Kind: "hiv", Value: "negative"},
		{Day: ago(147), Kind: "syphilis", Value: "negative"},
		{Day: ago(147), Kind: "hbsag", Value: "negative"},
		{Day: ago(147), Kind: "haemoglobin", Value: "118"},
		{Day: ago(7), Kind: "haemoglobin", Value: "104"},
		{Day: ago(7), Kind: "urine_protein", Value: "trace"},
	} {
		if err := antenatal.WriteResult(ctx, d, pregnancy, antenatal.Writing{Once: id.New()}, r); err != nil {
			return fmt.Errorf("result: %w", err)
		}
	}
	return exchangecard.Give(ctx, d, pregnancy, "")
}

// takenBefore swallows that another process or a visitor was first: the bed is
// taken, the person admitted.
func (s *System) takenBefore(ctx context.Context, err error) error {
	if err == nil || !fail.Is(err, fail.Conflict) && !fail.Is(err, fail.Invalid) {
		return err
	}
	s.log.InfoContext(ctx, "demo patient not admitted", "system", "card", "error", err.Error())
	return nil
}
