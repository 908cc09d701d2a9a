package node

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// MC-9: the line is cut for 72 hours; admissions, entries and discharges go on
// under numbers of the node's own; then all is handed over, and both sides have
// the same rows.
func TestSeventyTwoHoursWithoutALine(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		before := dischargeOne(t, p.centre, formtest.PIN(1))
		p.meet()
		p.alike()
		if got := p.node.Int(`SELECT COUNT(*) FROM form WHERE number = $1`, before); got != 1 {
			t.Fatalf("what the hospital had is not at its node: %d", got)
		}
		p.wire.cut.Store(true)
		numbers := map[string]bool{before: true}
		for hour := range 72 {
			p.node.Clock.Advance(time.Hour)
			if err := p.n.Step(t.Context()); err == nil {
				t.Fatal("a step without a line")
			} else if _, err := p.n.down(t.Context(), err); err != nil {
				t.Fatal(err)
			}
			if hour%4 == 0 {
				number := dischargeOne(t, p.node, formtest.PIN(100+hour))
				if numbers[number] {
					t.Fatalf("%s twice", number)
				}
				numbers[number] = true
			}
			if hour%9 == 0 { // the centre goes on too
				number := dischargeOne(t, p.centre, formtest.PIN(500+hour))
				if numbers[number] {
					t.Fatalf("%s twice", number)
				}
				numbers[number] = true
			}
		}
		if since := p.self().DownSince; p.node.Clock.Now().Sub(since) < 71*time.Hour {
			t.Errorf("down since %s", since)
		}
		p.wire.cut.Store(false)
		p.meet()
		p.alike()
		here, there := p.node.Int(`SELECT COUNT(*) FROM access_record`), p.centre.Int(`SELECT COUNT(*) FROM access_record WHERE object IN (SELECT number FROM form)`)
		if there != len(numbers) || here >= there {
			t.Errorf("%d records of access at the node, %d at the centre, %d discharges", here, there, len(numbers))
		}
		if got := p.centre.Int(`SELECT COUNT(*) FROM form`); got != len(numbers) {
			t.Errorf("%d forms at the centre, %d numbers were given", got, len(numbers))
		}
		if got := p.centre.Int(`SELECT COUNT(*) FROM job WHERE kind = 'handover'`); got != len(numbers) {
			t.Errorf("%d cases are on their way to the fund from the centre, want %d", got, len(numbers))
		}
		if !p.self().DownSince.IsZero() {
			t.Error("the line is still said to be down")
		}
	})
}

// Answers get lost, requests come twice, both sides go on: each change is there
// once.
func TestARoughLineLosesAndDoublesNothing(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		p.wire.rough.Store(true)
		for i := range 30 {
			switch rand.IntN(5) {
			case 0:
				dischargeOne(t, p.node, formtest.PIN(1000+i))
			case 1:
				dischargeOne(t, p.centre, formtest.PIN(2000+i))
			case 2:
				p.startNode() // as after a kill: nothing in memory is left
			case 3: // both know one person, the node since a moment of the contact
				dischargeOne(t, p.centre, formtest.PIN(3000+i))
				here := sync.OnceFunc(func() { dischargeOne(t, p.node, formtest.PIN(3000+i)) })
				p.wire.before = func(path string) {
					if path == "/pull" || rand.IntN(3) == 0 {
						here()
					}
				}
				p.startNode()
			case 4: // both discharge one stay, if it is at both
				stay := p.node.Ready(formtest.PIN(4000 + i))
				_ = p.n.Step(t.Context())
				for _, w := range []formtest.World{p.node, p.centre} {
					if w.Int(`SELECT COUNT(*) FROM entry WHERE stay_id = $1`, stay) > 0 {
						discharged(t, w, stay)
					}
				}
			}
			_ = p.n.Step(t.Context())
		}
		p.wire.before = nil
		p.wire.rough.Store(false)
		p.meet()
		p.alike()
		twice := p.centre.Int(`SELECT COUNT(*) FROM (SELECT sequence FROM form GROUP BY organisation, department, year, sequence HAVING COUNT(*) > 1) x`)
		if twice != 0 {
			t.Errorf("%d numbers were given twice", twice)
		}
	})
}

// What is written at the node between its handing over and what the centre tells
// of the same person stands there on, and reaches the centre.
func TestWhatIsWrittenWhileTheCentreTellsStays(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		dischargeOne(t, p.centre, formtest.PIN(9))
		p.meet()
		p.centre.Exec(`UPDATE patient SET address = 'центр'`)
		here := sync.OnceFunc(func() { p.node.Exec(`UPDATE patient SET alerts = 'Йод'`) })
		kept := true
		p.wire.before = func(path string) {
			if path == "/pull" {
				here()
			} else if p.node.Int(`SELECT COUNT(*) FROM patient WHERE alerts = 'Йод'`) == 0 && p.node.Int(`SELECT COUNT(*) FROM patient WHERE address = 'центр'`) == 1 {
				kept = false
			}
		}
		p.startNode() // it asks at once what is new
		_ = p.n.Step(t.Context())
		if !kept || p.node.Int(`SELECT COUNT(*) FROM patient WHERE alerts = 'Йод'`) != 1 {
			t.Error("what was written at the node was taken back by what the centre told")
		}
		p.meet()
		p.alike()
		if p.centre.Int(`SELECT COUNT(*) FROM patient WHERE address = 'центр' AND alerts = 'Йод'`) != 1 || p.centre.Int(`SELECT COUNT(*) FROM change_conflict`) != 0 {
			t.Error("not merged")
		}
	})
}

