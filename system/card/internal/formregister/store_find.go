package formregister

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// keepFind writes what somebody searches for, and drops what is older than since.
func keepFind(ctx context.Context, tx db.Querier, f Filter, pin string, at, since time.Time) error {
	return db.Send(ctx, tx,
		db.Write(`DELETE FROM form_find WHERE at < $1`, db.Micros(since)),
		db.Write(`INSERT INTO form_find (id, pin, code, number, at) VALUES ($1, $2, $3, $4, $5)`, f.Find, pin, f.Code, f.Number, db.Micros(at)))
}

// findOf is what the search asked for, nothing when it is gone or another's.
func findOf(ctx context.Context, q db.Querier, findID, pin string) (code, number string, err error) {
	if findID == "" {
		return "", "", nil
	}
	err = q.QueryRowContext(ctx, `SELECT code, number FROM form_find WHERE id = $1 AND pin = $2`, findID, pin).Scan(&code, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return code, number, db.Explain(err)
}
