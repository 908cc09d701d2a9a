package node

import (
	"os"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

// given are the numbers of forms that somebody was shown: none twice.
type given struct {
	p    *pair
	seen map[string]bool
	pin  int
}

// discharge admits and discharges one at the node; the error is that of a number.
func (g *given) discharge() error {
	g.p.t.Helper()
	g.pin++
	stayID := g.p.node.Ready(formtest.PIN(30_000 + g.pin))
	end := form.Ending{At: g.p.node.Clock.Now().Add(-time.Minute), Outcome: "discharged", Result: "improved"}
	n, err := discharge.Discharge(formtest.Doctor(g.p.t.Context()), g.p.node.Desk, stayID, end)
	if err != nil {
		return err
	}
	if g.seen[n.String()] {
		g.p.t.Errorf("%s was given before", n)
	}
	g.seen[n.String()] = true
	return nil
}

func (g *given) must(times int) {
	g.p.t.Helper()
	for range times {
		if err := g.discharge(); err != nil {
			g.p.t.Fatal(err)
		}
	}
}

func (g *given) none() {
	g.p.t.Helper()
	if err := g.discharge(); errKey(err) != "card.node.numbers_out" {
		g.p.t.Fatalf("a number of an older database: %v", err)
	}
}

// code is what the centre's operator reads out to who asks now.
func (p *pair) code() string {
	p.t.Helper()
	code, err := p.c.PhoneCode(formtest.Head(p.t.Context()), nodeName, p.self().Challenge(), 100)
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// The numbers of a code are given once, whatever is put back: a backup of the time
// in which the node waited for the code, again and again, here and on another
// machine where nobody remembers what was given. A node that is only started again
// goes on with the numbers it has.
func TestTheNumbersOfACodeAreGivenOnce(t *testing.T) {
	eachRestored(t, func(t *testing.T, p *pair, backup func() func()) {
		g := &given{p: p, seen: map[string]bool{}}
		p.meet()
		old := backup()
		g.must(3)
		p.wire.cut.Store(true)
		_ = p.n.Step(t.Context())
		old()
		p.startNode()
		g.none()
		waiting := backup() // of a node that waits for a code
		first := p.code()
		if err := p.n.EnterCode(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		g.must(2)
		p.startNode() // a power cut
		g.must(2)
		if err := p.n.EnterCode(t.Context(), first); err != nil { // once more, as people do
			t.Fatal(err)
		}
		g.must(1)

		for _, elsewhere := range []bool{false, true} {
			waiting()
			if elsewhere {
				p.witness = t.TempDir() + "/witness"
			}
			p.startNode()
			g.none()
			if err := p.n.EnterCode(t.Context(), first); errKey(err) == "" {
				t.Errorf("elsewhere %v: the code of before opens numbers again", elsewhere)
			}
			g.none()
			if err := p.n.EnterCode(t.Context(), p.code()); err != nil {
				t.Fatal(err)
			}
			g.must(2)
		}
		p.wire.cut.Store(false)
		p.node.Clock.Advance(time.Hour)
		p.meet()
		g.must(2)
		p.meet()
		p.alike()
	})
}

// A machine that was put back as a whole, its witness too, is told of it by the
// centre before it gives a number.
func TestAMachineThatWasPutBackIsToldSoAtTheStart(t *testing.T) {
	eachRestored(t, func(t *testing.T, p *pair, backup func() func()) {
		g := &given{p: p, seen: map[string]bool{}}
		p.meet()
		g.must(1)
		p.meet()
		restore := backup()
		witness, err := os.ReadFile(p.witness)
		if err != nil {
			t.Fatal(err)
		}
		g.must(3)
		p.meet()
		restore()
		if err := os.WriteFile(p.witness, witness, 0o600); err != nil {
			t.Fatal(err)
		}
		p.startNode()
		p.n.Greet(t.Context())
		g.none() // until it has been given others
		p.node.Clock.Advance(silentAfter)
		p.meet()
		g.must(3)
		p.meet()
		p.alike()
	})
}

// Two machines that bear one name give no number twice, and what both have written
// comes to the centre; they do not take the name from each other: while one works the
// other waits, and begins when that one is switched off.
func TestTwoMachinesOfOneName(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		other := formtest.New(t, p.centreLike(t))
		other.Desk.Clock, other.Clock = p.node.Clock, p.node.Clock
		second := &pair{t: t, node: other, centre: p.centre, c: p.c, wire: p.wire, witness: t.TempDir() + "/witness"}
		second.startNode()
		seen := map[string]bool{}
		a, b := &given{p: p, seen: seen}, &given{p: second, seen: seen, pin: 500}
		// Both meet the centre before either has anything to hand over.
		if err := p.n.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		second.stopped()
		a.must(3)
		b.none()
		for range 20 {
			if err := p.n.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
			second.startNode()
			second.stopped()
		}
		if epochs := p.centre.Int(`SELECT epoch FROM node_peer WHERE name = $1`, nodeName); epochs != 1 {
			t.Errorf("the name was taken %d times", epochs)
		}
		// One is switched off; the other begins, then the first again.
		p.meet()
		p.node.Clock.Advance(silentAfter)
		second.meet()
		b.must(3)
		second.meet()
		p.startNode()
		p.stopped()
		a.none()
		p.node.Clock.Advance(2 * tooOften)
		p.meet()
		a.must(1)
		p.meet()
		for n := range seen {
			if p.centre.Int(`SELECT COUNT(*) FROM form WHERE number = $1`, n) != 1 {
				t.Errorf("%s is not at the centre", n)
			}
		}
		p.node.Clock.Advance(2 * tooOften)
		second.startNode()
		second.meet()
		b.must(2)
		second.meet()
	})
}

// A clock that is set back, by hours, over the new year, gives no number twice and
// stops no handover.
func TestAClockThatIsSetBack(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		g := &given{p: p, seen: map[string]bool{}}
		k := &taken{t: t, by: map[string]string{}}
		p.centre.Clock = p.node.Clock
		p.meet()
		for _, by := range []time.Duration{time.Hour, -3 * time.Hour, 60 * 24 * time.Hour, -20 * 24 * time.Hour, -45 * 24 * time.Hour, 72 * time.Hour} {
			p.node.Clock.Advance(by)
			p.meet()
			p.wire.cut.Store(true)
			g.must(2)
			for _, s := range number.AllSeries {
				if err := k.next(p.node, "node", s); err != nil {
					t.Fatal(by, err)
				}
			}
			p.startNode()
			if self := p.self(); self.Halted() {
				t.Fatalf("after %v: %+v", by, self)
			}
			g.must(1)
			p.wire.cut.Store(false)
			p.meet()
			stayID := p.centre.Ready(formtest.PIN(40_000 + len(g.seen)))
			end := form.Ending{At: p.centre.Clock.Now().Add(-time.Minute), Outcome: "discharged", Result: "improved"}
			if _, err := discharge.Discharge(formtest.Doctor(t.Context()), p.centre.Desk, stayID, end); err != nil {
				t.Fatal(by, err, fail.As(err).Findings)
			}
			p.meet()
			p.alike()
		}
		if len(g.seen) != 18 {
			t.Errorf("%d numbers", len(g.seen))
		}
	})
}
