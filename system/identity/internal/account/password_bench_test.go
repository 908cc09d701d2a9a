package account

import (
	"context"
	"crypto/rand"
	"runtime"
	"strings"
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

// To look at a password takes little beside its hash, however it is made; the
// lists are unpacked once. The hash is measured beside it, so that it is the same
// on any machine: a busy one only adds time, and the least counts. The race
// detector makes the look ten times slower and not the hash, hence three of them.
func TestLookingAtAPasswordIsCheap(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	salt := make([]byte, 16)
	shorter := func(least *time.Duration, do func()) {
		start := time.Now()
		do()
		*least = min(*least, time.Since(start))
	}
	for _, password := range []string{strings.Repeat("a", 64), strings.Repeat("Aa1-", 16), strings.Repeat("qwertyuiop", 6), strings.Repeat("ab", 31) + "c1", strings.Repeat("пароль1-", 8), strings.Repeat("x", 100_000)} {
		look, hash := time.Hour, time.Hour
		for i := 0; i < 5 || i < 100 && look > 3*hash; i++ {
			shorter(&look, func() { Guessable(password) })
			shorter(&hash, func() { argon2.IDKey([]byte(benchPassword), salt, passes, memory, 1, keyLength) })
		}
		if look > 3*hash {
			t.Errorf("%.20s… took %v, its hash %v", password, look, hash)
		}
	}
	if allocated := testing.AllocsPerRun(1, func() { Guessable("x7Kq-92mPw") }); allocated > 5000 {
		t.Errorf("%v allocations", allocated)
	}
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
