package referral

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/writing"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Service answers the systems of other organisations. What they may say is what
// their route says: nobody sends in the name of an organisation that works
// elsewhere.
type Service struct{ Desk *desk.Desk }

var _ cardapi.Referrals = Service{}

// Send implements cardapi.Referrals.
func (v Service) Send(ctx context.Context, in cardapi.Referral) (cardapi.ReferralState, error) {
	d := v.Desk
	caller := exchangeapi.CallerOf(ctx).Client.String()
	if err := v.routed(ctx, in.From.Organisation, caller); err != nil {
		return cardapi.ReferralState{}, err
	}
	r, results, err := v.read(ctx, in)
	if err != nil {
		return cardapi.ReferralState{}, err
	}
	r.Remote = caller
	ctx = desk.With(ctx, acting(in.Doctor.PIN, in.Doctor.Name, in.Doctor.Role, in.From.Organisation, d.Directory.Name(ctx, in.From.Organisation)))
	if r.Patient, err = v.patientOf(ctx, in); err != nil {
		return cardapi.ReferralState{}, err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r := r // what it replaces is looked for in each run
		if known, ok, err := find(ctx, tx, r.ID); err != nil || ok {
			if err == nil && (known.Number != r.Number || known.From != r.From || known.To != r.To || known.Code != r.Code || known.Patient.ID != r.Patient.ID) {
				return fail.New(fail.Conflict, "kit.conflict")
			}
			return err
		}
		if again, err := twin(ctx, d.DB, tx, r); err != nil {
			return err
		} else if again {
			return already()
		}
		if err := joinChain(ctx, tx, &r); err != nil {
			return err
		}
		if err := insert(ctx, tx, r); err != nil {
			return err
		}
		if err := insertResults(ctx, tx, r.ID, results); err != nil {
			return err
		}
		s := Step{ID: r.ID, State: Sent, At: r.WrittenAt, Organisation: r.From, ByPIN: r.ByPIN, ByName: r.ByName}
		if err := write(ctx, d, tx, &r, s, false); err != nil {
			return err
		}
		return d.Seen(ctx, tx, r.Patient.PIN, "referral.write", r.ID)
	})
	if db.Unique(err) {
		if known, ok, _ := find(ctx, d.DB.Read, r.ID); !ok || known.Number != r.Number { // not two of one message at once
			return cardapi.ReferralState{}, fail.Wrap(err, fail.Conflict, "kit.conflict")
		}
		err = nil
	}
	if err != nil {
		return cardapi.ReferralState{}, err
	}
	return v.state(ctx, r.ID)
}

// joinChain links the referral with the one it replaces, if that was to the
// sender and about the same person. What another system says of a chain that is
// not here is not kept.
func joinChain(ctx context.Context, tx *sql.Tx, r *Referral) error {
	replaces := r.Replaces
	r.Root, r.Replaces = r.ID, ""
	if replaces == "" {
		return nil
	}
	before, ok, err := find(ctx, tx, replaces)
	if err == nil && ok && before.To == r.From && before.Patient.ID == r.Patient.ID {
		r.Root, r.Replaces = before.Root, before.ID
	}
	return err
}

// routed: the organisation works in the caller's system.
func (v Service) routed(ctx context.Context, organisation, caller string) error {
	route, err := routeOf(ctx, v.Desk.DB.Read, organisation)
	if err == nil && (route == "" || route != caller) {
		err = fail.New(fail.Forbidden, "card.referral.not_routed")
	}
	return err
}

func acting(number, name, role, organisation string, organisationName text.Words) desk.Staff {
	return desk.Staff{PIN: number, Name: name, Post: workforceapi.Post{
		PIN: number, PersonName: name, Title: text.Same(role), Organisation: organisation, OrganisationName: organisationName,
	}}
}

