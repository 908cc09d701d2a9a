package throttle_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/identity/migration"
)

var limit = throttle.Limit{Kind: "test", Free: 3, Window: time.Hour, Lock: time.Minute, Longest: 3 * time.Minute}

func TestLockGrowsAndIsForgotten(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		now := clock.NewManual(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))
		th := &throttle.Throttle{DB: d, Clock: now}
		try := func(want bool) {
			t.Helper()
			err := th.Try(ctx, limit, "a")
			if want && err != nil || !want && !fail.Is(err, fail.TooMany) {
				t.Fatalf("allowed %v wanted, got %v", want, err)
			}
		}
		for range 3 {
			try(true)
		}
		try(false) // the third has locked for a minute
		now.Advance(59 * time.Second)
		try(false)
		now.Advance(2 * time.Second)
		try(true) // one more, which locks for two
		try(false)
		now.Advance(90 * time.Second)
		try(false)
		now.Advance(31 * time.Second)
		try(true)
		try(false)
		if err := th.Refund(ctx, limit, "a"); err != nil {
			t.Fatal(err)
		}
		try(true)
		if err := th.Try(ctx, limit, "b"); err != nil {
			t.Fatalf("another subject is locked too: %v", err)
		}
		now.Advance(2 * time.Hour)
		try(true)
		if err := th.Clear(ctx, limit, "a"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			try(true)
		}
	})
}

func TestParallelAttemptsAreAllCounted(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		th := &throttle.Throttle{DB: d, Clock: clock.System{}}
		var allowed atomic.Int64
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				switch err := th.Try(context.Background(), limit, "a"); {
				case err == nil:
					allowed.Add(1)
				case !fail.Is(err, fail.TooMany):
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if allowed.Load() != 3 {
			t.Fatalf("%d attempts of 20 were allowed, not 3", allowed.Load())
		}
	})
}
