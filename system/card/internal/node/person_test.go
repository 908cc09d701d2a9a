package node

import (
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	patientmerge "github.com/sanarip/sanarip/system/card/internal/merge"
)

// A person whom both register during the cut is one at the centre; what each side
// wrote about them stays tied to them on its own side.
func TestOnePersonRegisteredOnBothSides(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		p.wire.cut.Store(true)
		pin := formtest.PIN(7)
		dischargeOne(t, p.centre, pin)
		dischargeOne(t, p.node, pin)
		p.node.Exec(`UPDATE patient SET address = 'Ош, Масалиев 1' WHERE pin = $1`, pin)
		p.wire.cut.Store(false)
		p.meet()
		p.alike()
		if got := p.centre.Int(`SELECT COUNT(*) FROM patient WHERE pin = $1`, pin); got != 1 {
			t.Errorf("%d people", got)
		}
		if got := p.centre.Int(`SELECT COUNT(*) FROM stay s JOIN patient p ON p.id = s.patient_id WHERE p.pin = $1`, pin); got != 2 {
			t.Errorf("%d stays", got)
		}
	})
}

// The node registers the person after it has handed over and before it is told
// that the centre knows them: what the centre tells of them is taken for the same
// person's at once, whether it tells of the person alone or of their stay too.
func TestOnePersonRegisteredWhileTheCentreTellsOfThem(t *testing.T) {
	atCentre := map[string]func(t *testing.T, p *pair, pin string){
		"registered": func(_ *testing.T, p *pair, pin string) { p.centre.Patient(pin) },
		"discharged": func(t *testing.T, p *pair, pin string) { dischargeOne(t, p.centre, pin) },
	}
	for name, write := range atCentre {
		t.Run(name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, p *pair) {
				p.meet()
				pin := formtest.PIN(7)
				write(t, p, pin)
				here := sync.OnceFunc(func() { dischargeOne(t, p.node, pin) })
				p.wire.before = func(path string) {
					if path == "/pull" {
						here()
					}
				}
				p.startNode() // it asks at once what is new
				p.meet()
				p.startNode()
				p.meet()
				p.alike()
				if got := p.centre.Int(`SELECT COUNT(*) FROM patient WHERE pin = $1`, pin); got != 1 {
					t.Errorf("%d people", got)
				}
			})
		})
	}
}

// Somebody whom the node registered as unknown turns out to be a person whom the
// centre knows under another row: what the node says of them waits until both are
// merged at the centre, as any two rows of one person are, and no longer.
func TestAnUnknownPersonOfANodeTurnsOutToBeKnown(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		pin := formtest.PIN(21)
		unknown := p.node.Patient("")
		p.node.Exec(`UPDATE patient SET kind = 'unknown', family_name = '', given_name = '', patronymic = '' WHERE id = $1`, unknown)
		stay := p.node.Ready(formtest.PIN(22))
		p.node.Exec(`UPDATE stay SET patient_id = $1 WHERE id = $2`, unknown, stay)
		p.meet()
		p.wire.cut.Store(true)
		known := p.centre.Patient(pin)
		p.node.Exec(`UPDATE patient SET kind = 'citizen', pin = $1, family_name = 'Жумабеков', given_name = 'Эрмек' WHERE id = $2`, pin, unknown)
		p.node.Exec(`UPDATE patient SET address = 'Ош, Масалиев 5' WHERE id = $1`, unknown)
		p.wire.cut.Store(false)
		p.meet()
		if held := p.centre.Int(`SELECT COUNT(*) FROM node_held WHERE tbl = 'patient' AND reason = 'unique'`); held != 1 {
			t.Fatalf("%d held", held)
		}
		if _, err := patientmerge.Do(formtest.Head(t.Context()), p.centre.Desk, patientmerge.Wish{Survivor: known, Merged: unknown, Reason: "один человек"}); err != nil {
			t.Fatal(err)
		}
		dischargeOne(t, p.node, formtest.PIN(23)) // something to hand over
		p.meet()
		p.meet()
		if held := p.centre.Int(`SELECT COUNT(*) FROM node_held`); held != 0 {
			t.Errorf("%d are still held", held)
		}
		for name, w := range map[string]formtest.World{"centre": p.centre, "node": p.node} {
			if n := w.Int(`SELECT COUNT(*) FROM patient WHERE id = $1 AND merged_into = $2 AND pin IS NULL`, unknown, known); n != 1 {
				t.Errorf("%s: the unknown person is not the known one", name)
			}
			if n := w.Int(`SELECT COUNT(*) FROM stay s JOIN patient p ON p.id = s.patient_id WHERE s.id = $1 AND p.pin = $2`, stay, pin); n != 1 {
				t.Errorf("%s: the stay is not the known person's", name)
			}
		}
		p.alike()
	})
}

