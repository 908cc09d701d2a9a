package price

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func countTables(ctx context.Context, q db.Querier) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM price_table`).Scan(&n)
	return n, err
}

// readTables is the imported tables, the last imported first.
func readTables(ctx context.Context, q db.Querier) (Tables, error) {
	tables := Tables{}
	for row, err := range db.Rows(ctx, q, `SELECT content FROM price_table ORDER BY imported_at DESC, id`) {
		if err != nil {
			return nil, err
		}
		var content string
		var t Table
		if err := row.Scan(&content); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(content), &t); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func contentOf(ctx context.Context, q db.Querier, id string) (content string, there bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT content FROM price_table WHERE id = $1`, id).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return content, err == nil, err
}

func insertTable(ctx context.Context, tx db.Querier, t Table, content, file string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO price_table (id, trial, content, file, imported_at) VALUES ($1, $2, $3, $4, $5)`,
		t.ID, db.Flag(t.Trial), content, file, db.Micros(at))
	return err
}
