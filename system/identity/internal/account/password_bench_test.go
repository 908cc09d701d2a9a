package account

import (
	"context"
	"crypto/rand"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
)

const benchPassword = "Sezim-2026-jol"

// A password looked at, by as many people at once as there are cores; the
// reference is the bare hash.
func BenchmarkPassword(b *testing.B) {
	h := newHasher()
	stored, err := h.hash(b.Context(), benchPassword)
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if ok, err := h.verify(context.Background(), stored, benchPassword); !ok || err != nil {
				b.Error(ok, err)
				return
			}
		}
	})
}

func BenchmarkPasswordReference(b *testing.B) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			argon2.IDKey([]byte(benchPassword), salt, passes, memory, 1, keyLength)
		}
	})
}

// The setting of Keycloak, which promises 15 a second for each core.
func BenchmarkPasswordAsKeycloak(b *testing.B) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			argon2.IDKey([]byte(benchPassword), salt, 5, 7<<10, 1, keyLength)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/float64(runtime.GOMAXPROCS(0)), "a-second-a-core")
}

// Two hundred people who sign in at the same moment do not take two hundred
// times the memory of one.
func TestMemoryIsBoundedWhenManySignInAtOnce(t *testing.T) {
	const people = 200
	h := newHasher()
	stored, err := h.hash(t.Context(), benchPassword)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var most uint64
	watched, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	var all sync.WaitGroup
	for range people {
		all.Go(func() {
			if ok, err := h.verify(t.Context(), stored, benchPassword); !ok || err != nil {
				t.Error(ok, err)
			}
		})
	}
	all.Wait()
	close(done)
	<-watched
	// What runs, and as much again and a little that waits for the collector.
	if bound := uint64(2*cap(h.slots)+4) * memory << 10; most > bound {
		t.Fatalf("%d MB at the most; %d would do", most>>20, bound>>20)
	}
	t.Logf("%d MB at the most", most>>20)
}
