package node

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	entries "github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/ward"
)

// apart lets both sides do something without a line, then they meet.
func (p *pair) apart(do func(w formtest.World)) {
	p.t.Helper()
	p.meet()
	p.wire.cut.Store(true)
	do(p.centre)
	do(p.node)
	p.wire.cut.Store(false)
	p.meet()
}

// both fails unless the query gives n on both sides.
func (p *pair) both(n int, query string, args ...any) {
	p.t.Helper()
	for side, w := range map[string]formtest.World{"centre": p.centre, "node": p.node} {
		if got := w.Int(query, args...); got != n {
			p.t.Errorf("%s: %d, not %d: %s", side, got, n, query)
		}
	}
}

// A stay that both sides discharged has one valid form, the one that the fund may
// have; the other is voided with the reason, and the fund never sees it.
func TestBothSidesDischargeOneStay(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		stay := p.node.Ready(formtest.PIN(7))
		var numbers []string
		p.apart(func(w formtest.World) {
			numbers = append(numbers, discharged(t, w, stay))
		})
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM form WHERE number = $1 AND state = 'valid'`, numbers[0])
		p.both(1, `SELECT COUNT(*) FROM form WHERE number = $1 AND state = 'voided' AND voided_at <> 0 AND void_reason LIKE '%'||$2||'%'`, numbers[1], form.Grouped(numbers[0]))
		if n := p.centre.Int(`SELECT COUNT(*) FROM job WHERE kind = 'handover'`); n != 1 {
			t.Errorf("%d cases are on their way to the fund", n)
		}
		// Both sides go on from there: the number is used up on both.
		dischargeOne(t, p.node, formtest.PIN(8))
		p.meet()
		p.alike()
	})
}

// A dose that a nurse of each side marked was given twice, and both sides show it.
func TestBothSidesGiveOneDose(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		ctx, at := formtest.Doctor(t.Context()), p.node.Clock.Now()
		stay := p.node.Ready(formtest.PIN(7))
		once := id.New()
		if err := order.Prescribe(ctx, p.node.Desk, stay, order.Ordering{Once: once, Kind: "drug", Text: "Аспирин", Dose: "1 таб", Times: "4 раза", Hours: "0 6 12 18", From: at}); err != nil {
			t.Fatal(err)
		}
		p.meet()
		p.node.Clock.Advance(24 * time.Hour)
		due := at.Truncate(time.Hour)
		for ; ; due = due.Add(time.Hour) {
			err := order.Fulfil(ctx, p.node.Desk, stay, order.Marking{Once: id.New(), Order: once, At: p.node.Clock.Now(), Due: due, Given: true})
			if err == nil {
				break
			}
			if due.After(p.node.Clock.Now()) {
				t.Fatal(err)
			}
		}
		p.node.Exec(`DELETE FROM order_mark`) // only to know an hour that was due
		p.apart(func(w formtest.World) {
			if err := order.Fulfil(ctx, w.Desk, stay, order.Marking{Once: id.New(), Order: once, At: w.Clock.Now(), Due: due, Given: true}); err != nil {
				t.Fatal(err)
			}
		})
		p.alike()
		p.both(2, `SELECT COUNT(*) FROM order_mark WHERE given = 1`)
		p.both(1, `SELECT COUNT(*) FROM order_mark WHERE due_at = $1`, db.Micros(due))
	})
}

// What both corrected has both corrections, under numbers of their own on both
// sides, unchanged otherwise; nobody else can change the number of a signed one.
func TestBothSidesCorrectOneEntry(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		ctx := formtest.Doctor(t.Context())
		stay, once := p.node.Ready(formtest.PIN(7)), id.New()
		if err := entries.Write(ctx, p.node.Desk, stay, entries.Writing{Once: once, Kind: "diary", Body: "А", At: p.node.Clock.Now()}); err != nil {
			t.Fatal(err)
		}
		bodies := []string{"центр", "түйүн"}
		p.apart(func(w formtest.World) {
			body := bodies[0]
			bodies = bodies[1:]
			if err := entries.Correct(ctx, w.Desk, stay, entries.Correcting{Once: id.New(), Root: once, Seen: 1, Body: body, At: w.Clock.Now(), Reason: "опечатка"}); err != nil {
				t.Fatal(err)
			}
		})
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM entry WHERE root = $1 AND version = 2 AND body = 'центр'`, once)
		p.both(1, `SELECT COUNT(*) FROM entry WHERE root = $1 AND version = 3 AND body = 'түйүн'`, once)
		for _, set := range []string{"version = 7", "body = 'x'", "version = 7, body = 'x'"} {
			if p.node.TryExec(`UPDATE entry SET `+set+` WHERE root = $1`, once) == nil {
				t.Errorf("a signed entry was changed: %s", set)
			}
		}
	})
}

