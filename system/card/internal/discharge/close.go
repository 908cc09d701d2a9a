package discharge

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
)

// Discharge closes the stay and gives form 066/у its number. What is missing
// comes back as findings. Of two who discharge at once, one is told that the
// other was first. All of it is one transaction (MC-4, MC-5).
func Discharge(ctx context.Context, d *desk.Desk, stayID string, end form.Ending) (form.Number, error) {
	staff := desk.Of(ctx)
	end, end.By = clean(end), staff.PIN
	if err := RefreshHeads(ctx, d, staff.Post.Organisation); err != nil {
		return form.Number{}, err
	}
	var n form.Number
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := form.Load(ctx, tx, stayID, staff.Post.Organisation, d.DB.ForUpdate())
		if err != nil {
			return err
		}
		if r.State != "open" {
			return fail.New(fail.Conflict, "card.discharge.already", "At", text.Moment(r.Ending.At))
		}
		now := d.Clock.Now()
		if gaps := Gaps(r, end, now); len(gaps) > 0 {
			return missing(gaps)
		}
		n, err = form.Issuing{Clock: d.Clock, Queue: d.Queue}.Issue(ctx, tx, r, end, "", staff.PIN, form.Beside{
			First: closeStay(r, end, now),
			Then: func(n form.Number) ([]db.Question, error) {
				told, err := tell(ctx, d, r, end)
				return append(told, d.Seeing(ctx, r.Patient.PIN, "discharge", n.String())), err
			},
		})
		return err
	})
	return n, err
}

func missing(gaps []Gap) error {
	findings := make([]fail.Finding, len(gaps))
	for i, g := range gaps {
		findings[i] = g.Finding
	}
	return fail.Fields(findings...)
}

// tell orders the message to the patient. The dead and the unknown get none.
func tell(ctx context.Context, d *desk.Desk, r form.Record, end form.Ending) ([]db.Question, error) {
	if r.Patient.PIN == "" || end.Outcome == Died {
		return nil, nil
	}
	write, err := d.Queue.Adding(ctx, NotifyJob, notice{r.StayID}, job.Options{Unique: r.StayID, Subject: r.StayID})
	return []db.Question{write}, err
}
