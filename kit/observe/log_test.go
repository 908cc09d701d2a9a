package observe

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestNoPINLeavesInALog(t *testing.T) {
	const pin = "11503198500123"
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo)
	log = log.With("with", pin).WithGroup("g")
	log.Info("person "+pin+" found", "pin", pin, "error", errors.New("no "+pin), "n", int64(11503198500123),
		slog.Group("inner", "x", "a"+pin+"b"), "struct", struct{ PIN string }{pin}, "grouped", "1 1503 1985 00123",
		"list", []string{pin})
	got := out.String()
	if strings.Contains(got, pin) || strings.Contains(got, "1 1503") {
		t.Errorf("a ПИН is in the log: %s", got)
	}
	if strings.Count(got, "▒") != 9 {
		t.Errorf("%d places redacted, want 9: %s", strings.Count(got, "▒"), got)
	}
}

func TestCleanLeavesTheRest(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "",
		"took 12 ms of 9999999999999":          "took 12 ms of 9999999999999",
		"0192f3a4-0000-7000-8000-123456789012": "0192f3a4-0000-7000-8000-123456789012",
		"a 11503198500123":                     "a ▒",
		"11503198500123, 21209196000217.":      "▒, ▒.",
		"00000011895017425":                    "▒",
		"Асанова 11503198500123 келди":         "Асанова ▒ келди",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a 11503198500123 b")
	f.Fuzz(func(t *testing.T, s string) {
		run := 0
		for _, c := range []byte(Clean(s)) {
			if c < '0' || c > '9' {
				run = 0
				continue
			}
			if run++; run >= pinDigits {
				t.Errorf("%q", s)
			}
		}
	})
}
