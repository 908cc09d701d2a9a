package db

import "context"

// Changed runs a statement and says how many rows it wrote or deleted. One that
// gives way (WHERE version = $2, ON CONFLICT DO NOTHING) tells by 0 that somebody
// else was first. The error is the driver's: Tx explains it, or takes the
// transaction up again.
func Changed(ctx context.Context, q Querier, statement string, args ...any) (int64, error) {
	result, err := q.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// ChangedOne is Changed of a statement that is about one row: true when it was
// there to be changed. With DB.Single it is a compare-and-set of its own.
func ChangedOne(ctx context.Context, q Querier, statement string, args ...any) (bool, error) {
	n, err := Changed(ctx, q, statement, args...)
	return n == 1, err
}
