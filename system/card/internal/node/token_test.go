package node

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

// machines are several of one name, of which one runs in the place of p.node.
type machines struct {
	p      *pair
	backup func() func()
}

// machine is one that is switched off: its disk.
type machine struct {
	restore func()
	witness string
}

// off is the machine that runs, as its disk is now.
func (m machines) off() machine { return machine{m.backup(), m.p.witness} }

// clone is an image of its disk in another machine of which nothing is different: the
// witness says that it stands where it was written.
func (m machines) clone() machine {
	m.p.t.Helper()
	seen, err := number.Witness(m.p.witness).Read()
	if err != nil {
		m.p.t.Fatal(err)
	}
	path := filepath.Join(m.p.t.TempDir(), "witness")
	if err := number.Witness(path).Renew(seen, number.ThisMachine()); err != nil {
		m.p.t.Fatal(err)
	}
	return machine{m.backup(), path}
}

// on starts the machine in the place of the one that runs, which is given.
func (m machines) on(next machine) (before machine) {
	m.p.t.Helper()
	before = m.off()
	next.restore()
	m.p.witness = next.witness
	m.p.startNode()
	m.p.n.Greet(m.p.t.Context())
	return before
}

// stopped fails unless the machine that runs knows that another has its name.
func (p *pair) stopped() {
	p.t.Helper()
	if err := p.n.Step(p.t.Context()); errKey(err) != "card.node.copied" {
		p.t.Fatalf("another machine works, and this one is told %v", err)
	}
	if self := p.self(); !self.Halted() || self.HaltReason != isCopied {
		p.t.Fatalf("%+v", self)
	}
}

// goesOn fails unless the machine that runs is the node, in the epoch, and is told of
// the other one.
func (p *pair) goesOn(epoch int64, ofAnother bool) {
	p.t.Helper()
	p.meet()
	if self := p.self(); self.Halted() || self.Epoch != epoch || self.OtherAt.IsZero() == ofAnother {
		p.t.Fatalf("epoch %d and told of another %v wanted: %+v", epoch, ofAnother, self)
	}
}

// asking is the machine that asks at the centre.
func (p *pair) asking() peer {
	p.t.Helper()
	one, err := loadPeer(p.t.Context(), p.centre.Desk.DB.Read, nodeName, "")
	if err != nil {
		p.t.Fatal(err)
	}
	return one
}

func (p *pair) allow(challenge string) error {
	return p.c.Allow(formtest.Head(p.t.Context()), p.centre.Desk, nodeName, challenge)
}

// A whole machine that was copied, of which nothing is different and neither has
// written anything since, gives no number beside the one it was copied from. Both are
// told, and the operator decides which goes on, as often as need be.
func TestACloneOfAWholeMachineIsToldApart(t *testing.T) {
	eachRestored(t, func(t *testing.T, p *pair, backup func() func()) {
		g, m := &given{p: p, seen: map[string]bool{}}, machines{p, backup}
		p.meet()
		g.must(1)
		p.meet()
		clone := m.clone()
		p.startNode()
		p.goesOn(1, false)
		// The clone comes, and the other one goes on.
		original := m.on(clone)
		g.none()
		p.stopped()
		p.startNode()
		g.none()
		p.stopped()
		shown := p.self().Challenge()
		if one := p.asking(); !one.asked(p.node.Clock.Now()) || one.Challenge() != shown || one.epoch != 1 {
			t.Fatalf("%s is stopped, and the centre shows %+v", shown, one)
		}
		clone = m.on(original)
		g.must(1)
		p.goesOn(1, true)
		// The operator lets the clone go on.
		if err := p.allow("00000000"); errKey(err) != "card.node.asks_no_more" {
			t.Errorf("a machine that nobody has seen: %v", err)
		}
		if err := p.allow(shown); err != nil {
			t.Fatal(err)
		}
		original = m.on(clone)
		p.goesOn(2, false)
		g.must(2)
		p.meet()
		if err := p.allow(shown); errKey(err) != "card.node.asks_no_more" {
			t.Errorf("the same decision once more: %v", err)
		}
		clone = m.on(original)
		g.none()
		p.stopped()
		// And the original again.
		if err := p.allow(p.self().Challenge()); err != nil {
			t.Fatal(err)
		}
		p.goesOn(3, false)
		g.must(2)
		p.meet()
		p.alike()
		original = m.on(clone)
		g.none()
		p.stopped()
		m.on(original)
		p.goesOn(3, true)
		p.node.Clock.Advance(silentAfter) // the clone is switched off
		p.startNode()
		p.goesOn(3, false)
	})
}

// A machine that was put in the place of one that is silent goes on by itself; the
// silent one, which had no line, is stopped when it speaks again.
func TestASilentMachineIsReplacedAndToldSo(t *testing.T) {
	eachRestored(t, func(t *testing.T, p *pair, backup func() func()) {
		g, m := &given{p: p, seen: map[string]bool{}}, machines{p, backup}
		p.meet()
		clone := m.clone()
		p.startNode()
		p.meet()
		p.wire.cut.Store(true)
		g.must(3) // without a line
		p.wire.cut.Store(false)
		p.node.Clock.Advance(silentAfter)
		original := m.on(clone)
		g.none() // not the ranges of before
		p.goesOn(2, false)
		g.must(3)
		p.meet()
		clone = m.on(original)
		g.none()
		p.stopped()
		if err := p.allow(p.self().Challenge()); err != nil {
			t.Fatal(err)
		}
		p.goesOn(3, false)
		p.alike()
		for n := range g.seen {
			if p.centre.Int(`SELECT COUNT(*) FROM form WHERE number = $1`, n) != 1 {
				t.Errorf("%s is not at the centre", n)
			}
		}
		m.on(clone)
		p.stopped()
	})
}

