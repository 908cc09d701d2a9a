package ward

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// MoveTo says where and when a patient goes.
type MoveTo struct {
	Stay       string
	At         time.Time
	Department string // 2 digits
	Bed        string // id; "": without a bed yet
	DoctorPIN  string // "": the attending doctor stays
	DoctorName string
	Reason     string
}

// Move takes a patient to another bed or department: one transaction closes
// the time there and begins the next. Not before the last move, not in the
// future, not out of a stay that is over.
func Move(ctx context.Context, d *desk.Desk, in MoveTo) error {
	staff := desk.Of(ctx)
	if err := checkMove(ctx, d, in); err != nil {
		return err
	}
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now, ok, err := lockPlace(ctx, d.DB, tx, in.Stay, staff.Post.Organisation)
		switch {
		case err != nil:
			return err
		case !ok:
			return fail.New(fail.NotFound, "card.stay.not_found")
		case !now.open:
			return fail.New(fail.Conflict, "card.move.discharged")
		case !in.At.After(now.since):
			return fail.Fields(fail.Finding{Field: "at", Key: "card.move.before_last", Args: fail.Args("Since", text.Moment(now.since))})
		case now.department == in.Department && now.bedID == in.Bed:
			return fail.Fields(fail.Finding{Field: "bed", Key: "card.move.same"})
		case now.department != in.Department && !slices.Contains(desk.Doctors, staff.Post.Role):
			return fail.Fields(fail.Finding{Field: "department", Key: "card.move.doctor_only"})
		}
		if in.Bed != "" {
			if err := Take(ctx, d.DB, tx, staff.Post.Organisation, in.Department, in.Bed); err != nil {
				return err
			}
		}
		if err := writeMove(ctx, tx, in); err != nil {
			return err
		}
		return d.Seen(ctx, tx, now.patientPIN, "stay.move", in.Stay)
	})
	if db.Unique(err) { // the bed: nothing else is unique here
		return Taken()
	}
	return err
}

func checkMove(ctx context.Context, d *desk.Desk, in MoveTo) error {
	var findings []fail.Finding
	if in.At.IsZero() {
		findings = append(findings, fail.Finding{Field: "at", Key: "kit.field.required"})
	} else if in.At.After(d.Clock.Now()) {
		findings = append(findings, fail.Finding{Field: "at", Key: "card.at.future"})
	}
	o, err := d.Directory.Organisation(ctx, desk.Of(ctx).Post.Organisation)
	if err != nil {
		return err
	}
	if _, ok := directory.Department(o, in.Department); !ok {
		findings = append(findings, fail.Finding{Field: "department", Key: "kit.field.choose"})
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	return nil
}

// DoctorOf finds the doctor chosen on a form: one of the organisation's, or the
// member of staff who is a doctor.
func DoctorOf(ctx context.Context, d *desk.Desk, pin string) (name string, ok bool) {
	staff := desk.Of(ctx)
	if pin == staff.PIN && slices.Contains(desk.Doctors, staff.Post.Role) {
		return staff.Name, true
	}
	for _, p := range d.Directory.Doctors(ctx, staff.Post.Organisation) {
		if p.PIN == pin {
			return p.PersonName, true
		}
	}
	return "", false
}

// DoctorField is a field for a doctor. While НИСУР is away its hint says of which
// moment the list is, or why there is none.
func DoctorField(ctx context.Context, d *desk.Desk, f design.Field) design.Field {
	at, away := d.Directory.DoctorsAway(desk.Of(ctx).Post.Organisation)
	switch {
	case away && at.IsZero():
		f.Hint = text.T(ctx, "card.doctors.none")
	case away:
		f.Hint = text.T(ctx, "card.doctors.old", "At", text.Moment(at))
	}
	return f
}

// DoctorsFor are the doctors whom a form offers: the organisation's, and the
// member of staff even while НИСУР is away.
func DoctorsFor(ctx context.Context, d *desk.Desk) []workforceapi.Post {
	staff := desk.Of(ctx)
	doctors := d.Directory.Doctors(ctx, staff.Post.Organisation)
	self := slices.ContainsFunc(doctors, func(p workforceapi.Post) bool { return p.PIN == staff.PIN })
	if !self && slices.Contains(desk.Doctors, staff.Post.Role) {
		post := staff.Post
		post.PIN, post.PersonName = staff.PIN, staff.Name
		doctors = append([]workforceapi.Post{post}, doctors...)
	}
	return doctors
}
