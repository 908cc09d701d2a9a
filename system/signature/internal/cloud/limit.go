package cloud

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
)

// limit says how often something may be tried: the free-th time within the
// window locks, each further one, made when the lock is over, for twice as long.
type limit struct {
	kind    string
	free    int64
	Window  time.Duration
	lock    time.Duration
	longest time.Duration
}

var (
	// pinLimit is for wrong PINs of one ПИН, with or without a cloud signature:
	// 11 guesses a day at 100,000,000 PINs.
	pinLimit = limit{kind: "pin", free: 5, Window: 24 * time.Hour, lock: 15 * time.Minute, longest: 24 * time.Hour}
	// mailLimit is for PINs asked for: nobody's mailbox is to be filled by others.
	mailLimit = limit{kind: "mail", free: 3, Window: time.Hour, lock: 10 * time.Minute, longest: 2 * time.Hour}
)

// try counts an attempt before it is made. first says that this one began a lock.
func (s *Service) try(ctx context.Context, l limit, pin string) (first bool, err error) {
	key, err := s.limitKey(l, pin)
	if err != nil {
		return false, err
	}
	now := s.Clock.Now()
	until, first, err := s.count(ctx, l, key, now)
	if err != nil {
		return false, err
	}
	if until.After(now) {
		return false, fail.New(fail.TooMany, "signature.cloud.too_many", "Count", int((until.Sub(now)+time.Minute-1)/time.Minute))
	}
	return first, nil
}

// locked says whether the limit holds now.
func (s *Service) locked(ctx context.Context, l limit, pin string) (bool, error) {
	key, err := s.limitKey(l, pin)
	if err != nil {
		return false, err
	}
	until, err := s.lockedUntil(ctx, key)
	return until.After(s.Clock.Now()), err
}

// clear forgets the attempts after a success.
func (s *Service) clear(ctx context.Context, l limit, pin string) error {
	key, err := s.limitKey(l, pin)
	if err != nil {
		return err
	}
	return s.forget(ctx, key)
}

// limitKey names no person to who reads the table.
func (s *Service) limitKey(l limit, pin string) (string, error) {
	sum, err := s.mac("attempts", l.kind, pin)
	return hex.EncodeToString(sum), err
}

// holds is how long the count-th attempt locks those after it.
func (l limit) holds(count int64) time.Duration {
	if count < l.free {
		return 0
	}
	d := l.lock << min(count-l.free, 20)
	if d <= 0 || d > l.longest {
		return l.longest
	}
	return d
}