// read checks what came. Texts are bounded, days must be near.
func (v Service) read(ctx context.Context, in cardapi.Referral) (Referral, []Result, error) {
	d := v.Desk
	var findings []fail.Finding
	wrong := func(field, key string) { findings = append(findings, fail.Finding{Field: field, Key: key}) }
	short := func(field, value string, most int, must bool) string {
		value = page.Clean(value)
		if n := utf8.RuneCountInString(value); n > most || (must && n == 0) {
			wrong(field, "kit.bad_request")
		}
		return value
	}
	now := d.Clock.Now()
	r := Referral{
		ID: in.ID, Number: short("number", in.Number, 40, true), CheckCode: id.Secret(), Form: in.Form, Purpose: in.Purpose, Urgency: in.Urgency,
		From: in.From.Organisation, FromDepartment: short("from.department", in.From.Department, 2, false),
		To: in.To.Organisation, ToDepartment: in.To.Department, Code: in.Code,
		Diagnosis: short("diagnosis", in.Diagnosis, 1000, true), Reason: short("reason", in.Reason, 2000, true), History: short("history", in.History, writing.MaxBody, false),
		ByName: short("doctor.name", in.Doctor.Name, 200, true), ByRole: short("doctor.role", in.Doctor.Role, 200, false), ByPIN: in.Doctor.PIN,
		WrittenAt: in.WrittenAt.UTC().Truncate(time.Microsecond), ValidUntil: in.ValidUntil, State: Sent, Replaces: in.Replaces,
	}
	if writing.CheckOnce(in.ID) != nil || (in.Replaces != "" && writing.CheckOnce(in.Replaces) != nil) {
		wrong("id", "kit.bad_request")
	}
	if !slices.Contains(Kinds, in.Form+"/"+in.Purpose) {
		wrong("purpose", "kit.field.choose")
	}
	findings = append(findings, writing.OneOf("urgency", in.Urgency, Urgencies)...)
	if _, err := pin.Parse(in.Doctor.PIN); err != nil {
		wrong("doctor.pin", "kit.bad_request")
	}
	if r.WrittenAt.After(now.Add(5*time.Minute)) || !reasonable(clock.DateOf(r.WrittenAt), now) {
		wrong("written_at", "kit.bad_request")
	}
	if !reasonable(in.ValidUntil, now) || end(in.ValidUntil).Before(r.WrittenAt) {
		wrong("valid_until", "kit.bad_request")
	}
	if _, err := d.ICD.Resolve(ctx, in.Code, ""); err != nil {
		e := fail.As(err)
		if e.Kind != fail.Invalid {
			return r, nil, err
		}
		findings = append(findings, fail.Finding{Field: "code", Key: e.Key, Args: e.Args})
	}
	if route, err := routeOf(ctx, d.DB.Read, r.To); err != nil {
		return r, nil, err
	} else if route != "" {
		wrong("to", "card.referral.to_required")
	}
	place, err := checkPlace(ctx, d, r)
	if err != nil {
		return r, nil, err
	}
	findings = append(findings, place...)
	if len(in.Results) > mostSources {
		wrong("results", "kit.bad_request")
		in.Results = nil
	}
	var results []Result
	for _, o := range in.Results {
		one := Result{
			ID: id.New(), Source: short("results.id", o.ID, 100, true), Owner: short("results.owner", o.Owner, 6, true), Kind: short("results.kind", o.Kind, 40, true),
			Title: short("results.title", o.Title, 200, true), At: o.At.UTC().Truncate(time.Microsecond), Body: short("results.body", o.Body, writing.MaxBody, false), ByName: short("results.by_name", o.ByName, 200, false),
		}
		if len(o.Findings) > 200 {
			wrong("results.findings", "kit.bad_request")
			break
		}
		for _, f := range o.Findings {
			f.Name, f.Value, f.Unit = short("findings.name", f.Name, 100, true), short("findings.value", f.Value, 100, true), short("findings.unit", f.Unit, 100, false)
			one.Findings = append(one.Findings, findingOf(f))
		}
		results = append(results, one)
	}
	return r, results, writing.Invalid(findings)
}

