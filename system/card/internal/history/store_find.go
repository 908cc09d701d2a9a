package history

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// keepFind writes what somebody searches for, and drops what is older than since.
func keepFind(ctx context.Context, tx db.Querier, findID, stayID, pin, words string, at, since time.Time) error {
	return db.Send(ctx, tx,
		db.Write(`DELETE FROM history_find WHERE at < $1`, db.Micros(since)),
		db.Write(`INSERT INTO history_find (id, stay_id, pin, words, at) VALUES ($1, $2, $3, $4, $5)`, findID, stayID, pin, words, db.Micros(at)))
}

// findWords are the words of the search, "" when it is gone or another's.
func findWords(ctx context.Context, q db.Querier, findID, stayID, pin string) (words string, err error) {
	err = q.QueryRowContext(ctx, `SELECT words FROM history_find WHERE id = $1 AND stay_id = $2 AND pin = $3`, findID, stayID, pin).Scan(&words)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return words, db.Explain(err)
}
