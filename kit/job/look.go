package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// Count is how many jobs of a kind are in a state, and the oldest of them.
type Count struct {
	Kind   string
	State  State
	Number int
	Oldest time.Time // created
}

// Counts is the state of the queue at a glance.
func (q *Queue) Counts(ctx context.Context) ([]Count, error) {
	var counts []Count
	for row, err := range db.Rows(ctx, q.db.Read, `SELECT kind, state, COUNT(*), MIN(created_at) FROM job GROUP BY kind, state ORDER BY kind, state`) {
		if err != nil {
			return nil, err
		}
		var c Count
		var oldest int64
		if err := row.Scan(&c.Kind, &c.State, &c.Number, &oldest); err != nil {
			return nil, err
		}
		c.Oldest = db.Time(oldest)
		counts = append(counts, c)
	}
	return counts, nil
}

const columns = `id, kind, body, subject, state, attempts, run_at, last_error, created_at, finished_at`

// List is the newest jobs, at most limit. State "" means every one; "troubled"
// means failed, or tried before and still not done.
func (q *Queue) List(ctx context.Context, state State, limit int) ([]Job, error) {
	where := `($1 = '' OR state = $1)`
	if state == "troubled" {
		where = `($1 <> '' AND (state = 'failed' OR (state <> 'done' AND last_error <> '')))`
	}
	return db.List(ctx, q.db.Read, scan, `SELECT `+columns+` FROM job WHERE `+where+` ORDER BY created_at DESC, id DESC LIMIT $2`, string(state), limit)
}

// Get is one job.
func (q *Queue) Get(ctx context.Context, jobID string) (Job, error) {
	j, err := scan(q.db.Read.QueryRowContext(ctx, `SELECT `+columns+` FROM job WHERE id = $1`, jobID))
	if err == sql.ErrNoRows { //nolint:errorlint // Row.Scan returns it bare
		return Job{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return j, err
}

// Find is the job of the kind made with the unique key (Options.Unique); ok is
// false when there is none (any more).
func (q *Queue) Find(ctx context.Context, kind, unique string) (j Job, ok bool, err error) {
	j, err = scan(q.db.Read.QueryRowContext(ctx, `SELECT `+columns+` FROM job WHERE unique_key = $1`, kind+":"+unique))
	if err == sql.ErrNoRows { //nolint:errorlint // Row.Scan returns it bare
		return Job{}, false, nil
	}
	return j, err == nil, err
}

func scan(row db.Row) (Job, error) {
	var j Job
	var body string
	var runAt, created, finished int64
	err := row.Scan(&j.ID, &j.Kind, &body, &j.Subject, &j.State, &j.Attempts, &runAt, &j.LastError, &created, &finished)
	j.Body, j.RunAt, j.CreatedAt, j.Finished = json.RawMessage(body), db.Time(runAt), db.Time(created), db.Time(finished)
	return j, err
}

// Retry makes a failed or waiting job due now, with its attempts counted anew.
func (q *Queue) Retry(ctx context.Context, jobID string) error {
	return q.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		ready, err := db.ChangedOne(ctx, tx, `UPDATE job SET state = 'ready', attempts = 0, run_at = $2 WHERE id = $1 AND state IN ('failed', 'ready')`,
			jobID, db.Micros(q.clock.Now()))
		if err != nil {
			return err
		}
		if !ready {
			return fail.New(fail.Conflict, "kit.job_not_waiting")
		}
		db.OnCommit(ctx, q.Wake)
		return nil
	})
}

// sweep deletes done jobs that ended before the moment, and their unique keys
// with them. Failed ones stay until the operator has seen to them.
func (q *Queue) sweep(ctx context.Context, before time.Time) error {
	return q.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM job WHERE state = 'done' AND finished_at < $1`, db.Micros(before))
		return err
	})
}
