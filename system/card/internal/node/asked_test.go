package node

import (
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	patientmerge "github.com/sanarip/sanarip/system/card/internal/merge"
)

// pregnant writes an open record of the person's pregnancy and a visit in it.
func pregnant(w formtest.World, number, person string) string {
	w.T.Helper()
	pregnancy, part := id.New(), id.New()
	w.Exec(`INSERT INTO pregnancy (id, number, patient_id, organisation, state, dated_from, next_visit, warnings, given_at, outcome, ended_on, closed_at, closed_by, close_note, created_at, created_by)
		VALUES ($1, $2, $3, $4, 'open', '2026-05-01', '', 0, 0, '', '', 0, '', '', 1, 'p')`, pregnancy, number, person, formtest.Hospital)
	w.Exec(`INSERT INTO antenatal_part (id, pregnancy_id, kind, root, version, reason, day, content, organisation, by_pin, by_name, signed_at)
		VALUES ($1, $2, 'visit', $1, 1, '', '2026-11-20', '{}', $3, 'p', 'n', 5)`, part, pregnancy, formtest.Hospital)
	return pregnancy
}

// asked is the one thing that is to be decided, alike on both sides.
func (p *pair) asked(table, column string) Conflict {
	p.t.Helper()
	var found Conflict
	for side, w := range map[string]formtest.World{"centre": p.centre, "node": p.node} {
		if n, err := CountConflicts(p.t.Context(), w.Desk.DB.Read, formtest.Hospital); err != nil || n != 1 {
			p.t.Fatalf("%s: %d are to be decided: %v", side, n, err)
		}
		open, err := Conflicts(p.t.Context(), w.Desk.DB.Read, formtest.Hospital, false)
		if err != nil {
			p.t.Fatal(err)
		}
		at := slices.IndexFunc(open, func(c Conflict) bool { return c.Table == table && c.Column == column })
		if at < 0 || open[at].Patient == "" {
			p.t.Fatalf("%s: %+v", side, open)
		}
		found = open[at]
	}
	return found
}

// decide settles it at one of the sides, and both meet.
func (p *pair) decide(at formtest.World, c Conflict, take string) {
	p.t.Helper()
	if err := Decide(formtest.Head(p.t.Context()), at.Desk, p.n.Merger.Schema, c.ID, take); err != nil {
		p.t.Fatalf("%s: %v", take, err)
	}
	p.startNode() // it asks at once what is new
	p.meet()
	p.startNode()
	p.meet()
	p.alike()
	p.both(0, `SELECT COUNT(*) FROM change_conflict WHERE decided_at = 0`)
}

// Of two exchange cards of one pregnancy that were given without a line the later
// opens it, as with a line, and nobody is asked.
func TestBothSidesGiveOneExchangeCard(t *testing.T) {
	for name, given := range map[string][2]int{"the node's is later": {50, 70}, "the centre's is later": {90, 70}} {
		t.Run(name, func(t *testing.T) {
			eachPair(t, func(t *testing.T, p *pair) {
				pregnancy := pregnant(p.node, "950174-2026-1", p.node.Patient(formtest.PIN(7)))
				at := given[:]
				p.apart(func(w formtest.World) {
					w.Exec(`INSERT INTO exchange_card (id, pregnancy_id, code, early, given_at, by_pin, by_name, revoked_at) VALUES ($1, $2, $3, '', $4, 'p', 'n', 0)`,
						id.New(), pregnancy, id.New(), at[0])
					w.Exec(`UPDATE pregnancy SET given_at = $2 WHERE id = $1`, pregnancy, at[0])
					at = at[1:]
				})
				p.startNode()
				p.meet()
				p.alike()
				p.both(2, `SELECT COUNT(*) FROM exchange_card`)
				p.both(1, `SELECT COUNT(*) FROM exchange_card WHERE revoked_at = 0 AND given_at = $1`, max(given[0], given[1]))
				p.both(1, `SELECT COUNT(*) FROM exchange_card WHERE revoked_at = $1 AND given_at = $2`, max(given[0], given[1]), min(given[0], given[1]))
				p.both(0, `SELECT COUNT(*) FROM change_conflict`)
			})
		})
	}
}

