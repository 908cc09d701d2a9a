package pace_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/identity/internal/pace"
)

func TestACallerMayAskTwentySecondsOfItsPaceAtOnce(t *testing.T) {
	p, now := pace.New(5), time.Now()
	k := pace.Key{Address: "192.0.2.1", Name: "a"}
	if p.Spent(k, now) {
		t.Fatal("spent before it began")
	}
	for i := range 100 {
		if !p.Take(k, now) {
			t.Fatalf("the %dth is refused", i+1)
		}
	}
	if p.Take(k, now) || !p.Spent(k, now) {
		t.Fatal("more than the burst goes through")
	}
	for _, other := range []pace.Key{{Address: "192.0.2.1", Name: "b"}, {Address: "192.0.2.2", Name: "a"}} {
		if p.Spent(other, now) || !p.Take(other, now) {
			t.Errorf("%v pays for another", other)
		}
	}
	now = now.Add(time.Second)
	allowed := 0
	for range 20 {
		if p.Take(k, now) {
			allowed++
		}
	}
	if allowed != 5 {
		t.Errorf("%d requests in a second, not 5", allowed)
	}
}

// A machine's clock that was an hour ahead and is set right keeps nobody out for an hour.
func TestAClockThatIsSetBackKeepsNobodyOut(t *testing.T) {
	p, ahead := pace.New(5), time.Now().Add(time.Hour)
	k := pace.Key{Address: "192.0.2.1"}
	for p.Take(k, ahead) {
	}
	if now := ahead.Add(-time.Hour); p.Spent(k, now) || !p.Take(k, now) {
		t.Error("kept out for an hour")
	}
}

func TestParallelCallersGetNoMore(t *testing.T) {
	p, now := pace.New(1), time.Now()
	var allowed atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if p.Take(pace.Key{Address: "192.0.2.1"}, now) {
					allowed.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if allowed.Load() != 20 {
		t.Errorf("%d, not 20", allowed.Load())
	}
}

// Addresses without number fill no memory, and do not stop who asks in between.
func TestAFloodOfAddressesFillsNoMemory(t *testing.T) {
	p, now := pace.New(50), time.Now()
	for i := range 250_000 {
		if !p.Take(pace.Key{Address: strconv.Itoa(i)}, now) {
			t.Fatal(i)
		}
	}
	if n := p.Known(); n > 100_000 {
		t.Errorf("%d are remembered", n)
	}
}

func BenchmarkTake(b *testing.B) {
	p := pace.New(1_000_000)
	k := pace.Key{Address: "192.0.2.1", Name: "portal"}
	b.ReportAllocs()
	for b.Loop() {
		p.Take(k, time.Now())
	}
}

func BenchmarkSpent(b *testing.B) {
	p := pace.New(1_000_000)
	k := pace.Key{Address: "192.0.2.1", Name: "portal"}
	b.ReportAllocs()
	for b.Loop() {
		if p.Spent(k, time.Now()) {
			b.Fatal()
		}
	}
}
