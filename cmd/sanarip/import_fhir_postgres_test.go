package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// On PostgreSQL the server outlives the import: it is killed (kill -9) again and
// again, each time in the midst of a row of another transaction, and done again
// at once, while the server still holds what the dead one began. In the end each
// resource is there, once.
func TestMC9AnImportIntoPostgreSQLThatIsKilledAgainAndAgain(t *testing.T) {
	if path := os.Getenv("IMPORT_TO_BE_KILLED"); path != "" { // the process that the test below kills
		if err := dispatch(context.Background(), []string{"import", "fhir", "--data", filepath.Dir(path), path}, os.Stdout); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Setenv("SANARIP_DATABASE", dbtest.Postgres(t))
	data := t.TempDir()
	path := filepath.Join(data, "devices.ndjson")
	var lines bytes.Buffer
	for n := range devices {
		fmt.Fprintf(&lines, `{"resourceType":"Device","id":"killed-%d","status":"active"}`+"\n", n)
	}
	empty := filepath.Join(data, "empty.ndjson")
	for path, content := range map[string][]byte{path: lines.Bytes(), empty: []byte(`{"resourceType":"Device","id":"first"}`)} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	imported := func(path string) (string, error) {
		var out bytes.Buffer
		err := dispatch(t.Context(), []string{"import", "fhir", "--data", data, "--lang", "en", path}, &out)
		return out.String(), err
	}
	if said, err := imported(empty); err != nil { // the tables are there
		t.Fatal(said, err)
	}
	d, err := db.Open(t.Context(), os.Getenv("SANARIP_DATABASE"), "card", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	count := func(query string) (n int) {
		t.Helper()
		if err := d.Read.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	change := func(statements ...string) {
		t.Helper()
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			for _, s := range statements {
				if _, err := tx.ExecContext(ctx, s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const there = `SELECT COUNT(*) FROM fhir_resource WHERE id LIKE 'killed-%'`
	const asleep = `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`
	before := 0
	// The first row of all, inside a transaction, its last, the first of the next, the last of all.
	for round, at := range []int{0, 700, 1999, 2000, 3300, devices - 1} {
		// The row takes a second; to change the function waits for nobody.
		change(fmt.Sprintf(`CREATE OR REPLACE FUNCTION killed_here() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN IF NEW.id = ''killed-%d'' THEN PERFORM pg_sleep(1); END IF; RETURN NEW; END'`, at))
		if round == 0 {
			change(`CREATE TRIGGER killed_here AFTER INSERT ON fhir_resource FOR EACH ROW EXECUTE FUNCTION killed_here()`)
		}
		for count(asleep) != 0 { // the dead one of the round before
			time.Sleep(5 * time.Millisecond)
		}
		p := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		p.Env = append(os.Environ(), "IMPORT_TO_BE_KILLED="+path)
		var told bytes.Buffer
		p.Stdout, p.Stderr = &told, &told
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- p.Wait() }()
		tick := time.NewTicker(5 * time.Millisecond)
		for count(asleep) == 0 {
			select {
			case err := <-ended:
				t.Fatalf("the import ended before it came to %d: %v\n%s", at, err, told.String())
			case <-tick.C:
			}
		}
		tick.Stop()
		_ = p.Process.Kill() // SIGKILL, in the midst of the row
		<-ended
		now := count(there)
		if now < before || now > at {
			t.Errorf("killed at %d: %d are there, and %d were", at, now, before)
		}
		before = now
	}
	change(`DROP TRIGGER killed_here ON fhir_resource`)
	if before == 0 || before == devices {
		t.Errorf("killed with %d written: in no round between two transactions", before)
	}
	said, err := imported(path)
	if want := fmt.Sprintf("new %d,", devices-before); err != nil || !strings.Contains(said, want) {
		t.Errorf("%s %v, not %s", said, err, want)
	}
	if all, once := count(there), count(there+` AND version = 1`); all != devices || once != devices || count(`SELECT COUNT(*) FROM fhir_past`) != 0 {
		t.Errorf("%d there, %d of them written once", all, once)
	}
}
