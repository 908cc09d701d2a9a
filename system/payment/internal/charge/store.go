package charge

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/payment/paymentapi"
)

const columns = `id, reference, payer, amount, purpose, state, created_at, paid_at`

func insert(ctx context.Context, tx *sql.Tx, subsystem string, c paymentapi.Charge) (isNew bool, err error) {
	purpose, err := json.Marshal(c.Purpose)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, `INSERT INTO charge (id, subsystem, reference, payer, amount, purpose, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (subsystem, reference) DO NOTHING`,
		c.ID, subsystem, c.Reference, c.Payer, c.Amount, string(purpose), c.State, db.Micros(c.CreatedAt))
}

func byReference(ctx context.Context, q db.Querier, subsystem, reference string) (paymentapi.Charge, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM charge WHERE subsystem = $1 AND reference = $2`, subsystem, reference))
}

func byID(ctx context.Context, q db.Querier, subsystem, chargeID string) (paymentapi.Charge, error) {
	return scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM charge WHERE subsystem = $1 AND id = $2`, subsystem, chargeID))
}

func scan(row *sql.Row) (paymentapi.Charge, error) {
	var c paymentapi.Charge
	var purpose string
	var created, paid int64
	if err := row.Scan(&c.ID, &c.Reference, &c.Payer, &c.Amount, &purpose, &c.State, &created, &paid); err != nil {
		return c, err
	}
	c.CreatedAt, c.PaidAt = db.Time(created), db.Time(paid)
	return c, json.Unmarshal([]byte(purpose), &c.Purpose)
}
