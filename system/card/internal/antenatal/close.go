package antenatal

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Closing is how a pregnancy ended, as the clinic knows it.
type Closing struct {
	Outcome string
	EndedOn clock.Date
	Note    string // where, and how it is known
}

// Close ends a pregnancy by hand: a loss, a birth of which no tear-off comes
// (abroad, at home), a woman who left. An outcome that does not fit the
// gestational age is refused: before the week of birth it is a loss.
func Close(ctx context.Context, d *desk.Desk, pregnancyID string, c Closing) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := Hold(ctx, d, tx, pregnancyID)
		if err != nil {
			return err
		}
		if p.State != Open {
			return fail.New(fail.Conflict, "card.antenatal.closed_already")
		}
		now := d.Clock.Now()
		findings := append(writing.OneOf("outcome", c.Outcome, Outcomes), writing.Required("note", c.Note)...)
		findings = append(findings, checkEnd(p, c, clock.DateOf(now))...)
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		if err := SetClosed(ctx, tx, p.ID, c, desk.Of(ctx).PIN, now); err != nil {
			return err
		}
		return d.Seen(ctx, tx, p.Patient.PIN, "antenatal.close", p.ID)
	})
}

func checkEnd(p Pregnancy, c Closing, today clock.Date) []fail.Finding {
	days := p.DatedFrom.DaysUntil(c.EndedOn)
	first := gestation.MilestoneOn(gestation.BirthFrom, today).Days
	switch {
	case c.EndedOn.IsZero():
		return []fail.Finding{{Field: "ended_on", Key: "kit.field.required"}}
	case today.Before(c.EndedOn):
		return []fail.Finding{{Field: "ended_on", Key: "card.antenatal.day_future"}}
	case days < 0:
		return []fail.Finding{{Field: "ended_on", Key: "card.antenatal.end_before"}}
	case days < first && (c.Outcome == "live_birth" || c.Outcome == "stillbirth"):
		return []fail.Finding{{Field: "outcome", Key: "card.antenatal.loss_not_birth", Args: fail.Args("Weeks", first/7)}}
	case days >= first && c.Outcome == "miscarriage":
		return []fail.Finding{{Field: "outcome", Key: "card.antenatal.birth_not_loss", Args: fail.Args("Weeks", first/7)}}
	}
	return nil
}

// Reopen takes a closing by hand back. What a tear-off closed stays closed: its
// correction is the hospital's.
func Reopen(ctx context.Context, d *desk.Desk, pregnancyID string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := Hold(ctx, d, tx, pregnancyID)
		if err != nil {
			return err
		}
		if p.State != Closed || p.ClosedByTearOff() {
			return fail.New(fail.Conflict, "card.antenatal.stays_closed")
		}
		if err := SetOpen(ctx, tx, p.ID); err != nil {
			return err
		}
		return d.Seen(ctx, tx, p.Patient.PIN, "antenatal.reopen", p.ID)
	})
}

// ClosedByTearOff: who closes by hand is a ПИН of 14 digits, a tear-off has an id.
func (p Pregnancy) ClosedByTearOff() bool { return len(p.ClosedBy) > 14 }

// Move is a pregnancy going from one clinic to another.
type Move struct {
	ID, PregnancyID, From, To, Reason string
	At                                time.Time
	ByPIN, ByName                     string
}

// TakeOver moves the open pregnancy of a woman who now comes to the clinic of
// the member of staff. Two clinics that take her at once: the second is told.
// from is the clinic that the page named.
func TakeOver(ctx context.Context, d *desk.Desk, patientID, from, reason string) (pregnancyID string, err error) {
	if err := writing.Invalid(writing.Required("reason", reason)); err != nil {
		return "", err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, ok, err := openOf(ctx, tx, patientID)
		if err != nil {
			return err
		}
		if !ok {
			return fail.New(fail.NotFound, "card.antenatal.not_found")
		}
		if err := Lock(ctx, d, tx, p.ID); err != nil {
			return err
		}
		if p, err = Head(ctx, tx, `WHERE g.id = $1`, p.ID); err != nil {
			return err
		}
		pregnancyID = p.ID
		staff := desk.Of(ctx)
		if p.Organisation == staff.Post.Organisation {
			return nil // is here already
		}
		if p.Organisation != from || p.State != Open {
			return fail.New(fail.Conflict, "card.antenatal.moved_meanwhile")
		}
		m := Move{id.New(), p.ID, p.Organisation, staff.Post.Organisation, reason, d.Clock.Now(), staff.PIN, staff.Name}
		if err := setClinic(ctx, tx, m); err != nil {
			return err
		}
		return d.Seen(ctx, tx, p.Patient.PIN, "antenatal.take_over", p.ID)
	})
	return pregnancyID, err
}
