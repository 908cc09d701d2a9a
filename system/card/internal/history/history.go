// Package history is the case history of a stay: entries that are written and
// signed in one step, orders and their fulfilment, operations. What is signed
// is never changed (the database itself refuses), only corrected: a new version
// with its author and reason, the former text kept beside it (MC-1).
package history

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Kinds of entries that doctors write, in the order in which they are offered.
const (
	Diary              = "diary"
	Examination        = "examination"
	Consultation       = "consultation"
	StageEpicrisis     = "stage_epicrisis"
	DischargeEpicrisis = "discharge_epicrisis"
	FormCorrection     = "form_correction" // written with a correction of form 066/у
)

// Kinds are those on offer.
var Kinds = []string{Diary, Examination, Consultation, StageEpicrisis, DischargeEpicrisis}

// MaxBody bounds the text of an entry or protocol, in characters.
const MaxBody = 20_000

// Entry is one version of an entry.
type Entry struct {
	ID       string
	Kind     string
	Root     string // id of the first version
	Version  int
	Reason   string // of the correction, "" for version 1
	Body     string
	At       time.Time // the moment it tells of
	ByPIN    string
	ByName   string
	ByRole   string
	SignedAt time.Time
	Former   []Entry // versions before this one, the newest first
}

// author is who wrote the first version.
func (e Entry) author() string {
	if n := len(e.Former); n > 0 {
		return e.Former[n-1].ByPIN
	}
	return e.ByPIN
}

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

// moment checks the moment that an entry tells of: within the stay, not in the
// future. The finding is for the field "at".
func (h Held) moment(at, now time.Time) []fail.Finding {
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

func checkOnce(once string) error {
	if !onceShape.MatchString(once) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	return nil
}

func invalid(findings []fail.Finding) error {
	if len(findings) == 0 {
		return nil
	}
	return fail.Fields(findings...)
}

func required(field, value string) []fail.Finding {
	if value == "" {
		return []fail.Finding{{Field: field, Key: "kit.field.required"}}
	}
	return nil
}

func oneOf(field, value string, allowed []string) []fail.Finding {
	if !slices.Contains(allowed, value) {
		return []fail.Finding{{Field: field, Key: "kit.field.choose"}}
	}
	return nil
}

// mayCorrect: the author, or a head of department.
func mayCorrect(staff desk.Staff, author string) error {
	if staff.PIN == author || staff.Post.Role == workforceapi.Head {
		return nil
	}
	return fail.New(fail.Forbidden, "card.history.correct_forbidden")
}