// A pregnancy that both opened has two records, of which one is gone on with:
// nothing of either is held, and a person says which.
func TestBothSidesOpenAPregnancy(t *testing.T) {
	for _, take := range []string{takeOurs, takeTheirs, "theirs, which has ended"} {
		t.Run(take, func(t *testing.T) {
			eachPair(t, func(t *testing.T, p *pair) {
				person := p.node.Patient(formtest.PIN(7))
				var there, here string
				p.apart(func(w formtest.World) {
					there, here = here, pregnant(w, "950174-2026-"+id.New(), person)
					if w.Desk == p.node.Desk && strings.HasSuffix(take, "ended") {
						w.Exec(`UPDATE pregnancy SET state = 'closed', outcome = 'live_birth', ended_on = '2026-11-21', closed_at = 9, closed_by = 'p', close_note = 'дома' WHERE id = $1`, here)
					}
				})
				p.startNode()
				p.meet()
				p.alike()
				p.both(2, `SELECT COUNT(*) FROM pregnancy WHERE patient_id = $1`, person)
				p.both(2, `SELECT COUNT(*) FROM antenatal_part`)
				p.both(1, `SELECT COUNT(*) FROM pregnancy WHERE state = 'open' AND id = $1`, there)
				if strings.HasSuffix(take, "ended") {
					for _, done := range []bool{false, true} { // before and after the node's is taken
						p.both(1, `SELECT COUNT(*) FROM pregnancy WHERE id = $1 AND state = 'closed' AND outcome = 'live_birth' AND close_note = 'дома'`, here)
						if !done {
							open, err := Conflicts(t.Context(), p.node.Desk.DB.Read, formtest.Hospital, false)
							at := slices.IndexFunc(open, func(c Conflict) bool { return c.Column == "state" })
							if err != nil || at < 0 {
								t.Fatal(open, err)
							}
							p.decide(p.node, open[at], takeTheirs)
						}
					}
					p.both(1, `SELECT COUNT(*) FROM pregnancy WHERE state = 'open' AND id = $1`, there)
					return
				}
				c := p.asked("pregnancy", "state")
				if err := Decide(formtest.Head(t.Context()), p.node.Desk, p.n.Merger.Schema, c.ID, takeBoth); !fail.Is(err, fail.BadRequest) {
					t.Errorf("both: %v", err)
				}
				at, open := p.centre, there
				if take == takeTheirs {
					at, open = p.node, here
				}
				p.decide(at, c, take)
				p.both(1, `SELECT COUNT(*) FROM pregnancy WHERE state = 'open' AND id = $1 AND outcome = '' AND close_note = '' AND closed_at = 0`, open)
				p.both(1, `SELECT COUNT(*) FROM pregnancy WHERE state = 'closed' AND outcome = 'left' AND close_note <> '' AND ended_on <> ''`)
			})
		})
	}
}

// A birth that both wrote stands twice until a person says whether it is one child
// or two; what is signed about one is not taken away.
func TestBothSidesWriteABirth(t *testing.T) {
	birth := func(w formtest.World, mother, stay string) string {
		birthID, child := id.New(), w.Patient("")
		w.Exec(`INSERT INTO newborn (id, patient_id, mother_id, mother_stay, organisation, born_at, sex, weight, length, apgar1, apgar5, live, plurality, birth_order, note, by_pin, by_name, created_at)
			VALUES ($1, $2, $3, $4, $5, 7, 'female', 3200, 51, 8, 9, 1, 1, 1, '', 'p', 'n', 7)`, birthID, child, mother, stay, formtest.Hospital)
		return birthID
	}
	for _, take := range []string{takeOurs, takeTheirs, takeBoth, "signed"} {
		t.Run(take, func(t *testing.T) {
			eachPair(t, func(t *testing.T, p *pair) {
				mother := p.node.Patient(formtest.PIN(7))
				stay := p.node.Stay(mother)
				var there, here string
				p.apart(func(w formtest.World) { there, here = here, birth(w, mother, stay) })
				p.startNode()
				p.meet()
				p.alike()
				p.both(1, `SELECT COUNT(*) FROM newborn WHERE id = $1 AND birth_order = 1`, there)
				p.both(1, `SELECT COUNT(*) FROM newborn WHERE id = $1 AND birth_order = 2`, here)
				c := p.asked("newborn", "birth_order")
				if c.Ours != there || c.Theirs != here {
					t.Fatalf("%+v", c)
				}
				switch take {
				case takeBoth:
					p.decide(p.node, c, take)
					p.both(2, `SELECT COUNT(*) FROM newborn WHERE plurality = 2`)
				case "signed":
					p.node.Exec(`INSERT INTO confinement (stay_id, card, basis, opened_at, opened_pin, opened_name) VALUES ($1, '', '', 0, '', '')`, stay)
					p.node.Exec(`INSERT INTO confinement_part (id, stay_id, kind, about, root, version, reason, content, by_pin, by_name, signed_at) VALUES ('part', $1, 'newborn', $2, 'part', 1, '', '{}', 'p', 'n', 5)`, stay, there)
					if err := Decide(formtest.Head(t.Context()), p.node.Desk, p.n.Merger.Schema, c.ID, takeTheirs); !fail.Is(err, fail.Conflict) || errKey(err) != "card.node.birth_signed" {
						t.Errorf("%v", err)
					}
					p.decide(p.node, c, takeOurs)
					p.both(1, `SELECT COUNT(*) FROM newborn WHERE id = $1`, there)
				default:
					stands, at := there, p.centre
					if take == takeTheirs {
						stands, at = here, p.node
					}
					p.decide(at, c, take)
					p.both(1, `SELECT COUNT(*) FROM newborn`)
					p.both(1, `SELECT COUNT(*) FROM newborn WHERE id = $1 AND birth_order = 1 AND plurality = 1`, stands)
					p.both(3, `SELECT COUNT(*) FROM patient`) // the child's second record waits among the doubles
				}
			})
		})
	}
}

