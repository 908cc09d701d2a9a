package post

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Waiting is the posts of the organisation in force today or later.
func (g Register) Waiting(ctx context.Context, organisation string) ([]workforceapi.Post, error) {
	return notYetOver(ctx, g.DB.Read, organisation, g.Today())
}

// On is the posts of the organisation that were, or will be, in force on the day.
func (g Register) On(ctx context.Context, organisation string, day clock.Date) ([]workforceapi.Post, error) {
	return inForce(ctx, g.DB.Read, `p.organisation = $2`, organisation, day)
}

// Find is one post of the organisation; fail.NotFound.
func (g Register) Find(ctx context.Context, organisation, postID string) (workforceapi.Post, error) {
	p, err := find(ctx, g.DB.Read, postID, "", g.Today())
	if err == nil && p.Organisation != organisation {
		return workforceapi.Post{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, err
}

// End ends the post: from the day on it gives no access. An end entered before
// may be moved while it has not come. With all, every post that the person holds
// in the organisation ends: they leave it. A manager cannot end their own post:
// the organisation would be left without anybody who may act.
func (g Register) End(ctx context.Context, organisation, postID string, until clock.Date, all bool, by Actor) error {
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, g.DB, organisation); err != nil {
			return err
		}
		p, err := g.held(ctx, tx, organisation, postID)
		if err != nil {
			return err
		}
		if err := g.checkEnd(p, until, by); err != nil {
			return err
		}
		posts := []workforceapi.Post{p}
		if all {
			if posts, err = heldBy(ctx, tx, p.PIN, organisation, g.Today()); err != nil {
				return err
			}
		}
		for _, each := range posts {
			day := until
			if day.Before(each.From) {
				day = each.From // would have begun later: never gives access
			}
			if each.ID != p.ID && each.PIN == by.PIN && each.Role == workforceapi.Manager {
				return fail.New(fail.Conflict, "workforce.end.own")
			}
			if err := g.endOne(ctx, tx, each, day, by); err != nil {
				return err
			}
		}
		return nil
	})
}

// held is a post of the organisation that has not ended; the organisation is locked.
func (g Register) held(ctx context.Context, tx *sql.Tx, organisation, postID string) (workforceapi.Post, error) {
	p, err := find(ctx, tx, postID, g.DB.ForUpdate(), g.Today())
	switch {
	case err != nil:
		return p, err
	case p.Organisation != organisation:
		return p, fail.New(fail.NotFound, "kit.not_found")
	case !p.Until.IsZero() && !g.Today().Before(p.Until):
		return p, fail.New(fail.Conflict, "workforce.end.ended_already")
	}
	return p, nil
}

func (g Register) checkEnd(p workforceapi.Post, until clock.Date, by Actor) error {
	today := g.Today()
	wrong := func(key string) error { return fail.Fields(fail.Finding{Field: "until", Key: key}) }
	switch {
	case p.PIN == by.PIN && p.Role == workforceapi.Manager:
		return fail.New(fail.Conflict, "workforce.end.own")
	case until.Before(p.From):
		return wrong("workforce.end.before_start")
	case until.Before(today):
		return wrong("workforce.end.past")
	case until.Year > today.Year+2:
		return wrong("workforce.end.far")
	}
	return nil
}

func (g Register) endOne(ctx context.Context, tx *sql.Tx, p workforceapi.Post, until clock.Date, by Actor) error {
	if err := setEnd(ctx, tx, p.ID, until, g.Clock.Now(), by.PIN); err != nil {
		return err
	}
	same := func(name, value string) change.Field {
		return change.Field{Name: name, Before: value, After: value}
	}
	return g.record(ctx, tx, p.PIN, p.Organisation, ActionEnd, by, []change.Field{
		same("person", p.PersonName), same("post", p.Title.RU), {Name: "until", Before: p.Until.String(), After: until.String()},
	})
}
