// Package job does later, and at least once, what a change made necessary: the
// job is written in the transaction of the change, so neither is ever without
// the other. A worker takes a lease on a job; a worker that dies loses it when
// the lease runs out, and a worker that was only slow finds its lease gone and
// cannot finish what another has begun (fencing). Receivers must be idempotent;
// Job.ID is the key to be so by.
//
// Why not a library: docs/decisions/0004-jobs.md.
package job

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migration is the table of jobs.
var Migration = db.Set{Name: "job", Files: migrations, Dir: "migration"}

// State is where a job is in its life.
type State string

// The states. Failed means: given up, waits for the operator.
const (
	Ready   State = "ready"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Job is one thing to do.
type Job struct {
	ID        string
	Kind      string
	Body      json.RawMessage
	Subject   string
	State     State
	Attempts  int
	RunAt     time.Time
	LastError string
	CreatedAt time.Time
	Finished  time.Time
	lease     string
}

// Bind reads the body into v.
func (j Job) Bind(v any) error { return json.Unmarshal(j.Body, v) }

// Options of a new job.
type Options struct {
	Unique  string    // a second job with the same key is not made, even after the first is done
	Subject string    // what it is about, for the operator's page; never a person's data
	At      time.Time // not before; zero: now
}

// Handler does the job. An error means: again later.
type Handler func(ctx context.Context, j Job) error

// Policy says how often and how long a kind is tried.
type Policy struct {
	MaxAttempts int           // then it is failed and waits for the operator; 0: 750, about a day
	FirstDelay  time.Duration // doubled with each attempt; 0: 2 s
	MaxDelay    time.Duration // 0: 2 min
}

type worker struct {
	handle Handler
	policy Policy
}

// Queue is one system's jobs.
type Queue struct {
	db      *db.DB
	clock   clock.Clock
	log     *slog.Logger
	lease   time.Duration
	poll    time.Duration
	workers map[string]worker
	wake    chan struct{}
	count   int
	beside  []func(ctx context.Context)
}

// Config of a queue. Zero values are sane.
type Config struct {
	Lease   time.Duration // how long a dead worker blocks its job; 0: 20 s
	Poll    time.Duration // how often other processes' jobs are looked for; 0: 500 ms
	Workers int           // jobs at once in this process; 0: 4
}

// New makes the queue of a system. Register handlers with Handle, then Run.
func New(d *db.DB, c clock.Clock, log *slog.Logger, config Config) *Queue {
	if config.Lease == 0 {
		config.Lease = 20 * time.Second
	}
	if config.Poll == 0 {
		config.Poll = 500 * time.Millisecond
	}
	if config.Workers == 0 {
		config.Workers = 4
	}
	return &Queue{
		db: d, clock: c, log: log, lease: config.Lease, poll: config.Poll,
		workers: map[string]worker{}, wake: make(chan struct{}, 1), count: config.Workers,
	}
}

// Handle registers who does jobs of the kind. Call before Run.
func (q *Queue) Handle(kind string, policy Policy, h Handler) {
	if policy.MaxAttempts == 0 {
		policy.MaxAttempts = 750
	}
	if policy.FirstDelay == 0 {
		policy.FirstDelay = 2 * time.Second
	}
	if policy.MaxDelay == 0 {
		policy.MaxDelay = 2 * time.Minute
	}
	q.workers[kind] = worker{h, policy}
}

// Beside registers other work of the system that goes on as long as its jobs do.
// It must end when its ctx does. Call before Run.
func (q *Queue) Beside(work func(ctx context.Context)) { q.beside = append(q.beside, work) }

// Add writes the job in the transaction of the change it follows from.
// It says whether the job is new (false: its unique key was there already).
func (q *Queue) Add(ctx context.Context, tx db.Querier, kind string, body any, o Options) (bool, error) {
	write, err := q.Adding(ctx, kind, body, o)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, write.Query, write.Args...)
}

