package number

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// Series are numbers that run over a whole organisation and year, beside those
// of form 066/у, which run by department. In a range the series stands where the
// department does.
type Series string

// The series.
const (
	Referrals   Series = "referral"  // forms 057/у and 028/у
	Refusals    Series = "refusal"   // of the journal of refusals
	Pregnancies Series = "pregnancy" // exchange cards, 113/у
)

// AllSeries are all of them, for those who fetch numbers.
var AllSeries = []Series{Referrals, Refusals, Pregnancies}

// IsSeries says whether what stands in the place of a department is a series.
func IsSeries(department string) bool { return slices.Contains(AllSeries, Series(department)) }

// table keeps the number given last, per organisation and year.
func (s Series) table() string { return string(s) + "_sequence" }

// NextOf takes the next number of the series: the organisation's, or at a node
// that of its ranges. The row stays locked until the transaction ends.
func NextOf(ctx context.Context, tx db.Querier, s Series, organisation string, year int) (int, error) {
	var n int
	err := tx.QueryRowContext(ctx, `INSERT INTO `+s.table()+` (organisation, year, last)
		SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), 1 WHERE NOT EXISTS (SELECT 1 FROM node_self)
		ON CONFLICT (organisation, year) DO UPDATE SET last = `+s.table()+`.last + 1 RETURNING last`, organisation, year).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		n, _, err = Next(ctx, tx, organisation, string(s), year)
	}
	return n, err
}

// LastOf is the number of the series that was given last, 0 for none.
func LastOf(ctx context.Context, q db.Querier, s Series, organisation string, year int) (int64, error) {
	var last int64
	err := q.QueryRowContext(ctx, `SELECT last FROM `+s.table()+` WHERE organisation = $1 AND year = $2`, organisation, year).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return last, err
}

// Raise moves the centre's sequence of the department, or of the series, behind the
// number, from where it goes on.
func Raise(ctx context.Context, tx db.Querier, organisation, department string, year int, last int64) error {
	if !IsSeries(department) {
		_, err := tx.ExecContext(ctx, `INSERT INTO form_sequence (organisation, department, year, last) VALUES ($1, $2, $3, $4)
			ON CONFLICT (organisation, department, year) DO UPDATE SET last = excluded.last WHERE form_sequence.last < excluded.last`,
			organisation, department, year, last)
		return err
	}
	s := Series(department)
	_, err := tx.ExecContext(ctx, `INSERT INTO `+s.table()+` (organisation, year, last) VALUES ($1, $2, $3)
		ON CONFLICT (organisation, year) DO UPDATE SET last = excluded.last WHERE `+s.table()+`.last < excluded.last`, organisation, year, last)
	return err
}

func (s Series) grant(ctx context.Context, tx db.Querier, organisation string, year, count int) (first, last int64, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO `+s.table()+` (organisation, year, last) VALUES ($1, $2, $3)
		ON CONFLICT (organisation, year) DO UPDATE SET last = `+s.table()+`.last + $3 WHERE `+s.table()+`.last + $3 <= $4
		RETURNING last`, organisation, year, count, Last).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fail.New(fail.Conflict, "card.node.out."+string(s)) // text: card.node.out.*
	}
	return last - int64(count) + 1, last, err
}
