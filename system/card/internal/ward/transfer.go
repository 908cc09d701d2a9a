package ward

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// States of a transfer.
const (
	Asked     = "asked"
	TakenOver = "taken"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// Transfer is a patient whom one department asks another to take over.
type Transfer struct {
	ID          string
	StayID      string
	From, To    string // departments, 2 digits
	Reason      string
	State       string
	AskedAt     time.Time
	ByPIN       string
	ByName      string
	DecidedAt   time.Time
	DecidedName string
	Decision    string // why refused or withdrawn
	PatientName string // for lists; "" of an unknown person
	PatientPIN  string
	Isolation   string // of the patient now, one of stay.Isolations
}

// AskTransfer asks another department to take the patient over. A stay has one
// open question at a time: the database itself refuses a second.
func AskTransfer(ctx context.Context, d *desk.Desk, stayID, to, reason string) error {
	staff := desk.Of(ctx)
	o, err := d.Directory.Organisation(ctx, staff.Post.Organisation)
	if err != nil {
		return err
	}
	var findings []fail.Finding
	if _, ok := directory.Department(o, to); !ok {
		findings = append(findings, fail.Finding{Field: "to", Key: "kit.field.choose"})
	}
	if reason == "" {
		findings = append(findings, fail.Finding{Field: "why", Key: "kit.field.required"})
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now, ok, err := lockPlace(ctx, d.DB, tx, stayID, staff.Post.Organisation)
		switch {
		case err != nil:
			return err
		case !ok:
			return fail.New(fail.NotFound, "card.stay.not_found")
		case !now.open:
			return fail.New(fail.Conflict, "card.move.discharged")
		case now.department == to:
			return fail.Fields(fail.Finding{Field: "to", Key: "card.transfer.same"})
		}
		t := Transfer{ID: id.New(), StayID: stayID, From: now.department, To: to, Reason: reason, AskedAt: d.Clock.Now(), ByPIN: staff.PIN, ByName: staff.Name}
		if err := insertTransfer(ctx, tx, staff.Post.Organisation, t); err != nil {
			return err
		}
		return d.Seen(ctx, tx, now.patientPIN, "transfer.ask", stayID)
	})
	if db.Unique(err) {
		return fail.New(fail.Conflict, "card.transfer.asked_already")
	}
	return err
}

// TakeOver moves the patient into a bed of the department that was asked, or
// there without a bed yet. The member of staff's department must be the one
// asked. Question and move are one transaction: of two who answer one wins.
func TakeOver(ctx context.Context, d *desk.Desk, transferID, bedID string) error {
	staff := desk.Of(ctx)
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		t, now, err := open(ctx, d, tx, transferID)
		if err != nil {
			return err
		}
		if err := answers(staff, t); err != nil {
			return err
		}
		if bedID != "" {
			if err := Take(ctx, d.DB, tx, staff.Post.Organisation, t.To, bedID); err != nil {
				return err
			}
		}
		at := d.Clock.Now()
		if !at.After(now.since) {
			return fail.New(fail.Conflict, "card.transfer.moved_meanwhile")
		}
		in := MoveTo{Stay: t.StayID, At: at, Department: t.To, Bed: bedID, Reason: t.Reason}
		if slices.Contains(desk.Doctors, staff.Post.Role) {
			in.DoctorPIN, in.DoctorName = staff.PIN, staff.Name
		}
		if err := decideTransfer(ctx, tx, t.ID, TakenOver, "", staff, at); err != nil {
			return err
		}
		if err := writeMove(ctx, tx, in); err != nil {
			return err
		}
		return d.Seen(ctx, tx, now.patientPIN, "transfer.take", t.StayID)
	})
	if db.Unique(err) { // the bed
		return Taken()
	}
	return err
}

// RefuseTransfer says no, with the reason; the patient stays where they are.
func RefuseTransfer(ctx context.Context, d *desk.Desk, transferID, reason string) error {
	return endTransfer(ctx, d, transferID, Refused, reason)
}

// WithdrawTransfer takes the question back.
func WithdrawTransfer(ctx context.Context, d *desk.Desk, transferID, reason string) error {
	return endTransfer(ctx, d, transferID, Withdrawn, reason)
}

func endTransfer(ctx context.Context, d *desk.Desk, transferID, state, reason string) error {
	if reason == "" {
		return fail.Fields(fail.Finding{Field: "decision", Key: "kit.field.required"})
	}
	staff := desk.Of(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		t, now, err := open(ctx, d, tx, transferID)
		if err != nil {
			return err
		}
		if state == Refused {
			err = answers(staff, t)
		} else if t.ByPIN != staff.PIN && staff.Post.Role != workforceapi.Head {
			err = fail.New(fail.Forbidden, "card.transfer.not_yours")
		}
		if err != nil {
			return err
		}
		if err := decideTransfer(ctx, tx, t.ID, state, reason, staff, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, now.patientPIN, "transfer."+state, t.StayID)
	})
}

// answers: doctors of the department that was asked.
func answers(staff desk.Staff, t Transfer) error {
	if slices.Contains(desk.Doctors, staff.Post.Role) && (staff.Post.Department == "" || staff.Post.Department == t.To) {
		return nil
	}
	return fail.New(fail.Forbidden, "card.transfer.other_department")
}

// open locks the stay of a transfer that nobody has answered.
func open(ctx context.Context, d *desk.Desk, tx *sql.Tx, transferID string) (Transfer, place, error) {
	organisation := desk.Of(ctx).Post.Organisation
	t, ok, err := findTransfer(ctx, tx, organisation, transferID)
	if err != nil || !ok {
		if err == nil {
			err = fail.New(fail.NotFound, "card.transfer.none_such")
		}
		return t, place{}, err
	}
	now, ok, err := lockPlace(ctx, d.DB, tx, t.StayID, organisation)
	if err != nil || !ok {
		return t, now, err
	}
	// Read again under the lock: somebody may have been first.
	if t, _, err = findTransfer(ctx, tx, organisation, transferID); err != nil {
		return t, now, err
	}
	switch {
	case t.State != Asked:
		return t, now, fail.New(fail.Conflict, "card.transfer.answered", "Name", t.DecidedName, "At", text.Moment(t.DecidedAt))
	case !now.open:
		return t, now, fail.New(fail.Conflict, "card.move.discharged")
	case now.department != t.From:
		return t, now, fail.New(fail.Conflict, "card.transfer.moved_meanwhile")
	}
	return t, now, nil
}