// A conflict tells who wrote each value, in which organisation and when, on both
// sides; who looks at the page is recorded.
func TestAConflictSaysWhoWroteEachValue(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		pin := formtest.PIN(19)
		dischargeOne(t, p.centre, pin)
		p.meet()
		p.wire.cut.Store(true)
		write := func(ctx context.Context, w formtest.World, address string) {
			t.Helper()
			staff := desk.Of(ctx)
			staff.Post.OrganisationName = text.Same("Клиника, " + address)
			err := w.Desk.DB.Tx(desk.With(ctx, staff), func(ctx context.Context, tx *sql.Tx) error {
				if _, err := tx.ExecContext(ctx, `UPDATE patient SET address = $1 WHERE pin = $2`, address, pin); err != nil {
					return err
				}
				return w.Desk.Seen(ctx, tx, pin, "patient.correct", "")
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		write(formtest.Head(t.Context()), p.centre, "центр")
		write(formtest.Doctor(t.Context()), p.node, "түйүн")
		p.wire.cut.Store(false)
		p.meet()
		p.alike()
		head, doctor := desk.Of(formtest.Head(t.Context())), desk.Of(formtest.Doctor(t.Context()))
		for side, w := range map[string]formtest.World{"centre": p.centre, "node": p.node} {
			open, err := Conflicts(t.Context(), w.Desk.DB.Read, formtest.Hospital, false)
			if err != nil || len(open) != 1 {
				t.Fatal(side, open, err)
			}
			c := open[0]
			if !strings.HasPrefix(c.OursBy, head.Name) || c.OursPlace != "Клиника, центр" || !strings.HasPrefix(c.TheirsBy, doctor.Name) || c.TheirsPlace != "Клиника, түйүн" {
				t.Errorf("%s: %q of %q, %q of %q", side, c.OursBy, c.OursPlace, c.TheirsBy, c.TheirsPlace)
			}
			if c.PIN != pin || c.Person == "" || c.OursAt.IsZero() || c.TheirsAt.IsZero() {
				t.Errorf("%s: %+v", side, c)
			}
		}
	})
}

// A person admitted elsewhere meanwhile: the node's stay waits at the centre with
// all that hangs on it, and is written when the other has ended.
func TestAStayThatTheCentreCannotTakeYetIsHeld(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		pin := formtest.PIN(11)
		p.wire.cut.Store(true)
		elsewhere := p.centre.Stay(p.centre.Patient(pin))
		p.centre.Exec(`UPDATE stay SET organisation = '111111'`)
		mine := p.node.Ready(pin)
		p.wire.cut.Store(false)
		p.meet()
		if held := p.centre.Int(`SELECT COUNT(*) FROM node_held`); held < 5 || p.centre.Int(`SELECT COUNT(*) FROM stay`) != 1 {
			t.Errorf("%d held", held)
		}
		p.centre.Exec(`UPDATE stay SET state = 'discharged', discharged_at = 5 WHERE id = $1`, elsewhere)
		dischargeOne(t, p.node, formtest.PIN(12)) // something to hand over
		p.meet()
		if p.centre.Int(`SELECT COUNT(*) FROM node_held`) != 0 || p.centre.Int(`SELECT COUNT(*) FROM entry WHERE stay_id = $1`, mine) != 1 {
			t.Error("what was held did not follow")
		}
	})
}