// Adding is Add as a write that goes with others (db.Send). Whether the job is
// new is not told.
func (q *Queue) Adding(ctx context.Context, kind string, body any, o Options) (db.Question, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return db.Question{}, err
	}
	now := q.clock.Now()
	if o.At.IsZero() {
		o.At = now
	}
	var unique any
	if o.Unique != "" {
		unique = kind + ":" + o.Unique
	}
	db.OnCommit(ctx, q.Wake)
	return db.Write(`INSERT INTO job (id, kind, body, unique_key, subject, state, run_at, created_at)
		VALUES ($1, $2, $3, $4, $5, 'ready', $6, $7) ON CONFLICT (unique_key) DO NOTHING`,
		id.New(), kind, string(data), unique, o.Subject, db.Micros(o.At), db.Micros(now)), nil
}

// Wake makes the workers look at once.
func (q *Queue) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Done jobs are kept as long as the operator may ask about them and longer than
// any resend can come late: their unique keys go with them.
const (
	keepDone   = 90 * 24 * time.Hour
	sweepEvery = 24 * time.Hour
)

// Run works until ctx ends, then waits for the jobs in hand. Done jobs are swept
// away at the start and then daily.
func (q *Queue) Run(ctx context.Context) {
	var hands sync.WaitGroup
	hands.Go(func() { q.sweepDaily(ctx) })
	for _, work := range q.beside {
		hands.Go(func() { work(ctx) })
	}
	slots := make(chan struct{}, q.count)
	ticker := time.NewTicker(q.poll)
	defer ticker.Stop()
	for {
		for ctx.Err() == nil {
			slots <- struct{}{}
			j, ok, err := q.take(ctx)
			if err != nil || !ok {
				<-slots
				if err != nil && ctx.Err() == nil {
					q.log.WarnContext(ctx, "jobs cannot be read", "system", q.db.Name(), "error", err.Error())
				}
				break
			}
			hands.Go(func() {
				defer func() { <-slots; q.Wake() }()
				q.do(ctx, j)
			})
		}
		select {
		case <-ctx.Done():
			hands.Wait()
			return
		case <-q.wake:
		case <-ticker.C:
		}
	}
}

func (q *Queue) sweepDaily(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := q.sweep(ctx, q.clock.Now().Add(-keepDone)); err != nil && ctx.Err() == nil {
			q.log.WarnContext(ctx, "done jobs were not swept", "system", q.db.Name(), "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Drain does every job that is due and returns when none is left: for tests and
// for commands that must not leave work behind.
func (q *Queue) Drain(ctx context.Context) error {
	for {
		j, ok, err := q.take(ctx)
		if err != nil || !ok {
			return err
		}
		q.do(ctx, j)
	}
}

const due = `((state = 'ready' AND run_at <= $1) OR (state = 'running' AND lease_until < $1))`

func (q *Queue) take(ctx context.Context) (Job, bool, error) {
	now := db.Micros(q.clock.Now())
	// Look before locking: an idle queue must not take SQLite's only writer.
	var one int
	err := q.db.Read.QueryRowContext(ctx, `SELECT 1 FROM job WHERE `+due+` LIMIT 1`, now).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, false, nil
	}
	if err != nil {
		return Job{}, false, err
	}
	skip := ""
	if q.db.Dialect == db.Postgres {
		skip = " FOR UPDATE SKIP LOCKED"
	}
	var j Job
	err = q.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		j = Job{lease: id.New()}
		var body string
		var runAt, created int64
		err := tx.QueryRowContext(ctx, `UPDATE job SET state = 'running', attempts = attempts + 1, lease = $2, lease_until = $3
			WHERE id = (SELECT id FROM job WHERE `+due+` ORDER BY run_at, id LIMIT 1`+skip+`)
			RETURNING id, kind, body, subject, attempts, run_at, created_at, last_error`,
			now, j.lease, now+q.lease.Microseconds()).
			Scan(&j.ID, &j.Kind, &body, &j.Subject, &j.Attempts, &runAt, &created, &j.LastError)
		j.Body, j.State, j.RunAt, j.CreatedAt = json.RawMessage(body), Running, db.Time(runAt), db.Time(created)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, false, nil
	}
	return j, err == nil, err
}

// do outlives a cancelled ctx for as long as its lease: a graceful stop lets
// the work in hand end.
func (q *Queue) do(ctx context.Context, j Job) {
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*q.lease)
	defer cancel()
	beat := make(chan struct{})
	go q.heartbeat(work, cancel, j, beat)
	err := q.run(work, j)
	close(beat)
	if err := q.finish(context.WithoutCancel(ctx), j, err); err != nil {
		q.log.WarnContext(ctx, "job not finished", "system", q.db.Name(), "kind", j.Kind, "job", j.ID, "error", err.Error())
	}
}

