package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

const devices = 5000 // more than one transaction of an import takes

// An import that was killed in the middle goes on when it is done again: nothing
// is lost, nothing is there twice. The report speaks the reader's language.
func TestMC9AnImportThatWasKilledIsDoneAgain(t *testing.T) {
	if path := os.Getenv("IMPORT_TO_BE_KILLED"); path != "" { // the process that the test below kills
		if err := dispatch(context.Background(), []string{"import", "fhir", "--data", filepath.Dir(path), path}, os.Stdout); err != nil {
			t.Fatal(err)
		}
		return
	}
	data := t.TempDir()
	path := filepath.Join(data, "devices.ndjson")
	var lines bytes.Buffer
	for n := range devices {
		fmt.Fprintf(&lines, `{"resourceType":"Device","id":"killed-%d","status":"active","deviceName":[{"name":"Монитор %d","type":"other"}]}`+"\n", n, n)
	}
	if err := os.WriteFile(path, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(data, "empty.ndjson")
	if err := os.WriteFile(empty, []byte(`{"resourceType":"Device","id":"first"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	imported := func(args ...string) (string, error) {
		var out bytes.Buffer
		err := dispatch(context.Background(), append([]string{"import", "fhir", "--data", data}, args...), &out)
		return out.String(), err
	}
	if said, err := imported("--lang", "en", empty); err != nil || !strings.Contains(said, "new 1,") { // the tables are there
		t.Fatalf("%s %v", said, err)
	}
	d, err := db.Open(t.Context(), "sqlite:"+data, "card", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	count := func(query string) (n int) {
		if err := d.Read.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const there = `SELECT COUNT(*) FROM fhir_resource WHERE id LIKE 'killed-%'`
	change := func(statement string) {
		t.Helper()
		err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// The last resource takes hours to write: whoever is faster, the import is killed in the middle.
	change(fmt.Sprintf(`CREATE TRIGGER hours AFTER INSERT ON fhir_resource WHEN NEW.id = 'killed-%d' BEGIN
		SELECT COUNT(*) FROM fhir_resource a, fhir_resource b, fhir_resource c, fhir_resource d WHERE a.version + b.version + c.version + d.version < 0; END`, devices-1))
	p := exec.Command(os.Args[0], "-test.run=^TestMC9AnImportThatWasKilledIsDoneAgain$")
	p.Env = append(os.Environ(), "IMPORT_TO_BE_KILLED="+path)
	var told bytes.Buffer
	p.Stdout, p.Stderr = &told, &told
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for count(there) == 0 {
		select {
		case err := <-ended: // it will never write: say why
			t.Fatalf("the import ended with nothing written: %v\n%s", err, told.String())
		case <-tick.C:
		}
	}
	_ = p.Process.Kill() // SIGKILL
	<-ended
	change(`DROP TRIGGER hours`)
	before := count(there)
	if before == 0 || before == devices {
		t.Fatalf("killed with %d written\n%s", before, told.String())
	}
	said, err := imported("--lang=ru", path)
	if want := fmt.Sprintf("новых %d, изменённых 0, прежних %d,", devices-before, before); err != nil || !strings.Contains(said, want) {
		t.Errorf("%s %v, not %s", said, err, want)
	}
	if said, err = imported("--lang", "ky", path); err != nil || !strings.Contains(said, fmt.Sprintf("жаңы 0, өзгөргөн 0, мурункудай %d,", devices)) {
		t.Errorf("%s %v", said, err)
	}
	if all, once := count(there), count(there+` AND version = 1`); all != devices || once != devices || count(`SELECT COUNT(*) FROM fhir_past`) != 0 {
		t.Errorf("%d there, %d of them written once", all, once)
	}
	// A resource may have as many bytes as one that is written through the API.
	large := filepath.Join(data, "large.json")
	if err := os.WriteFile(large, []byte(`{"resourceType":"Device","id":"large","note":[{"text":"`+strings.Repeat("я", 600_000)+`"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SANARIP_CARD_FHIR_BYTES", "1048576")
	if said, err := imported("--lang", "en", large); err == nil || !strings.Contains(said, "larger than 1 MB") {
		t.Errorf("%s %v", said, err)
	}
	// A file that is cut off is left out, with the place where it ends; the others are in.
	cut, good := filepath.Join(data, "cut.ndjson"), filepath.Join(data, "good.ndjson")
	for path, content := range map[string]string{
		cut:  `{"resourceType":"Device","id":"cut-1"}` + "\n" + `{"resourceType":"Device","id":"cut-2"}` + "\n" + `{"resourceType":"Dev`,
		good: `{"resourceType":"Device","id":"good"}`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said, err = imported("--lang", "en", cut, good)
	if err == nil || !strings.Contains(said, "entry 2: This is no FHIR in JSON, or the file is cut off.") || !strings.Contains(said, "new 1,") {
		t.Errorf("%s %v", said, err)
	}
	if n := count(`SELECT COUNT(*) FROM fhir_resource WHERE id LIKE 'cut-%'`); n != 0 {
		t.Errorf("%d of a file that is cut off are in", n)
	}
}

func TestFlagsOfTheFHIRImport(t *testing.T) {
	for _, c := range []struct {
		args, terminal, rest string
		json                 bool
		lang                 text.Lang
	}{
		{"fhir a b", "ru_RU.UTF-8", "fhir a b", false, text.RU},
		{"fhir a", "ky_KG.UTF-8", "fhir a", false, text.KY},
		{"fhir a", "C.UTF-8", "fhir a", false, text.EN},
		{"fhir --json a --lang ky", "ru", "fhir a", true, text.KY},
		{"--lang=en fhir --data d a", "ru", "fhir a", false, text.EN},
	} {
		own := fhirFlags{lang: terminalLang(c.terminal)}
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		_ = flags.String("data", "", "")
		own.declare(flags)
		rest, err := anywhere(flags, strings.Fields(c.args))
		if err != nil || strings.Join(rest, " ") != c.rest || own.json != c.json || own.lang != c.lang {
			t.Errorf("%q: %v %+v %v", c.args, rest, own, err)
		}
	}
	for _, wrong := range []string{"fhir a --lang xx", "soate a --json", "icd10 a --lang ru"} {
		if err := dispatch(t.Context(), append([]string{"import", "--data", t.TempDir()}, strings.Fields(wrong)...), io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