// Two whom both sides merged alike are merged once; who undoes it takes back what
// the node led over as well.
func TestBothSidesMergeTheSame(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		stays, goes := p.node.Patient(formtest.PIN(7)), p.node.Patient("")
		p.node.Exec(`UPDATE patient SET kind = 'unknown' WHERE id = $1`, goes)
		var here string
		p.apart(func(w formtest.World) {
			if here == "" && w.Desk == p.node.Desk {
				here = w.Stay(goes)
			}
			if _, err := patientmerge.Do(formtest.Head(t.Context()), w.Desk, patientmerge.Wish{Survivor: stays, Merged: goes, Reason: "один человек"}); err != nil {
				t.Fatal(err)
			}
		})
		p.startNode()
		p.meet()
		p.alike()
		p.both(2, `SELECT COUNT(*) FROM patient_merge`)
		p.both(1, `SELECT COUNT(*) FROM patient_merge WHERE undone_at = 0`)
		p.both(1, `SELECT COUNT(*) FROM patient_merge WHERE undone_at <> 0 AND undone_by = '' AND undo_reason <> ''`)
		p.both(1, `SELECT COUNT(*) FROM stay WHERE id = $1 AND patient_id = $2`, here, stays)
		var merge string
		if err := p.centre.Desk.DB.Read.QueryRowContext(t.Context(), `SELECT id FROM patient_merge WHERE undone_at = 0`).Scan(&merge); err != nil {
			t.Fatal(err)
		}
		if err := patientmerge.Undo(formtest.Head(t.Context()), p.centre.Desk, merge, "ошибка", nil); err != nil {
			t.Fatal(err)
		}
		p.startNode()
		p.meet()
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM stay WHERE id = $1 AND patient_id = $2`, here, goes)
		p.both(0, `SELECT COUNT(*) FROM patient WHERE merged_into IS NOT NULL AND merged_into <> ''`)
	})
}

// Of what both sides know of a person both may be kept; of what only one can be,
// not.
func TestBothMayBeKept(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		dischargeOne(t, p.centre, formtest.PIN(9))
		p.meet()
		p.wire.cut.Store(true)
		p.centre.Exec(`UPDATE patient SET alerts = 'Йод', address = 'а'`)
		p.node.Exec(`UPDATE patient SET alerts = 'Новокаин', address = 'б'`)
		p.wire.cut.Store(false)
		p.meet()
		open, err := Conflicts(t.Context(), p.node.Desk.DB.Read, formtest.Hospital, false)
		if err != nil || len(open) != 2 {
			t.Fatal(open, err)
		}
		for _, c := range open {
			err := Decide(formtest.Head(t.Context()), p.node.Desk, p.n.Merger.Schema, c.ID, takeBoth)
			if c.Column == "alerts" && err != nil || c.Column == "address" && !fail.Is(err, fail.BadRequest) {
				t.Errorf("%s: %v", c.Column, err)
			}
		}
		p.meet()
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM patient WHERE alerts LIKE 'Йод_Новокаин'`)
		p.both(1, `SELECT COUNT(*) FROM change_conflict WHERE col = 'alerts' AND both_stand = 1 AND decided_at <> 0`)
		p.both(1, `SELECT COUNT(*) FROM change_conflict WHERE col = 'address' AND both_stand = 0 AND decided_at = 0`)
	})
}