// What both sides changed is shown with both values; the other's stands nowhere
// unseen, and who decides is recorded. What only one changed is merged.
func TestBothSidesChangeOnePerson(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		dischargeOne(t, p.centre, formtest.PIN(9))
		p.meet()
		p.wire.cut.Store(true)
		p.centre.Exec(`UPDATE patient SET address = 'центр', alerts = 'Йод'`)
		p.node.Exec(`UPDATE patient SET address = 'түйүн', policy = 'П-1'`)
		p.wire.cut.Store(false)
		p.meet()
		p.alike()
		for _, w := range []formtest.World{p.centre, p.node} {
			if w.Int(`SELECT COUNT(*) FROM patient WHERE address = 'центр' AND alerts = 'Йод' AND policy = 'П-1'`) != 1 {
				t.Error("not merged")
			}
			if w.Int(`SELECT COUNT(*) FROM change_conflict WHERE col = 'address' AND ours = 'центр' AND theirs = 'түйүн' AND stands = 'ours' AND decided_at = 0`) != 1 {
				t.Error("the conflict is not shown")
			}
		}
		open, err := Conflicts(t.Context(), p.node.Desk.DB.Read, formtest.Hospital, false)
		if err != nil || len(open) != 1 {
			t.Fatal(open, err)
		}
		if err := Decide(formtest.Head(t.Context()), p.node.Desk, p.n.Merger.Schema, open[0].ID, "theirs"); err != nil {
			t.Fatal(err)
		}
		if err := Decide(formtest.Head(t.Context()), p.node.Desk, p.n.Merger.Schema, open[0].ID, "ours"); !fail.Is(err, fail.Conflict) {
			t.Error("decided twice", err)
		}
		p.meet()
		p.alike()
		if p.centre.Int(`SELECT COUNT(*) FROM patient WHERE address = 'түйүн'`) != 1 ||
			p.centre.Int(`SELECT COUNT(*) FROM change_conflict WHERE decided_by = $1 AND stands = 'theirs'`, formtest.HeadPIN) != 1 {
			t.Error("the decision did not reach the centre")
		}
	})
}

// What either side knows of an allergy stands until somebody has decided, and the
// mark on the pages counts what is to be decided, not its parts.
func TestBothSidesKnowOfAnAllergy(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		dischargeOne(t, p.centre, formtest.PIN(9))
		p.meet()
		p.wire.cut.Store(true)
		p.centre.Exec(`UPDATE patient SET alerts = 'Йод', kin_name = 'А', kin_phone = '1'`)
		p.node.Exec(`UPDATE patient SET alerts = 'Пенициллин: анафилаксия', kin_name = 'Б', kin_phone = '2'`)
		p.wire.cut.Store(false)
		p.meet()
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM patient WHERE alerts LIKE 'Йод_Пенициллин: анафилаксия'`)
		if n, err := CountConflicts(t.Context(), p.node.Desk.DB.Read, formtest.Hospital); err != nil || n != 2 {
			t.Errorf("%d are to be decided, not the alerts and the kin: %v", n, err)
		}
		open, err := Conflicts(t.Context(), p.node.Desk.DB.Read, formtest.Hospital, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range open {
			if c.Column == "alerts" {
				if err := Decide(formtest.Head(t.Context()), p.node.Desk, p.n.Merger.Schema, c.ID, c.Stands); err != nil {
					t.Fatal(err)
				}
			}
		}
		p.meet()
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM patient WHERE alerts = 'Йод'`)
	})
}
