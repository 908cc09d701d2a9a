package exchangeapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
)

// Every system offers the same two services beside its own:
//
//	operations   its queue, for the operator's page: counts, list, one, retry
//	accesses     who looked at a person's data, for the person's page
const (
	ServiceOperations = "operations"
	ServiceAccesses   = "accesses"
)

// JobView is a job as the operator sees it. The body stays where it is: it may
// hold a person's data.
type JobView struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	Subject   string    `json:"subject"`
	State     job.State `json:"state"`
	Attempts  int       `json:"attempts"`
	RunAt     time.Time `json:"run_at"`
	LastError string    `json:"last_error,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	Finished  time.Time `json:"finished,omitzero"`
}

// JobQuery asks for jobs. State "troubled": failed, or tried and not yet done.
type JobQuery struct {
	State job.State `json:"state"`
	Limit int       `json:"limit"`
}

// JobRef names a job.
type JobRef struct {
	ID string `json:"id"`
}

// QueueState is a system's queue at a glance.
type QueueState struct {
	Counts []job.Count `json:"counts"`
}

// AccessQuery asks who looked at a person's data.
type AccessQuery struct {
	PIN   string `json:"pin"`
	Limit int    `json:"limit"`
}

// ServeOperations registers both services. words gives a record the words of
// its action and purpose, which only the system itself knows.
func ServeOperations(p *Provider, d *db.DB, q *job.Queue, words func(*audit.Record)) {
	Serve(p, ServiceOperations, "/counts", func(ctx context.Context, _ struct{}) (QueueState, error) {
		counts, err := q.Counts(ctx)
		return QueueState{counts}, err
	})
	Serve(p, ServiceOperations, "/jobs", func(ctx context.Context, in JobQuery) ([]JobView, error) {
		jobs, err := q.List(ctx, in.State, bound(in.Limit, 200))
		views := make([]JobView, 0, len(jobs))
		for _, j := range jobs {
			views = append(views, view(j))
		}
		return views, err
	})
	Serve(p, ServiceOperations, "/job", func(ctx context.Context, in JobRef) (JobView, error) {
		j, err := q.Get(ctx, in.ID)
		return view(j), err
	})
	Serve(p, ServiceOperations, "/retry", func(ctx context.Context, in JobRef) (struct{}, error) {
		return struct{}{}, q.Retry(ctx, in.ID)
	})
	Serve(p, ServiceAccesses, "", func(ctx context.Context, in AccessQuery) ([]audit.Record, error) {
		records, err := audit.Of(ctx, d.Read, in.PIN, bound(in.Limit, 500))
		for i := range records {
			words(&records[i])
		}
		return records, err
	})
}

func bound(n, most int) int {
	if n < 1 || n > most {
		return most
	}
	return n
}

func view(j job.Job) JobView {
	return JobView{
		ID: j.ID, Kind: j.Kind, Subject: j.Subject, State: j.State, Attempts: j.Attempts,
		RunAt: j.RunAt, LastError: j.LastError, CreatedAt: j.CreatedAt, Finished: j.Finished,
	}
}

// Accesses asks a system who looked at the person's data.
func (c *Client) Accesses(ctx context.Context, of Subsystem, pin string, limit int) ([]audit.Record, error) {
	var records []audit.Record
	err := c.Do(ctx, Call{Provider: of, Service: ServiceAccesses, Body: AccessQuery{pin, limit}, User: pin, Issue: "own-data"}, &records)
	return records, err
}

// Counts asks a system for its queue at a glance.
func (c *Client) Counts(ctx context.Context, of Subsystem) ([]job.Count, error) {
	var state QueueState
	err := c.Do(ctx, Call{Provider: of, Service: ServiceOperations, Path: "/counts", Body: struct{}{}}, &state)
	return state.Counts, err
}

// Jobs asks a system for its jobs.
func (c *Client) Jobs(ctx context.Context, of Subsystem, state job.State, limit int) ([]JobView, error) {
	var jobs []JobView
	err := c.Do(ctx, Call{Provider: of, Service: ServiceOperations, Path: "/jobs", Body: JobQuery{state, limit}}, &jobs)
	return jobs, err
}

// Job asks a system for one job.
func (c *Client) Job(ctx context.Context, of Subsystem, jobID string) (JobView, error) {
	var j JobView
	err := c.Do(ctx, Call{Provider: of, Service: ServiceOperations, Path: "/job", Body: JobRef{jobID}}, &j)
	return j, err
}

// RetryJob makes a job due now. user is the ПИН of the operator who asked.
func (c *Client) RetryJob(ctx context.Context, of Subsystem, jobID, user string) error {
	return c.Do(ctx, Call{Provider: of, Service: ServiceOperations, Path: "/retry", Body: JobRef{jobID}, User: user, Issue: "operation"}, nil)
}
