package console

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/identity/internal/incident"
)

const checkJob = "audit-check"

// checked is a check of the audit trail.
type checked struct {
	at     time.Time
	took   time.Duration
	report audit.Report
}

// orderCheck wants the audit trail checked; the same key again changes nothing.
func (c *Console) orderCheck(ctx context.Context, key string) error {
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := c.Queue.Add(ctx, tx, checkJob, struct{}{}, job.Options{Unique: key})
		return err
	})
}

// check recomputes the chain of the audit trail. What is found wrong is an
// incident, one a day.
func (c *Console) check(ctx context.Context, _ job.Job) error {
	began := c.Clock.Now()
	report, err := audit.Verify(ctx, c.DB.Read, c.AuditKey, nil, func(int64, int64) {})
	if err != nil {
		return err
	}
	const kept = 20 // findings: the command lists them all
	if len(report.Findings) > kept {
		report.Findings = report.Findings[:kept]
	}
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if !report.OK() {
			f := report.Findings[0]
			if err := c.Incidents.Report(ctx, tx, incident.Incident{
				Kind: incident.AuditBroken, Reference: clock.DateOf(began).String(), Detail: joined(string(f.Kind), f.RecordID),
			}); err != nil {
				return err
			}
		}
		return c.insertCheck(ctx, tx, id.New(), checked{began, c.Clock.Now().Sub(began), report})
	})
}
