package discharge

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// How fresh the copy of who heads a department must be, and how long НИСУР is
// waited for: a discharge goes on with the copy there is.
const (
	headsFresh = 10 * time.Minute
	headsWait  = 3 * time.Second
)

// RefreshHeads copies from НИСУР who heads the departments. Its being away is
// logged, not returned.
func RefreshHeads(ctx context.Context, d *desk.Desk, organisation string) error {
	now := d.Clock.Now()
	if d.Exchange == nil || now.Sub(d.Directory.HeadsCopied(organisation)) < headsFresh {
		return nil
	}
	synced, err := headsSynced(ctx, d.DB.Read, organisation) // another process may have copied them
	if err != nil {
		return err
	}
	if now.Sub(synced) < headsFresh {
		d.Directory.NoteHeads(organisation, synced)
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, headsWait)
	defer cancel()
	staff, err := workforceapi.Client{Exchange: d.Exchange}.Staff(waiting, organisation)
	if err != nil {
		d.Log.WarnContext(ctx, "heads of departments not copied", "system", "card", "error", err.Error())
		return nil
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return saveHeads(ctx, tx, organisation, headPosts(staff), now)
	})
	if err == nil {
		d.Directory.NoteHeads(organisation, now)
	}
	return err
}

// headPosts keeps one head a department: the one whose post began first.
func headPosts(staff []workforceapi.Post) map[string]workforceapi.Post {
	heads := map[string]workforceapi.Post{}
	for _, p := range staff {
		if p.Role != workforceapi.Head || p.Department == "" {
			continue
		}
		known, ok := heads[p.Department]
		if !ok || p.From.Before(known.From) || (p.From == known.From && p.ID < known.ID) {
			heads[p.Department] = p
		}
	}
	return heads
}
