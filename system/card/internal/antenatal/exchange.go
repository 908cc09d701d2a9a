package antenatal

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
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Cards answers what maternity hospitals ask through the exchange.
type Cards struct{ Desk *desk.Desk }

// OpenCard gives the card by the code that the woman shows or because she lies
// in the hospital that asks. Who asks must hold a post in that hospital today by
// НИСУР; the opening is recorded for the woman and for the clinic.
func (c Cards) OpenCard(ctx context.Context, q cardapi.CardQuery) (cardapi.ExchangeCard, error) {
	d, caller := c.Desk, exchangeapi.CallerOf(ctx)
	post, err := c.postOf(ctx, caller.User, q.Organisation)
	if err != nil {
		return cardapi.ExchangeCard{}, err
	}
	var card cardapi.ExchangeCard
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.find(ctx, tx, q)
		if err != nil {
			return err
		}
		r, err := whole(ctx, tx, p)
		if err != nil {
			return err
		}
		card = r.Card()
		card.OpenedAt = d.Clock.Now()
		o := Opening{card.OpenedAt, q.Organisation, post.PersonName, q.Basis}
		if err := insertOpening(ctx, tx, p.ID, o, caller.ID); err != nil {
			return err
		}
		return audit.Add(ctx, tx, d.Clock, audit.Record{
			Subject: p.Patient.PIN, ActorPIN: caller.User, ActorName: post.PersonName, ActorRole: post.Title.RU,
			Organisation: post.OrganisationName.RU, Via: "card", Action: "antenatal.open_card", Purpose: "card_" + q.Basis, Object: p.ID, RequestID: caller.ID,
		})
	})
	if err != nil {
		return cardapi.ExchangeCard{}, err
	}
	card.ClinicName = d.Directory.Name(ctx, card.Clinic)
	return card, nil
}

func (c Cards) postOf(ctx context.Context, pin, organisation string) (workforceapi.Post, error) {
	posts, err := workforceapi.Client{Exchange: c.Desk.Exchange}.Posts(ctx, pin)
	if err != nil {
		return workforceapi.Post{}, err
	}
	i := slices.IndexFunc(posts, func(p workforceapi.Post) bool {
		return p.Organisation == organisation && slices.Contains(desk.Ward, p.Role)
	})
	if i < 0 {
		return workforceapi.Post{}, fail.New(fail.Forbidden, "card.maternity.no_right")
	}
	return posts[i], nil
}

func (c Cards) find(ctx context.Context, tx *sql.Tx, q cardapi.CardQuery) (Pregnancy, error) {
	switch q.Basis {
	case cardapi.BasisShown:
		return byCode(ctx, tx, q.Code)
	case cardapi.BasisAdmission:
		fits, err := stayFits(ctx, tx, q.Stay, q.Organisation, q.PIN)
		if err != nil {
			return Pregnancy{}, err
		}
		if !fits {
			return Pregnancy{}, fail.New(fail.Forbidden, "card.maternity.not_here")
		}
		return ofPIN(ctx, tx, q.PIN)
	}
	return Pregnancy{}, fail.New(fail.Invalid, "kit.bad_request")
}

// Card is the antenatal part as it is handed over.
func (r Record) Card() cardapi.ExchangeCard {
	dating := r.Dating()
	c := cardapi.ExchangeCard{
		Pregnancy: r.ID, Number: r.Number, Clinic: r.Organisation,
		Mother:    cardapi.Mother{PIN: r.Patient.PIN, Name: r.Patient.FullName(), BirthDate: r.Patient.BirthDate, Address: r.Patient.Address},
		DatedFrom: dating.From, DatedBy: dating.By, Expected: dating.Expected(), GivenAt: r.GivenAt, Registration: r.Registration.Body,
	}
	for _, v := range r.Visits {
		c.Visits = append(c.Visits, cardapi.SignedVisit{Visit: v.Body, By: v.ByName})
	}
	for _, one := range r.Results {
		c.Results = append(c.Results, cardapi.SignedResult{LabResult: one.Body, By: one.ByName})
	}
	return c
}

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
		var p Pregnancy
		if t.Pregnancy != "" && t.Kind == cardapi.TearOffMother {
			if err := lock(ctx, d, tx, t.Pregnancy); err != nil {
				return err
			}
			var err error
			if p, err = head(ctx, tx, `WHERE g.id = $1`, t.Pregnancy); err != nil {
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

func closeBy(ctx context.Context, tx *sql.Tx, p Pregnancy, t cardapi.TearOff, d *desk.Desk) error {
	outcome := outcomeOf(t)
	switch {
	case outcome == "" && p.ClosedBy == t.Root:
		return reopen(ctx, tx, p.ID) // the correction says that she is still pregnant
	case outcome == "":
		return nil
	}
	ended := t.Birth.EndedAt
	if ended.IsZero() {
		ended = t.SignedAt
	}
	return setClosed(ctx, tx, p.ID, Closing{Outcome: outcome, EndedOn: clock.DateOf(ended)}, t.Root, d.Clock.Now())
}

// readJob tells the hospital that its tear-off was read.
const readJob = "tear-off-read"

// MarkRead acknowledges a tear-off of the inbox in its newest version. A second
// time changes nothing.
func MarkRead(ctx context.Context, d *desk.Desk, root string) error {
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
