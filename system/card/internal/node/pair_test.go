package node

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// wire is the exchange between node and centre. It may be cut, lose answers, and
// bring requests twice.
type wire struct {
	cut      atomic.Bool
	rough    atomic.Bool
	before   func(path string)                                    // something that happens just before a call, nil: nothing does
	after    func(path string, answer *httptest.ResponseRecorder) // what becomes of its answer, nil: nothing
	answer   func(path string) error                              // how it is lost, nil: it is not
	provider *exchangeapi.Provider
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.cut.Load() {
		return nil, errors.New("no line")
	}
	target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	if w.before != nil {
		w.before(target.Rest)
	}
	body := make([]byte, r.ContentLength)
	if _, err := readFull(r, body); err != nil {
		return nil, err
	}
	send := func() *httptest.ResponseRecorder {
		asked := httptest.NewRequestWithContext(r.Context(), r.Method, "/exchange/"+target.Service+target.Rest, strings.NewReader(string(body)))
		asked.Header = r.Header.Clone()
		answer := httptest.NewRecorder()
		w.provider.ServeHTTP(answer, asked)
		return answer
	}
	answer := send()
	if w.rough.Load() {
		switch rand.IntN(5) {
		case 0:
			return nil, errors.New("the answer was lost")
		case 1:
			answer = send()
		}
	}
	if w.after != nil {
		w.after(target.Rest, answer)
	}
	if w.answer != nil {
		if err := w.answer(target.Rest); err != nil {
			return nil, err
		}
	}
	return answer.Result(), nil
}

func readFull(r *http.Request, body []byte) (int, error) {
	n := 0
	for n < len(body) {
		m, err := r.Body.Read(body[n:])
		n += m
		if err != nil && n < len(body) {
			return n, err
		}
	}
	return n, nil
}

// pair is a node and its centre.
type pair struct {
	t            *testing.T
	node, centre formtest.World
	wire         *wire
	n            *Node
	c            *Centre
	witness      string
}

const nodeName = "osh"

var centreSecret = []byte("the secret of the centre's card!")

func eachPair(t *testing.T, run func(t *testing.T, p *pair)) {
	t.Helper()
	with := func(t *testing.T, open func() *db.DB) {
		p := &pair{t: t, node: formtest.New(t, open()), centre: formtest.New(t, open()), wire: &wire{}, witness: filepath.Join(t.TempDir(), "witness")}
		p.centre.Desk.Clock = p.node.Clock // one time for both
		p.startCentre()
		p.startNode()
		run(t, p)
	}
	dbtest.Both(t,
		func(t *testing.T) {
			with(t, func() *db.DB { return dbtest.SQLite(t, "card", migration.Sets...) })
		},
		func(t *testing.T) {
			with(t, func() *db.DB { return dbtest.Open(t, dbtest.Postgres(t), "card", migration.Sets...) })
		})
}

// centreLike is another database of the centre's engine.
func (p *pair) centreLike(t *testing.T) *db.DB {
	t.Helper()
	if p.centre.Desk.DB.Dialect == db.Postgres {
		return dbtest.Open(t, dbtest.Postgres(t), "card", migration.Sets...)
	}
	return dbtest.SQLite(t, "card", migration.Sets...)
}

func (p *pair) startCentre() {
	p.t.Helper()
	d := p.centre.Desk.DB
	schema, err := capture.Install(p.t.Context(), d)
	if err != nil {
		p.t.Fatal(err)
	}
	p.c = &Centre{
		DB: d, Clock: p.node.Clock, Log: slog.New(slog.DiscardHandler), Secret: centreSecret,
		Merger: &merge.Merger{DB: d, Schema: schema, Clock: p.node.Clock, Arrived: Arrived(p.centre.Desk.Queue), Room: Room(p.node.Clock, text.MustLoad(design.Texts, os.DirFS("../.."))), Asked: Asked()},
	}
	if err := p.c.Enrol(p.t.Context(), map[string][]string{nodeName: {formtest.Hospital}}); err != nil {
		p.t.Fatal(err)
	}
	p.wire.provider = exchangeapi.NewProvider(exchangeapi.Card, "k", slog.New(slog.DiscardHandler))
	cardapi.ServeNodes(p.wire.provider, p.c)
}