// patientOf is whom the referral is about: by ПИН whom the card knows, else
// registered with what the sender says. Without a ПИН everybody is new: who it is
// the reception finds out.
func (v Service) patientOf(ctx context.Context, in cardapi.Referral) (patient.Patient, error) {
	if known, ok, err := find(ctx, v.Desk.DB.Read, in.ID); err != nil || ok {
		if err == nil && in.Patient.PIN != "" && known.Patient.PIN != in.Patient.PIN {
			return known.Patient, fail.New(fail.Conflict, "kit.conflict")
		}
		return known.Patient, err
	}
	clip := func(s string, most int) string {
		runes := []rune(strings.TrimSpace(page.Clean(s)))
		return string(runes[:min(len(runes), most)])
	}
	p := patient.Patient{
		PIN: in.Patient.PIN, FamilyName: clip(in.Patient.FamilyName, 100), GivenName: clip(in.Patient.GivenName, 100), Patronymic: clip(in.Patient.Patronymic, 100),
		BirthDate: in.Patient.BirthDate, Sex: in.Patient.Sex, Address: clip(in.Patient.Address, 300),
	}
	var findings []fail.Finding
	if p.PIN != "" {
		if parsed, err := pin.Parse(p.PIN); err != nil || parsed != p.PIN {
			findings = append(findings, fail.Finding{Field: "patient.pin", Key: "kit.bad_request"})
		}
	}
	if p.FamilyName == "" || p.BirthDate.Start().After(v.Desk.Clock.Now()) {
		findings = append(findings, fail.Finding{Field: "patient.family_name", Key: "kit.field.required"})
	}
	findings = append(findings, writing.OneOf("patient.sex", p.Sex, []string{patient.Female, patient.Male, patient.Unknown})...)
	if len(findings) > 0 {
		return p, fail.Fields(findings...)
	}
	p, _, err := patient.Register(ctx, v.Desk, p)
	return p, err
}

// Answer implements cardapi.Referrals.
func (v Service) Answer(ctx context.Context, in cardapi.ReferralStep) (cardapi.ReferralState, error) {
	answers := []string{Accepted, Refused, Redirected, NotCome, Admitted, Answered}
	if !slices.Contains(answers, in.State) || in.State == Accepted && (in.AppointedAt.IsZero() || !reasonable(in.ValidUntil, v.Desk.Clock.Now())) {
		return cardapi.ReferralState{}, fail.Fields(fail.Finding{Field: "state", Key: "kit.field.choose"})
	}
	return v.take(ctx, in, func(r Referral) string { return r.To }, func(r *Referral, s *Step) (bool, error) {
		// What the receiver has done is so, even when the sender has taken the
		// referral back or let it lapse meanwhile: the patient lies there.
		done := in.State == Admitted || in.State == Answered
		if !May(r.State, in.State) && (!done || (r.State != Withdrawn && r.State != Expired)) {
			return false, nil
		}
		if in.State == Accepted {
			r.AppointedAt, r.ValidUntil, s.AppointedAt = in.AppointedAt.UTC().Truncate(time.Microsecond), in.ValidUntil, in.AppointedAt.UTC().Truncate(time.Microsecond)
		}
		if in.State == Answered {
			r.Conclusion = page.Clean(in.Conclusion)
		}
		return true, nil
	})
}

// Withdraw implements cardapi.Referrals.
func (v Service) Withdraw(ctx context.Context, in cardapi.ReferralStep) (cardapi.ReferralState, error) {
	in.State = Withdrawn
	return v.take(ctx, in, func(r Referral) string { return r.From }, func(r *Referral, _ *Step) (bool, error) {
		if !May(r.State, Withdrawn) {
			return false, fail.New(fail.Conflict, "card.referral.over")
		}
		return true, nil
	})
}

