package card

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Demo implements host.System. The short list of ICD-10 is there at once; the
// patients need НИСУР and the population register, which may start after the
// card, and are therefore admitted by a job.
func (s *System) Demo(ctx context.Context) error {
	if err := errors.Join(icd.Demo(ctx, s.desk.DB, s.env.Clock), procedure.Demo(ctx, s.desk.DB, s.env.Clock)); err != nil {
		return err
	}
	return s.desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := s.desk.Queue.Add(ctx, tx, "demo", struct{}{}, job.Options{Unique: "patients", Subject: "demo"})
		return err
	})
}

// lying is a patient of the demo who lies in the hospital already.
type lying struct {
	person     demo.Person
	doctor     demo.Person
	department string
	room, bed  int // room 0: without a bed
	kind       string
	ago        time.Duration
	brought    string
	code       string
	alerts     string
}

const day = 24 * time.Hour

// demoLying is who lies where. demo.Patient is not among them: the story admits him.
func demoLying() []lying {
	r := demo.Residents
	return []lying{
		{r[0], demo.Doctor, demo.Therapy, 201, 1, reception.Planned, 4*day + 3*time.Hour, "referral", "J18.9", "Аллергия: пенициллин"},
		{r[1], demo.Doctor, demo.Therapy, 202, 2, reception.Emergency, 2*day + 5*time.Hour, "ambulance", "J44.1", ""},
		{r[2], demo.Head, demo.Therapy, 201, 3, reception.Planned, 6*day + 2*time.Hour, "self", "E11.9", ""},
		{r[3], demo.Surgeon, demo.Surgery, 301, 1, reception.Emergency, 1*day + 9*time.Hour, "ambulance", "K35.8", ""},
		{r[4], demo.Doctor, demo.Cardiology, 401, 1, reception.Emergency, 3*day + 6*time.Hour, "ambulance", "I20.0", "Аллергия: йод"},
		{r[5], demo.Surgeon, demo.Surgery, 302, 2, reception.Planned, 5*day + 4*time.Hour, "referral", "K40.9", ""},
		{r[6], demo.Doctor, demo.Therapy, 0, 0, reception.Emergency, 2 * time.Hour, "self", "N10", ""},
		{r[7], demo.Head, demo.Cardiology, 403, 2, reception.Planned, 7*day + 1*time.Hour, "referral", "I25.1", ""},
	}
}

// demoCleaning are beds of the demo that are being cleaned.
var demoCleaning = []struct {
	department string
	room, bed  int
}{{demo.Therapy, 203, 1}, {demo.Surgery, 304, 3}, {demo.Cardiology, 402, 1}}

// admitDemo admits the demo's patients with the same use cases as the pages. A
// patient whom the card knows already is left alone, wherever they are now.
func (s *System) admitDemo(ctx context.Context, _ job.Job) error {
	if _, err := s.desk.Directory.Sync(ctx); err != nil {
		return err
	}
	for _, l := range demoLying() {
		if err := s.admitOne(ctx, l); err != nil {
			return fmt.Errorf("demo patient in department %s: %w", l.department, err)
		}
	}
	if err := s.demoRecord(ctx); err != nil {
		return fmt.Errorf("demo record: %w", err)
	}
	if err := s.demoOutside(ctx); err != nil {
		return fmt.Errorf("demo records of other systems: %w", err)
	}
	if err := s.demoReferrals(ctx); err != nil {
		return fmt.Errorf("demo referrals: %w", err)
	}
	for _, write := range []func(context.Context) error{s.demoDischarged, s.demoNameless, s.demoDoubles, s.demoBirth, s.demoPregnancy} {
		if err := write(ctx); err != nil {
			return fmt.Errorf("demo stays: %w", err)
		}
	}
	operator := s.acting(ctx, demo.Operator, workforceapi.Operator, "")
	staff := desk.Of(operator)
	staff.Post.Organisation = demo.OperatorOrg
	if s.rollout != nil {
		if err := s.rollout.Demo(desk.With(ctx, staff), demo.Hospital, demo.SecondHospital); err != nil {
			return fmt.Errorf("demo training: %w", err)
		}
	}
	for _, c := range demoCleaning {
		_, err := ward.SetBed(s.acting(ctx, demo.Nurse, workforceapi.Nurse, demo.Therapy), s.desk, demoBed(c.department, c.room, c.bed), ward.Cleaning)
		if err != nil && !fail.Is(err, fail.Conflict) {
			return err
		}
	}
	return nil
}

func (s *System) admitOne(ctx context.Context, l lying) error {
	ctx = s.acting(ctx, l.doctor, workforceapi.Doctor, l.department)
	p, _, err := patient.Find(ctx, s.desk, l.person.PIN)
	if err != nil {
		return err
	}
	known, err := hasStays(ctx, s.desk.DB.Read, p.ID)
	if err != nil || known {
		return err
	}
	a := reception.Admission{
		Patient: p.ID, Kind: l.kind, At: s.env.Clock.Now().Add(-l.ago), BroughtBy: l.brought, FirstThisYear: true,
		Admission: reception.Diagnosis{Code: l.code}, Department: l.department, DoctorPIN: l.doctor.PIN, Insured: true, Alerts: l.alerts,
	}
	if l.kind == reception.Emergency {
		a.HoursSinceOnset = 6
	}
	if l.room != 0 {
		a.Bed = demoBed(l.department, l.room, l.bed)
	}
	_, err = reception.Admit(ctx, s.writtenAt(a.At.Add(demoDelay)), a)
	return s.takenBefore(ctx, err)
}

// demoDelay is how long after the bedside the demo's staff writes.
const demoDelay = 20 * time.Minute

// writtenAt is the desk as it was at the moment: what the demo's past tells was
// written in time then, so that the monitor does not count it as entered late.
func (s *System) writtenAt(at time.Time) *desk.Desk {
	d := s.desk
	if now := d.Clock.Now(); at.After(now) {
		at = now
	}
	return &desk.Desk{
		DB: d.DB, Clock: clock.NewManual(at), Log: d.Log, Queue: d.Queue, Exchange: d.Exchange, Directory: d.Directory, ICD: d.ICD,
		Site: d.Site, SignIn: d.SignIn, Sessions: d.Sessions, Mux: d.Mux, BaseURL: d.BaseURL, Away: d.Away,
	}
}

func demoBed(department string, room, bed int) string {
	return fmt.Sprintf("%s-%s-%d-%d", demo.Hospital, department, room, bed)
}

// demoTitles are the posts of those who act in the demo.
var demoTitles = map[workforceapi.Role]text.Words{
	workforceapi.Doctor:   {KY: "Дарыгер", RU: "Врач", EN: "Doctor"},
	workforceapi.Nurse:    {KY: "Медайым", RU: "Медицинская сестра", EN: "Nurse"},
	workforceapi.Operator: {KY: "Оператор", RU: "Оператор", EN: "Operator"},
	workforceapi.Head:     {KY: "Бөлүм башчысы", RU: "Заведующий отделением", EN: "Head of department"},
}

// acting is the context in which the demo's staff works.
func (s *System) acting(ctx context.Context, p demo.Person, role workforceapi.Role, department string) context.Context {
	post := workforceapi.Post{
		PIN: p.PIN, PersonName: p.Name(), Role: role, Organisation: demo.Hospital,
		OrganisationName: s.desk.Directory.Name(ctx, demo.Hospital), Department: department, Title: demoTitles[role],
	}
	return desk.With(ctx, desk.Staff{PIN: p.PIN, Name: p.Name(), Post: post})
}
