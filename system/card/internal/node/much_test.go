package node

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// What a hospital writes in days without a line is handed over in parts, of which
// each is seen: the page's count of what waits goes down, and a contact that is
// broken off leaves the next one less.
func TestMuchIsHandedOverInPartsThatAreSeen(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		const each = 60 // discharges: some thousand changes
		p.n.Settings.Numbers = 2 * each
		p.meet()
		p.wire.cut.Store(true)
		began := time.Now()
		for i := range each {
			dischargeOne(t, p.node, formtest.PIN(50_000+i))
			for range 3 { // the line is tried all the while
				_ = p.n.order(t.Context())
			}
		}
		wrote := time.Since(began)
		left := func() int64 {
			t.Helper()
			n, _, err := capture.Waiting(t.Context(), p.node.Desk.DB.Read, p.self().Acked)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		all := left()
		if all < 2*changesAtOnce {
			t.Fatalf("%d changes are one part or two", all)
		}
		p.wire.cut.Store(false)
		var seen []int64
		began = time.Now()
		for range 10_000 {
			ctx, stop := context.WithCancel(t.Context())
			pushes := 0
			p.wire.before = func(path string) {
				if path == "/push" {
					if pushes++; pushes > 1 { // the line holds for one part
						stop()
					}
				}
			}
			_ = p.n.Step(ctx)
			stop()
			now := left()
			if len(seen) > 0 && now > seen[len(seen)-1] {
				t.Fatalf("more waits than before: %v, then %d", seen, now)
			}
			if seen = append(seen, now); now == 0 {
				break
			}
		}
		p.wire.before = nil
		took := time.Since(began)
		if len(seen) < 2 || seen[len(seen)-1] != 0 {
			t.Errorf("%d changes were handed over so: %v", all, seen)
		}
		p.meet()
		p.alike()
		p.both(each, `SELECT COUNT(*) FROM form`)
		t.Log(strconv.Itoa(each)+" stays,", all, "changes, written in", wrote, "handed over in", took, "ended", text.Moment(p.self().Handed))
	})
}
