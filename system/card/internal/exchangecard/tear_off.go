package exchangecard

import (
	"context"
	"database/sql"
	"slices"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ReturnTearOff puts a tear-off into the inbox of its clinic. That about the
// woman closes her pregnancy with its outcome; it goes to the clinic that keeps
// the pregnancy now. A repetition changes nothing, an older version that comes
// late is kept and changes nothing else.
func (c Cards) ReturnTearOff(ctx context.Context, t cardapi.TearOff) (cardapi.CardReceipt, error) {
	d := c.Desk
	if err := checkTearOff(t); err != nil {
		return cardapi.CardReceipt{}, err
	}
	if _, err := d.Directory.Organisation(ctx, t.To); err != nil {
		return cardapi.CardReceipt{}, err
	}
	var receipt cardapi.CardReceipt
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var p antenatal.Pregnancy
		if t.Pregnancy != "" && t.Kind == cardapi.TearOffMother {
			if err := antenatal.Lock(ctx, d, tx, t.Pregnancy); err != nil {
				return err
			}
			var err error
			if p, err = antenatal.Head(ctx, tx, `WHERE g.id = $1`, t.Pregnancy); err != nil {
				return err
			}
			if p.Patient.PIN != t.Mother.PIN {
				return fail.New(fail.Invalid, "card.maternity.another_woman")
			}
			t.To = p.Organisation
		}
		first, isNew, err := keepTearOff(ctx, tx, t, d.Clock.Now())
		if err != nil {
			return err
		}
		receipt.ReceivedAt = first
		if !isNew {
			return nil
		}
		newest, err := newestVersion(ctx, tx, t.Root)
		if err != nil || newest != t.Version || p.ID == "" {
			return err
		}
		if err := closeBy(ctx, tx, p, t, d); err != nil {
			return err
		}
		caller := exchangeapi.CallerOf(ctx)
		return audit.Add(ctx, tx, d.Clock, audit.Record{
			Subject: p.Patient.PIN, ActorPIN: caller.User, ActorName: t.Doctor, Organisation: t.FromName.RU, Via: "card",
			Action: "antenatal.tear_off", Purpose: "treatment", Object: p.ID, RequestID: caller.ID,
		})
	})
	return receipt, err
}

// checkTearOff bounds what comes from outside.
func checkTearOff(t cardapi.TearOff) error {
	long := func(limit int, all ...string) bool {
		return slices.ContainsFunc(all, func(s string) bool { return utf8.RuneCountInString(s) > limit })
	}
	wrong := t.Root == "" || t.Version < 1 || t.Version > 999 || t.Doctor == "" || t.SignedAt.IsZero() || len(t.Newborns) > 9 ||
		(t.Kind != cardapi.TearOffMother && t.Kind != cardapi.TearOffNewborn) || (t.Kind == cardapi.TearOffNewborn && len(t.Newborns) != 1) ||
		!slices.Contains(Endings, t.Birth.Ending) || (t.Birth.Ending == EndingBirth && len(t.Newborns) == 0) ||
		(t.Birth.Ending != EndingUndelivered && t.Birth.EndedAt.IsZero()) ||
		long(100, t.Root, t.Pregnancy, t.Number, t.From, t.To, t.Mother.PIN, t.Birth.Mode, t.Birth.Anaesthesia, t.Birth.MotherState) ||
		long(500, t.Doctor, t.Mother.Name, t.Mother.Address, t.FromName.RU, t.FromName.KY, t.FromName.EN) ||
		long(8000, t.Reason, t.Birth.Complications, t.Birth.Operations, t.Birth.Postpartum, t.Birth.Advice)
	for _, n := range t.Newborns {
		wrong = wrong || long(300, n.Name, n.Patient, n.PIN, n.Sex, n.State, n.Feeding) || long(8000, n.Illnesses, n.Advice)
	}
	if wrong {
		return fail.New(fail.Invalid, "card.maternity.bad_tear_off")
	}
	return nil
}

// How a stay for a birth ended.
const (
	EndingBirth       = "birth"
	EndingMiscarriage = "miscarriage"
	EndingEctopic     = "ectopic"
	EndingAbortion    = "abortion"
	EndingUndelivered = "undelivered" // she left the hospital still pregnant
)

// Endings are all of them.
var Endings = []string{EndingBirth, EndingMiscarriage, EndingEctopic, EndingAbortion, EndingUndelivered}

// outcomeOf is how the pregnancy ended by the tear-off; "" when it goes on.
func outcomeOf(t cardapi.TearOff) string {
	switch t.Birth.Ending {
	case EndingBirth:
		for _, n := range t.Newborns {
			if n.State != "stillborn" {
				return "live_birth"
			}
		}
		return "stillbirth"
	case EndingUndelivered:
		if t.Birth.MotherState == "died" {
			return "died"
		}
		return ""
	}
	return t.Birth.Ending
}

func closeBy(ctx context.Context, tx *sql.Tx, p antenatal.Pregnancy, t cardapi.TearOff, d *desk.Desk) error {
	outcome := outcomeOf(t)
	switch {
	case outcome == "" && p.ClosedBy == t.Root:
		return antenatal.SetOpen(ctx, tx, p.ID) // the correction says that she is still pregnant
	case outcome == "":
		return nil
	}
	ended := t.Birth.EndedAt
	if ended.IsZero() {
		ended = t.SignedAt
	}
	return antenatal.SetClosed(ctx, tx, p.ID, antenatal.Closing{Outcome: outcome, EndedOn: clock.DateOf(ended)}, t.Root, d.Clock.Now())
}

// readJob tells the hospital that its tear-off was read.
const readJob = "tear-off-read"

// MarkRead acknowledges a tear-off of the inbox in the version that was seen. A
// second time changes nothing; fail.Conflict when a correction has come since:
// nobody acknowledges what they have not read.
func MarkRead(ctx context.Context, d *desk.Desk, root string, seen int) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		staff := desk.Of(ctx)
		all, err := versionsOf(ctx, tx, staff.Post.Organisation, root)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		t, now := all[0], d.Clock.Now()
		if t.Version != seen {
			return fail.New(fail.Conflict, "card.antenatal.corrected_meanwhile")
		}
		marked, err := markRead(ctx, tx, staff.Post.Organisation, root, t.Version, staff.PIN, staff.Name, now)
		if err != nil || !marked {
			return err
		}
		a := cardapi.Acknowledgment{Root: root, Version: t.Version, At: now, Name: staff.Name}
		if _, err := d.Queue.Add(ctx, tx, readJob, a, job.Options{Unique: t.Key(), Subject: t.Number}); err != nil {
			return err
		}
		return d.Seen(ctx, tx, t.Mother.PIN, "antenatal.tear_off_read", root)
	})
}

// sendRead is the job of readJob.
func sendRead(cards cardapi.ExchangeCards) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		var a cardapi.Acknowledgment
		if err := j.Bind(&a); err != nil {
			return err
		}
		return cards.Acknowledge(ctx, a)
	}
}

// seenTearOff records that a tear-off was read: for the woman, and for the child
// if it has a ПИН.
func seenTearOff(ctx context.Context, d *desk.Desk, a Arrived) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if a.Kind == cardapi.TearOffNewborn && a.Newborns[0].PIN != "" {
			if err := d.Seen(ctx, tx, a.Newborns[0].PIN, "antenatal.tear_off_seen", a.Root); err != nil {
				return err
			}
		}
		return d.Seen(ctx, tx, a.Mother.PIN, "antenatal.tear_off_seen", a.Root)
	})
}
