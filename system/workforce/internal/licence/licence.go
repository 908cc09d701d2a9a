// Package licence keeps the licences of organisations: number, kind, from when
// until when, with the scan.
package licence

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/scan"
)

// Codes of what is recorded.
const (
	ActionAdd      = "licence.add"
	ActionWithdraw = "licence.withdraw"
	ActionCancel   = "licence.cancel"
)

// Kinds are what a licence allows.
var Kinds = []string{"medical", "pharmacy", "narcotics", "radiation"}

// soon is how many days before its end a licence is shown as running out: a new
// one takes about two months with the papers.
const soon = 60

// Licence is one licence. Until is its last day; zero for one without end.
type Licence struct {
	ID           string
	Organisation string
	Number, Kind string
	From, Until  clock.Date
	Withdrawn    clock.Date
	Scan         string
}

// State is what a licence is worth on a day.
type State string

// The states.
const (
	Valid     State = "valid"
	Soon      State = "soon" // valid, but not for long
	Later     State = "later"
	Over      State = "over"
	Withdrawn State = "withdrawn"
)

// On is the state on the day.
func (l Licence) On(day clock.Date) State {
	switch {
	case !l.Withdrawn.IsZero() && !day.Before(l.Withdrawn):
		return Withdrawn
	case day.Before(l.From):
		return Later
	case !l.Until.IsZero() && l.Until.Before(day):
		return Over
	case !l.Until.IsZero() && day.DaysUntil(l.Until) <= soon:
		return Soon
	}
	return Valid
}

func (l Licence) check() []fail.Finding {
	var wrong []fail.Finding
	if l.Number == "" {
		wrong = append(wrong, fail.Finding{Field: "number", Key: "kit.field.required"})
	}
	if !slices.Contains(Kinds, l.Kind) {
		wrong = append(wrong, fail.Finding{Field: "licence_kind", Key: "kit.field.choose"})
	}
	if l.From.IsZero() {
		wrong = append(wrong, fail.Finding{Field: "from", Key: "kit.field.required"})
	}
	if !l.Until.IsZero() && l.Until.Before(l.From) {
		wrong = append(wrong, fail.Finding{Field: "until", Key: "workforce.licence.until_before"})
	}
	return wrong
}

// Book changes licences.
type Book struct {
	DB    *db.DB
	Clock clock.Clock
}

// Today is the day in Bishkek.
func (b Book) Today() clock.Date { return clock.DateOf(b.Clock.Now()) }

// Add keeps the licence with its scan (nil for none).
func (b Book) Add(ctx context.Context, l Licence, pdf []byte, by change.Actor) error {
	if wrong := append(l.check(), scan.Wrong("scan", pdf)...); len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	l.ID = id.New()
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, l.Organisation); err != nil {
			return err
		}
		var err error
		if l.Scan, err = scan.Keep(ctx, tx, l.Organisation, "scan", pdf, b.Clock.Now(), by.PIN); err != nil {
			return err
		}
		added, err := insert(ctx, tx, l, b.Clock.Now(), by.PIN)
		if err != nil {
			return err
		}
		if !added {
			return fail.Fields(fail.Finding{Field: "number", Key: "workforce.licence.known"})
		}
		return change.Add(ctx, tx, b.Clock, change.Change{Organisation: l.Organisation, Object: "licence", Action: ActionAdd, By: by, Fields: change.Diff(nil, []change.Value{
			{Name: "number", Value: l.Number}, {Name: "licence_kind", Value: l.Kind}, {Name: "from", Value: l.From.String()}, {Name: "until", Value: l.Until.String()},
		})})
	})
}

// Withdraw notes that the licence was withdrawn on the day.
func (b Book) Withdraw(ctx context.Context, organisation, licenceID string, day clock.Date, by change.Actor) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, organisation); err != nil {
			return err
		}
		l, err := find(ctx, tx, organisation, licenceID)
		switch {
		case err != nil:
			return err
		case !l.Withdrawn.IsZero():
			return fail.New(fail.Conflict, "workforce.licence.withdrawn_already")
		}
		if err := withdraw(ctx, tx, licenceID, day); err != nil {
			return err
		}
		return change.Add(ctx, tx, b.Clock, change.Change{Organisation: organisation, Object: "licence", Action: ActionWithdraw, By: by, Fields: []change.Field{
			{Name: "number", Before: l.Number, After: l.Number},
			{Name: "withdrawn", After: day.String()},
		}})
	})
}

// Cancel takes back a licence that has not begun: it was entered by mistake, or
// given for another day.
func (b Book) Cancel(ctx context.Context, organisation, licenceID string, by change.Actor) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, organisation); err != nil {
			return err
		}
		l, err := find(ctx, tx, organisation, licenceID)
		if err != nil {
			return err
		}
		if l.On(b.Today()) != Later {
			return fail.New(fail.Conflict, "workforce.cancel.begun")
		}
		if err := remove(ctx, tx, licenceID); err != nil {
			return err
		}
		return change.Add(ctx, tx, b.Clock, change.Change{Organisation: organisation, Object: "licence", Action: ActionCancel, By: by, Fields: []change.Field{
			{Name: "number", Before: l.Number}, {Name: "licence_kind", Before: l.Kind}, {Name: "from", Before: l.From.String()}, {Name: "until", Before: l.Until.String()},
		}})
	})
}
