package node

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
	"github.com/sanarip/sanarip/system/card/migration"
)

// hand hands one change over that the node's program would never write, signed
// and in its place, and says what the centre answers.
func (p *pair) hand(c cardapi.Change) error {
	p.t.Helper()
	var applied int64
	var previous string
	if err := p.centre.Desk.DB.Read.QueryRowContext(p.t.Context(), `SELECT applied, hash FROM node_peer WHERE name = $1`, nodeName).Scan(&applied, &previous); err != nil {
		p.t.Fatal(err)
	}
	if c.Sequence == 0 {
		c.Sequence = applied + 1
	}
	c.Hash = capture.Hash(previous, c)
	_, err := p.n.Centre.Push(p.t.Context(), cardapi.Push{NodeHead: p.n.head(p.self()), Previous: previous, Changes: []cardapi.Change{c}})
	return err
}

// row is a row of the centre's.
func (p *pair) row(table string, key ...string) capture.Row {
	p.t.Helper()
	t, _ := p.c.Merger.Schema.Table(table)
	row, ok, err := p.c.Merger.Schema.Load(p.t.Context(), p.centre.Desk.DB.Read, t, key, "")
	if err != nil || !ok {
		p.t.Fatalf("%s %v: %v", table, key, err)
	}
	return row
}

// with is the row with other values.
func with(row capture.Row, values capture.Row) capture.Row {
	row = maps.Clone(row)
	maps.Copy(row, values)
	return row
}

// A node in other hands takes nothing of another hospital, and rewrites neither
// the records of access nor what the centre keeps for everybody.
func TestAHostileNodeTakesNothingOfOthers(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		mine := p.node.Stay(p.node.Patient(formtest.PIN(61)))
		p.meet()
		theirs := p.centre.Stay(p.centre.Patient(formtest.PIN(62)))
		p.centre.Exec(`INSERT INTO bed (id, organisation, department, room, name, state, position) VALUES ('their-bed', '222222', '01', '1', '1', 'ready', 1)`)
		p.centre.Exec(`UPDATE stay SET organisation = '222222', bed_id = NULL WHERE id = $1`, theirs)
		p.meet()
		const record = "a-record"
		p.centre.Exec(`INSERT INTO access_record (id, at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id)
			VALUES ($1, 1, '1', '2', 'Врач', 'doctor', 'Больница', 'card', 'stay.view', 'treatment', '', '')`, record)
		stay, other, read := p.row("stay", mine), p.row("stay", theirs), p.row("access_record", record)
		var code, from string
		if err := p.centre.Desk.DB.Read.QueryRowContext(t.Context(), `SELECT code, from_day FROM copayment_category ORDER BY code, from_day LIMIT 1`).Scan(&code, &from); err != nil {
			t.Fatal(err)
		}
		price := p.row("copayment_category", code, from)
		for name, c := range map[string]struct {
			table, op     string
			before, after capture.Row
		}{
			"another's stay is changed":          {"stay", "U", other, with(other, capture.Row{"doctor_name": "Кто-то"})},
			"another's stay is removed":          {"stay", "D", other, nil},
			"a stay is taken over":               {"stay", "U", other, with(other, capture.Row{"organisation": formtest.Hospital})},
			"a stay is handed to another":        {"stay", "U", stay, with(stay, capture.Row{"organisation": "222222"})},
			"a stay is written for another":      {"stay", "I", nil, with(stay, capture.Row{"id": "new-1", "organisation": "222222", "bed_id": nil})},
			"another's bed is taken":             {"stay", "U", stay, with(stay, capture.Row{"bed_id": "their-bed"})},
			"another's bed is taken by a person": {"stay", "I", nil, with(stay, capture.Row{"id": "new-2", "bed_id": "their-bed"})},
			"a record of access is rewritten":    {"access_record", "U", read, with(read, capture.Row{"actor_name": "Никто"})},
			"a record of access is removed":      {"access_record", "D", read, nil},
			"a price is rewritten":               {"copayment_category", "U", price, with(price, capture.Row{"exempt": int64(7)})},
			"a price is removed":                 {"copayment_category", "D", price, nil},
		} {
			t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
				table, _ := p.c.Merger.Schema.Table(c.table)
				before := contents(t, p.centre, p.c.Merger.Schema, nil)
				records := p.centre.Int(`SELECT COUNT(*) FROM access_record WHERE actor_name <> 'Никто'`)
				held := p.centre.Int(`SELECT COUNT(*) FROM node_held WHERE reason = 'foreign'`)
				named := c.after
				if named == nil {
					named = c.before
				}
				change := cardapi.Change{At: 1, Table: c.table, Op: c.op, Key: capture.JoinKey(table.KeyOf(named))}
				if c.before != nil {
					change.Before = c.before.Text()
				}
				if c.after != nil {
					change.After = c.after.Text()
				}
				if err := p.hand(change); err != nil {
					t.Fatal(err)
				}
				if now := p.centre.Int(`SELECT COUNT(*) FROM node_held WHERE reason = 'foreign'`); now != held+1 {
					t.Errorf("%d are held, and %d were", now, held)
				}
				if after := contents(t, p.centre, p.c.Merger.Schema, nil); strings.Join(before, "\n") != strings.Join(after, "\n") {
					t.Error("the centre's rows are others")
				}
				if p.centre.Int(`SELECT COUNT(*) FROM access_record WHERE actor_name <> 'Никто'`) != records {
					t.Error("the records of access are others")
				}
				p.centre.Exec(`DELETE FROM node_held`) // a later one of the row would wait behind it
			})
		}
	})
}

