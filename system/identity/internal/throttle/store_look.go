package throttle

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// State is how a limit stands for a subject.
type State struct {
	Count  int64
	Locked time.Time // until when, zero when it is not locked now
}

// Look says how the limit stands for the subject, without counting.
func (t *Throttle) Look(ctx context.Context, l Limit, subject string) (State, error) {
	var s State
	var since, until int64
	err := t.DB.Read.QueryRowContext(ctx, `SELECT count, since, locked_until FROM attempt WHERE key = $1`, key(l, subject)).Scan(&s.Count, &since, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return State{}, nil
	}
	now := t.Clock.Now()
	if locked := db.Time(until); locked.After(now) {
		s.Locked = locked
	} else if now.Sub(db.Time(since)) > l.Window {
		s.Count = 0
	}
	return s, db.Explain(err)
}
