package card

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/handover"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// gone is a patient of the demo whose stay is over.
type gone struct {
	person     demo.Person
	doctor     demo.Person
	department string
	days       int           // of the stay
	ago        time.Duration // since the discharge
	hours      int           // since the onset; 0 is what the fund returns
	code       string
	operation  string // its code, "" for none
	outcome    string
	result     string
}

// demoGone are forms 066/у of a month and a half. None is of cardiology: the
// story's number is the first there.
func demoGone() []gone {
	d := demo.Discharged
	return []gone{
		{d[0], demo.Doctor, demo.Therapy, 8, 20 * time.Hour, 12, "J18.9", "", "discharged", "recovered"},
		{d[1], demo.Doctor, demo.Therapy, 10, 2*day + 3*time.Hour, 0, "J44.1", "", "discharged", "improved"},
		{d[2], demo.Surgeon, demo.Surgery, 5, 3*day + time.Hour, 7, "K35.8", "A16.18.1", "discharged", "recovered"},
		{d[3], demo.Head, demo.Therapy, 9, 6*day + 2*time.Hour, 30, "E11.9", "", "transferred", "unchanged"},
		{d[4], demo.Surgeon, demo.Surgery, 4, 9*day + 4*time.Hour, 48, "K40.9", "A16.30", "discharged", "recovered"},
		{d[5], demo.Doctor, demo.Therapy, 11, 13*day + time.Hour, 20, "I20.0", "", "discharged", "improved"},
		{d[6], demo.Surgeon, demo.Surgery, 6, 24*day + 5*time.Hour, 9, "K80.1", "A16.14.2", "discharged", "improved"},
		{d[7], demo.Head, demo.Therapy, 3, 26*day + 7*time.Hour, 5, "J18.9", "", "died", ""},
	}
}

// demoDischarged admits, writes and discharges them with the use cases of the
// pages, so that the register of forms, its summary and the fund have something
// to show. Who has a finished stay is left alone.
func (s *System) demoDischarged(ctx context.Context) error {
	for _, g := range slices.Backward(demoGone()) { // who left first has the first number
		if err := s.demoStay(ctx, g); err != nil {
			return fmt.Errorf("%s in department %s: %w", g.code, g.department, err)
		}
	}
	return nil
}

func (s *System) demoStay(ctx context.Context, g gone) error {
	d := s.desk
	ctx = s.acting(ctx, g.doctor, workforceapi.Doctor, g.department)
	p, _, err := patient.Find(ctx, d, g.person.PIN)
	if err != nil {
		return err
	}
	out := d.Clock.Now().Add(-g.ago).Truncate(time.Minute)
	in := out.AddDate(0, 0, -g.days).Add(-2 * time.Hour)
	lies, open, err := reception.OpenStay(ctx, d.DB.Read, p.ID)
	if err != nil {
		return err
	}
	stayID := lies.Stay
	if !open {
		known, err := hasStays(ctx, d.DB.Read, p.ID)
		if err != nil || known {
			return err
		}
		a := reception.Admission{
			Patient: p.ID, Kind: reception.Emergency, At: in, BroughtBy: "ambulance", HoursSinceOnset: g.hours, FirstThisYear: true,
			Admission: reception.Diagnosis{Code: g.code}, Department: g.department, DoctorPIN: g.doctor.PIN, Insured: true,
		}
		if stayID, err = reception.Admit(ctx, s.writtenAt(a.At.Add(demoDelay)), a); err != nil {
			return err
		}
	}
	if err := s.demoContents(ctx, g, stayID, in, out); err != nil {
		return err
	}
	end := form.Ending{At: out, Outcome: g.outcome, Result: g.result, Recommendations: "Наблюдение у семейного врача."}
	if g.outcome == discharge.Transferred {
		end.TransferredTo = demo.CityHospital
	}
	n, err := discharge.Discharge(ctx, s.handedOverBy(out.Add(demoDelay)), stayID, end)
	if fail.Is(err, fail.Conflict) || fail.Is(err, fail.Invalid) {
		// Another process was first, or НИСУР names no head of the department.
		s.log.InfoContext(ctx, "demo patient not discharged", "system", "card", "error", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	return s.demoHandOver(ctx, n, out.Add(2*demoDelay))
}

// handedOverBy is writtenAt, and what is to be done beside the writing waits some
// minutes: the demo does it itself, at its own time.
func (s *System) handedOverBy(at time.Time) *desk.Desk {
	d := s.writtenAt(at)
	d.Queue = job.New(d.DB, clock.NewManual(s.desk.Clock.Now().Add(demoWait)), d.Log, job.Config{})
	return d
}

// demoWait is how long the demo's own jobs leave it to do them.
const demoWait = 2 * time.Minute

// demoHandOver brings the form to the fund as was done on the day, so that the
// monitor does not count the demo's past as sent late. A fund that is away takes it
// when its job comes round.
func (s *System) demoHandOver(ctx context.Context, n form.Number, at time.Time) error {
	d := s.writtenAt(at)
	body, err := json.Marshal(form.Ref{Number: n.String(), Revision: 1})
	if err != nil {
		return err
	}
	if err := (handover.Handover{Desk: d, Fund: insuranceapi.Client{Exchange: d.Exchange}}).Send(ctx, job.Job{Body: body}); err != nil {
		s.log.InfoContext(ctx, "demo form waits for the fund", "system", "card", "error", err.Error())
	}
	return nil
}

// demoContents is what form 066/у asks of the case history.
func (s *System) demoContents(ctx context.Context, g gone, stayID string, in, out time.Time) error {
	d := s.writtenAt(out)
	stages := []string{"final"}
	if g.outcome == discharge.Died {
		stages = append(stages, "postmortem")
	}
	for _, stage := range stages {
		made := diagnosis.Making{Stage: stage, Rank: "main", Value: g.code, At: out.Add(-time.Hour)}
		if err := diagnosis.Make(ctx, d, d.ICD, stayID, made); err != nil {
			return err
		}
	}
	_, empty, err := untouchedStay(ctx, d.DB.Read, g.person.PIN)
	if err != nil || !empty {
		return err
	}
	if g.operation != "" {
		at := in.Add(4 * time.Hour)
		name, side := g.operation, ""
		if known, ok, err := d.Procedures.FindOn(ctx, g.operation, clock.DateOf(at)); err != nil {
			return err
		} else if ok {
			name = known.Name.RU
			if known.Paired {
				side = "right"
			}
		}
		done := operation.Operating{Once: id.New(), Operation: operation.Operation{
			At: at, EndedAt: at.Add(70 * time.Minute), Code: g.operation, Name: name, Side: side, Anaesthesia: "general", Anaesthetist: "Дежурный анестезиолог",
			Protocol: "Операция прошла без особенностей.", SurgeonPIN: g.doctor.PIN, SurgeonName: g.doctor.Name(),
		}}
		if err := operation.Operate(ctx, s.writtenAt(done.EndedAt.Add(demoDelay)), stayID, done); err != nil {
			return err
		}
	}
	return history.Write(ctx, d, stayID, history.Writing{
		Once: id.New(), Kind: history.DischargeEpicrisis, At: out.Add(-30 * time.Minute),
		Body: "Проведено обследование и лечение. Даны рекомендации.",
	})
}
