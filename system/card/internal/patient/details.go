package patient

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Details are what the title page of a case history (003/у) asks for beside who
// the patient is.
type Details struct {
	Phone        string
	SocialStatus string // of Social
	Workplace    string // and post
	Privilege    string // document of the co-payment category
	KinName      string // whom to tell
	KinRelation  string
	KinPhone     string
	BloodGroup   string // of BloodGroups
	Rhesus       string // of Rhesus
	BloodAt      time.Time
	BloodBy      string // who wrote the group, name
	Alerts       string // allergies and the like, one a line
}

// Kin is whom to tell, in one line.
func (d Details) Kin() string {
	line := d.KinName
	if d.KinRelation != "" {
		line += " (" + d.KinRelation + ")"
	}
	if d.KinPhone != "" {
		line += ", " + d.KinPhone
	}
	return line
}

// SaveDetails writes them. Who wrote the blood group, and when, changes with the
// group alone.
func SaveDetails(ctx context.Context, d *desk.Desk, patientID string, in Details) error {
	var findings []fail.Finding
	for _, choice := range []struct {
		field, value string
		of           []string
	}{{"social_status", in.SocialStatus, Social}, {"blood_group", in.BloodGroup, BloodGroups}, {"rhesus", in.Rhesus, Rhesus}} {
		if !slices.Contains(choice.of, choice.value) {
			findings = append(findings, fail.Finding{Field: choice.field, Key: "kit.field.choose"})
		}
	}
	if in.Rhesus != "" && in.BloodGroup == "" {
		findings = append(findings, fail.Finding{Field: "blood_group", Key: "kit.field.choose"})
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := lock(ctx, d.DB, tx, patientID)
		if err != nil {
			return err
		}
		if p.MergedInto != "" {
			return fail.New(fail.Conflict, "card.patient.merged_meanwhile")
		}
		was, err := LoadDetails(ctx, tx, patientID)
		if err != nil {
			return err
		}
		in.BloodAt, in.BloodBy = was.BloodAt, was.BloodBy
		if in.BloodGroup != was.BloodGroup || in.Rhesus != was.Rhesus {
			in.BloodAt, in.BloodBy = d.Clock.Now(), desk.Of(ctx).Name
		}
		if err := updateDetails(ctx, tx, patientID, in); err != nil {
			return err
		}
		return d.Seen(ctx, tx, p.PIN, "patient.details", patientID)
	})
}
