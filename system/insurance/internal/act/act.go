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
		settled, err := treated.Settle(ctx, tx, organisation, month)
		if err != nil {
			return err
		}
		if settled == 0 {
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
		if err := insertAct(ctx, tx, a); err != nil {
			return err
		}
		if a.Cases, a.Price, err = insertLines(ctx, tx, a); err != nil {
			return err
		}
		if a.Cases != settled {
			return fmt.Errorf("act %s has %d cases, %d were settled for it", a.Number(), a.Cases, settled)
		}
		return treated.NoteSettled(ctx, tx, casesOf, a.ID, by, now)
	})
	return a, err
}

// Whole is an act with its cases, or with a page of them.
type Whole struct {
	Act
	Lines []Line
}

// PageSize is how many cases of an act, or acts, a page has.
const PageSize = 100

// Read is one act; hospital "" is the fund, which sees all. page is that of the cases,
// from 1; 0 is all of them.
func (k Acts) Read(ctx context.Context, actID, hospital string, page int) (Whole, error) {
	a, err := byID(ctx, k.DB.Read, actID)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && hospital != "" && hospital != a.Organisation) {
		return Whole{}, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return Whole{}, db.Explain(err)
	}
	limit, offset := a.Cases, 0
	if page > 0 {
		limit, offset = PageSize, (page-1)*PageSize
	}
	lines, err := linesOf(ctx, k.DB.Read, actID, limit, offset)
	return Whole{a, lines}, err
}

// List is a page of the acts, the newest first, and whether there are more;
// organisation "" is every hospital.
func (k Acts) List(ctx context.Context, organisation string, page int) (acts []Act, more bool, err error) {
	acts, err = list(ctx, k.DB.Read, organisation, PageSize+1, (page-1)*PageSize)
	return acts[:min(len(acts), PageSize)], len(acts) > PageSize, err
}

// Left is what of the month stands in no act.
func (k Acts) Left(ctx context.Context, organisation, month string) (Rest, error) {
	return rest(ctx, k.DB.Read, organisation, month)
}
