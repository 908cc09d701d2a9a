package post

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Waiting is the posts of the organisation in force today or later.
func (g Register) Waiting(ctx context.Context, organisation string) ([]workforceapi.Post, error) {
	return notYetOver(ctx, g.DB.Read, organisation, g.Today())
}

// Find is one post of the organisation; fail.NotFound.
func (g Register) Find(ctx context.Context, organisation, postID string) (workforceapi.Post, error) {
	p, err := find(ctx, g.DB.Read, postID, "")
	if err == nil && p.Organisation != organisation {
		return workforceapi.Post{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, err
}

// End ends the post: from the day on it gives no access. An end entered before
// may be moved while it has not come. A manager cannot end their own post: the
// organisation would be left without anybody who may act.
func (g Register) End(ctx context.Context, organisation, postID string, until clock.Date, by Actor) error {
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := find(ctx, tx, postID, g.DB.ForUpdate())
		if err != nil {
			return err
		}
		if p.Organisation != organisation {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		today := g.Today()
		switch {
		case !p.Until.IsZero() && !today.Before(p.Until):
			return fail.New(fail.Conflict, "workforce.end.ended_already")
		case p.PIN == by.PIN && p.Role == workforceapi.Manager:
			return fail.New(fail.Conflict, "workforce.end.own")
		case until.Before(p.From):
			return fail.Fields(fail.Finding{Field: "until", Key: "workforce.end.before_start"})
		case until.Before(today):
			return fail.Fields(fail.Finding{Field: "until", Key: "workforce.end.past"})
		case until.Year > today.Year+2:
			return fail.Fields(fail.Finding{Field: "until", Key: "workforce.end.far"})
		}
		if err := setEnd(ctx, tx, postID, until, g.Clock.Now(), by.PIN); err != nil {
			return err
		}
		return g.record(ctx, tx, p.PIN, postID, ActionEnd, by)
	})
}
