package workforceapi

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
)

// How often a session asks НИСУР whether its post is still held (NR-2: who
// leaves loses access at once), how long it waits for the answer, and for how
// long people go on working while there is none. НИСУР tells of a change by
// itself (ServeChanges): asking is for the case that the word is lost, and often
// enough that an act begun by then is over within the minute.
const (
	recheckAfter = 30 * time.Second
	recheckPause = 15 * time.Second
	recheckWait  = 3 * time.Second
	worksWithout = 4 * time.Hour
)

// Standing is what a session remembers of when НИСУР was asked about its post.
// Embed it in what the session keeps.
type Standing struct {
	Checked time.Time // when НИСУР was asked that last named the post
	Tried   time.Time // when it was last asked
}

// Stands is the standing at the sign-in; now is the moment before НИСУР was asked.
func Stands(now time.Time) Standing { return Standing{Checked: now, Tried: now} }

// Due says whether it is time to Renew. doubted is when НИСУР told of a change of
// the person's posts, zero for never: what was heard before holds no more, and
// is asked about at every request until there is an answer.
func (s Standing) Due(now, doubted time.Time) bool {
	return s.stale(doubted) || now.Sub(s.Checked) >= recheckAfter && now.Sub(s.Tried) >= recheckPause
}

// stale says that what is known was heard before it changed.
func (s Standing) stale(doubted time.Time) bool {
	return !doubted.IsZero() && !s.Checked.After(doubted)
}

// Renew asks again and notes it in s, which is to be saved. ask gives
// fail.Forbidden when the post is not held any more: that, and nothing heard for
// too long, comes back as err; so does silence about posts that are known to
// have changed. Until then an answer that did not come is away, for the log, and
// the work goes on.
func (s *Standing) Renew(ctx context.Context, now, doubted time.Time, ask func(context.Context) error) (away, err error) {
	asking, cancel := context.WithTimeout(ctx, recheckWait)
	defer cancel()
	s.Tried = now
	err = ask(asking)
	switch {
	case err == nil:
		s.Checked = now
		return nil, nil
	case left(err) || s.stale(doubted) || now.Sub(s.Checked) > worksWithout:
		return nil, err
	}
	return err, nil
}

// left says that НИСУР answered and the post is gone. An exchange that denies
// the question has said nothing about the person.
func left(err error) bool {
	return fail.Is(err, fail.Forbidden) && fail.As(err).Key != "kit.exchange_denied"
}

// Lasting is those of the posts that have not come to the day of leaving, which
// was known when НИСУР was asked: at midnight nobody needs to be asked.
func Lasting(posts []Post, today clock.Date) []Post {
	return slices.DeleteFunc(slices.Clone(posts), func(p Post) bool { return !p.Until.IsZero() && !today.Before(p.Until) })
}
