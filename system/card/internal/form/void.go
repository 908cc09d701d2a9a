package form

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Void takes a form out of use, with a reason. Its number never returns. Only a
// form whose case the fund has returned can be voided: one that is on its way
// or accepted would leave the fund with a case that has no form.
func Void(ctx context.Context, d *desk.Desk, stayID, reason string) error {
	if reason == "" {
		return fail.Fields(fail.Finding{Field: "reason", Key: "kit.field.required"})
	}
	staff := desk.Of(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := Load(ctx, tx, stayID, staff.Post.Organisation, d.DB.ForUpdate())
		if err != nil {
			return err
		}
		f, ok, err := Valid(ctx, tx, stayID, d.DB.ForUpdate())
		if err != nil {
			return err
		}
		if !ok {
			return fail.New(fail.Conflict, "card.form.void_none")
		}
		last, ok, err := Latest(ctx, tx, f.Number, d.DB.ForUpdate())
		if err != nil {
			return err
		}
		if ok && last.State == Queued {
			return fail.New(fail.Conflict, "card.form.void_queued")
		}
		if ok && last.State == Accepted {
			return fail.New(fail.Conflict, "card.form.void_accepted")
		}
		if err := markVoid(ctx, tx, f.Number, reason, staff.PIN, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, r.Patient.PIN, "form.void", f.Number)
	})
}

// Reissue gives a stay whose form was voided a form with the next number. Its
// case is tied to the one that the fund returned, so the fund still has one.
func Reissue(ctx context.Context, d *desk.Desk, stayID string) (Number, error) {
	staff := desk.Of(ctx)
	var n Number
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := Load(ctx, tx, stayID, staff.Post.Organisation, d.DB.ForUpdate())
		if err != nil {
			return err
		}
		forms, err := Forms(ctx, tx, stayID)
		if err != nil {
			return err
		}
		if r.State != "discharged" || len(forms) == 0 || forms[0].State == "valid" {
			return fail.New(fail.Conflict, "card.form.reissue_none")
		}
		last, ok, err := Latest(ctx, tx, forms[0].Number, "")
		if err != nil {
			return err
		}
		replaces := ""
		if ok {
			r.Doctor, r.Head = last.Case.Doctor, last.Case.HeadOfDepartment
			if last.Decision != nil {
				replaces = last.Decision.CaseID
			}
		}
		n, err = Issuing{d.Clock, d.Queue}.Issue(ctx, tx, r, r.Ending, replaces, staff.PIN, Beside{})
		if err != nil {
			return err
		}
		return d.Seen(ctx, tx, r.Patient.PIN, "form.reissue", n.String())
	})
	return n, err
}
