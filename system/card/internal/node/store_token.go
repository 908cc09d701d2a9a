package node

import (
	"context"
	"database/sql"
)

type statement struct {
	query string
	args  []any
}

// tokenTaken replaces the token by what the centre has been told.
func tokenTaken(said string) statement {
	return statement{`UPDATE node_self SET token = next_token, next_token = '' WHERE id = 1 AND next_token = $1 AND next_token <> ''`, []any{said}}
}

func keepNext(ctx context.Context, tx *sql.Tx, next string) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_self SET next_token = $1 WHERE id = 1 AND next_token = ''`, next)
	return err
}

func dropNext(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_self SET next_token = '' WHERE id = 1`)
	return err
}

// haltAsCopy leaves the nonce as it is: by it the operator knows the machine, and it
// asks again.
func haltAsCopy(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_self SET phase = 'halted', halt_reason = $1 WHERE id = 1`, isCopied)
	return err
}