// Where a merge may renumber what is signed, it may change nothing else: each
// trigger names all other columns, also those that a later migration adds.
func TestSignedRowsKeepAllButTheirNumber(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		if p.node.Desk.DB.Dialect != db.SQLite {
			return // compares the whole row
		}
		for _, table := range []string{"entry", "operation", "observation", "answer", "antenatal_part"} {
			schema, ok := p.n.Merger.Schema.Table(table)
			if !ok {
				t.Fatal(table)
			}
			var trigger string
			if err := p.node.Desk.DB.Read.QueryRowContext(t.Context(), `SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = $1`, table+"_signed_update").Scan(&trigger); err != nil {
				t.Fatal(table, err)
			}
			_, named, _ := strings.Cut(trigger, "UPDATE OF ")
			named, _, _ = strings.Cut(named, " ON ")
			for _, c := range schema.Columns {
				if has := strings.Contains(", "+named+",", ", "+c.Name+","); has == (c.Name == "version") {
					t.Errorf("%s.%s: named %v", table, c.Name, has)
				}
			}
		}
	})
}

// The main diagnosis and the bed are the node's, where the hospital works; what
// the centre had is still to be seen, and nobody is lost.
func TestBothSidesChangeWhatOnlyOneCanHave(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		for _, w := range []formtest.World{p.centre, p.node} {
			w.Exec(`INSERT INTO bed (id, organisation, department, room, name, position) VALUES ('bed-1', $1, $2, '1', '1', 1)`, formtest.Hospital, formtest.Department)
		}
		stay := p.node.Stay(p.node.Patient(formtest.PIN(7)))
		codes := []string{"I21.0", "J18.9"}
		inBed := map[string]string{}
		p.apart(func(w formtest.World) {
			w.Diagnosis(stay, "clinical", "main", codes[0])
			lies := w.Stay(w.Patient(formtest.PIN(20 + len(codes))))
			w.Exec(`UPDATE stay SET bed_id = 'bed-1' WHERE id = $1`, lies)
			inBed[codes[0]] = lies
			codes = codes[1:]
		})
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM diagnosis WHERE stay_id = $1 AND rank = 'main' AND ended_at = 0`, stay)
		p.both(1, `SELECT COUNT(*) FROM diagnosis WHERE stay_id = $1 AND code = 'J18.9' AND ended_at = 0`, stay)
		p.both(1, `SELECT COUNT(*) FROM diagnosis WHERE stay_id = $1 AND code = 'I21.0' AND ended_at <> 0`, stay)
		p.both(1, `SELECT COUNT(*) FROM stay WHERE id = $1 AND bed_id = 'bed-1'`, inBed["J18.9"])
		p.both(1, `SELECT COUNT(*) FROM stay WHERE id = $1 AND bed_id IS NULL AND state = 'open'`, inBed["I21.0"])
	})
}

// A patient whom both sides moved, or one moved and the other discharged, lies in
// one place, which is the node's, and nowhere after the end.
func TestBothSidesMoveOnePatient(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		lying := p.node.Ready(formtest.PIN(7))
		endedHere, endedThere := p.node.Ready(formtest.PIN(8)), p.node.Ready(formtest.PIN(9))
		departments := []string{"05", "11"}
		p.node.Clock.Advance(time.Hour)
		p.apart(func(w formtest.World) {
			to := departments[0]
			departments = departments[1:]
			move := func(stay string) {
				err := w.Desk.DB.Tx(formtest.Doctor(t.Context()), func(ctx context.Context, tx *sql.Tx) error {
					at := w.Clock.Now().Add(-10 * time.Minute)
					for _, query := range []string{`UPDATE stay SET department = $2 WHERE id = $1`, `UPDATE move SET until_at = $3 WHERE stay_id = $1 AND until_at = 0 AND $2 <> ''`} {
						args := []any{stay, to, db.Micros(at)}
						if _, err := tx.ExecContext(ctx, query, args[:strings.Count(query, "$")]...); err != nil {
							return err
						}
					}
					return ward.OpenMove(ctx, tx, stay, to, "", at, "")
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			move(lying)
			if to == "05" { // the centre
				move(endedHere)
				discharged(t, w, endedThere)
			} else {
				discharged(t, w, endedHere)
				move(endedThere)
			}
		})
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM move WHERE stay_id = $1 AND until_at = 0 AND department = '11'`, lying)
		p.both(2, `SELECT COUNT(*) FROM move WHERE stay_id = $1`, lying)
		p.both(1, `SELECT COUNT(*) FROM stay WHERE id = $1 AND department = '11'`, lying)
		p.both(1, `SELECT COUNT(*) FROM change_conflict WHERE tbl = 'stay' AND col = 'department' AND row_key = $1 AND theirs = '11'`, lying)
		p.both(0, `SELECT COUNT(*) FROM move m JOIN stay s ON s.id = m.stay_id WHERE s.state = 'discharged' AND m.until_at = 0`)
		p.both(0, `SELECT COUNT(*) FROM form f JOIN stay s ON s.id = f.stay_id WHERE s.id = $1 AND f.department <> s.department`, endedHere)
	})
}

