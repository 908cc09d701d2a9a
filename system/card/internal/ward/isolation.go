package ward

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Isolation is a time in which a patient was kept apart.
type Isolation struct {
	ID        string
	Kind      string // one of stay.Isolations
	Reason    string
	At        time.Time
	ByName    string
	EndedAt   time.Time // zero: in force
	EndedName string
}

// Isolating is that a patient is to be kept apart from now on.
type Isolating struct {
	Once   string
	Kind   string
	Reason string
}

// Isolate keeps the patient apart from now on. Who is kept apart already is so in the
// new way: the former ends. Everybody who treats may say so, since it cannot wait.
func Isolate(ctx context.Context, d *desk.Desk, stayID string, in Isolating) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	findings := append(writing.OneOf("isolation", in.Kind, stay.Isolations), writing.Required("isolation_reason", in.Reason)...)
	if err := writing.Invalid(findings); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		all, err := Isolations(ctx, tx, stayID)
		if err != nil {
			return err
		}
		for _, before := range all {
			if before.ID == in.Once {
				return writing.Fresh(false, before.Kind == in.Kind && before.Reason == in.Reason)
			}
		}
		staff, now := desk.Of(ctx), d.Clock.Now()
		if _, err := endIsolation(ctx, tx, stayID, "", staff, now); err != nil {
			return err
		}
		if err := insertIsolation(ctx, tx, stayID, in, staff, now); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "isolation.set", stayID)
	})
}

// EndIsolation lifts the isolation. That of another kind, which a colleague has put
// in its place meanwhile, stands: fail.Conflict.
func EndIsolation(ctx context.Context, d *desk.Desk, stayID, id string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		ended, err := endIsolation(ctx, tx, stayID, id, desk.Of(ctx), d.Clock.Now())
		if err != nil {
			return err
		}
		if !ended || id == "" {
			return fail.New(fail.Conflict, "card.isolation.gone")
		}
		return d.Seen(ctx, tx, h.PatientPIN, "isolation.end", stayID)
	})
}

// words of one isolation: how, why, who and when.
func (i Isolation) words(ctx context.Context) string {
	words := stay.IsolationWord(ctx, i.Kind) + ": " + i.Reason + " · " + i.ByName + ", " + text.Moment(i.At)
	if !i.EndedAt.IsZero() {
		words += " — " + i.EndedName + ", " + text.Moment(i.EndedAt)
	}
	return words
}