func (p *pair) startNode() {
	p.t.Helper()
	d := p.node.Desk.DB
	schema, err := capture.Install(p.t.Context(), d)
	if err != nil {
		p.t.Fatal(err)
	}
	key := Key(centreSecret, nodeName)
	p.n = &Node{
		Desk: p.node.Desk, Merger: &merge.Merger{DB: d, Schema: schema, Clock: p.node.Clock},
		Centre: cardapi.NodeClient{Key: key, Exchange: &exchangeapi.Client{
			Self: exchangeapi.Card, Address: "http://exchange.test", Key: "k", HTTP: &http.Client{Transport: p.wire},
		}},
		Settings: Settings{Name: nodeName, Key: key, Witness: p.witness, Numbers: 100},
	}
	if err := p.n.Start(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// meet steps until everything is handed over and fetched.
func (p *pair) meet() {
	p.t.Helper()
	var err error
	// On PostgreSQL a change waits until each older transaction of the server is
	// over, also those of other tests, some of which go on for a minute: some time,
	// not some number of steps.
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err = p.n.Step(p.t.Context()); err != nil {
			continue
		}
		waiting, _, countErr := capture.Waiting(p.t.Context(), p.node.Desk.DB.Read, p.self().Acked)
		if countErr != nil {
			p.t.Fatal(countErr)
		}
		unplaced := p.centre.Int(`SELECT COUNT(*) FROM node_change WHERE sequence = 0`)
		newest := p.centre.Int(`SELECT sequence FROM node_log`)
		if waiting == 0 && unplaced == 0 && int64(newest) == p.self().Pulled {
			return
		}
	}
	p.t.Fatalf("they do not come to an end: %v", err)
}

func (p *pair) self() Self {
	p.t.Helper()
	self, _, err := loadSelf(p.t.Context(), p.node.Desk.DB.Read, "")
	if err != nil {
		p.t.Fatal(err)
	}
	return self
}

// discharge admits and discharges a new patient at the world.
func dischargeOne(t *testing.T, w formtest.World, pin string) string {
	t.Helper()
	return discharged(t, w, w.Ready(pin))
}

// discharged discharges from the stay.
func discharged(t *testing.T, w formtest.World, stayID string) string {
	t.Helper()
	n, err := discharge.Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, form.Ending{At: w.Clock.Now().Add(-time.Minute), Outcome: "discharged", Result: "improved"})
	if err != nil {
		t.Fatal(err)
	}
	return n.String()
}

// contents is every captured row of the database, people under the names given.
func contents(t *testing.T, w formtest.World, schema *capture.Schema, names map[string]string) []string {
	t.Helper()
	var all []string
	for _, table := range schema.Tables {
		rows, err := schema.Select(t.Context(), w.Desk.DB.Read, table, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if table.Name == "access_record" || table.Name == "away_sign_in" { // go up alone
				continue
			}
			for _, column := range schema.PatientColumns(table) {
				if other, ok := names[row.String(column)]; ok {
					row[column] = other
				}
			}
			all = append(all, table.Name+" "+row.Text())
		}
	}
	slices.Sort(all)
	return all
}

// alike fails unless both sides have the same rows.
func (p *pair) alike() {
	p.t.Helper()
	names := map[string]string{}
	rows, err := p.centre.Desk.DB.Read.QueryContext(p.t.Context(), `SELECT theirs, ours FROM node_alias`)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var theirs, ours string
		if err := rows.Scan(&theirs, &ours); err != nil {
			p.t.Fatal(err)
		}
		names[theirs] = ours
	}
	if err := rows.Err(); err != nil {
		p.t.Fatal(err)
	}
	if held := p.centre.Int(`SELECT COUNT(*) FROM node_held`) + p.node.Int(`SELECT COUNT(*) FROM node_held`); held != 0 {
		p.t.Errorf("%d changes are held", held)
	}
	here, there := contents(p.t, p.node, p.n.Merger.Schema, names), contents(p.t, p.centre, p.c.Merger.Schema, nil)
	if slices.Equal(here, there) {
		return
	}
	for _, row := range here {
		if !slices.Contains(there, row) {
			p.t.Errorf("at the node alone: %.300s", row)
		}
	}
	for _, row := range there {
		if !slices.Contains(here, row) {
			p.t.Errorf("at the centre alone: %.300s", row)
		}
	}
}