// take writes a step that the system of one side tells. change says whether it
// is one; a repetition is none.
func (v Service) take(ctx context.Context, in cardapi.ReferralStep, side func(Referral) string, change func(*Referral, *Step) (bool, error)) (cardapi.ReferralState, error) {
	d := v.Desk
	caller := exchangeapi.CallerOf(ctx).Client.String()
	name, note := page.Clean(in.ByName), page.Clean(in.Note)
	if writing.CheckOnce(in.ID) != nil || utf8.RuneCountInString(name) > 200 || utf8.RuneCountInString(note) > 2000 || utf8.RuneCountInString(in.Conclusion) > writing.MaxBody {
		return cardapi.ReferralState{}, fail.New(fail.BadRequest, "kit.bad_request")
	}
	if _, err := pin.Parse(in.ByPIN); in.ByPIN != "" && err != nil {
		return cardapi.ReferralState{}, fail.Fields(fail.Finding{Field: "by_pin", Key: "kit.bad_request"})
	}
	before, _, err := find(ctx, d.DB.Read, in.Referral)
	if err != nil {
		return cardapi.ReferralState{}, err
	}
	organisation := side(before)
	who := acting(in.ByPIN, name, "", organisation, d.Directory.Name(ctx, organisation))
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := hold(ctx, d.DB, tx, in.Referral)
		if err != nil {
			return err
		}
		if route, err := routeOf(ctx, tx, organisation); err != nil {
			return err
		} else if r.Remote != caller || route != caller {
			return fail.New(fail.NotFound, "card.referral.none_such")
		}
		if known, err := hasStep(ctx, tx, in.ID); err != nil || known {
			return err
		}
		s := Step{ID: in.ID, State: in.State, At: d.Clock.Now(), Organisation: organisation, ByPIN: in.ByPIN, ByName: name, Note: note}
		if ok, err := change(&r, &s); err != nil || !ok {
			return err
		}
		ctx = desk.With(ctx, who)
		if err := write(ctx, d, tx, &r, s, false); err != nil {
			return err
		}
		return d.Seen(ctx, tx, r.Patient.PIN, "referral."+s.State, r.ID)
	})
	if err != nil {
		return cardapi.ReferralState{}, err
	}
	return v.state(ctx, in.Referral)
}

// State implements cardapi.Referrals.
func (v Service) State(ctx context.Context, in cardapi.ReferralRef) (cardapi.ReferralState, error) {
	r, ok, err := find(ctx, v.Desk.DB.Read, in.ID)
	if err == nil && (!ok || r.Remote == "" || r.Remote != exchangeapi.CallerOf(ctx).Client.String()) {
		err = fail.New(fail.NotFound, "card.referral.none_such")
	}
	if err != nil {
		return cardapi.ReferralState{}, err
	}
	return v.state(ctx, in.ID)
}

func (v Service) state(ctx context.Context, referralID string) (cardapi.ReferralState, error) {
	r, _, err := find(ctx, v.Desk.DB.Read, referralID)
	if err != nil {
		return cardapi.ReferralState{}, err
	}
	steps, err := stepsOf(ctx, v.Desk.DB.Read, referralID)
	out := cardapi.ReferralState{Referral: r.ID, Number: r.Number, State: r.State, ValidUntil: r.ValidUntil, AppointedAt: r.AppointedAt, Steps: []cardapi.ReferralStep{}}
	for _, s := range steps {
		one := stepTravels(r, s)
		if s.Seq != r.Version {
			one.ValidUntil, one.Conclusion = clock.Date{}, ""
		}
		out.Steps = append(out.Steps, one)
	}
	return out, err
}

// Capacity implements cardapi.Referrals.
func (v Service) Capacity(ctx context.Context, q cardapi.CapacityQuery) ([]cardapi.Capacity, error) {
	if q.Organisation == "" {
		return nil, fail.New(fail.NotFound, "kit.not_found")
	}
	if route, err := routeOf(ctx, v.Desk.DB.Read, q.Organisation); err != nil || route != "" {
		if err == nil {
			err = fail.New(fail.NotFound, "kit.not_found")
		}
		return nil, err
	}
	places, err := Places(ctx, v.Desk, Wish{Only: q.Organisation})
	if err != nil {
		return nil, err
	}
	out := []cardapi.Capacity{}
	for _, p := range places {
		out = append(out, cardapi.Capacity{Organisation: p.Organisation, Department: p.Department, Profile: p.Profile, Beds: p.Beds, Free: p.Free, Waiting: p.Waiting})
	}
	return out, nil
}
