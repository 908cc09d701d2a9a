package node

import (
	"os"
	"path/filepath"
	"testing"
)

// copied is the witness as a copy of the machine's files has it.
func (p *pair) copied() string {
	p.t.Helper()
	data, err := os.ReadFile(p.witness)
	if err != nil {
		p.t.Fatal(err)
	}
	path := filepath.Join(p.t.TempDir(), "witness")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// A copy of a node, its witness too, which runs beside the one it was copied from
// gives none of its numbers, with no line on either side; nor does a copy of the
// copy that has been given numbers by phone.
func TestACopyOfANodeGivesNoNumber(t *testing.T) {
	eachRestored(t, func(t *testing.T, p *pair, backup func() func()) {
		g := &given{p: p, seen: map[string]bool{}}
		p.meet()
		g.must(1)
		p.meet()
		p.wire.cut.Store(true)
		_ = p.n.Step(t.Context())
		second, witness := backup(), p.copied()
		g.must(3) // the one goes on
		second()
		p.witness = witness
		p.startNode()
		if self := p.self(); !self.Halted() || self.HaltReason != isMoved {
			t.Fatalf("%+v", self)
		}
		g.none()
		p.startNode() // where it stands now is no news
		g.none()
		if err := p.n.EnterCode(t.Context(), p.code()); err != nil {
			t.Fatal(err)
		}
		g.must(2)
		p.startNode()
		g.must(1)
		third, witness := backup(), p.copied()
		g.must(2)
		third()
		p.witness = witness
		p.startNode()
		g.none()
		p.wire.cut.Store(false)
		p.meet()
		if self := p.self(); self.Halted() || self.Epoch != 2 {
			t.Fatalf("%+v", self)
		}
		g.must(3)
		p.meet()
		p.alike()
	})
}

// A machine that is copied while it runs finds itself elsewhere without a start.
func TestANodeThatIsCopiedWhileItRunsGivesNoNumber(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		g := &given{p: p, seen: map[string]bool{}}
		p.meet()
		g.must(1)
		p.wire.cut.Store(true)
		if err := os.Rename(p.copied(), p.witness); err != nil {
			t.Fatal(err)
		}
		if err := g.discharge(); errKey(err) != "card.node.witness_away" {
			t.Fatalf("before the node has looked: %v", err)
		}
		_ = p.n.Step(t.Context())
		if self := p.self(); !self.Halted() || self.HaltReason != isMoved {
			t.Fatalf("%+v", self)
		}
		g.none()
		p.wire.cut.Store(false)
		p.meet()
		g.must(2)
		p.startNode()
		g.must(1)
		p.meet()
		p.alike()
	})
}
