package reception

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/ward"
)

// Admit writes the stay, the first time in a department and bed, the diagnoses
// and the record of access in one transaction, and gives the stay's id. Of
// however many who admit one person, or into one bed, the first wins: the
// others get fail.Conflict "card.admit.already", or a finding for the bed.
func Admit(ctx context.Context, d *desk.Desk, a Admission) (string, error) {
	return AdmitReferred(ctx, d, nil, a)
}

// AdmitReferred is Admit that closes the referral named in the admission.
func AdmitReferred(ctx context.Context, d *desk.Desk, referrals Referrals, a Admission) (string, error) {
	p, err := patient.Load(ctx, d.DB.Read, a.Patient)
	if err != nil {
		return "", err
	}
	if err := check(ctx, d, p, &a); err != nil {
		return "", err
	}
	stayID := id.New()
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := admit(ctx, d, tx, p, stayID, a); err != nil {
			return err
		}
		return closeReferral(ctx, tx, referrals, p, stayID, a)
	})
	if db.Unique(err) {
		return "", tooLate(ctx, d, a)
	}
	return stayID, err
}

// check looks at the admission by itself and at what it names.
func check(ctx context.Context, d *desk.Desk, p patient.Patient, a *Admission) error {
	findings := a.check(p, d.Clock.Now())
	if a.Kind == Planned {
		a.HoursSinceOnset = 0
	}
	o, err := d.Directory.Organisation(ctx, desk.Of(ctx).Post.Organisation)
	if err != nil {
		return err
	}
	if _, ok := directory.Department(o, a.Department); !ok {
		findings = append(findings, fail.Finding{Field: "department", Key: "card.place.required"})
	}
	if !slices.Contains(BroughtBy, a.BroughtBy) {
		findings = append(findings, fail.Finding{Field: "brought_by", Key: "kit.field.choose"})
	}
	if !slices.Contains(Payments, a.Payment) {
		findings = append(findings, fail.Finding{Field: "payment", Key: "kit.field.choose"})
	}
	if !slices.Contains(Transports, a.Transport) {
		findings = append(findings, fail.Finding{Field: "transport", Key: "kit.field.choose"})
	}
	key, err := misfit(ctx, d.DB.Read, a.Category, p, clock.DateOf(a.At))
	if err != nil {
		return err
	}
	if key != "" {
		findings = append(findings, fail.Finding{Field: "category", Key: key})
	}
	if name, ok := ward.DoctorOf(ctx, d, a.DoctorPIN); ok {
		a.DoctorName = name
	} else {
		findings = append(findings, fail.Finding{Field: "doctor", Key: "kit.field.choose"})
	}
	for field, diagnosis := range map[string]*Diagnosis{"admission": &a.Admission, "referral": &a.Referral} {
		if field == "referral" && diagnosis.Code == "" {
			continue
		}
		code, err := d.ICD.Resolve(ctx, diagnosis.Code, "")
		if e := fail.As(err); e != nil {
			if e.Kind != fail.Invalid {
				return err
			}
			findings = append(findings, fail.Finding{Field: field, Key: e.Key, Args: e.Args})
			continue
		}
		if diagnosis.Text == "" {
			diagnosis.Text = code.Name
		}
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	return nil
}

func admit(ctx context.Context, d *desk.Desk, tx *sql.Tx, p patient.Patient, stayID string, a Admission) error {
	// Admissions of one person take turns, so that who comes second is told by
	// the index and not by a rule that looked too early.
	if err := Hold(ctx, d.DB, tx, p.ID); err != nil {
		return err
	}
	if a.Bed != "" {
		if err := ward.Take(ctx, d.DB, tx, desk.Of(ctx).Post.Organisation, a.Department, a.Bed); err != nil {
			return err
		}
	}
	if err := insertStay(ctx, tx, d.Clock.Now(), stayID, a); err != nil {
		return err
	}
	// The index has waited for a discharge that is being written: only now is its
	// moment seen.
	until, err := lastDischarge(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if a.At.Before(until) {
		return fail.Fields(fail.Finding{Field: "at", Key: "card.admit.before_discharge", Args: fail.Args("At", text.Moment(until))})
	}
	if err := ward.OpenMove(ctx, tx, stayID, a.Department, a.Bed, a.At, a.LateReason); err != nil {
		return err
	}
	if a.Referral.Code != "" {
		if err := insertDiagnosis(ctx, tx, stayID, "referral", a.Referral, a.At); err != nil {
			return err
		}
	}
	if err := insertDiagnosis(ctx, tx, stayID, "admission", a.Admission, a.At); err != nil {
		return err
	}
	if err := updatePatient(ctx, tx, a); err != nil {
		return err
	}
	return d.Seen(ctx, tx, p.PIN, "stay.admit", stayID)
}

// tooLate tells who was first: after a constraint has refused the row.
func tooLate(ctx context.Context, d *desk.Desk, a Admission) error {
	open, ok, err := OpenStay(ctx, d.DB.Read, a.Patient)
	if err != nil {
		return err
	}
	if ok {
		return fail.New(fail.Conflict, "card.admit.already", "At", text.Moment(open.AdmittedAt), "Organisation", d.Directory.Name(ctx, open.Organisation).Here(ctx))
	}
	return ward.Taken()
}
