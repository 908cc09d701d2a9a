package job_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
)

var start = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func add(t *testing.T, d *db.DB, q *job.Queue, kind string, o job.Options) bool {
	t.Helper()
	var isNew bool
	err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		var err error
		isNew, err = q.Add(ctx, tx, kind, map[string]int{"n": 1}, o)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return isNew
}

func TestJobIsDoneOnceByManyWorkers(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		const jobs = 100
		var done atomic.Int64
		var queues []*job.Queue
		for range 4 {
			q := job.New(d, clock.System{}, slog.New(slog.DiscardHandler), job.Config{Poll: 5 * time.Millisecond})
			q.Handle("count", job.Policy{}, func(context.Context, job.Job) error { done.Add(1); return nil })
			queues = append(queues, q)
		}
		for range jobs {
			add(t, d, queues[0], "count", job.Options{})
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, q := range queues {
			running.Go(func() { q.Run(ctx) })
		}
		deadline := time.Now().Add(2 * time.Minute)
		for done.Load() < jobs && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		stop()
		running.Wait()
		if done.Load() != jobs {
			t.Fatalf("%d of %d jobs done", done.Load(), jobs)
		}
		left, err := queues[0].List(t.Context(), job.Ready, 10)
		if err != nil || len(left) != 0 {
			t.Fatalf("left: %v, %v", left, err)
		}
	})
}

func TestUniqueJobIsMadeOnce(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.System{}, slog.New(slog.DiscardHandler), job.Config{})
		if !add(t, d, q, "send", job.Options{Unique: "a"}) {
			t.Fatal("the first was not made")
		}
		if add(t, d, q, "send", job.Options{Unique: "a"}) {
			t.Fatal("the second was made")
		}
	})
}

func TestRolledBackChangeLeavesNoJob(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.System{}, slog.New(slog.DiscardHandler), job.Config{})
		wanted := errors.New("no")
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if _, err := q.Add(ctx, tx, "send", 1, job.Options{}); err != nil {
				return err
			}
			return wanted
		})
		if !errors.Is(err, wanted) {
			t.Fatal(err)
		}
		jobs, err := q.List(t.Context(), "", 10)
		if err != nil || len(jobs) != 0 {
			t.Fatalf("jobs %v, %v", jobs, err)
		}
	})
}

func TestFailedJobIsRetriedThenGivenUpThenRestarted(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(start)
		q := job.New(d, now, slog.New(slog.DiscardHandler), job.Config{})
		fails := true
		tries := 0
		q.Handle("send", job.Policy{MaxAttempts: 3, FirstDelay: time.Minute, MaxDelay: 2 * time.Minute}, func(context.Context, job.Job) error {
			tries++
			if fails {
				return errors.New("the neighbour is away")
			}
			return nil
		})
		add(t, d, q, "send", job.Options{})
		for range 5 {
			if err := q.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			now.Advance(3 * time.Minute)
		}
		if tries != 3 {
			t.Fatalf("tried %d times, want 3", tries)
		}
		troubled, err := q.List(t.Context(), "troubled", 10)
		if err != nil || len(troubled) != 1 || troubled[0].State != job.Failed || troubled[0].LastError != "the neighbour is away" {
			t.Fatalf("troubled: %+v, %v", troubled, err)
		}
		fails = false
		if err := q.Retry(t.Context(), troubled[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := q.Get(t.Context(), troubled[0].ID)
		if err != nil || got.State != job.Done {
			t.Fatalf("after restart: %+v, %v", got, err)
		}
	})
}