// One person whom both sides admitted lies once until one stay is over, on either
// side; then both have both.
func TestBothSidesAdmitOnePerson(t *testing.T) {
	over := func(w formtest.World, stay string) {
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = 5 WHERE id = $1`, stay)
	}
	for _, first := range []string{"centre", "node"} {
		t.Run(first, func(t *testing.T) {
			eachPair(t, func(t *testing.T, p *pair) {
				person := p.node.Patient(formtest.PIN(7))
				var there, here string
				p.apart(func(w formtest.World) {
					there, here = here, w.Stay(person)
				})
				p.both(1, `SELECT COUNT(*) FROM stay`)
				if first == "centre" {
					over(p.centre, there)
				} else {
					over(p.node, here)
				}
				dischargeOne(t, p.node, formtest.PIN(12)) // something to hand over
				p.meet()
				p.startNode()
				p.meet()
				p.alike()
				p.both(2, `SELECT COUNT(*) FROM stay WHERE patient_id = $1`, person)
				p.both(1, `SELECT COUNT(*) FROM stay WHERE patient_id = $1 AND state = 'open'`, person)
			})
		})
	}
}

// A referral that one side withdrew and the other accepted has both steps in its
// course, and the next step follows them.
func TestBothSidesAnswerOneReferral(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		person := p.node.Patient(formtest.PIN(7))
		referral := id.New()
		p.node.Exec(referralRow(p.node, referral, person))
		step := func(w formtest.World, seq int, state string) {
			w.Exec(`INSERT INTO referral_step (id, referral_id, seq, state, at, organisation, by_pin, by_name, note, appointed_at) VALUES ($1, $2, $3, $4, 1, $5, 'p', 'n', '', 0)`,
				id.New(), referral, seq, state, formtest.Hospital)
			w.Exec(`UPDATE referral SET state = $2, version = $3 WHERE id = $1`, referral, state, seq)
		}
		step(p.node, 1, "sent")
		states := []string{"accepted", "withdrawn"}
		p.apart(func(w formtest.World) {
			step(w, 2, states[0])
			states = states[1:]
		})
		p.alike()
		p.both(1, `SELECT COUNT(*) FROM referral_step WHERE seq = 2 AND state = 'accepted'`)
		p.both(1, `SELECT COUNT(*) FROM referral_step WHERE seq = 3 AND state = 'withdrawn'`)
		p.both(1, `SELECT COUNT(*) FROM referral WHERE version = 3`)
		p.both(1, `SELECT COUNT(*) FROM change_conflict WHERE tbl = 'referral' AND col = 'state' AND decided_at = 0`)
	})
}

// referralRow is a referral of the person with every column that must be there.
func referralRow(w formtest.World, referralID, person string) string {
	w.T.Helper()
	given := map[string]string{
		"id": referralID, "patient_id": person, "from_organisation": formtest.Hospital, "to_organisation": "111111", "state": "sent", "form": "057", "purpose": "hospitalisation",
		"urgency": "planned", "root": referralID, "number": "000000195017426",
	}
	table := `SELECT name, type, "notnull" FROM pragma_table_info('referral')`
	if w.Desk.DB.Dialect == db.Postgres {
		table = `SELECT column_name, data_type, CASE is_nullable WHEN 'NO' THEN 1 ELSE 0 END FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = 'referral'`
	}
	rows, err := w.Desk.DB.Read.QueryContext(w.T.Context(), table)
	if err != nil {
		w.T.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var names, values []string
	for rows.Next() {
		var name, kind string
		var must int
		if err := rows.Scan(&name, &kind, &must); err != nil {
			w.T.Fatal(err)
		}
		value, ok := given[name]
		switch {
		case strings.EqualFold(kind, "bigint"):
			value = "0"
		case ok || must == 1:
			value = "'" + value + "'"
		default:
			continue
		}
		names, values = append(names, name), append(values, value)
	}
	if err := rows.Err(); err != nil {
		w.T.Fatal(err)
	}
	return fmt.Sprintf(`INSERT INTO referral (%s) VALUES (%s)`, strings.Join(names, ", "), strings.Join(values, ", "))
}
