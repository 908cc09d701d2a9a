// Package act settles months: an act lists a hospital's accepted cases of a
// month and their sum. A case stands in one act and is paid once; what is
// accepted later stands in a supplementary act. A month is reconciled with the
// card's own totals to the last case.
package act

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
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
	MadeAt       time.Time // ordered, until it is made

	Expected int    // cases when it was ordered
	reached  string // id of the last case looked at
}

// Made says that the act is one; until then it is in the making, has no number, and
// Cases and Price are what it has so far.
func (a Act) Made() bool { return a.Sequence > 0 }

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
	Queue *job.Queue
}

// Whole is an act with its cases, or with a page of them.
type Whole struct {
	Act
	Lines            []Line
	Earlier, Further bool // there are cases ahead of the page, and behind it
}

// PageSize is how many cases of an act, or acts, a page has.
const PageSize = 100

// Read is one act with all its cases, or one in the making without them, which is the
// fund's alone; hospital "" is the fund, which sees all.
func (k Acts) Read(ctx context.Context, actID, hospital string) (Whole, error) {
	a, err := k.readable(ctx, actID, hospital)
	if err != nil || !a.Made() { // half an act is none
		return Whole{Act: a}, err
	}
	lines, err := linesOf(ctx, k.DB.Read, actID, "", false, a.Cases)
	return Whole{Act: a, Lines: lines}, err
}

// Stretch is where in an act a page stands: behind the case of the one id, or ahead of
// that of the other; "" for both, or ids of no case of the act, is the first page.
type Stretch struct{ After, Before string }

// Page is Read with a page of the cases, by their numbers: how far into the act it is
// makes no difference. Ahead of a case where there is less than a page is the first page.
func (k Acts) Page(ctx context.Context, actID, hospital string, at Stretch) (Whole, error) {
	a, err := k.readable(ctx, actID, hospital)
	if err != nil || !a.Made() {
		return Whole{Act: a}, err
	}
	ahead := at.Before != ""
	number, err := numberIn(ctx, k.DB.Read, actID, cmp.Or(at.Before, at.After))
	if err != nil {
		return Whole{}, db.Explain(err)
	}
	lines, err := linesOf(ctx, k.DB.Read, actID, number, ahead, PageSize+1)
	if err != nil {
		return Whole{}, err
	}
	more := len(lines) > PageSize
	lines = lines[:min(len(lines), PageSize)]
	switch {
	case number == "":
		return Whole{Act: a, Lines: lines, Further: more}, nil
	case !ahead:
		return Whole{Act: a, Lines: lines, Earlier: true, Further: more}, nil
	case !more:
		return k.Page(ctx, actID, hospital, Stretch{})
	}
	slices.Reverse(lines)
	return Whole{Act: a, Lines: lines, Earlier: true, Further: true}, nil
}

// readable is the act, if the reader may see it.
func (k Acts) readable(ctx context.Context, actID, hospital string) (Act, error) {
	a, err := byID(ctx, k.DB.Read, actID)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && hospital != "" && (hospital != a.Organisation || !a.Made())) {
		return Act{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return a, db.Explain(err)
}

// Filter is which acts are listed, and where in them a page stands: the ids of Stretch
// are those of acts. Organisation "" is every hospital, Month "" every month.
type Filter struct {
	Organisation, Month string
	Stretch
}

// Listed is a page of acts.
type Listed struct {
	Acts             []Act
	Earlier, Further bool // there are acts ahead of the page, and behind it
}

// List is a page of the acts: the newest month first, in it the hospitals by their
// codes. Behind or ahead of what is no act of the list is the first page.
func (k Acts) List(ctx context.Context, by Filter) (Listed, error) {
	var from *Act
	if key := cmp.Or(by.Before, by.After); key != "" {
		a, err := byID(ctx, k.DB.Read, key)
		switch {
		case err == nil && a.Made() && by.has(a):
			from = &a
		case err == nil || errors.Is(err, sql.ErrNoRows):
			by.Stretch = Stretch{}
		default:
			return Listed{}, db.Explain(err)
		}
	}
	acts, err := list(ctx, k.DB.Read, by, from, PageSize+1)
	if err != nil {
		return Listed{}, db.Explain(err)
	}
	more := len(acts) > PageSize
	acts = acts[:min(len(acts), PageSize)]
	switch {
	case by.Before == "":
		return Listed{Acts: acts, Earlier: from != nil, Further: more}, nil
	case !more:
		by.Stretch = Stretch{}
		return k.List(ctx, by)
	}
	slices.Reverse(acts)
	return Listed{Acts: acts, Earlier: true, Further: true}, nil
}

// has says that the act is one of those asked for.
func (by Filter) has(a Act) bool {
	return (by.Organisation == "" || by.Organisation == a.Organisation) && (by.Month == "" || by.Month == a.Month)
}

// Left is what of the month stands in no act.
func (k Acts) Left(ctx context.Context, organisation, month string) (Rest, error) {
	return rest(ctx, k.DB.Read, organisation, month)
}
