package card

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// demoReferrals sends patients between two hospitals of the demo, with the use
// cases of the pages: one waits for an answer on each side, one is accepted, one
// answered. Where referrals are already, or the other hospital is not known,
// nothing is written.
func (s *System) demoReferrals(ctx context.Context) error {
	d := s.desk
	city, err := d.Directory.Organisation(ctx, demo.CityHospital)
	if _, ok := directory.Department(city, demo.Cardiology); err != nil || !ok {
		return nil //nolint:nilerr // a demo without that hospital
	}
	colleague := s.actingAt(ctx, demo.Colleague, demo.CityHospital, demo.Cardiology)
	doctor := s.acting(ctx, demo.Doctor, workforceapi.Doctor, demo.Therapy)
	var people []string
	for _, person := range demo.Referred {
		p, _, err := patient.Find(colleague, d, person.PIN)
		if err != nil {
			return err
		}
		people = append(people, p.ID)
	}
	known, err := referral.Any(ctx, d)
	if err != nil || known {
		return err
	}
	first := referral.Writing{
		Once: id.New(), Patient: people[0], Kind: referral.Kinds[0], Urgency: referral.Urgencies[0], Organisation: demo.Hospital, Department: demo.Therapy, Code: "J45.9",
		Reason: "Частые приступы удушья, амбулаторное лечение без эффекта: подбор базисной терапии в стационаре.", History: "Бронхиальная астма 12 лет. За месяц три вызова скорой помощи.",
	}
	second := referral.Writing{
		Once: id.New(), Patient: people[1], Kind: referral.Kinds[0], Urgency: referral.Urgencies[1], Organisation: demo.Hospital, Department: demo.Therapy, Code: "E11.9",
		Reason: "Гликемия до 17 ммоль/л при максимальных дозах таблеток: перевод на инсулин.", History: "Сахарный диабет 2-го типа 9 лет, гипертония.",
	}
	for _, in := range []referral.Writing{first, second} {
		if _, err := referral.Write(colleague, d, in); err != nil {
			return err
		}
	}
	tomorrow := clock.DateOf(s.env.Clock.Now()).Start().AddDate(0, 0, 1).Add(10 * time.Hour)
	if err := referral.Accept(doctor, d, referral.Acting{Referral: second.Once, Seen: 1}, tomorrow, "Паспорт, полис, выписки"); err != nil {
		return err
	}
	return s.demoConsultation(ctx, doctor, colleague)
}

// demoConsultation asks the other hospital about the patient with pneumonia, with
// two results attached, and about another, who is answered.
func (s *System) demoConsultation(ctx, doctor, colleague context.Context) error {
	d := s.desk
	p, _, err := patient.Find(doctor, d, demo.Residents[0].PIN)
	if err != nil {
		return err
	}
	attach, err := referral.Newest(ctx, d, p.ID, demo.Hospital, 2)
	if err != nil {
		return err
	}
	asks := referral.Writing{
		Once: id.New(), Patient: p.ID, Kind: referral.Kinds[3], Urgency: referral.Urgencies[0], Organisation: demo.CityHospital, Department: demo.Cardiology, Code: "J18.9",
		Reason: "Одышка при нагрузке на фоне пневмонии: исключить сердечную недостаточность.", Results: attach,
	}
	other, _, err := patient.Find(doctor, d, demo.Residents[2].PIN)
	if err != nil {
		return err
	}
	answered := referral.Writing{
		Once: id.New(), Patient: other.ID, Kind: referral.Kinds[3], Urgency: referral.Urgencies[0], Organisation: demo.CityHospital, Department: demo.Cardiology, Code: "E11.9",
		Reason: "Оценка сердечно-сосудистого риска.",
	}
	for _, in := range []referral.Writing{asks, answered} {
		if _, err := referral.Write(doctor, d, in); err != nil {
			return err
		}
	}
	err = referral.Conclude(colleague, d, referral.Acting{Referral: answered.Once, Seen: 1}, "Риск высокий. Рекомендованы статины, контроль АД, ЭКГ раз в полгода.")
	if fail.Is(err, fail.Conflict) {
		return nil
	}
	return err
}

// actingAt is the context in which a doctor of another hospital works.
func (s *System) actingAt(ctx context.Context, p demo.Person, organisation, department string) context.Context {
	post := workforceapi.Post{
		PIN: p.PIN, PersonName: p.Name(), Role: workforceapi.Doctor, Organisation: organisation,
		OrganisationName: s.desk.Directory.Name(ctx, organisation), Department: department, Title: demoTitles[workforceapi.Doctor],
	}
	return desk.With(ctx, desk.Staff{PIN: p.PIN, Name: p.Name(), Post: post})
}
