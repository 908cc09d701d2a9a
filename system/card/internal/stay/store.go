package stay

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// find asks for the stay, its counts and the names of its hospital at once.
func find(ctx context.Context, d *desk.Desk, stayID, organisation string) (View, error) {
	var v View
	names, understood := d.Directory.Asking(organisation)
	err := d.DB.Ask(ctx, viewQuestion(stayID, organisation, &v), countsQuestion(stayID, &v.Counts), names)
	if err != nil {
		return v, err
	}
	if v.ID == "" {
		return View{}, fail.New(fail.NotFound, "card.stay.not_found")
	}
	o, err := understood(ctx)
	if err != nil { // names are not worth a closed history
		d.Log.WarnContext(ctx, "organisation without names", "system", "card", "error", err.Error())
	}
	v.OrganisationName, v.DepartmentName = o.Name, directory.DepartmentName(o, v.Department)
	return v, nil
}

func viewQuestion(stayID, organisation string, v *View) db.Question {
	return db.Question{
		Query: `SELECT ` + patient.Columns + `, s.id, s.organisation, s.state, s.kind, s.admitted_at,
				s.hours_since_onset, s.brought_by, s.referrer, s.first_this_year, s.department, COALESCE(s.bed_id, ''), COALESCE(b.name, ''),
				s.doctor_pin, s.doctor_name, s.discharged_at, s.created_by, s.payment, s.transport,
				COALESCE((SELECT kind FROM isolation WHERE stay_id = s.id AND ended_at = 0), '')
			FROM stay s JOIN patient p ON p.id = s.patient_id LEFT JOIN bed b ON b.id = s.bed_id
			WHERE s.id = $1 AND s.organisation = $2`,
		Args: []any{stayID, organisation},
		Each: func(row db.Row) error {
			var admitted, discharged, first int64
			p, err := patient.Scan(row, &v.ID, &v.Organisation, &v.State, &v.Kind, &admitted,
				&v.HoursSinceOnset, &v.BroughtBy, &v.Referrer, &first, &v.Department, &v.BedID, &v.BedName,
				&v.DoctorPIN, &v.DoctorName, &discharged, &v.CreatedBy, &v.Payment, &v.Transport, &v.Isolation)
			v.Patient, v.AdmittedAt, v.DischargedAt, v.FirstThisYear = p, db.Time(admitted), db.Time(discharged), first == 1
			return err
		},
	}
}

// countsQuestion counts what stands beside the tabs. Every entry has one first
// version.
func countsQuestion(stayID string, c *Counts) db.Question {
	return db.Question{
		Query: `SELECT
			(SELECT COUNT(*) FROM entry WHERE stay_id = $1 AND signed_at <> 0 AND version = 1),
			(SELECT COUNT(*) FROM medical_order WHERE stay_id = $1 AND ended_at = 0),
			(SELECT COUNT(DISTINCT root) FROM operation WHERE stay_id = $1),
			(SELECT COUNT(*) FROM move WHERE stay_id = $1),
			(SELECT COUNT(*) FROM diagnosis WHERE stay_id = $1 AND ended_at = 0),
			(SELECT COUNT(*) FROM request r WHERE stay_id = $1 AND cancelled_at = 0 AND NOT EXISTS (SELECT 1 FROM answer a WHERE a.request_id = r.id)),
			(SELECT COUNT(*) FROM consent WHERE stay_id = $1 AND state = 'signed'),
			(SELECT COUNT(*) FROM newborn WHERE mother_stay = $1),
			(SELECT COUNT(*) FROM diagnosis WHERE stay_id = $1 AND ended_at = 0 AND (code LIKE 'O%' OR code LIKE 'Z3%'))`,
		Args: []any{stayID},
		Each: func(row db.Row) error {
			return row.Scan(&c.Entries, &c.Orders, &c.Operations, &c.Moves, &c.Diagnoses, &c.Waiting, &c.Consents, &c.Newborns, &c.Obstetric)
		},
	}
}

func seen(ctx context.Context, d *desk.Desk, v View) error {
	return d.Seen(ctx, d.DB.Single(), v.Patient.PIN, "stay.read", v.ID)
}
