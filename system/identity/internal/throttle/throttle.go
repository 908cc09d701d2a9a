// Package throttle limits how often something may be tried. The counts lie in
// the database, so that several processes share them, and an attempt is counted
// before it is made, so that parallel guesses do not slip through.
package throttle

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

// Limit is a rule. The Free-th attempt within Window locks for Lock; each further
// one, made when the lock is over, for twice as long as the one before, up to
// Longest. After Window the count begins anew.
type Limit struct {
	Kind    string
	Free    int64
	Window  time.Duration
	Lock    time.Duration
	Longest time.Duration
}

// The limits of ЕСИ.
var (
	// Password is for one ПИН, whether it has an account or not.
	Password = Declare(Limit{Kind: "password", Free: 5, Window: time.Hour, Lock: 30 * time.Second, Longest: 15 * time.Minute})
	// Address is for one network address; hospitals sit behind one, hence the size.
	Address = Declare(Limit{Kind: "address", Free: 100, Window: 10 * time.Minute, Lock: time.Minute, Longest: 15 * time.Minute})
	// Factor is for the second factor of one account.
	Factor = Declare(Limit{Kind: "factor", Free: 10, Window: time.Hour, Lock: time.Minute, Longest: time.Hour})
	// Sending is for the codes sent to one account.
	Sending = Declare(Limit{Kind: "sending", Free: 6, Window: 15 * time.Minute, Lock: 5 * time.Minute, Longest: time.Hour})
	// SendingTo is for the codes sent to one phone, e-mail or chat, whoever asks:
	// nobody's phone is made to ring all night.
	SendingTo = Declare(Limit{Kind: "sending-to", Free: 8, Window: 15 * time.Minute, Lock: 5 * time.Minute, Longest: 6 * time.Hour})
)

// The limits of the sign-in by phone.
var (
	// Asking is for the QR codes that one network address has made.
	Asking = Declare(Limit{Kind: "asking", Free: 200, Window: 10 * time.Minute, Lock: time.Minute, Longest: 15 * time.Minute})
	// Scanning is for the codes that one account types or scans.
	Scanning = Declare(Limit{Kind: "scanning", Free: 10, Window: 10 * time.Minute, Lock: time.Minute, Longest: 15 * time.Minute})
	// Device is for the codes of devices that are typed from one network address.
	Device = Declare(Limit{Kind: "device", Free: 20, Window: 10 * time.Minute, Lock: time.Minute, Longest: time.Hour})
)

// Throttle counts.
type Throttle struct {
	DB    *db.DB
	Clock clock.Clock
	// Own are limits that an operator set instead of those of the program, by kind.
	Own map[string]Limit
}

func (t *Throttle) of(l Limit) Limit {
	if own, ok := t.Own[l.Kind]; ok {
		return own
	}
	return l
}

// Counted is what an attempt is counted by: a limit, and of whom or from where.
type Counted struct {
	Limit   Limit
	Subject string // a ПИН, an address, an account
}

// Try counts an attempt at the subject and says whether it may be made: nil, or
// fail.TooMany with the minutes to wait.
func (t *Throttle) Try(ctx context.Context, l Limit, subject string) error {
	return t.TryAll(ctx, Counted{l, subject})
}

// TryAll is Try for an attempt that several limits count, in one transaction. The
// first that is locked refuses, and those after it count nothing. Who counts by
// the same limits elsewhere does so in the same order: the rows are locked in it.
func (t *Throttle) TryAll(ctx context.Context, by ...Counted) error {
	now := t.Clock.Now()
	until, err := t.count(ctx, by, now)
	if err != nil {
		return err
	}
	if until.After(now) {
		return fail.New(fail.TooMany, "identity.too_many", "Count", int((until.Sub(now)+time.Minute-1)/time.Minute))
	}
	return nil
}

// Refund takes an attempt back that turned out to be no guess.
func (t *Throttle) Refund(ctx context.Context, l Limit, subject string) error {
	return t.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return t.RefundIn(ctx, tx, l, subject) })
}

// Clear forgets the attempts after a success.
func (t *Throttle) Clear(ctx context.Context, l Limit, subject string) error {
	return t.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return t.ClearIn(ctx, tx, l, subject) })
}

func key(l Limit, subject string) string { return id.Hash(l.Kind + ":" + subject) }

// lock is how long the count-th attempt locks those after it.
func (l Limit) lock(count int64) time.Duration {
	if count < l.Free {
		return 0
	}
	d := l.Lock << min(count-l.Free, 20)
	if d <= 0 || d > l.Longest {
		return l.Longest
	}
	return d
}
