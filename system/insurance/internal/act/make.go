package act

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// MakeJob is the kind of the job that makes an act of a month that a page does not
// wait for.
const MakeJob = "act"

// MakePolicy goes on for days: an act that was begun is made to its end.
var MakePolicy = job.Policy{MaxAttempts: 1000, FirstDelay: time.Second, MaxDelay: time.Minute}

// order is what the job is told: which act, in whose name.
type order struct {
	Act string         `json:"act"`
	By  treated.Expert `json:"by"`
}

// Sentences of a Conflict: the act that was asked for is there, or on its way.
const (
	madeAlready = "insurance.act.made_already"
	beingMade   = "insurance.act.being_made"
)

// atOnce is how long Make itself works before it leaves the rest to the job.
const atOnce = time.Second

// batch is how many cases one transaction takes up: on SQLite nobody writes meanwhile.
var batch = 250

// Make settles what is accepted of the hospital's month and stands in no act yet. The
// month must be over. A month of many cases is in the making when Make returns (Made
// is false), and its job goes on, wherever it was interrupted. Where nothing is left
// since an act was made, or one is in the making, the answer is a Conflict and that act.
func (k Acts) Make(ctx context.Context, organisation, month string, by treated.Expert) (Act, error) {
	a, err := k.order(ctx, organisation, month, by)
	if err != nil {
		return a, err
	}
	ordered := a.ID
	for until := time.Now().Add(atOnce); err == nil && !a.Made() && time.Now().Before(until); { //nolint:forbidigo // how long a page waits, no time of the fund's
		a, err = k.take(ctx, ordered, by)
	}
	if errors.Is(err, sql.ErrNoRows) { // all that was accepted has been returned meanwhile
		return k.Make(ctx, organisation, month, by)
	}
	return a, err
}

// MakeMonth begins an act of the month for every hospital that has accepted cases in
// none, and says of how many; their jobs make them. One that is in the making already is
// left to whoever began it.
func (k Acts) MakeMonth(ctx context.Context, month string, by treated.Expert) (int, error) {
	if month == "" {
		return 0, fail.New(fail.Invalid, "insurance.act.no_month")
	}
	waiting, err := monthsOf(ctx, k.DB.Read, Filter{Month: month}, k.Clock.Now(), mostHospitals)
	if err != nil {
		return 0, db.Explain(err)
	}
	begun := 0
	for _, o := range waiting {
		switch _, err := k.order(ctx, o.Organisation, month, by); {
		case err == nil:
			begun++
		case fail.Is(err, fail.Conflict) || fail.Is(err, fail.Invalid): // somebody else was first, or returned the last case
		default:
			return begun, err
		}
	}
	return begun, nil
}

// mostHospitals bounds for how many an act is begun at once: more than a country has.
const mostHospitals = 10_000

// order begins an act: it stands there, empty, beside its job.
func (k Acts) order(ctx context.Context, organisation, month string, by treated.Expert) (Act, error) {
	now := k.Clock.Now()
	first, ok := clock.ParseDate(month + "-01")
	if !ok || len(organisation) != 6 {
		return Act{}, fail.New(fail.Invalid, "insurance.act.no_month")
	}
	if now.Before(time.Date(first.Year, first.Month+1, 1, 0, 0, 0, 0, clock.Bishkek)) {
		return Act{}, fail.Fields(fail.Finding{Field: "month", Key: "insurance.act.not_over"})
	}
	var a Act
	err := k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a = Act{ID: id.New(), Organisation: organisation, Month: month, MadeBy: by.PIN, MadeByName: by.Name, MadeAt: now}
		if err := k.turn(ctx, tx, a); err != nil {
			return err
		}
		switch going, err := inTheMaking(ctx, tx, organisation, month); {
		case err == nil:
			a = going
			return fail.New(fail.Conflict, beingMade, "Who", a.MadeByName, "At", text.Moment(a.MadeAt))
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		left, err := rest(ctx, tx, organisation, month)
		if err != nil {
			return err
		}
		if left.Accepted == 0 {
			last, err := lastOf(ctx, tx, organisation, month)
			if errors.Is(err, sql.ErrNoRows) {
				return fail.Fields(fail.Finding{Field: "month", Key: "insurance.act.nothing"})
			}
			if err != nil {
				return err
			}
			a = last
			return fail.New(fail.Conflict, madeAlready, "Number", a.Number(), "Who", a.MadeByName, "At", text.Moment(a.MadeAt))
		}
		a.Expected = left.Accepted
		if err := insertAct(ctx, tx, a); err != nil {
			return err
		}
		_, err = k.Queue.Add(ctx, tx, MakeJob, order{a.ID, by}, job.Options{Unique: a.ID, Subject: organisation + " " + month, At: now.Add(atOnce)})
		return err
	})
	return a, err
}

