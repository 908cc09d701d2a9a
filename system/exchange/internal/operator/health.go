package operator

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Sighting is how a system was when it was last looked at.
type Sighting struct {
	System  string
	Ready   bool
	Version string
	Latency time.Duration
	Looked  time.Time
	Seen    time.Time // when it was last ready; zero: never
}

// Queue is a system's queue; Err says that it could not be asked.
type Queue struct {
	System string
	Counts []job.Count
	Err    error
}

// number adds the jobs of a state over all kinds.
func (q Queue) number(state job.State) int {
	n := 0
	for _, c := range q.Counts {
		if c.State == state {
			n += c.Number
		}
	}
	return n
}

// oldest is when the oldest job was made that is not done, zero for none.
func (q Queue) oldest() time.Time {
	var t time.Time
	for _, c := range q.Counts {
		if c.State != job.Done && c.Number > 0 && (t.IsZero() || c.Oldest.Before(t)) {
			t = c.Oldest
		}
	}
	return t
}

// Troubled is a job that failed or was tried in vain, with its system.
type Troubled struct {
	System string
	exchangeapi.JobView
}

// Look asks every system at once whether it is ready and keeps what was seen.
func (d *Desk) Look(ctx context.Context) ([]Sighting, error) {
	systems := names()
	seen := make([]Sighting, len(systems))
	var all sync.WaitGroup
	for i, name := range systems {
		all.Go(func() { seen[i] = d.lookAt(ctx, name) })
	}
	all.Wait()
	return d.keepSightings(context.WithoutCancel(ctx), seen)
}

func (d *Desk) lookAt(ctx context.Context, name string) Sighting {
	s := Sighting{System: name}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(d.Sites[name], "/")+"/ready", nil)
	if err != nil {
		return s
	}
	began := time.Now()
	response, err := d.HTTP.Do(request)
	s.Latency, s.Looked = time.Since(began), d.Clock.Now()
	if err != nil {
		return s
	}
	defer func() { _ = response.Body.Close() }()
	var state observe.State
	if err := json.NewDecoder(io.LimitReader(response.Body, 4096)).Decode(&state); err != nil || state.System != name {
		return s // somebody else answers there
	}
	s.Ready, s.Version = response.StatusCode == http.StatusOK && state.Ready, short(state.Version)
	if s.Ready {
		s.Seen = s.Looked
	}
	return s
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40])
	}
	return s
}

// client is the exchange as a caller with an operator's patience.
func (d *Desk) client() *exchangeapi.Client {
	c := *d.Exchange
	c.Timeout = patience
	return &c
}

// Queues asks every system for its queue, at once.
func (d *Desk) Queues(ctx context.Context) []Queue {
	systems := names()
	queues := make([]Queue, len(systems))
	var all sync.WaitGroup
	for i, name := range systems {
		all.Go(func() {
			counts, err := d.client().Counts(ctx, exchangeapi.Systems[name])
			queues[i] = Queue{name, counts, err}
		})
	}
	all.Wait()
	return queues
}

// Failures asks every system for its troubled jobs, newest first. away are the
// systems that did not answer.
func (d *Desk) Failures(ctx context.Context) (jobs []Troubled, away []string) {
	systems := names()
	found := make([][]exchangeapi.JobView, len(systems))
	failed := make([]error, len(systems))
	var all sync.WaitGroup
	for i, name := range systems {
		all.Go(func() { found[i], failed[i] = d.client().Jobs(ctx, exchangeapi.Systems[name], "troubled", 50) })
	}
	all.Wait()
	for i, name := range systems {
		if failed[i] != nil {
			away = append(away, name)
		}
		for _, j := range found[i] {
			jobs = append(jobs, Troubled{name, j})
		}
	}
	slices.SortStableFunc(jobs, func(a, b Troubled) int {
		if (a.State == job.Failed) != (b.State == job.Failed) {
			if a.State == job.Failed {
				return -1
			}
			return 1
		}
		return b.CreatedAt.Compare(a.CreatedAt)
	})
	return jobs, away
}
