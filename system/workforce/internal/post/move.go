package post

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
)

// longestReplacement is for how many days one person may do another's work
// without being named anew: it catches a wrong year, leaves of up to three years
// pass.
const longestReplacement = 3 * 366

// Transfer moves the person to another department from the day, in the same
// title: the one post ends and the other begins, so that there is no day with
// none and none with both.
func (g Register) Transfer(ctx context.Context, code, postID, department string, from clock.Date, by Actor) error {
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, g.DB, code); err != nil {
			return err
		}
		p, err := g.held(ctx, tx, code, postID)
		if err != nil {
			return err
		}
		var wrong []fail.Finding
		where, err := g.places(ctx, tx, code)
		if err != nil {
			return err
		}
		_, known := where.span(department, from)
		closes, unfit := where.at(department, from)
		if !known || p.Department == "" || department == p.Department {
			wrong = append(wrong, fail.Finding{Field: "department", Key: "workforce.transfer.department_wrong"})
		} else {
			wrong = append(wrong, unfit...)
		}
		if from.Before(g.Today()) || from.Before(p.From) || (!p.Until.IsZero() && !from.Before(p.Until)) || g.Today().DaysUntil(from) > 366 {
			wrong = append(wrong, fail.Finding{Field: "from", Key: "workforce.transfer.from_wrong"})
		}
		if len(wrong) > 0 {
			return fail.Fields(wrong...)
		}
		until := p.Until
		if !closes.IsZero() && (until.IsZero() || closes.Before(until)) {
			until = closes
		}
		title, err := titleCode(ctx, tx, postID)
		if err != nil {
			return err
		}
		if err := setEnd(ctx, tx, postID, from, g.Clock.Now(), by.PIN); err != nil {
			return err
		}
		row := Row{
			ID: id.New(), PIN: p.PIN, Name: p.PersonName, Title: title, Organisation: code, Department: department,
			From: from, Until: until, Replaces: p.Replaces, At: g.Clock.Now(), By: by.PIN,
		}
		if err := g.give(ctx, tx, row); err != nil {
			return err
		}
		return g.record(ctx, tx, p.PIN, code, ActionTransfer, by, []change.Field{
			{Name: "person", Before: p.PersonName, After: p.PersonName},
			{Name: "department", Before: p.Department, After: department},
			{Name: "from", After: from.String()},
		})
	})
}

// Replace lets a colleague, told by one of their posts, do the work of an absent
// person from the one day until the other: the colleague gets the same post for
// that time.
func (g Register) Replace(ctx context.Context, code, postID, colleague string, from, until clock.Date, by Actor) error {
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, g.DB, code); err != nil {
			return err
		}
		absent, err := g.held(ctx, tx, code, postID)
		if err != nil {
			return err
		}
		var wrong []fail.Finding
		other, err := g.held(ctx, tx, code, colleague)
		if fail.Is(err, fail.NotFound) || fail.Is(err, fail.Conflict) || (err == nil && other.PIN == absent.PIN) {
			wrong = append(wrong, fail.Finding{Field: "colleague", Key: "kit.field.choose"})
		} else if err != nil {
			return err
		}
		leaves, err := g.leaves(ctx, tx, code, other.PIN)
		if err != nil {
			return err
		}
		if !leaves.IsZero() && leaves.Before(until) { // who has left does nobody's work
			wrong = append(wrong, fail.Finding{Field: "until", Key: "workforce.replace.leaves", Args: fail.Args("Day", text.Date(leaves))})
		}
		if from.Before(g.Today()) || from.Before(absent.From) {
			wrong = append(wrong, fail.Finding{Field: "from", Key: "workforce.transfer.from_wrong"})
		}
		if !from.Before(until) || from.DaysUntil(until) > longestReplacement || (!absent.Until.IsZero() && absent.Until.Before(until)) {
			wrong = append(wrong, fail.Finding{Field: "until", Key: "workforce.replace.until_wrong"})
		}
		if len(wrong) > 0 {
			return fail.Fields(wrong...)
		}
		title, err := titleCode(ctx, tx, postID)
		if err != nil {
			return err
		}
		row := Row{
			ID: id.New(), PIN: other.PIN, Name: other.PersonName, Title: title, Organisation: code, Department: absent.Department,
			From: from, Until: until, Replaces: postID, ReplacesName: absent.PersonName, At: g.Clock.Now(), By: by.PIN,
		}
		if err := g.give(ctx, tx, row); err != nil {
			return err
		}
		return g.record(ctx, tx, other.PIN, code, ActionReplace, by, change.Diff(nil, row.values()))
	})
}

// leaves is the day from which the person holds no post in the organisation; zero
// while one has no end.
func (g Register) leaves(ctx context.Context, tx *sql.Tx, organisation, pin string) (clock.Date, error) {
	posts, err := heldBy(ctx, tx, pin, organisation, g.Today())
	var last clock.Date
	for _, p := range posts {
		if p.Until.IsZero() {
			return clock.Date{}, err
		}
		if last.Before(p.Until) {
			last = p.Until
		}
	}
	return last, err
}