// What no trigger writes is refused whole: nothing of the batch stands, and the
// place is still free.
func TestATornChangeIsRefusedWhole(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		id := p.node.Stay(p.node.Patient(formtest.PIN(63)))
		p.meet()
		stay := p.row("stay", id)
		before := contents(t, p.centre, p.c.Merger.Schema, nil)
		good := cardapi.Change{At: 1, Table: "stay", Key: id, Op: "U", Before: stay.Text(), After: with(stay, capture.Row{"doctor_name": "Б"}).Text()}
		for name, turn := range map[string]func(c *cardapi.Change){
			"text in a column of numbers": func(c *cardapi.Change) { c.After = with(stay, capture.Row{"admitted_at": "вчера"}).Text() },
			"a number in a column of text": func(c *cardapi.Change) {
				c.After = with(stay, capture.Row{"doctor_name": int64(5)}).Text()
			},
			"a fraction": func(c *cardapi.Change) {
				c.After = strings.Replace(c.After, `"admitted_at":`, `"admitted_at":0.5,"x":`, 1)
			},
			"a number too large": func(c *cardapi.Change) { c.After = `{"id":"` + id + `","admitted_at":99999999999999999999}` },
			"a NUL":              func(c *cardapi.Change) { c.After = with(stay, capture.Row{"doctor_name": "a\x00b"}).Text() },
			"torn":               func(c *cardapi.Change) { c.After = c.After[:len(c.After)/2] },
			"a list":             func(c *cardapi.Change) { c.After = `[1]` },
			"null":               func(c *cardapi.Change) { c.After = `null` },
			"nothing":            func(c *cardapi.Change) { c.After = "" },
			"without its before": func(c *cardapi.Change) { c.Before = "" },
			"another's key":      func(c *cardapi.Change) { c.Key = "else" },
			"without a key":      func(c *cardapi.Change) { c.Key, c.After = "", `{"doctor_name":"Б"}` },
			"another verb":       func(c *cardapi.Change) { c.Op = "X" },
			"before all time":    func(c *cardapi.Change) { c.At = -1 },
			"after all time":     func(c *cardapi.Change) { c.At = 1 << 62 },
			"of a table that is not there": func(c *cardapi.Change) {
				c.Table = "stay; DROP TABLE stay"
			},
			"a column that is not there": func(c *cardapi.Change) { c.After = with(stay, capture.Row{"doctor_name = '' --": "x"}).Text() },
			"a place below all":          func(c *cardapi.Change) { c.Sequence = -5 },
		} {
			c := good
			turn(&c)
			if err := p.hand(c); !fail.Is(err, fail.BadRequest) && !fail.Is(err, fail.Conflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
		after := contents(t, p.centre, p.c.Merger.Schema, nil)
		if strings.Join(before, "\n") != strings.Join(after, "\n") || p.centre.Int(`SELECT COUNT(*) FROM node_held`) != 0 {
			t.Error("something of what was refused stands")
		}
		if err := p.hand(good); err != nil || p.row("stay", id).String("doctor_name") != "Б" {
			t.Errorf("a good one afterwards: %v", err)
		}
	})
}

// A node asks for no numbers under the name of another's request, who would be
// refused by it.
func TestARequestOfNumbersIsTheNodesOwn(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		ask := func(request string) error {
			_, err := p.n.Centre.Lease(t.Context(), cardapi.LeaseCall{
				NodeHead: p.n.head(p.self()), Request: request, Organisation: formtest.Hospital, Department: formtest.Department, Year: p.node.Clock.Now().Year(), Count: 1,
			})
			return err
		}
		own := fmt.Sprintf("%s-1-%s-%s-%d-", nodeName, formtest.Hospital, formtest.Department, p.node.Clock.Now().Year())
		for _, request := range []string{"naryn" + own[len(nodeName):] + "1", "", "1", own[:len(own)-1], strings.Replace(own, "-1-", "-2-", 1) + "1"} {
			if err := ask(request); !fail.Is(err, fail.BadRequest) {
				t.Errorf("%q: %v", request, err)
			}
		}
		if err := ask(own + "99"); err != nil {
			t.Error(err)
		}
	})
}

