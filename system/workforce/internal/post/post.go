// Package post keeps who holds which post from when until when. What a person
// may do in any system follows from the posts in force today.
package post

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/workforce/internal/notice"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// InForce says whether a post from the one day until the other gives access on
// the day given. The day of leaving no longer does: who leaves today has no
// access today (NR-2).
func InForce(from, until, on clock.Date) bool {
	return !on.Before(from) && (until.IsZero() || on.Before(until))
}

// Register answers workforceapi.
type Register struct {
	DB    *db.DB
	Clock clock.Clock
	Tell  notice.Tell // of every change of somebody's posts
}

var _ workforceapi.API = Register{}

// Today is the day in Bishkek.
func (g Register) Today() clock.Date { return clock.DateOf(g.Clock.Now()) }

// Posts implements workforceapi.API.
func (g Register) Posts(ctx context.Context, asked string) ([]workforceapi.Post, error) {
	number, err := pin.Parse(asked)
	if err != nil {
		return nil, err
	}
	return inForce(ctx, g.DB.Read, `p.pin = $2`, number, g.Today())
}

// Staff implements workforceapi.API.
func (g Register) Staff(ctx context.Context, code string) ([]workforceapi.Post, error) {
	return inForce(ctx, g.DB.Read, `p.organisation = $2`, code, g.Today())
}

// Named are those of Staff whom an order makes responsible for something, of the
// organisations or, for nil, of all.
func (g Register) Named(ctx context.Context, codes []string) ([]workforceapi.Post, error) {
	return named(ctx, g.DB.Read, codes, g.Today())
}

// Organisation implements workforceapi.API.
func (g Register) Organisation(ctx context.Context, code string) (workforceapi.Organisation, error) {
	o, err := organisation.Find(ctx, g.DB.Read, code, g.Today())
	return o.Organisation, err
}

// Organisations implements workforceapi.API.
func (g Register) Organisations(ctx context.Context) ([]workforceapi.Organisation, error) {
	all, err := organisation.All(ctx, g.DB.Read, g.Today())
	list := make([]workforceapi.Organisation, 0, len(all))
	for _, o := range all {
		list = append(list, o.Organisation)
	}
	return list, err
}
