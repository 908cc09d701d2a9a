package e2e_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// hospital is a centre with everything and one hospital's own node of the card,
// a process each, with a line between them.
type hospital struct {
	world
	line       *wire
	centrePort int
	nodePort   int
	centreData string
	nodeData   string
	database   string // of the centre: the address of PostgreSQL, "" for SQLite
	centreEnv  []string
	nodeEnv    []string
	node       string // its address

	mu      sync.Mutex
	running map[string]*process
}

func newHospital(t *testing.T) *hospital {
	t.Helper()
	h := &hospital{
		world: world{t: t, site: map[string]string{}}, centrePort: freePort(t), nodePort: freePort(t), centreData: t.TempDir(), nodeData: t.TempDir(),
		running: map[string]*process{},
	}
	h.line = newWire(t, h.centrePort)
	h.node = fmt.Sprintf("http://osh.localhost:%d", h.nodePort)
	// Everything of the centre is reached over the line alone.
	common := []string{"SANARIP_SECRET=the-journey-only-secret-of-more-than-32-characters"}
	for system, host := range hosts {
		h.site[system] = fmt.Sprintf("http://%s.localhost:%d", host, h.line.port())
		h.centreEnv = append(h.centreEnv, fmt.Sprintf("SANARIP_SITE_%s=%s", strings.ToUpper(system), h.site[system]))
	}
	h.site["start"] = fmt.Sprintf("http://localhost:%d", h.line.port())
	h.nodeEnv = append(append(slices.Clone(h.centreEnv), common...), "SANARIP_SITE_CARD="+h.node,
		"SANARIP_SEAL_CARD=what-the-hospital-seals-with-is-its-own-affair", "SANARIP_CARD_NODE_POLL=1s", "SANARIP_CARD_NODE_NUMBERS=10")
	h.centreEnv = append(append(h.centreEnv, common...), "SANARIP_CARD_NODES=osh="+demo.Hospital, "SANARIP_IDENTITY_CARD_NODES="+h.node)
	if os.Getenv("SANARIP_TEST_POSTGRES") != "" {
		h.database = dbtest.Postgres(t)
	}
	h.nodeEnv = append(h.nodeEnv, "SANARIP_CARD_NODE_KEY="+h.key())
	return h
}

// key is the node's key, as the centre's operator reads it.
func (h *hospital) key() string {
	h.t.Helper()
	binary, err := build()
	if err != nil {
		h.t.Fatal(err)
	}
	command := exec.Command(binary, "node-key", "osh", "--data", h.centreData)
	command.Env = append(command.Env, h.centreEnv...)
	out, err := command.Output()
	if err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// start starts the side, again if it was killed.
func (h *hospital) start(side string) {
	h.t.Helper()
	var p *process
	if side == "centre" {
		args := []string{"--demo", "--open=false", "--data", h.centreData}
		if h.database != "" {
			args = append(args, "--database", h.database)
		}
		p = launch(h.t, h.centrePort, h.centreEnv, args...)
	} else {
		p = launch(h.t, h.nodePort, h.nodeEnv, "--only", "card", "--node", "osh", "--data", h.nodeData)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running[side] = p
}

func (h *hospital) kill(side string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running[side].kill()
}

// own opens the node's database of the card beside the running program, to read.
func (h *hospital) own() *sql.DB { return h.open("sqlite", sqliteFile(h.nodeData, "card")) }

// central opens the centre's database of the system so.
func (h *hospital) central(system string) *sql.DB {
	if h.database == "" {
		return h.open("sqlite", sqliteFile(h.centreData, system))
	}
	return h.open("pgx", h.database+"&search_path="+system)
}

func sqliteFile(folder, system string) string {
	return "file:" + filepath.Join(folder, system+".db") + "?mode=ro&_pragma=busy_timeout(5000)"
}

func (h *hospital) open(driver, address string) *sql.DB {
	h.t.Helper()
	d, err := sql.Open(driver, address)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = d.Close() })
	return d
}