// A machine that is stopped is copied too: one of the two goes on when the operator
// says so, the other asks anew.
func TestACloneOfAStoppedMachineIsAnotherOne(t *testing.T) {
	eachRestored(t, func(t *testing.T, p *pair, backup func() func()) {
		g, m := &given{p: p, seen: map[string]bool{}}, machines{p, backup}
		p.meet()
		clone := m.clone()
		p.startNode()
		p.goesOn(1, false)
		m.on(clone)
		p.stopped()
		second := m.clone()
		shown := p.self().Challenge()
		if err := p.allow(shown); err != nil {
			t.Fatal(err)
		}
		p.goesOn(2, false)
		g.must(1)
		p.startNode()
		p.goesOn(2, false)
		m.on(second)
		g.none()
		p.stopped()
		if p.self().Challenge() == shown {
			t.Error("what one has been let go on by, another shows too")
		}
		g.none()
	})
}

// A hello that is stopped at any of its steps, its answer lost, told twice, or told
// once more when the node has long gone on, is no other machine's.
func TestAHelloThatIsLostOrToldAgainIsNoCopy(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		var told []cardapi.Hello
		p.n.Centre = listening{p.n.Centre, &told}
		began := func() { // as after a kill
			t.Helper()
			p.n = &Node{Desk: p.n.Desk, Merger: p.n.Merger, Centre: p.n.Centre, Settings: p.n.Settings}
			if err := p.n.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if self := p.self(); self.Halted() || self.Epoch != 1 {
				t.Fatalf("after %d hellos: %+v", len(told), self)
			}
		}
		at := int64(0)
		for _, lost := range []bool{false, true} {
			for whole := false; !whole; {
				at++
				inner, stop := context.WithCancel(t.Context())
				left := &atomic.Int64{}
				left.Store(at)
				calls := 0
				p.wire.answer = func(path string) error {
					if calls++; lost && calls < 3 {
						return errors.New("the answer was lost")
					}
					return nil
				}
				began()
				for range 3 { // the third has its answer
					_, _ = p.n.hello(stopping{inner, left, stop})
				}
				whole = left.Load() > 0
				stop()
				p.wire.answer = nil
				began()
				if _, err := p.n.hello(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if at < 8 {
				t.Errorf("a hello has %d steps alone", at)
			}
			at = 0
		}
		for _, old := range told[:len(told)-1] {
			if out, err := p.n.Centre.Hello(t.Context(), old); err == nil && !out.Copied && old.Next != told[len(told)-1].Next {
				t.Fatalf("%+v is taken as new", old)
			}
		}
		began()
		p.meet()
		began()
		if one := p.asking(); one.asked(p.node.Clock.Now()) || one.epoch != 1 {
			t.Errorf("the centre shows another machine: %+v", one)
		}
		// A clone with the same hello yet to say is told apart by the one after it.
		if _, err := p.n.hello(t.Context()); err != nil {
			t.Fatal(err)
		}
		last := told[len(told)-1]
		other := last
		other.Token, other.Next = last.Next, "of another"
		if _, err := p.n.hello(t.Context()); err != nil {
			t.Fatal(err)
		}
		if out, err := p.n.Centre.Hello(t.Context(), other); err != nil || !out.Copied || !out.Parted {
			t.Errorf("%+v %v", out, err)
		}
	})
}

// listening notes what is said.
type listening struct {
	cardapi.Nodes
	told *[]cardapi.Hello
}

func (l listening) Hello(ctx context.Context, in cardapi.Hello) (cardapi.Welcome, error) {
	*l.told = append(*l.told, in)
	return l.Nodes.Hello(ctx, in)
}

// Two processes of one node, on one database, are one machine: what one says late,
// after the other has gone on, halts neither.
func TestTwoProcessesOfANodeAreOneMachine(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		second := &Node{Desk: p.n.Desk, Merger: p.n.Merger, Centre: p.n.Centre, Settings: p.n.Settings}
		overtaken := false
		p.wire.before = func(path string) {
			if path != "/hello" || overtaken {
				return
			}
			overtaken = true
			for range 2 {
				if _, err := second.hello(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}
		self, err := p.n.hello(t.Context())
		if err != nil || !overtaken || self.Halted() || self.Epoch != 1 {
			t.Errorf("overtaken %v: %+v %v", overtaken, self, err)
		}
	})
}

// A node that learns by the hello whose answer it has missed that histories have
// parted is still the one that the centre knows: it begins anew at once.
func TestANodeThatPartsAfterALostAnswerIsNoCopy(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		p.wire.answer = func(string) error { return errors.New("the answer was lost") }
		if _, err := p.n.hello(t.Context()); err == nil {
			t.Fatal("the answer came")
		}
		p.wire.answer = nil
		p.centre.Exec(`UPDATE node_peer SET applied = applied + 5 WHERE name = $1`, nodeName)
		if self, err := p.n.hello(t.Context()); err != nil || self.Halted() || self.Epoch != 2 {
			t.Errorf("%+v %v", self, err)
		}
	})
}
