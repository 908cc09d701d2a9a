package rerun

import (
	"context"
	"sync"
	"time"
)

// Runs are re-runs that take longer than a page may: they go on beside it, and the
// page asks again until they are done. The zero Runs is ready.
type Runs[T any] struct {
	mu  sync.Mutex
	all map[string]*Run[T]
}

// Run is one of them. What it is asked for is in Result once Done.
type Run[T any] struct {
	Priced int  // cases so far
	Done   bool // Result and Err say what came of it
	Result T
	Err    error

	ended   chan struct{}
	touched time.Time
}

const (
	atOnce    = time.Second      // within which a page answers with the result itself
	longest   = 30 * time.Minute // after which a re-run is given up
	forgotten = 5 * time.Minute  // after which a result that nobody came for is let go
)

// Of is the run under the key as it stands; work is begun if there is none. A result
// is handed out once: who asks after that asks for the cases as they are then.
func (r *Runs[T]) Of(ctx context.Context, key string, work func(ctx context.Context, priced func(int)) (T, error)) Run[T] {
	r.mu.Lock()
	now := time.Now() //nolint:forbidigo // how long a computation lasts, no time of the fund's
	for k, old := range r.all {
		if old.Done && now.Sub(old.touched) > forgotten {
			delete(r.all, k)
		}
	}
	run := r.all[key]
	if run == nil {
		if r.all == nil {
			r.all = map[string]*Run[T]{}
		}
		run = &Run[T]{ended: make(chan struct{})}
		r.all[key] = run
		go r.do(context.WithoutCancel(ctx), run, work)
	}
	run.touched = now
	r.mu.Unlock()
	select {
	case <-run.ended:
	case <-ctx.Done():
	case <-time.After(atOnce):
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if run.Done && r.all[key] == run {
		delete(r.all, key)
	}
	return *run
}

func (r *Runs[T]) do(ctx context.Context, run *Run[T], work func(context.Context, func(int)) (T, error)) {
	ctx, stop := context.WithTimeout(ctx, longest)
	defer stop()
	result, err := work(ctx, func(n int) {
		if n%500 == 0 {
			r.mu.Lock()
			run.Priced = n
			r.mu.Unlock()
		}
	})
	r.mu.Lock()
	run.Result, run.Err, run.Done = result, err, true
	r.mu.Unlock()
	close(run.ended)
}