// column gives the first column of all rows as text.
func column(t *testing.T, d *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := d.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// rowsOf are the table's rows as JSON, alike on both engines.
func rowsOf(t *testing.T, d *sql.DB, table string, columns []string, condition string) map[string]bool {
	t.Helper()
	rows, err := d.QueryContext(t.Context(), `SELECT `+strings.Join(columns, ", ")+` FROM `+table+` WHERE `+condition)
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	defer func() { _ = rows.Close() }()
	all := map[string]bool{}
	for rows.Next() {
		values, into, row := make([]any, len(columns)), make([]any, len(columns)), map[string]any{}
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, c := range columns {
			row[c] = values[i]
		}
		written, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		all[string(written)] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// A hospital's node works while its line is cut: staff sign in by the code they
// chose, admit, write, discharge, numbers are given; the centre works on too. The
// node is killed (kill -9) in the midst of the work, both sides and the line in
// the midst of the handover. In the end both databases have the same rows, each
// number was given once, and the fund has each case once. Where a PostgreSQL is
// given it is the centre's; a node's is SQLite, as in a hospital.
func TestHospitalWithoutALine(t *testing.T) {
	needE2E(t)
	h := newHospital(t)
	h.start("centre")
	central := h.central("card")
	h.until("the demo's patients lie", func() bool {
		return len(column(t, central, `SELECT MIN('all') FROM stay HAVING COUNT(*) >= 8`)) == 1
	})
	h.start("node")
	own := h.own()
	h.until("the node has what is its own, and numbers", func() bool {
		return len(column(t, own, `SELECT phase FROM node_self WHERE phase = 'ready'`)) == 1 &&
			len(column(t, own, `SELECT r.department FROM node_range r JOIN department_head h ON h.department = r.department WHERE r.department = ?`, demo.Therapy)) > 0
	})

	centre, there := &hand{newPlain(t), h.site["card"]}, &hand{newPlain(t), h.node}
	centre.goTo(centre.base + "/sign-in")
	centre.signIn(h.world, demo.Surgeon)
	there.goTo(h.node + "/sign-in")
	there.signIn(h.world, demo.Doctor)
	if !strings.HasPrefix(there.at.String(), h.node) {
		t.Fatalf("not back at the node: %s", there.at)
	}
	there.goTo(h.node + "/away/code")
	there.submit("code", map[string]string{"code": "840275", "again": "840275"})
	// The centre's staff sit on the other side of the line.
	centre.client.Transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", h.centrePort))
	}}

	h.line.cut()
	h.until("the node knows that it has no line", func() bool {
		return len(column(t, own, `SELECT down_since FROM node_self WHERE down_since > 0`)) == 1
	})
	// Who signed in before works on, who comes now signs in by the code.
	if err := there.send(http.MethodGet, "/ward", nil); err != nil {
		t.Fatal(err)
	}
	there = &hand{newPlain(t), h.node}
	there.goTo(h.node + "/sign-in?next=%2Fward")
	there.submit("code", map[string]string{"pin": demo.Doctor.PIN, "code": "840275"})
	if there.at.Path != "/ward" {
		t.Fatalf("not signed in without ЕСИ: %s %s", there.at, tail(there.text(), 900))
	}

	var numbers, referrals []string
	patients := []demo.Person{demo.Clerk, demo.Expert, demo.Nurse, demo.Manager}
	pins := []string{demo.Operator.PIN}
	for _, who := range patients {
		pins = append(pins, who.PIN)
	}
	done := make(chan struct{})
	var chaos sync.WaitGroup
	chaos.Go(func() {
		var start time.Duration // what the last one took: where a start is slow, a step is
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(700+rand.IntN(2300))*time.Millisecond + 2*start):
			}
			h.kill("node")
			began := time.Now()
			h.start("node")
			start = time.Since(began)
		}
	})
	for i, who := range patients {
		numbers = append(numbers, there.stay(who, demo.Therapy))
		if i == 1 {
			numbers = append(numbers, centre.stay(demo.Operator, demo.Surgery))
			referrals = append(referrals, there.refer(who), centre.refer(demo.Operator))
		}
	}
	close(done)
	chaos.Wait()
	slices.Sort(numbers)
	// The demo's own discharges have numbers too.
	theirs := `SELECT f.number FROM form f JOIN stay s ON s.id = f.stay_id JOIN patient p ON p.id = s.patient_id WHERE p.pin IN ('` + strings.Join(pins, `', '`) + `') ORDER BY f.number`
	if given := column(t, own, theirs); len(given) != len(patients) {
		t.Errorf("the node gave %d numbers for %d discharges: %v", len(given), len(patients), given)
	}
	if len(slices.Compact(slices.Clone(numbers))) != len(patients)+1 {
		t.Errorf("a number twice: %v", numbers)
	}

	if referrals[0] == referrals[1] {
		t.Errorf("a referral's number twice: %v", referrals)
	}

	// The line comes and goes, breaks at any byte of what is said, and either side
	// falls, while all is handed over.
	for round := range 9 {
		h.line.tear(int64(500) << (round % 7)) // from 500 bytes to 32 KB
		h.line.mend()
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		switch round % 3 {
		case 0:
			h.kill("node")
			h.start("node")
		case 1:
			h.kill("centre")
			h.start("centre")
		}
		h.line.cut()
	}
	h.line.tear(0)
	h.line.mend()
	fund := h.central("insurance")
	ours := `SELECT number FROM treated_case WHERE number IN ('` + strings.Join(numbers, `', '`) + `') ORDER BY number`
	h.until("all is handed over", func() bool {
		return len(column(t, own, `SELECT name FROM node_self WHERE down_since = 0 AND acked = (SELECT sequence FROM node_log)`)) == 1 &&
			column(t, own, `SELECT CAST(COUNT(*) AS TEXT) FROM node_change WHERE sequence = 0`)[0] == "0"
	})
	h.until("the fund has decided on every case", func() bool {
		return len(column(t, fund, ours)) >= len(numbers)
	})
	difference := h.difference(own, central)
	// On PostgreSQL a change of the centre's is told when every older transaction of
	// the server is over, also those of other tests.
	for deadline := time.Now().Add(2 * patience); difference != "" && time.Now().Before(deadline); difference = h.difference(own, central) {
		time.Sleep(300 * time.Millisecond)
	}
	if difference != "" {
		t.Errorf("the databases differ: %s", difference)
	}
	if cases := column(t, fund, ours); !slices.Equal(cases, numbers) {
		t.Errorf("the fund has %v, given were %v", cases, numbers)
	}
	if given := column(t, central, theirs); !slices.Equal(given, numbers) {
		t.Errorf("the centre has the forms %v, given were %v", given, numbers)
	}
	for _, d := range []*sql.DB{own, central} {
		if held := column(t, d, `SELECT tbl || ' ' || row_key || ' ' || reason FROM node_held`); len(held) > 0 {
			t.Errorf("held: %v", held)
		}
		if both := column(t, d, `SELECT tbl || ' ' || col || ' ' || ours || ' ' || theirs FROM change_conflict`); len(both) > 0 {
			t.Errorf("conflicts that nobody made: %v", both)
		}
	}
	h.running["node"].leaksNothing()
}

