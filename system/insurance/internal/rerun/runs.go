package rerun

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
)

// Job is the kind of the job that does a re-run which no page waits for.
const Job = "rerun"

// JobPolicy: what was begun ten times and never ended is given up, and the page says so.
var JobPolicy = job.Policy{MaxAttempts: 10, FirstDelay: time.Second, MaxDelay: time.Minute}

// Runs are re-runs that take longer than a page may. Any process does them and shows
// them: how far they are, and what came of them, is in the database.
type Runs struct {
	DB     *db.DB
	Clock  clock.Clock
	Queue  *job.Queue
	Tables price.Source
}

// Asked is what a re-run is of: a month by one table or several.
type Asked struct {
	Month        string
	Organisation string // "" for every hospital
	Tables       []string
}

// Run is one of them as it stands.
type Run struct {
	Asked
	ID            string
	Cases, Priced int
	Begun         int      // how often by the job: more than once where a process was stopped meanwhile
	Result        []Result // of each table, nil while it goes on
	GivenUp       bool
	AskedAt       time.Time
	EndedAt       time.Time // zero while it goes on
}

// Done says that the result is there.
func (r Run) Done() bool { return !r.EndedAt.IsZero() }

const (
	atOnce  = time.Second    // within which a page answers with the result itself
	fresh   = time.Hour      // as long as which a result is shown to who asks the same
	kept    = 24 * time.Hour // after which a result is let go
	between = time.Second    // after which it is told anew how far a re-run is
)

type body struct {
	Run string `json:"run"`
}

// Of is the newest re-run of what is asked for as it stands; one is begun if there is
// none of the last hour.
func (r Runs) Of(ctx context.Context, asked Asked) (Run, error) {
	run, err := newest(ctx, r.DB.Read, asked, r.Clock.Now().Add(-fresh))
	if errors.Is(err, sql.ErrNoRows) {
		return r.Begin(ctx, asked)
	}
	if err != nil || run.Done() {
		return run, db.Explain(err)
	}
	j, ok, err := r.Queue.Find(ctx, Job, run.ID)
	run.GivenUp = !ok || j.State == job.Failed
	return run, db.Explain(err)
}

// Begin is a new re-run, of the cases as they are now. A short one is done when Begin
// returns; of a long one the job does the whole.
func (r Runs) Begin(ctx context.Context, asked Asked) (Run, error) {
	run, err := r.order(ctx, asked)
	if err != nil {
		return run, db.Explain(err)
	}
	soon, stop := context.WithTimeout(ctx, atOnce)
	defer stop()
	if err := r.do(soon, run.ID, 0); err != nil && soon.Err() == nil {
		return run, db.Explain(err)
	}
	run, err = byID(ctx, r.DB.Read, run.ID)
	return run, db.Explain(err)
}

func (r Runs) order(ctx context.Context, asked Asked) (Run, error) {
	now := r.Clock.Now()
	run := Run{Asked: asked, ID: id.New(), AskedAt: now}
	return run, r.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := sweep(ctx, tx, now.Add(-kept)); err != nil {
			return err
		}
		if err := insert(ctx, tx, run); err != nil {
			return err
		}
		_, err := r.Queue.Add(ctx, tx, Job, body{run.ID}, job.Options{Unique: run.ID, Subject: asked.Month, At: now.Add(atOnce)})
		return err
	})
}

// Go is the job.
func (r Runs) Go(ctx context.Context, j job.Job) error {
	var b body
	if err := j.Bind(&b); err != nil {
		return err
	}
	return r.do(ctx, b.Run, j.Attempts)
}

// do prices the cases from the first to the last, in one reading: what a killed process
// had counted is of cases that may have changed since.
func (r Runs) do(ctx context.Context, runID string, attempt int) error {
	run, err := byID(ctx, r.DB.Read, runID)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && run.Done()) {
		return nil
	}
	if err != nil {
		return err
	}
	known, err := r.Tables.Tables(ctx)
	if err != nil {
		return err
	}
	var tables []price.Table
	for _, name := range run.Tables {
		table, ok := known.Find(name)
		if !ok {
			return fmt.Errorf("there is no table %s", name)
		}
		tables = append(tables, table)
	}
	cases, err := count(ctx, r.DB.Read, run.Month, run.Organisation)
	if err != nil {
		return err
	}
	if err := r.save(ctx, func(tx db.Querier) error { return began(ctx, tx, runID, attempt, cases) }); err != nil {
		return err
	}
	told, failed := time.Now(), error(nil) //nolint:forbidigo // how long a computation lasts, no time of the fund's
	result, err := Month(ctx, r.DB.Read, run.Month, run.Organisation, func(n int) {
		if n%500 == 0 && time.Since(told) > between { //nolint:forbidigo // as above
			told = time.Now() //nolint:forbidigo // as above
			failed = errors.Join(failed, r.save(ctx, func(tx db.Querier) error { return progressed(ctx, tx, runID, n) }))
		}
	}, tables...)
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	data, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return r.save(ctx, func(tx db.Querier) error {
		return ended(ctx, tx, runID, result[0].All.Cases, string(data), r.Clock.Now())
	})
}

func (r Runs) save(ctx context.Context, write func(tx db.Querier) error) error {
	return r.DB.Tx(ctx, func(_ context.Context, tx *sql.Tx) error { return write(tx) })
}
