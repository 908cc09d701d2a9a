package history

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Writing is a new entry.
type Writing struct {
	Once string // id made with the page
	Kind string
	Body string
	At   time.Time

	CopiedFrom string // id of the version whose text was carried forward, "" for none
}

// Write writes and signs an entry. The same page sent twice is written once.
func Write(ctx context.Context, d *desk.Desk, stayID string, in Writing) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		now := d.Clock.Now()
		findings := append(writing.OneOf("kind", in.Kind, Kinds), writing.Required("body", in.Body)...)
		if err := writing.Invalid(append(findings, h.Moment(in.At, now)...)); err != nil {
			return err
		}
		staff := desk.Of(ctx)
		e := Entry{
			ID: in.Once, Kind: in.Kind, Root: in.Once, Version: 1, Body: in.Body, At: in.At,
			ByPIN: staff.PIN, ByName: staff.Name, ByRole: staff.Post.Title.RU, SignedAt: now,
		}
		if e.CopiedFrom, e.CopiedLines, err = copied(ctx, tx, stayID, in.CopiedFrom, in.Body); err != nil {
			return err
		}
		fresh, err := insertEntry(ctx, tx, stayID, e)
		if err != nil {
			return err
		}
		if !fresh {
			before, err := findVersion(ctx, tx, stayID, in.Once)
			if err != nil {
				return err
			}
			return writing.Fresh(fresh, before.Body == e.Body && before.Kind == e.Kind && before.At.Equal(db.Time(db.Micros(e.At))))
		}
		if err := dropDraftOf(ctx, tx, stayID, staff.PIN, in.Once); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "history.write", stayID)
	})
}

// Correcting is a new version of an entry.
type Correcting struct {
	Once   string
	Root   string // the entry
	Seen   int    // the version that was corrected
	Body   string
	At     time.Time
	Reason string
}

// Correct signs a new version of an entry; the former ones stay. Only the
// author or a head may. Who corrected a version that is not the last any more
// is told so.
func Correct(ctx context.Context, d *desk.Desk, stayID string, in Correcting) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.Hold(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		e, err := FindEntry(ctx, tx, stayID, in.Root)
		if err != nil {
			return err
		}
		staff, now := desk.Of(ctx), d.Clock.Now()
		if err := writing.MayCorrect(staff, e.author()); err != nil {
			return err
		}
		if e.ID == in.Once && e.Body == in.Body {
			return nil // sent twice
		}
		if e.Version != in.Seen || e.Kind == FormCorrection {
			return fail.New(fail.Conflict, "card.history.corrected_meanwhile")
		}
		findings := append(writing.Required("body", in.Body), writing.Required("reason", in.Reason)...)
		if in.Body == e.Body && in.At.Equal(e.At.Truncate(time.Minute)) && in.Body != "" {
			findings = append(findings, fail.Finding{Field: "body", Key: "card.history.nothing_changed"})
		}
		if err := writing.Invalid(append(findings, h.Moment(in.At, now)...)); err != nil {
			return err
		}
		next := Entry{
			ID: in.Once, Kind: e.Kind, Root: e.Root, Version: e.Version + 1, Reason: in.Reason, Body: in.Body, At: in.At,
			ByPIN: staff.PIN, ByName: staff.Name, ByRole: staff.Post.Title.RU, SignedAt: now,
		}
		if next.CopiedFrom, next.CopiedLines, err = copied(ctx, tx, stayID, e.CopiedFrom, in.Body); err != nil {
			return err
		}
		if _, err := insertEntry(ctx, tx, stayID, next); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "history.correct", stayID)
	})
}