// difference compares every captured table: all of the node's rows are at the
// centre as they are, and all of the hospital's and its patients' at the node.
func (h *hospital) difference(own, central *sql.DB) string {
	h.t.Helper()
	tables := column(h.t, own, `SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'node!_capture!_%' ESCAPE '!'`)
	if len(tables) < 30 {
		h.t.Fatalf("only %v are captured", tables)
	}
	var found []string
	for _, table := range tables {
		columns := column(h.t, own, `SELECT name FROM pragma_table_info(?) ORDER BY name`, table)
		here, there := rowsOf(h.t, own, table, columns, "1 = 1"), rowsOf(h.t, central, table, columns, "1 = 1")
		for row := range here {
			if !there[row] {
				found = append(found, "only at the node: "+table+" "+row)
			}
		}
		condition := ""
		switch {
		case table == "access_record":
		case slices.Contains(columns, "organisation"):
			condition = "organisation = '" + demo.Hospital + "'"
		case slices.Contains(columns, "stay_id"):
			condition = "stay_id IN (SELECT id FROM stay WHERE organisation = '" + demo.Hospital + "')"
		}
		if condition == "" {
			continue
		}
		for row := range rowsOf(h.t, central, table, columns, condition) {
			if !here[row] {
				found = append(found, "only at the centre: "+table+" "+row)
			}
		}
	}
	slices.Sort(found)
	return tail(strings.Join(found, "\n"), 4000)
}
