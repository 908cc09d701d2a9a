package referral

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/history"
)

// Open is a referral for the organisation of who asks, recorded as looked at.
func Open(ctx context.Context, d *desk.Desk, referralID string) (Referral, error) {
	r, ok, err := find(ctx, d.DB.Read, referralID)
	if err != nil {
		return r, err
	}
	if !ok {
		return r, fail.New(fail.NotFound, "card.referral.none_such")
	}
	if err := mayOpen(ctx, d.DB.Read, r, desk.Of(ctx).Post.Organisation); err != nil {
		return Referral{}, err
	}
	return r, record(ctx, d, r, "referral.read")
}

// Look is the attached results that the organisation of who asks may see now,
// and how many there are beside; what is shown is recorded. All who want
// results come through here.
func Look(ctx context.Context, d *desk.Desk, r Referral) (shown []Result, hidden int, err error) {
	shown, hidden, err = split(ctx, d, r)
	if err == nil && len(shown) > 0 {
		err = record(ctx, d, r, "referral.results")
	}
	return shown, hidden, err
}

// split parts what may be seen from what may not. Only Look hands out content;
// the referral's page counts.
func split(ctx context.Context, d *desk.Desk, r Referral) (shown []Result, hidden int, err error) {
	all, err := resultsOf(ctx, d.DB.Read, r.ID)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	open, err := stayOpen(ctx, d.DB.Read, r.StayID)
	if err != nil {
		return nil, 0, err
	}
	for _, o := range all {
		if r.Shows(o, desk.Of(ctx).Post.Organisation, d.Clock.Now(), open) {
			shown = append(shown, o)
		}
	}
	return shown, len(all) - len(shown), nil
}

func record(ctx context.Context, d *desk.Desk, r Referral, action string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.Seen(ctx, tx, r.Patient.PIN, action, r.ID) })
}

// TitleOf is what a result is called: its name, or the kind of the entry in the
// writer's language.
func TitleOf(ctx context.Context, o Result) string {
	if o.Title != "" {
		return o.Title
	}
	if o.Kind == "operation" {
		return text.T(ctx, "card.referral.operation")
	}
	return history.KindWord(ctx, o.Kind)
}
