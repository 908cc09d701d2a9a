package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	var out strings.Builder
	err := report(strings.NewReader(`
BenchmarkDischarge/sqlite-2            100   4000 ns/op   12 B/op
BenchmarkDischarge/sqlite-2            100   2000 ns/op
BenchmarkDischarge/sqlite-2            100   9000 ns/op
BenchmarkDischargeReference/sqlite-2   100   3000 ns/op
BenchmarkAlone-2                       100   1 ns/op
`), &out)
	if err != nil || !strings.Contains(out.String(), "| Discharge/sqlite | 250000 | 333333 | 0.75 |") || strings.Contains(out.String(), "Alone") {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if report(strings.NewReader("nothing"), &out) == nil {
		t.Error("nothing was taken for a result")
	}
}
