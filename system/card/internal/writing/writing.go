// Package writing is what every written part of a stay's record shares: the
// stay locked for a change, the moment that an entry tells of, and the id that
// keeps a form sent twice from being written twice (MC-1).
package writing

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// MaxBody bounds the text of an entry or protocol, in characters.
const MaxBody = 20_000

// Held is a stay that is locked for a change.
type Held struct {
	ID           string
	Organisation string
	PatientPIN   string
	State        string
	AdmittedAt   time.Time
	DischargedAt time.Time // zero while the stay is open
}

// Hold locks the stay for a change by the member of staff of ctx: changes of one
// stay take turns, and none slips in beside the discharge. A stay of another
// organisation is fail.NotFound.
func Hold(ctx context.Context, d *desk.Desk, tx *sql.Tx, stayID string) (Held, error) {
	return lockStay(ctx, tx, stayID, desk.Of(ctx).Post.Organisation, d.DB.ForUpdate())
}

// HoldOpen is Hold of a stay that has not ended.
func HoldOpen(ctx context.Context, d *desk.Desk, tx *sql.Tx, stayID string) (Held, error) {
	h, err := Hold(ctx, d, tx, stayID)
	if err == nil && h.State != "open" {
		err = fail.New(fail.Conflict, "card.history.closed", "At", text.Moment(h.DischargedAt))
	}
	return h, err
}

// Moment checks the moment that an entry tells of: within the stay, not in the
// future. The finding is for the field "at".
func (h Held) Moment(at, now time.Time) []fail.Finding {
	switch {
	case at.IsZero():
		return []fail.Finding{{Field: "at", Key: "kit.field.required"}}
	case at.After(now):
		return []fail.Finding{{Field: "at", Key: "card.history.at_future", Args: fail.Args("Now", text.Moment(now))}}
	case at.Before(h.AdmittedAt.Truncate(time.Minute)):
		return []fail.Finding{{Field: "at", Key: "card.history.at_before_admission", Args: fail.Args("At", text.Moment(h.AdmittedAt))}}
	case !h.DischargedAt.IsZero() && at.After(h.DischargedAt):
		return []fail.Finding{{Field: "at", Key: "card.history.at_after_discharge", Args: fail.Args("At", text.Moment(h.DischargedAt))}}
	}
	return nil
}

// onceShape is the id that a page gives what is written on it, so that a form
// sent twice is written once.
var onceShape = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// CheckOnce refuses an id that no page of ours made.
func CheckOnce(once string) error {
	if !onceShape.MatchString(once) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	return nil
}

// writtenAlready is told who sends a form again with something else in it.
const writtenAlready = "card.kept.written_already"

// Fresh is nil when what a form holds was written just now, or is the same as was
// written under its id before: a form sent twice. The rest was typed into a form
// that was sent already (another tab, the browser's way back): it must not be
// thought written. The page gives it an id of its own with Renew.
func Fresh(fresh, same bool) error {
	if fresh || same {
		return nil
	}
	return fail.New(fail.Conflict, writtenAlready)
}

// Renew gives the form a new id when its own was spent.
func Renew(form *page.Form, err error) {
	if e := fail.As(err); e != nil && e.Key == writtenAlready {
		form.Set("once", id.New())
	}
}

// Invalid is the findings as an error, nil when there are none.
func Invalid(findings []fail.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	return fail.Fields(findings...)
}

// Required finds an empty value.
func Required(field, value string) []fail.Finding {
	if value == "" {
		return []fail.Finding{{Field: field, Key: "kit.field.required"}}
	}
	return nil
}

// OneOf finds a value that is not among those allowed.
func OneOf(field, value string, allowed []string) []fail.Finding {
	if !slices.Contains(allowed, value) {
		return []fail.Finding{{Field: field, Key: "kit.field.choose"}}
	}
	return nil
}

// MayCorrect: the author, or a head of department.
func MayCorrect(staff desk.Staff, author string) error {
	if staff.PIN == author || staff.Post.Role == workforceapi.Head {
		return nil
	}
	return fail.New(fail.Forbidden, "card.history.correct_forbidden")
}
