package audit_test

import (
	"bufio"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

const crashAddress = "SANARIP_TEST_CRASH_ADDRESS"

// TestWriteUntilKilled is the process that TestKilledAtAnyMoment kills: it adds and
// seals without end, and says how many records were committed.
func TestWriteUntilKilled(t *testing.T) {
	address := os.Getenv(crashAddress)
	if address == "" {
		t.Skip("only as a process of its own")
	}
	d, err := db.Open(context.Background(), address, "card", db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		s := sealer(d)
		for {
			if _, err := s.Seal(context.Background()); err != nil {
				panic(err)
			}
		}
	}()
	for i := 1; ; i++ {
		if err := add(context.Background(), d, some(i)); err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString("added " + strconv.Itoa(i) + "\n")
	}
}

// kill -9 between any two steps leaves a chain that holds, and every record
// that was confirmed is in it or waits for its place.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	run := func(t *testing.T, address string) {
		d := dbtest.Open(t, address, "card", sets...)
		confirmed := 0
		for range 12 {
			command := exec.Command(os.Args[0], "-test.run", "^TestWriteUntilKilled$") //nolint:gosec // ourselves, killed below
			command.Env = append(os.Environ(), crashAddress+"="+address)
			out, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			kill := time.AfterFunc(time.Minute, func() { _ = command.Process.Kill() }) // should nothing be written
			added, last := 0, time.Duration(rand.IntN(200))*time.Millisecond
			lines := bufio.NewScanner(out)
			for lines.Scan() {
				if n, ok := strings.CutPrefix(lines.Text(), "added "); ok {
					if added, _ = strconv.Atoi(n); added == 1 {
						kill.Reset(last)
					}
				}
			}
			_ = command.Wait()
			confirmed += added
			var kept int
			if err := d.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record`).Scan(&kept); err != nil {
				t.Fatal(err)
			}
			// The server may still be ending what the dead process had asked for.
			if r := verify(t, d.Read); !r.OK() || kept < confirmed {
				t.Fatalf("%d confirmed, %d kept, %+v", confirmed, kept, r)
			}
		}
		if confirmed < 12 {
			t.Fatalf("only %d records were confirmed in all", confirmed)
		}
		seal(t, sealer(d))
		if r := verify(t, d.Read); !r.OK() || r.Waiting != 0 || r.Records < int64(confirmed) {
			t.Fatalf("after the next start: %d confirmed, %+v", confirmed, r)
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, "sqlite:"+t.TempDir()) })
	t.Run("postgres", func(t *testing.T) { run(t, dbtest.Postgres(t)) })
}