// FuzzCentre sends the centre bodies of a node, signed as they are and torn: it
// answers, with no more than a refusal, and the stay of another hospital stays.
func FuzzCentre(f *testing.F) {
	f.Add(`U`, `stay`, "1", `{"id":"1","doctor_name":"a"}`, `{"id":"1","doctor_name":"b"}`, int64(1), int64(1))
	f.Add(`I`, `access_record`, "2", ``, `{"id":"2"}`, int64(1), int64(9))
	f.Add(`D`, `patient`, "3\x1f4", `{"id":3}`, ``, int64(-1), int64(0))
	f.Add(`I`, `patient`, "", `null`, `{"id":null,"pin":{}}`, int64(2), int64(1))
	f.Add(`U`, `form_document`, "x\x1f1", `{"pdf":"\\xzz"}`, `{"pdf":"\\x0"}`, int64(1), int64(1))
	w := formtest.New(f, dbtest.SQLite(f, "card", migration.Sets...))
	schema, err := capture.Install(f.Context(), w.Desk.DB)
	if err != nil {
		f.Fatal(err)
	}
	c := &Centre{
		DB: w.Desk.DB, Clock: w.Clock, Log: slog.New(slog.DiscardHandler), Secret: centreSecret,
		Merger: &merge.Merger{DB: w.Desk.DB, Schema: schema, Clock: w.Clock, Arrived: Arrived(w.Desk.Queue), Asked: Asked()},
	}
	if err := c.Enrol(f.Context(), map[string][]string{nodeName: {formtest.Hospital}}); err != nil {
		f.Fatal(err)
	}
	theirs := w.Stay(w.Patient(formtest.PIN(64)))
	w.Exec(`UPDATE stay SET organisation = '222222'`)
	f.Add(`D`, `stay`, theirs, `{"id":"`+theirs+`"}`, ``, int64(1), int64(1))
	f.Add(`U`, `stay`, theirs, `{"id":"`+theirs+`"}`, `{"id":"`+theirs+`","organisation":"`+formtest.Hospital+`"}`, int64(1), int64(1))
	w.Exec(`UPDATE node_peer SET epoch = 1`)
	f.Fuzz(func(t *testing.T, op, table, key, before, after string, sequence, at int64) {
		w := w
		w.T = t
		change := cardapi.Change{Sequence: sequence, At: at, Table: table, Key: key, Op: op, Before: before, After: after}
		change.Hash = capture.Hash("", change)
		call := cardapi.Push{NodeHead: cardapi.NodeHead{Node: nodeName, Epoch: 1}, Changes: []cardapi.Change{change}}
		call.MAC = cardapi.Sign(Key(centreSecret, nodeName), "/push", call)
		body, err := json.Marshal(call)
		if err != nil {
			t.Skip()
		}
		for _, sent := range [][]byte{body, body[:len(body)*2/3]} {
			var in cardapi.Push
			_ = json.Unmarshal(sent, &in) // what is torn keeps what was read
			if _, err := c.Push(t.Context(), in); err != nil && fail.Is(err, fail.Internal) {
				t.Fatal(err)
			}
		}
		w.Exec(`UPDATE node_peer SET applied = 0, hash = ''`)
		w.Exec(`DELETE FROM node_taken`)
		w.Exec(`DELETE FROM node_held`)
		if n := w.Int(`SELECT COUNT(*) FROM stay WHERE id = $1 AND organisation = '222222'`, theirs); n != 1 {
			t.Fatalf("%d stays of the other hospital", n)
		}
	})
}

// FuzzParse reads rows as the other side has written them: what is read can be
// written, and read alike.
func FuzzParse(f *testing.F) {
	for _, s := range []string{``, `{}`, `null`, `{"a":1,"b":"x","c":null}`, `{"a":1.5}`, `{"a":[]}`, `{"a":"\u0000"}`, `{"a":1}{"b":2}`, `{"a":9223372036854775808}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, written string) {
		row, err := capture.Parse(written)
		if err != nil || row == nil {
			return
		}
		again, err := capture.Parse(row.Text())
		if err != nil || !maps.Equal(row, again) {
			t.Errorf("%q: %v, then %v, %v", written, row, again, err)
		}
	})
}
