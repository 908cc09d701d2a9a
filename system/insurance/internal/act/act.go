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
	Lines []Line
}

// PageSize is how many cases of an act, or acts, a page has.
const PageSize = 100

// Read is one act, or one in the making without its cases, which is the fund's alone; hospital "" is the fund, which sees all. page is that of the cases,
// from 1; 0 is all of them.
func (k Acts) Read(ctx context.Context, actID, hospital string, page int) (Whole, error) {
	a, err := byID(ctx, k.DB.Read, actID)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && hospital != "" && (hospital != a.Organisation || !a.Made())) {
		return Whole{}, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return Whole{}, db.Explain(err)
	}
	if !a.Made() { // half an act is none
		return Whole{Act: a}, nil
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
