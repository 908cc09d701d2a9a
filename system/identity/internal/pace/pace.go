// Package pace bounds how fast one caller may ask what costs us something and
// proves nothing of the caller yet. It counts in memory, ahead of everything else,
// and each process counts for itself: it keeps a flood out, and package throttle
// guesses.
package pace

import (
	"sync"
	"sync/atomic"
	"time"
)

// Key is who asks: a network address, and whose name it uses there. A name alone
// is never a key: nobody elsewhere can use up what another may ask.
type Key struct{ Address, Name string }

const (
	most  = 100_000          // callers that are remembered: some ten megabytes
	burst = 20 * time.Second // so much of the pace may be used at once
)

// Pace is a token bucket for each caller.
type Pace struct {
	each time.Duration // between two requests
	used atomic.Bool

	mu   sync.Mutex
	free map[Key]time.Time // when the caller's bucket is full again
}

// New allows each caller so many requests a second, and those of twenty seconds
// at once.
func New(second int64) *Pace { return &Pace{each: time.Second / time.Duration(second)} }

// Take counts a request, and says whether it may be made.
func (p *Pace) Take(k Key, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	full := p.filled(k, now)
	if full.Sub(now)+p.each > burst {
		return false
	}
	if len(p.free) >= most {
		p.forget(now)
	}
	if p.free == nil {
		p.free = map[Key]time.Time{}
	}
	p.free[k] = full.Add(p.each)
	p.used.Store(true)
	return true
}

// Spent says that the caller may make no request now, without counting. It costs
// nothing as long as nobody was counted.
func (p *Pace) Spent(k Key, now time.Time) bool {
	if !p.used.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.filled(k, now).Sub(now)+p.each > burst
}

// filled is when the caller's bucket is full again. What lies further ahead than an
// empty bucket takes was counted before the machine's clock was set back.
func (p *Pace) filled(k Key, now time.Time) time.Time {
	full := p.free[k]
	if full.Before(now) || full.Sub(now) > burst {
		return now
	}
	return full
}

// forget drops callers whose buckets are full; all of them when none is: a flood
// from everywhere is not kept out by addresses.
func (p *Pace) forget(now time.Time) {
	for k, full := range p.free {
		if !full.After(now) {
			delete(p.free, k)
		}
	}
	if len(p.free) >= most {
		clear(p.free)
	}
}
