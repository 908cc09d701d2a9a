package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// The whole way on both engines: the product runs, its systems write records
// and seal them, it is stopped; `sanarip verify audit` finds all whole, ends
// with 0, and with 1 once somebody was at the database.
func TestVerifyAuditOfTheRunningProduct(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	program := filepath.Join(t.TempDir(), "sanarip")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, address := range map[string]func(dir string) string{
		"sqlite":   func(dir string) string { return "sqlite:" + dir },
		"postgres": func(string) string { return dbtest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			database := address(data)
			environment := []string{"SANARIP_DATABASE=" + database, "SANARIP_DATA=" + data}
			command := func(args ...string) (string, int) {
				t.Helper()
				c := exec.Command(program, append([]string{"verify", "audit"}, args...)...) //nolint:gosec // ours
				c.Env = append([]string{"PATH=" + os.Getenv("PATH")}, environment...)
				out, err := c.CombinedOutput()
				if failed, ok := errors.AsType[*exec.ExitError](err); ok {
					return string(out), failed.ExitCode()
				}
				if err != nil {
					t.Fatal(err)
				}
				return string(out), 0
			}
			if out, code := command(); code != 1 || !strings.Contains(out, "name the --data folder") {
				t.Errorf("nothing there yet: %d\n%s", code, out)
			}
			run := startProcess(t, program, freePort(t), environment, "--only", "workforce,portal", "--open=false")
			for _, system := range []string{"workforce", "portal"} {
				d, err := db.Open(t.Context(), database, system, db.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for range 20 {
					addRecord(t, d)
				}
				for range 900 { // sealed by the running product, within about a second
					if waiting(t, d) == 0 {
						break
					}
					time.Sleep(100 * time.Millisecond)
				}
				if n := waiting(t, d); n != 0 {
					t.Fatalf("%s: %d records are not sealed\n%s", system, n, run.log)
				}
				_ = d.Close()
			}
			if out, code := command("--json"); code != 0 { // beside the running product
				t.Errorf("%d\n%s", code, out)
			}
			if err := run.stop(t); err != nil {
				t.Fatal(err)
			}
			log := filepath.Join(data, "log")
			if err := os.WriteFile(log, []byte(run.log.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			out, code := command("--heads", log)
			if code != 0 || strings.Count(out, "whole: 20 records") != 2 || strings.Count(out, "kept heads compared") != 2 {
				t.Fatalf("%d\n%s", code, out)
			}
			tamper(t, database, "portal", `UPDATE access_record SET actor_name = 'Somebody' WHERE id = (SELECT record_id FROM access_link WHERE sequence = 7)`)
			out, code = command()
			if code != 1 || !strings.Contains(out, "portal      NOT WHOLE") || !strings.Contains(out, "place 7, record ") || !strings.Contains(out, "workforce   whole") {
				t.Errorf("%d\n%s", code, out)
			}
			out, code = command("--json", "--only", "portal")
			var report audit.Report
			if err := json.NewDecoder(strings.NewReader(out)).Decode(&report); err != nil || code != 1 || report.Wrong != 1 || report.Findings[0].Sequence != 7 {
				t.Errorf("%d %v\n%s", code, err, out)
			}
			if out, code = command("--only", "workforce"); code != 0 {
				t.Errorf("%d\n%s", code, out)
			}
			if out, code = command("--only", "workforce", "--head", "workforce:21:abc"); code != 1 || !strings.Contains(out, "place 21: the newest records were cut off") {
				t.Errorf("%d\n%s", code, out)
			}
			if out, code = command("--only", "workforce", "--head=workforce:20:abc"); code != 1 || !strings.Contains(out, "not the one of which this head was kept") {
				t.Errorf("%d\n%s", code, out)
			}
			for _, args := range [][]string{{"--head"}, {"--head", "x"}, {"--heads", "/nowhere"}, {"more"}, {"--head", "card:1:abc", "--only", "workforce,card"}} {
				if out, code = command(args...); code == 0 {
					t.Errorf("%v ends with 0\n%s", args, out)
				}
			}
		})
	}
}

func addRecord(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		return audit.Add(ctx, tx, clock.System{}, audit.Record{Subject: "11503198500123", ActorName: "Асанова Бермет", Via: d.Name(), Action: "read", Purpose: "treatment"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func waiting(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM access_waiting`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// tamper does what who owns the database can: the guard taken away first.
func tamper(t *testing.T, database, system, statement string) {
	t.Helper()
	d, err := db.Open(t.Context(), database, system, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	guard := `DROP TRIGGER access_record_update`
	if d.Dialect == db.Postgres {
		guard = `DROP TRIGGER access_record_kept ON access_record`
	}
	for _, s := range []string{guard, statement} {
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, s)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Every system seals what it records: a part without a sealer would leave its
// records waiting for ever.
func TestEverySystemSealsItsRecords(t *testing.T) {
	data := t.TempDir()
	v, _, err := load("run", []string{"--data", data, "--addr", "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	log, err := logger(v)
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHouse(v, "8080", log)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.close() }()
	var all []*db.DB
	for _, p := range parts {
		d, err := db.Open(t.Context(), "sqlite:"+data, p.name, db.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		addRecord(t, d)
		all = append(all, d)
	}
	ctx, stop := context.WithCancel(t.Context())
	wait := h.work(ctx)
	defer func() { stop(); wait(time.Minute) }()
	for _, d := range all {
		for range 1800 {
			if waiting(t, d) == 0 {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if waiting(t, d) != 0 {
			t.Errorf("%s does not seal its access records", d.Name())
		}
	}
	var out bytes.Buffer
	if err := dispatch(t.Context(), []string{"verify", "audit", "--data", data}, &out); err != nil || strings.Count(out.String(), " whole: 1 records") != len(parts) {
		t.Errorf("%v\n%s", err, out.String())
	}
}
