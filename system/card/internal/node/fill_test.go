package node

import (
	"context"
	"testing"

	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// meddling is a centre during whose answers something else happens at the node.
type meddling struct {
	cardapi.Nodes
	meanwhile func(table string)
}

// Rows implements cardapi.Nodes.
func (m meddling) Rows(ctx context.Context, in cardapi.Rows) (cardapi.Page, error) {
	out, err := m.Nodes.Rows(ctx, in)
	m.meanwhile(in.Table)
	return out, err
}

// A node whose database is put back, or that begins an epoch in another process,
// while it fetches what is its own, is not ready with half of it: it stops, and
// fetches all in the epoch that holds.
func TestAFillThatIsOvertakenDoesNotEndAsReady(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		for i := range 3 {
			dischargeOne(t, p.centre, formtest.PIN(300+i))
		}
		real, asked, after := p.n.Centre, 0, 0
		p.n.Centre = meddling{real, func(table string) {
			switch {
			case table == "patient" && asked == 0:
				asked++
				p.node.Exec(`UPDATE node_self SET epoch = epoch + 1, fill_table = '', fill_key = ''`)
			case asked > 0:
				after++
			}
		}}
		if err := p.n.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if self := p.self(); asked != 1 || self.Phase != isFilling || self.FillTable != "" || after != 0 {
			t.Errorf("asked %d times for patients, %d calls after that: the node is %q, filled as far as %q", asked, after, self.Phase, self.FillTable)
		}
		if got := p.node.Int(`SELECT COUNT(*) FROM patient`); got != 0 {
			t.Errorf("%d people were written in the epoch that was over", got)
		}
		p.node.Exec(`UPDATE node_self SET epoch = epoch - 1`)
		p.n.Centre = real
		p.n.greeted = false
		p.meet()
		p.alike()
		if self := p.self(); self.Phase != isReady {
			t.Errorf("the node is %q in the end", self.Phase)
		}
	})
}

// A patient who is admitted while the node fetches, after the stays were fetched
// and before the moves, comes with moves that cannot be written yet. What happens
// to such a row until it can be is written after it, not before.
func TestWhatCannotBeWrittenYetIsWrittenInTheOrderInWhichItCame(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		dischargeOne(t, p.centre, formtest.PIN(310))
		real := p.n.Centre
		p.n.Centre = meddling{real, func(table string) {
			switch table {
			case "stay":
				dischargeOne(t, p.centre, formtest.PIN(311))
			case "move":
				p.centre.Exec(`UPDATE move SET reason = 'moved again' WHERE stay_id IN (SELECT s.id FROM stay s JOIN patient p ON p.id = s.patient_id WHERE p.pin = '` + formtest.PIN(311) + `')`)
			}
		}}
		if err := p.n.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.n.Centre = real
		p.meet()
		p.alike()
		if got := p.node.Int(`SELECT COUNT(*) FROM move WHERE reason = 'moved again'`); got == 0 {
			t.Error("the node has the moves as they were when it fetched them")
		}
	})
}
