// Package number gives a node of the card its numbers, of form 066/у and of the
// series beside it: from ranges of the sequence that the centre has handed to it
// and to nobody else. A witness
// outside of the database remembers which were given, so that a backup that is
// put back cannot give one again (docs/decisions/0006, 0022).
package number

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// Last is the highest sequence that seven digits hold.
const Last = 9_999_999

// Next takes the next number of the node's ranges, in the transaction of the
// discharge; department may be a Series. here is false in a database that is no
// node's.
func Next(ctx context.Context, tx db.Querier, organisation, department string, year int) (sequence int, here bool, err error) {
	var witness string
	err = tx.QueryRowContext(ctx, `SELECT witness FROM node_self WHERE id = 1`).Scan(&witness)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, true, err
	}
	if err := Witness(witness).ready(); err != nil {
		return 0, true, fail.Wrap(err, fail.Unavailable, "card.node.witness_away")
	}
	// Two who discharge at once may both see the last number of a range: who comes
	// second looks again.
	for range 8 {
		var request string
		err = tx.QueryRowContext(ctx, `UPDATE node_range SET given = given + 1 WHERE open = 1 AND given < last AND request =
			(SELECT request FROM node_range WHERE organisation = $1 AND department = $2 AND year = $3 AND open = 1 AND given < last ORDER BY first LIMIT 1)
			RETURNING request, given`, organisation, department, year).Scan(&request, &sequence)
		if err == nil {
			// Before anybody is shown the number.
			db.OnCommit(ctx, func() { _ = Witness(witness).Given(request, int64(sequence)) })
			return sequence, true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return 0, true, err
		}
		if left, err := Left(ctx, tx, organisation, department, year); err != nil || left == 0 {
			break
		}
	}
	if IsSeries(department) {
		return 0, true, fail.New(fail.Conflict, "card.node.out."+department)
	}
	return 0, true, fail.New(fail.Conflict, "card.node.numbers_out", "Department", department)
}

// Peek is the number given last in the range that a node would give from now; 0
// where there is none.
func Peek(ctx context.Context, q db.Querier, organisation, department string, year int) (int, error) {
	var given int
	err := q.QueryRowContext(ctx, `SELECT given FROM node_range WHERE organisation = $1 AND department = $2 AND year = $3 AND open = 1 AND given < last
		ORDER BY first LIMIT 1`, organisation, department, year).Scan(&given)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return given, db.Explain(err)
}

// Left is how many numbers the node may still give in the place.
func Left(ctx context.Context, q db.Querier, organisation, department string, year int) (int64, error) {
	var n sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT SUM(last - given) FROM node_range WHERE organisation = $1 AND department = $2 AND year = $3 AND open = 1`,
		organisation, department, year).Scan(&n)
	return n.Int64, db.Explain(err)
}

// Grant takes count numbers out of the centre's sequence of the department, or of
// the series. They are the node's
// from then on, also if it never gives them.
func Grant(ctx context.Context, tx db.Querier, organisation, department string, year, count int) (first, last int64, err error) {
	if IsSeries(department) {
		return Series(department).grant(ctx, tx, organisation, year, count)
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO form_sequence (organisation, department, year, last) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organisation, department, year) DO UPDATE SET last = form_sequence.last + $4 WHERE form_sequence.last + $4 <= $5
		RETURNING last`, organisation, department, year, count, Last).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fail.New(fail.Conflict, "card.form.number_overflow", "Department", department)
	}
	return last - int64(count) + 1, last, err
}