func (q *Queue) run(ctx context.Context, j Job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			q.log.ErrorContext(ctx, "panic", "system", q.db.Name(), "kind", j.Kind, "job", j.ID, "value", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	w, ok := q.workers[j.Kind]
	if ok && j.Attempts > w.policy.MaxAttempts {
		// Only a worker that died in the middle leaves a job with more attempts
		// than it has: it may be the job that kills it.
		return fmt.Errorf("the worker died %d times; %s", w.policy.MaxAttempts, j.LastError)
	}
	if !ok {
		return fmt.Errorf("nobody does jobs of kind %s", j.Kind)
	}
	return w.handle(ctx, j)
}

// heartbeat keeps the lease while the work goes on, and stops the work when the
// lease is lost.
func (q *Queue) heartbeat(ctx context.Context, cancel context.CancelFunc, j Job, stop <-chan struct{}) {
	ticker := time.NewTicker(q.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
			held, err := db.ChangedOne(ctx, q.db.Single(), `UPDATE job SET lease_until = $3 WHERE id = $1 AND lease = $2 AND state = 'running'`,
				j.ID, j.lease, db.Micros(q.clock.Now().Add(q.lease)))
			if err == nil && !held {
				cancel()
				return
			}
		}
	}
}

func (q *Queue) finish(ctx context.Context, j Job, workErr error) error {
	now := q.clock.Now()
	var held bool
	var err error
	policy := q.workers[j.Kind].policy
	switch {
	case workErr == nil:
		held, err = db.ChangedOne(ctx, q.db.Single(), `UPDATE job SET state = 'done', finished_at = $3, last_error = '', lease = '' WHERE id = $1 AND lease = $2 AND state = 'running'`,
			j.ID, j.lease, db.Micros(now))
	case j.Attempts >= max(policy.MaxAttempts, 1):
		q.log.ErrorContext(ctx, "job given up", "system", q.db.Name(), "kind", j.Kind, "job", j.ID, "error", workErr.Error())
		held, err = db.ChangedOne(ctx, q.db.Single(), `UPDATE job SET state = 'failed', finished_at = $3, last_error = $4, lease = '' WHERE id = $1 AND lease = $2 AND state = 'running'`,
			j.ID, j.lease, db.Micros(now), cut(workErr.Error()))
	default:
		q.log.InfoContext(ctx, "job will be tried again", "system", q.db.Name(), "kind", j.Kind, "job", j.ID, "attempt", j.Attempts, "error", workErr.Error())
		held, err = db.ChangedOne(ctx, q.db.Single(), `UPDATE job SET state = 'ready', run_at = $3, last_error = $4, lease = '' WHERE id = $1 AND lease = $2 AND state = 'running'`,
			j.ID, j.lease, db.Micros(now.Add(policy.delay(j.Attempts))), cut(workErr.Error()))
	}
	if err == nil && !held {
		return errors.New("the lease was lost to another worker")
	}
	return err
}

// delay doubles from FirstDelay to MaxDelay, give or take a fifth so that a
// recovered neighbour is not met by all at once.
func (p Policy) delay(attempt int) time.Duration {
	d := p.FirstDelay << min(attempt-1, 20)
	if d <= 0 || d > p.MaxDelay {
		d = p.MaxDelay
	}
	return d - d/5 + time.Duration(rand.Int64N(int64(2*d/5)+1)) //nolint:gosec // jitter, not a secret
}

func cut(s string) string {
	const limit = 2000
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