// No table of the card can be forgotten: each is captured, or is among the few
// that are named as staying; and each can be written back column by column.
func TestEveryTableIsCaptured(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		staying := []string{
			"access_chain", "access_link", "access_waiting", "department_head", "job", "logout_token", "organisation", "organisation_staff", "session", "sign_in",
			"form_sequence", "pregnancy_sequence", "referral_sequence", "refusal_sequence",
			"referral_capacity", "history_find", "form_find", "reading_reason", "training", "training_person", // and all of the roll-out
			"fhir_concept", "fhir_export", "fhir_export_file", "fhir_mark", "fhir_past", "fhir_resource", "fhir_turn",
		}
		query := `SELECT name FROM sqlite_master WHERE type = 'table'`
		if p.node.Desk.DB.Dialect == db.Postgres {
			query = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'card'`
		}
		rows, err := p.node.Desk.DB.Read.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "node_") || strings.HasPrefix(name, "migration_") || strings.HasPrefix(name, "sqlite_") ||
				strings.HasPrefix(name, "rollout_") || strings.HasPrefix(name, "monitor_") || slices.Contains(staying, name) {
				continue
			}
			table, ok := p.n.Merger.Schema.Table(name)
			if !ok || len(table.Key) == 0 {
				t.Errorf("%s is not captured, or has no key", name)
			}
			if p.node.Desk.DB.Dialect == db.SQLite {
				if got := p.node.Int(`SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1 AND name LIKE 'node!_capture!_%' ESCAPE '!'`, name); got != 3 {
					t.Errorf("%s has %d triggers", name, got)
				}
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		// A document's bytes come over as they are.
		p.meet()
		number := dischargeOne(t, p.node, formtest.PIN(41))
		p.node.Exec(`INSERT INTO form_document (number, revision, pdf, sha256, made_at) VALUES ($1, 1, $2, 'y', 1)`, number, []byte{0, 1, 0xff})
		p.meet()
		var pdf []byte
		if err := p.centre.Desk.DB.Read.QueryRowContext(t.Context(), `SELECT pdf FROM form_document`).Scan(&pdf); err != nil || !slices.Equal(pdf, []byte{0, 1, 0xff}) {
			t.Errorf("%x %v", pdf, err)
		}
	})
}

// Nobody but the node itself speaks for it, and a node changes nothing of others.
func TestANodeSpeaksForItselfAlone(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		other := p.centre.Stay(p.centre.Patient(formtest.PIN(31)))
		p.centre.Exec(`UPDATE stay SET organisation = '222222'; `)
		p.meet()
		c := cardapi.NodeClient{Key: []byte("guess"), Exchange: p.n.Centre.(cardapi.NodeClient).Exchange}
		if _, err := c.Pull(t.Context(), cardapi.Pull{NodeHead: cardapi.NodeHead{Node: nodeName, Epoch: 1}}); !fail.Is(err, fail.Forbidden) {
			t.Errorf("a wrong key: %v", err)
		}
		table, _ := p.c.Merger.Schema.Table("stay")
		row, ok, err := p.c.Merger.Schema.Load(t.Context(), p.centre.Desk.DB.Read, table, []string{other}, "")
		if err != nil || !ok {
			t.Fatal(err)
		}
		before := row.Text()
		row["doctor_name"] = "Кто-то"
		forged := cardapi.Change{Sequence: p.self().Acked + 1, At: 1, Table: "stay", Key: other, Op: "U", Before: before, After: row.Text()}
		last, err := hashAt(t.Context(), p.node.Desk.DB.Read, p.self().Acked)
		if err != nil {
			t.Fatal(err)
		}
		forged.Hash = capture.Hash(last, forged)
		if _, err := p.n.Centre.Push(t.Context(), cardapi.Push{NodeHead: p.n.head(p.self()), Previous: last, Changes: []cardapi.Change{forged}}); err != nil {
			t.Fatal(err)
		}
		if p.centre.Int(`SELECT COUNT(*) FROM stay WHERE doctor_name = 'Кто-то'`) != 0 || p.centre.Int(`SELECT COUNT(*) FROM node_held WHERE reason = 'foreign'`) != 1 {
			t.Error("another hospital's stay was changed")
		}
		push := func(head cardapi.NodeHead, previous string, c cardapi.Change) (cardapi.Mark, error) {
			return p.n.Centre.Push(t.Context(), cardapi.Push{NodeHead: head, Previous: previous, Changes: []cardapi.Change{c}})
		}
		head := p.n.head(p.self())
		mark, err := push(head, last, forged) // once more: the answer was lost
		if err != nil || mark.Sequence != forged.Sequence || mark.Hash != forged.Hash || p.centre.Int(`SELECT COUNT(*) FROM node_held`) != 1 {
			t.Errorf("the same again: %+v, %v", mark, err)
		}
		next := forged
		next.Sequence++
		next.Hash = capture.Hash(forged.Hash, next)
		gap, broken, another, elsewhere := next, next, forged, next
		gap.Sequence += 4
		gap.Hash = capture.Hash(forged.Hash, gap)
		broken.Hash = id.New()
		another.At++
		another.Hash = capture.Hash(last, another)
		elsewhere.Hash = capture.Hash(last, elsewhere)
		later := head
		later.Epoch++
		for name, c := range map[string]struct {
			head     cardapi.NodeHead
			previous string
			change   cardapi.Change
			key      string
		}{
			"a gap":                           {head, forged.Hash, gap, "card.node.gap"},
			"a broken chain":                  {head, forged.Hash, broken, "card.node.chain"},
			"another change at a known place": {head, last, another, "card.node.parted"},
			"behind another history":          {head, last, elsewhere, "card.node.parted"},
			"of another epoch":                {later, forged.Hash, next, "card.node.parted"},
		} {
			if _, err := push(c.head, c.previous, c.change); !fail.Is(err, fail.Conflict) || errKey(err) != c.key {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
