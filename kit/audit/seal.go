package audit

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

const (
	sealEvery = time.Second // a record waits for its place about so long
	sealBatch = 256         // records sealed in one transaction
	headEvery = 24 * time.Hour
	// lastSeal bounds the sealing after the program was told to stop.
	lastSeal = 5 * time.Second
)

// Sealer gives records their places in the chain of one system, in the
// background: adding a record waits for no other, see
// docs/decisions/0017-audit-chain.md. Each process has one; they take turns.
type Sealer struct {
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	key   Key

	mu   sync.Mutex
	left end // the end as this process last saw it written
}

// NewSealer makes the sealer of the system's database. secret is the system's
// own (host.Env.Secret).
func NewSealer(d *db.DB, c clock.Clock, log *slog.Logger, secret []byte) *Sealer {
	return &Sealer{db: d, clock: c, log: log, key: NewKey(d.Name(), secret)}
}

// Run seals until ctx ends, and once more then. The chain's head goes to the
// log at the start, daily and at the end: what collects logs keeps it out of
// reach of who can change the database.
func (s *Sealer) Run(ctx context.Context) {
	ticker := time.NewTicker(sealEvery)
	defer ticker.Stop()
	s.seal(ctx)
	s.tellHead(ctx)
	told := s.clock.Now()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSeal)
			defer cancel()
			s.seal(last)
			s.tellHead(last)
			return
		case <-ticker.C:
		}
		s.seal(ctx)
		if now := s.clock.Now(); now.Sub(told) >= headEvery {
			s.tellHead(ctx)
			told = now
		}
	}
}

func (s *Sealer) seal(ctx context.Context) {
	if _, err := s.Seal(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "access records were not sealed, will be tried again", "system", s.db.Name(), "error", err.Error())
	}
}

func (s *Sealer) tellHead(ctx context.Context) {
	e, err := readEnd(ctx, s.db.Read, "")
	if err != nil {
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "the head of the access records cannot be read", "system", s.db.Name(), "error", err.Error())
		}
		return
	}
	if e.sequence > 0 {
		s.log.InfoContext(ctx, "audit head", "system", s.db.Name(), "head", Head{s.db.Name(), e.sequence, e.hash}.String())
	}
}

// Seal gives every record that waits its place and says how many there were.
func (s *Sealer) Seal(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := 0
	for {
		more, err := anyWaiting(ctx, s.db.Read)
		if err != nil || !more {
			return total, db.Explain(err)
		}
		n, err := s.sealSome(ctx)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// sealSome seals a batch in one transaction, which holds the lock on the
// chain's end: a crash leaves all of it or nothing.
func (s *Sealer) sealSome(ctx context.Context) (int, error) {
	var to end
	var n int
	known := true
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		from, err := readEnd(ctx, tx, s.db.ForUpdate())
		if err != nil {
			return err
		}
		records, err := waiting(ctx, tx, sealBatch)
		if n = len(records); err != nil || n == 0 {
			return err
		}
		if known, err = s.known(ctx, tx, from); err != nil {
			return err
		}
		// Places that stand after the end are not ours; going on behind them
		// leaves them to be found.
		last, err := lastPlace(ctx, tx)
		if err != nil {
			return err
		}
		to = from
		to.sequence = max(from.sequence, last)
		known = known && last == from.sequence
		sealedAt := db.Micros(s.clock.Now())
		made := make([]link, 0, n)
		for i, r := range records {
			l := link{sequence: to.sequence + 1, recordID: r.ID, sealedAt: sealedAt, endKnown: known || i > 0}
			l.hash = s.key.chained(to.hash, l, r)
			to.sequence, to.hash = l.sequence, l.hash
			made = append(made, l)
		}
		to.mac = s.key.sign(to)
		return writeLinks(ctx, tx, made[0].sequence-1, made, to)
	})
	if err != nil || n == 0 {
		return 0, err
	}
	s.left = to
	if !known {
		s.log.ErrorContext(ctx, "the chain of access records was not as it had been left: run sanarip verify audit", "system", s.db.Name())
	}
	return n, nil
}

// known says that the end is one that a sealer wrote, that its place is there,
// and that what this process saw last is still part of the chain.
func (s *Sealer) known(ctx context.Context, tx db.Querier, e end) (bool, error) {
	if !s.key.authentic(e) || e.sequence < s.left.sequence {
		return false, nil
	}
	for _, at := range []end{e, s.left} {
		if hash, err := hashAt(ctx, tx, at.sequence); err != nil || hash != at.hash {
			return false, err
		}
	}
	return true, nil
}