// turn makes those who work on acts of the month take turns.
func (k Acts) turn(ctx context.Context, tx *sql.Tx, a Act) error {
	return treated.Turn(ctx, tx, "act:"+a.Organisation+":"+a.Month)
}

// Go is the job: it makes the act from where it stands to its end.
func (k Acts) Go(ctx context.Context, j job.Job) error {
	var o order
	if err := j.Bind(&o); err != nil {
		return err
	}
	for {
		a, err := k.take(ctx, o.Act, o.By)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && a.Made()) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take is one transaction of an act in the making: the next cases go into it, or after
// the last of them it is closed and has its number. An act of no case is taken away,
// then and ever after the error is sql.ErrNoRows.
func (k Acts) take(ctx context.Context, actID string, by treated.Expert) (Act, error) {
	known, err := byID(ctx, k.DB.Read, actID)
	if err != nil {
		return known, err
	}
	var a Act
	gone := false
	err = k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := k.turn(ctx, tx, known); err != nil {
			return err
		}
		var err error
		if a, err = byID(ctx, tx, actID); err != nil || a.Made() {
			return err
		}
		upTo, err := nextOf(ctx, tx, a, batch)
		if err != nil {
			return err
		}
		if upTo == "" {
			gone = a.Cases == 0
			return k.closed(ctx, tx, &a)
		}
		settled, err := treated.Settle(ctx, tx, a.Organisation, a.Month, a.reached, upTo)
		if err != nil {
			return err
		}
		cases, price, err := insertLines(ctx, tx, a, upTo)
		if err != nil {
			return err
		}
		if cases != settled {
			return fmt.Errorf("%d cases were settled for an act, which took %d", settled, cases)
		}
		if err := treated.NoteSettled(ctx, tx, by, k.Clock.Now(), casesOf, a.ID, a.reached, upTo); err != nil {
			return err
		}
		a.Cases, a.Price, a.reached = a.Cases+cases, a.Price+price, upTo
		return saveAct(ctx, tx, a)
	})
	if err == nil && gone {
		err = sql.ErrNoRows
	}
	return a, err
}

// closed gives the act its number. Its count and sum are those of its lines.
func (k Acts) closed(ctx context.Context, tx *sql.Tx, a *Act) error {
	if a.Cases == 0 {
		return dropAct(ctx, tx, a.ID)
	}
	cases, price, err := sumOfLines(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	if cases != a.Cases || price != a.Price {
		return fmt.Errorf("an act has lines of %d cases and %d tyiyn, %d and %d were counted", cases, price, a.Cases, a.Price)
	}
	if a.Sequence, err = nextSequence(ctx, tx, a.Organisation, a.Month); err != nil {
		return err
	}
	a.MadeAt = k.Clock.Now()
	return saveAct(ctx, tx, *a)
}

// Making are the acts in the making, the oldest first.
func (k Acts) Making(ctx context.Context) ([]Act, error) {
	return making(ctx, k.DB.Read)
}

// GivenUp says that the job of an act in the making has failed and waits for the
// operator of the program.
func (k Acts) GivenUp(ctx context.Context, a Act) (bool, error) {
	j, ok, err := k.Queue.Find(ctx, MakeJob, a.ID)
	return ok && j.State == job.Failed, db.Explain(err)
}
