package node

import (
	"context"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// A contact that stops at any moment, as a killed process does, and begins again
// with nothing in memory: what was not noted as taken is told again, what was
// noted is there.
func TestAContactThatStopsAtAnyMomentLosesNothing(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		whole := time.Duration(0)
		for i := range 40 {
			dischargeOne(t, p.node, formtest.PIN(1000+i))
			dischargeOne(t, p.centre, formtest.PIN(2000+i))
			if i == 0 { // how long a whole contact takes here
				began := time.Now()
				_ = p.n.Step(t.Context())
				whole = time.Since(began)
				continue
			}
			// Anywhere, or just while what the centre has told is being written.
			ctx, stop := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(whole)+1)))
			if i%3 > 0 {
				stop()
				ctx, stop = context.WithCancel(t.Context())
				p.wire.before = func(path string) {
					if path == "/pull" {
						time.AfterFunc(time.Duration(rand.Int64N(int64(whole)/2+1)), stop)
					}
				}
			}
			_ = p.n.Step(ctx)
			stop()
			p.wire.before = nil
			p.startNode()
		}
		p.meet()
		p.alike()
	})
}

// stopping is a context that ends when it is looked at for the so-manieth time:
// before each statement, each call and each commit it is.
type stopping struct {
	context.Context
	left *atomic.Int64
	stop context.CancelFunc
}

// Done implements context.Context.
func (s stopping) Done() <-chan struct{} {
	if s.left.Add(-1) == 0 {
		s.stop()
	}
	return s.Context.Done()
}

// A contact is stopped before each of its statements, calls and commits in turn,
// by no chance: each time what it was about to take over is there in the end.
func TestAContactIsStoppedBeforeEachOfItsSteps(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		began := func() { // as after a kill: nothing in memory is left
			p.n = &Node{Desk: p.n.Desk, Merger: p.n.Merger, Centre: p.n.Centre, Settings: p.n.Settings}
			if err := p.n.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		at := 0
		for whole := false; !whole; {
			at++
			p.node.Patient(formtest.PIN(10_000 + at))
			p.centre.Patient(formtest.PIN(20_000 + at))
			inner, stop := context.WithCancel(t.Context())
			left := &atomic.Int64{}
			left.Store(int64(at))
			began()
			_ = p.n.Step(stopping{inner, left, stop})
			whole = left.Load() > 0
			stop()
			began()
			_ = p.n.Step(t.Context()) // the next one after it
		}
		if at < 50 {
			t.Errorf("a contact has %d steps alone: it was not stopped at most of them", at)
		}
		p.meet()
		p.alike()
		p.both(2*at, `SELECT COUNT(*) FROM patient WHERE pin IS NOT NULL`)
	})
}

// What the centre tells is written at the node as a whole, together with the place
// up to which it was told: stopped at the last of it, here by a row that a newer
// program of the centre tells, there is nothing of it, and it is told again.
func TestWhatIsToldIsTakenAsAWhole(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		before := p.self().Pulled
		for i := range 3 {
			p.centre.Patient(formtest.PIN(20_000 + i))
		}
		stopped := 0
		p.wire.after = func(path string, answer *httptest.ResponseRecorder) {
			told := answer.Body.String()
			last := strings.LastIndex(told, `"patient"`)
			if path != "/pull" || strings.Count(told, `"patient"`) < 3 {
				return
			}
			stopped++
			answer.Body.Reset()
			answer.Body.WriteString(told[:last] + `"of_a_newer_program"` + told[last+len(`"patient"`):])
			answer.Header().Del("Content-Length")
		}
		// On PostgreSQL the centre tells once each older transaction of the server is over.
		for deadline := time.Now().Add(5 * time.Minute); stopped < 2 && time.Now().Before(deadline); {
			p.startNode()
			if err := p.n.Step(t.Context()); stopped > 0 && !fail.Is(err, fail.Conflict) {
				t.Fatalf("a row of a table that is not here was taken: %v", err)
			}
		}
		if got := p.node.Int(`SELECT COUNT(*) FROM patient`); got != 0 || p.self().Pulled != before {
			t.Errorf("%d of three are there, and the place %d is noted, not %d", got, p.self().Pulled, before)
		}
		p.wire.after = nil
		p.startNode()
		p.meet()
		p.alike()
		p.both(3, `SELECT COUNT(*) FROM patient`)
	})
}
