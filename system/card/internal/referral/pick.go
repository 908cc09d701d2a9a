package referral

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/ward"
)

// Drawer is where the reception finds the referrals with which people come.
type Drawer struct{ Desk *desk.Desk }

var (
	_ reception.Referrals = Drawer{}
	_ ward.Waiting        = Drawer{}
)

// Waiting implements reception.Referrals.
func (w Drawer) Waiting(ctx context.Context, p patient.Patient, organisation string) ([]reception.Waiting, error) {
	all, err := waiting(ctx, w.Desk.DB.Read, p.ID, organisation, clock.DateOf(w.Desk.Clock.Now()))
	if err != nil {
		return nil, err
	}
	o, err := w.Desk.Directory.Organisation(ctx, organisation)
	if err != nil {
		return nil, err
	}
	list := make([]reception.Waiting, 0, len(all))
	for _, r := range all {
		list = append(list, reception.Waiting{
			ID: r.ID, Number: Grouped(r.Number), From: r.From, FromName: w.Desk.Directory.Name(ctx, r.From).Here(ctx),
			Profile: directory.DepartmentName(o, r.ToDepartment).Here(ctx), Code: r.Code, Text: r.Diagnosis, At: r.WrittenAt,
			Urgent: r.Urgency != Urgencies[0],
		})
	}
	return list, nil
}

// Expected implements ward.Waiting: the referrals to a hospital bed of the department
// that a reception may pick up today.
func (w Drawer) Expected(ctx context.Context, organisation, department string) ([]ward.Expected, error) {
	all, err := journal(ctx, w.Desk.DB.Read, filter{Received: true, Organisation: organisation, Department: department, State: stateOpen, Purpose: Hospitalisation})
	if err != nil {
		return nil, err
	}
	today := clock.DateOf(w.Desk.Clock.Now())
	var list []ward.Expected
	for _, r := range all {
		if r.ValidUntil.Before(today) {
			continue
		}
		list = append(list, ward.Expected{
			PatientID: r.Patient.ID, PIN: r.Patient.PIN, Name: r.Patient.Name(ctx), ReferralID: r.ID,
			Diagnosis: text.Joined(r.Code, r.Diagnosis), Urgent: r.Urgency != Urgencies[0],
		})
	}
	return list, nil
}

// Close implements reception.Referrals: the step "admitted" in the transaction of
// the admission.
func (w Drawer) Close(ctx context.Context, tx *sql.Tx, referralID string, p patient.Patient, organisation, stayID string) error {
	r, err := hold(ctx, w.Desk.DB, tx, referralID)
	if err != nil {
		return err
	}
	now := w.Desk.Clock.Now()
	if r.Patient.ID != p.ID || r.To != organisation {
		return fail.New(fail.Conflict, "card.referral.none_such")
	}
	if err := r.may(Admitted, now); err != nil {
		return err
	}
	staff := desk.Of(ctx)
	r.StayID = stayID
	s := Step{ID: id.New(), State: Admitted, At: now, Organisation: organisation, ByPIN: staff.PIN, ByName: staff.Name}
	if err := write(ctx, w.Desk, tx, &r, s, true); err != nil {
		return err
	}
	return w.Desk.Seen(ctx, tx, p.PIN, "referral.admitted", r.ID)
}
