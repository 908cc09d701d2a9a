package act

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

const (
	crashAddress  = "SANARIP_TEST_CRASH_ADDRESS"
	crashSince    = "SANARIP_TEST_CRASH_SINCE"
	crashHospital = "950174"
	crashCases    = 360
	crashGivers   = 3
)

// running is a clock that goes, from the January after the month: leases run out.
type running struct{ since time.Time }

func (r running) Now() time.Time {
	return time.Date(2027, 1, 2, 12, 0, 0, 0, clock.Bishkek).Add(time.Since(r.since))
}

// crashWorld is the fund on the database. Its acts take up few cases at a time, so
// that one is killed in its middle.
func crashWorld(d *db.DB, since time.Time) (world, error) {
	batch = 20
	rules, err := rule.Load()
	if err != nil {
		return world{}, err
	}
	tables, err := price.Demo()
	now := running{since}
	queue := job.New(d, now, slog.New(slog.DiscardHandler), job.Config{Lease: 150 * time.Millisecond, Poll: 10 * time.Millisecond})
	acts := Acts{DB: d, Clock: now, Queue: queue}
	queue.Handle(MakeJob, MakePolicy, acts.Go)
	return world{fund: treated.Fund{
		DB: d, Clock: now, Queue: queue, Catalogue: rules, Tables: tables,
		OrganisationName: func(code string) string { return code },
	}, acts: acts}, err
}

// crashCase is the n-th form of the hospital's batch.
func crashCase(n int) insuranceapi.Case {
	c := treatedtest.Good()
	c.Number = fmt.Sprintf("%07d1895017426", n)
	c.Patient.PIN, c.Patient.Name, c.Patient.Rural = "", fmt.Sprint("Киши ", n), n%3 == 0
	return c
}

