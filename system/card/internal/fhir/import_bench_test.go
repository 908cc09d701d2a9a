package fhir

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/migration"
)

// BenchmarkImport takes a folder of bundles into an empty database, checked and
// with access records: one of 73 resources, or those of SANARIP_IMPORT.
func BenchmarkImport(b *testing.B) {
	pattern := "testdata/synthea/*.json"
	if dir := os.Getenv("SANARIP_IMPORT"); dir != "" {
		pattern = filepath.Join(dir, "*.json")
	}
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		b.Fatal("no files", err)
	}
	var files [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name) //nolint:gosec // a folder of the tester
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, data)
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			b.ReportAllocs()
			resources, took, used := 0, time.Duration(0), time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				address := "sqlite:" + b.TempDir()
				if engine == "postgres" {
					address = dbtest.Postgres(b)
				}
				s := newSample(b, dbtest.Open(b, address, "card", migration.Sets...))
				b.StartTimer()
				begun, before := time.Now(), processor(b)
				for at, text := range files {
					report, err := s.intake(importer, nil).Read(b.Context(), bytes.NewReader(text), names[at])
					if err != nil || len(report.Faults) > 0 {
						b.Fatal(err, report.Faults)
					}
					resources += report.Resources
				}
				took, used = took+time.Since(begun), used+processor(b)-before
			}
			b.ReportMetric(float64(resources)/took.Seconds(), "resources/s")
			b.ReportMetric(float64(used.Microseconds())/float64(resources), "cpu-µs/resource")
		})
	}
}

// processor is the time of processors that this process has used.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
