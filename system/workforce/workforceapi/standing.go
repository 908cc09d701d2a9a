package workforceapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
)

// How often a session asks НИСУР whether its post is still held (NR-2: who
// leaves loses access at once), how long it waits for the answer, and for how
// long people go on working while there is none.
const (
	recheckAfter = time.Minute
	recheckPause = 15 * time.Second
	recheckWait  = 3 * time.Second
	worksWithout = 4 * time.Hour
)

// Standing is what a session remembers of when НИСУР was asked about its post.
// Embed it in what the session keeps.
type Standing struct {
	Checked time.Time // when НИСУР last named the post
	Tried   time.Time // when it was last asked
}

// Stands is the standing at the sign-in.
func Stands(now time.Time) Standing { return Standing{Checked: now, Tried: now} }

// Due says whether it is time to Renew.
func (s Standing) Due(now time.Time) bool {
	return now.Sub(s.Checked) >= recheckAfter && now.Sub(s.Tried) >= recheckPause
}

// Renew asks again and notes it in s, which is to be saved. ask gives
// fail.Forbidden when the post is not held any more: that, and nothing heard for
// too long, comes back as err. Until then an answer that did not come is away,
// for the log, and the work goes on.
func (s *Standing) Renew(ctx context.Context, now time.Time, ask func(context.Context) error) (away, err error) {
	asking, cancel := context.WithTimeout(ctx, recheckWait)
	defer cancel()
	s.Tried = now
	err = ask(asking)
	switch {
	case err == nil:
		s.Checked = now
		return nil, nil
	case left(err) || now.Sub(s.Checked) > worksWithout:
		return nil, err
	}
	return err, nil
}

// left says that НИСУР answered and the post is gone. An exchange that denies
// the question has said nothing about the person.
func left(err error) bool {
	return fail.Is(err, fail.Forbidden) && fail.As(err).Key != "kit.exchange_denied"
}