// TestSettleUntilKilled is the process that TestKilledDuringAnActOrABatch kills: it
// takes a batch in, from its beginning after each start as a hospital sends it, and
// makes acts of what is there meanwhile. What it was told it writes down.
func TestSettleUntilKilled(t *testing.T) {
	address := os.Getenv(crashAddress)
	if address == "" {
		t.Skip("only as a process of its own")
	}
	d, err := db.Open(context.Background(), address, "insurance", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	since, err := strconv.ParseInt(os.Getenv(crashSince), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	w, err := crashWorld(d, time.UnixMilli(since))
	if err != nil {
		t.Fatal(err)
	}
	go w.acts.Queue.Run(context.Background()) // it ends an act that was begun before
	var out sync.Mutex
	say := func(what ...any) {
		out.Lock()
		defer out.Unlock()
		_, _ = fmt.Println(append(what, "whole")...) // a line may be cut off with the process
	}
	for giver := range crashGivers {
		go func() {
			for n := 1 + giver; n <= crashCases; n += crashGivers {
				decision, err := w.fund.Submit(context.Background(), crashCase(n))
				if err != nil {
					panic(err)
				}
				say("case", decision.Number, decision.CaseID, decision.Price)
			}
		}()
	}
	for {
		_, err := w.acts.Make(context.Background(), crashHospital, "2026-11", expert)
		if err != nil && !fail.Is(err, fail.Conflict) && !fail.Is(err, fail.Invalid) {
			panic(err)
		}
		made, err := w.acts.List(context.Background(), Filter{Organisation: crashHospital})
		for _, a := range made.Acts { // by whom of this and the processes before, and their jobs
			say("act", a.Number(), a.Cases, a.Price)
		}
		if err != nil {
			panic(err)
		}
	}
}

// The fund is killed (kill -9) again and again while it takes a hospital's batch in
// and makes acts of it. What was answered before holds after; in the end each case is
// there once and stands in one act, acts have numbers without doubles or gaps, and
// their sums are those of their cases.
func TestKilledDuringAnActOrABatch(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	usual := batch
	defer func() { batch = usual }()
	run := func(t *testing.T, address string) {
		since := time.Now()
		d := dbtest.Open(t, address, "insurance", migration.Sets...)
		told, acts, answers, inTheMiddle, begun := map[string]string{}, map[string]string{}, 0, 0, 0
		for range 14 {
			before := answers
			answers += untilKilled(t, address, since, told, acts)
			begun += int(numberOf(t, d, `SELECT COUNT(*) FROM act WHERE sequence = 0`))
			if len(told) < crashCases && answers > before {
				inTheMiddle++
			}
		}
		if inTheMiddle < 2 || begun < 2 {
			t.Errorf("killed %d times in the middle of the batch and %d times in that of an act", inTheMiddle, begun)
		}
		w, err := crashWorld(d, since)
		if err != nil {
			t.Fatal(err)
		}
		var total int64
		for n := 1; n <= crashCases; n++ {
			again, err := w.fund.Submit(t.Context(), crashCase(n))
			if err != nil {
				t.Fatal(err)
			}
			now := fmt.Sprint(again.CaseID, " ", again.Price)
			if was := told[again.Number]; was != "" && was != now {
				t.Errorf("form %s was %s and is %s", again.Number, was, now)
			}
			total += again.Price
		}
		for numberOf(t, d, `SELECT COUNT(*) FROM act WHERE sequence = 0`) > 0 { // its lease runs out, then it is ended
			if err := w.acts.Queue.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.acts.Make(t.Context(), crashHospital, "2026-11", expert); err != nil && !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		made, err := w.acts.List(t.Context(), Filter{Organisation: crashHospital})
		if err != nil {
			t.Fatal(err)
		}
		var cases int
		var paid int64
		for i, a := range made.Acts { // the newest first
			if a.Sequence != len(made.Acts)-i {
				t.Errorf("the %d. act from the end of %d has the number %s", i+1, len(made.Acts), a.Number())
			}
			if was := acts[a.Number()]; was != "" && was != fmt.Sprint(a.Cases, " ", a.Price) {
				t.Errorf("act %s was told as %s and is %d, %d", a.Number(), was, a.Cases, a.Price)
			}
			delete(acts, a.Number())
			whole, err := w.acts.Read(t.Context(), a.ID, "")
			if err != nil || len(whole.Lines) != a.Cases || sum(whole.Lines) != a.Price || a.Cases == 0 {
				t.Errorf("act %s: %d lines of %d cases, %v", a.Number(), len(whole.Lines), a.Cases, err)
			}
			cases, paid = cases+a.Cases, paid+a.Price
		}
		if len(acts) != 0 {
			t.Errorf("acts that were told and are gone: %v", acts)
		}
		if cases != crashCases || paid != total || total == 0 {
			t.Errorf("%d cases of %d tyiyn in acts, %d of %d were taken in", cases, paid, crashCases, total)
		}
		for what, query := range map[string]string{
			"cases":                   fmt.Sprintf(`SELECT COUNT(*) - %d FROM treated_case`, crashCases),
			"forms taken twice":       `SELECT COUNT(*) FROM (SELECT number FROM treated_case GROUP BY number HAVING COUNT(*) > 1) twice`,
			"forms in two acts":       `SELECT COUNT(*) FROM (SELECT number FROM act_case GROUP BY number HAVING COUNT(*) > 1) twice`,
			"settled without a line":  `SELECT COUNT(*) FROM treated_case c WHERE (c.stage = 'settled') <> EXISTS (SELECT 1 FROM act_case l WHERE l.case_id = c.id AND l.price = c.price)`,
			"cases with no decision":  `SELECT COUNT(*) FROM treated_case c WHERE (SELECT COUNT(*) FROM case_decision v WHERE v.case_id = c.id) <> 1`,
			"cases not settled once":  `SELECT COUNT(*) FROM treated_case c WHERE (SELECT COUNT(*) FROM case_step s WHERE s.case_id = c.id) <> 1`,
			"cases seen by nobody":    `SELECT COUNT(*) FROM treated_case c WHERE c.patient_pin <> '' AND NOT EXISTS (SELECT 1 FROM access_record a WHERE a.object = c.id)`,
			"lines of an unknown act": `SELECT COUNT(*) FROM act_case l WHERE NOT EXISTS (SELECT 1 FROM act a WHERE a.id = l.act_id)`,
		} {
			if n := w.number(t, query); n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
	}
	dbtest.Both(t,
		func(t *testing.T) { run(t, "sqlite:"+t.TempDir()) },
		func(t *testing.T) { run(t, dbtest.Postgres(t)) })
}

// untilKilled runs the process for a moment after its first answer and notes what it
// was told, by number of form and of act; it gives how many answers there were.
func untilKilled(t *testing.T, address string, since time.Time, told, acts map[string]string) (answers int) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run", "^TestSettleUntilKilled$") //nolint:gosec // ourselves, killed below
	command.Env = append(os.Environ(), crashAddress+"="+address, crashSince+"="+strconv.FormatInt(since.UnixMilli(), 10))
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(time.Minute, func() { _ = command.Process.Kill() }) // should nothing be answered
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line, whole := strings.CutSuffix(lines.Text(), " whole")
		what, rest, _ := strings.Cut(line, " ")
		number, answer, _ := strings.Cut(rest, " ")
		known := map[string]map[string]string{"case": told, "act": acts}[what]
		if known == nil || !whole {
			continue
		}
		if was := known[number]; was != "" && was != answer {
			t.Errorf("%s %s was %s and is %s", what, number, was, answer)
		}
		if known[number] = answer; answers == 0 {
			kill.Reset(time.Duration(rand.IntN(300)) * time.Millisecond)
		}
		answers++
	}
	_ = command.Wait()
	kill.Stop()
	if answers == 0 {
		t.Fatal("the process answered nothing")
	}
	return answers
}
