package audit_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

func TestHeadsAreReadAsWritten(t *testing.T) {
	h := audit.Head{System: "card", Sequence: 12, Hash: "a_b-c"}
	if got, err := audit.ParseHead(" " + h.String() + "\n"); err != nil || got != h {
		t.Errorf("%+v, %v", got, err)
	}
	for _, s := range []string{"", "card", "card:12", "card:x:y", ":1:x", "card:-1:x", "card:1:x:y"} {
		if _, err := audit.ParseHead(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

// The head goes to the log at the start, after a day and at the end.
func TestTheHeadGoesToTheLog(t *testing.T) {
	d := dbtest.SQLite(t, "card", sets...)
	fill(t, d, 3)
	var out logged
	now := clock.NewManual(start)
	s := audit.NewSealer(d, now, slog.New(slog.NewTextHandler(&out, nil)), secret)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	wait := func(n int) {
		t.Helper()
		for range 1200 {
			if strings.Count(out.String(), "audit head") == n {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Fatalf("%d heads wanted:\n%s", n, out.String())
	}
	wait(1)
	now.Advance(25 * time.Hour)
	wait(2)
	fill(t, d, 2) // sealed when told to stop
	stop()
	<-done
	r := verify(t, d.Read)
	if !r.OK() || r.Records != 5 || !strings.Contains(out.String(), r.Head.String()) {
		t.Errorf("%+v\n%s", r, out.String())
	}
}

type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