// A worker that died (kill -9) never says so: its lease runs out and another
// takes the job; the first, if it was only slow, cannot finish it any more.
func TestLeaseOfADeadWorkerRunsOut(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(start)
		first := job.New(d, now, slog.New(slog.DiscardHandler), job.Config{Lease: time.Minute})
		second := job.New(d, now, slog.New(slog.DiscardHandler), job.Config{Lease: time.Minute})
		inHand, release := make(chan struct{}), make(chan struct{})
		first.Handle("send", job.Policy{}, func(context.Context, job.Job) error { close(inHand); <-release; return errors.New("too late") })
		tries := 0
		second.Handle("send", job.Policy{}, func(context.Context, job.Job) error { tries++; return nil })
		add(t, d, first, "send", job.Options{})
		ended := make(chan struct{})
		go func() { defer close(ended); _ = first.Drain(t.Context()) }()
		<-inHand
		if err := second.Drain(t.Context()); err != nil || tries != 0 {
			t.Fatalf("a leased job was taken (%d), %v", tries, err)
		}
		now.Advance(2 * time.Minute)
		if err := second.Drain(t.Context()); err != nil || tries != 1 {
			t.Fatalf("the job of a dead worker was not taken (%d), %v", tries, err)
		}
		close(release)
		<-ended
		jobs, err := second.List(t.Context(), job.Done, 10)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("the late worker undid the work of the second: %v, %v", jobs, err)
		}
	})
}

func TestFindByUniqueKey(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		q := job.New(d, clock.NewManual(start), slog.New(slog.DiscardHandler), job.Config{})
		if _, ok, err := q.Find(t.Context(), "send", "case/1"); ok || err != nil {
			t.Fatal(ok, err)
		}
		add(t, d, q, "send", job.Options{Unique: "case/1"})
		if j, ok, err := q.Find(t.Context(), "send", "case/1"); !ok || err != nil || j.Kind != "send" || j.State != job.Ready {
			t.Fatal(j, ok, err)
		}
		if _, ok, err := q.Find(t.Context(), "other", "case/1"); ok || err != nil {
			t.Fatal(ok, err)
		}
	})
}

// Queue.Run itself sweeps: nobody has to think of it.
func TestDoneJobsAreKeptForNinetyDays(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(start)
		q := job.New(d, c, slog.New(slog.DiscardHandler), job.Config{Poll: 5 * time.Millisecond})
		q.Handle("send", job.Policy{}, func(context.Context, job.Job) error { return nil })
		q.Handle("broken", job.Policy{MaxAttempts: 1}, func(context.Context, job.Job) error { return errors.New("no") })
		add(t, d, q, "send", job.Options{Unique: "a"})
		add(t, d, q, "broken", job.Options{Unique: "a"})
		if err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		there := func(kind string) bool {
			t.Helper()
			_, found, err := q.Find(t.Context(), kind, "a")
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		run := func(long time.Duration) {
			ctx, stop := context.WithTimeout(t.Context(), long)
			defer stop()
			ended := make(chan struct{})
			go func() { defer close(ended); q.Run(ctx) }()
			for ctx.Err() == nil && there("send") {
				time.Sleep(10 * time.Millisecond)
			}
			stop()
			<-ended
		}
		c.Advance(89 * 24 * time.Hour)
		run(200 * time.Millisecond)
		if add(t, d, q, "send", job.Options{Unique: "a"}) {
			t.Fatal("after 89 days a resend made the job a second time")
		}
		c.Advance(2 * 24 * time.Hour)
		run(time.Minute)
		for kind, want := range map[string]bool{"send": false, "broken": true} {
			if found := there(kind); found != want {
				t.Errorf("after 91 days %s: there %v", kind, found)
			}
		}
	})
}

// A job that kills its worker each time must come to the operator, not go round
// for ever.
func TestAJobWhoseWorkersDieIsGivenUp(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{job.Migration}, func(t *testing.T, d *db.DB) {
		c := clock.NewManual(start)
		q := job.New(d, c, slog.New(slog.DiscardHandler), job.Config{})
		q.Handle("deadly", job.Policy{MaxAttempts: 2}, func(context.Context, job.Job) error {
			t.Error("tried once more than it may")
			return nil
		})
		add(t, d, q, "deadly", job.Options{Unique: "a"})
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { // as two workers left it
			_, err := tx.ExecContext(ctx, `UPDATE job SET state = 'running', attempts = 2, lease = 'x', lease_until = $1`, db.Micros(start))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Minute)
		if err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		j, _, err := q.Find(t.Context(), "deadly", "a")
		if err != nil || j.State != job.Failed {
			t.Errorf("%+v, %v", j, err)
		}
	})
}
