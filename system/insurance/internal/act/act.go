// Package act settles months: an act lists a hospital's accepted cases of a
// month and their sum. A case stands in one act and is paid once; what is
// accepted later stands in a supplementary act. A month is reconciled with the
// card's own totals to the last case.
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
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Act is a hospital's month, or what was accepted of it later.
type Act struct {
	ID           string
	Organisation string
	Month        string // 2026-11
	Sequence     int    // 1, then supplementary ones
	Cases        int
	Price        int64 // tyiyn
	MadeBy       string
	MadeByName   string
	MadeAt       time.Time
}

// Number is how the act is called: 950174-2026-11/1.
func (a Act) Number() string { return fmt.Sprintf("%s-%s/%d", a.Organisation, a.Month, a.Sequence) }

// Line is a case in an act.
type Line struct {
	CaseID, Number, Group, Way string
	Department                 string
	DischargedAt               time.Time
	Price                      int64 // tyiyn
}

// Rest is what of the month stands in no act and why.
type Rest struct {
	Accepted, Review, Appealed, Returned int // Returned: with the hospital, refused appeals too
}

// Acts makes and reads them.
type Acts struct {
	DB    *db.DB
	Clock clock.Clock
}

// madeAlready is the sentence of a Conflict: the act that was asked for is there.
const madeAlready = "insurance.act.made_already"

// Make settles what is accepted of the hospital's month and stands in no act
// yet. The month must be over. Where nothing is left since an act was made, the
// answer is a Conflict and that act.
func (k Acts) Make(ctx context.Context, organisation, month string, by treated.Expert) (Act, error) {
	now := k.Clock.Now()
	first, ok := clock.ParseDate(month + "-01")
	if !ok || len(organisation) != 6 {
		return Act{}, fail.New(fail.Invalid, "insurance.act.no_month")
	}
	if now.Before(time.Date(first.Year, first.Month+1, 1, 0, 0, 0, 0, clock.Bishkek)) {
		return Act{}, fail.Fields(fail.Finding{Field: "month", Key: "insurance.act.not_over"})
	}
	a := Act{ID: id.New(), Organisation: organisation, Month: month, MadeBy: by.PIN, MadeByName: by.Name, MadeAt: now}
	err := k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := treated.Turn(ctx, tx, "act:"+organisation+":"+month); err != nil {
			return err
		}
		lines, err := accepted(ctx, tx, organisation, month, k.DB.ForUpdate())
		if err != nil {
			return err
		}
		if len(lines) == 0 {
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
		if a.Sequence, err = nextSequence(ctx, tx, organisation, month); err != nil {
			return err
		}
		a.Cases, a.Price = len(lines), sum(lines)
		if err := insertAct(ctx, tx, a); err != nil {
			return err
		}
		for _, l := range lines {
			if err := insertLine(ctx, tx, a.ID, l); err != nil {
				return err
			}
			if err := treated.Settle(ctx, tx, l.CaseID, by, now); err != nil {
				return err
			}
		}
		return nil
	})
	if db.Unique(err) {
		err = fail.Wrap(err, fail.Conflict, "kit.conflict")
	}
	return a, err
}

func sum(lines []Line) int64 {
	var total int64
	for _, l := range lines {
		total += l.Price
	}
	return total
}

// Whole is an act with its cases.
type Whole struct {
	Act
	Lines []Line
}

// Read is one act; hospital "" is the fund, which sees all.
func (k Acts) Read(ctx context.Context, actID, hospital string) (Whole, error) {
	a, err := byID(ctx, k.DB.Read, actID)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && hospital != "" && hospital != a.Organisation) {
		return Whole{}, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return Whole{}, db.Explain(err)
	}
	lines, err := linesOf(ctx, k.DB.Read, actID)
	return Whole{a, lines}, err
}

// List is the newest acts; organisation "" is every hospital.
func (k Acts) List(ctx context.Context, organisation string) ([]Act, error) {
	return list(ctx, k.DB.Read, organisation, 500)
}

// Left is what of the month stands in no act.
func (k Acts) Left(ctx context.Context, organisation, month string) (Rest, error) {
	return rest(ctx, k.DB.Read, organisation, month)
}
