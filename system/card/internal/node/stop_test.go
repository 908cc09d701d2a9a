package node

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

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
