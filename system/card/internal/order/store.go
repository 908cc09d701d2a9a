package order

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

func insertOrder(ctx context.Context, tx db.Querier, stayID string, in Ordering, by desk.Staff, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO medical_order (id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
		in.Once, stayID, in.Kind, in.Text, in.Dose, in.Times, db.Micros(in.From), by.PIN, by.Name, db.Micros(at))
	return err
}

func endOrder(ctx context.Context, tx db.Querier, orderID, reason, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE medical_order SET ended_at = $2, ended_by = $3, end_reason = $4 WHERE id = $1 AND ended_at = 0`,
		orderID, db.Micros(at), by, reason)
	return err
}

func insertMark(ctx context.Context, tx db.Querier, in Marking, by desk.Staff) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO order_mark (id, order_id, at, given, reason, by_pin, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		in.Once, in.Order, db.Micros(in.At), db.Flag(in.Given), in.Reason, by.PIN, by.Name)
	return err
}

const orderRow = `id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, ended_at, end_reason`

func findOrder(ctx context.Context, q db.Querier, stayID, orderID string) (Order, error) {
	o, err := scanOrder(q.QueryRowContext(ctx, `SELECT `+orderRow+` FROM medical_order WHERE id = $1 AND stay_id = $2`, orderID, stayID))
	if errors.Is(err, sql.ErrNoRows) {
		return o, fail.New(fail.NotFound, "card.orders.none_such")
	}
	return o, db.Explain(err)
}

// Orders of the stay with their marks: those in force first, then the newest.
func Orders(ctx context.Context, q db.Querier, stayID string) ([]Order, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+orderRow+` FROM medical_order WHERE stay_id = $1
		ORDER BY CASE WHEN ended_at = 0 THEN 0 ELSE 1 END, from_at DESC, id DESC`, stayID)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var all []Order
	place := map[string]int{}
	for rows.Next() {
		o, err := scanOrder(rows)
		if err != nil {
			return nil, err
		}
		place[o.ID] = len(all)
		all = append(all, o)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return all, marks(ctx, q, stayID, func(orderID string, m Mark) {
		if i, ok := place[orderID]; ok {
			all[i].Marks = append(all[i].Marks, m)
		}
	})
}

func marks(ctx context.Context, q db.Querier, stayID string, put func(string, Mark)) error {
	rows, err := q.QueryContext(ctx, `SELECT m.id, m.order_id, m.at, m.given, m.reason, m.by_name FROM order_mark m
		JOIN medical_order o ON o.id = m.order_id WHERE o.stay_id = $1 ORDER BY m.at DESC, m.id DESC`, stayID)
	if err != nil {
		return db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m Mark
		var orderID string
		var at, given int64
		if err := rows.Scan(&m.ID, &orderID, &at, &given, &m.Reason, &m.ByName); err != nil {
			return err
		}
		m.At, m.Given = db.Time(at), given == 1
		put(orderID, m)
	}
	return rows.Err()
}

func scanOrder(row interface{ Scan(...any) error }) (Order, error) {
	var o Order
	var from, ended int64
	err := row.Scan(&o.ID, &o.StayID, &o.Kind, &o.Text, &o.Dose, &o.Times, &from, &o.ByPIN, &o.ByName, &ended, &o.EndReason)
	o.From, o.EndedAt = db.Time(from), db.Time(ended)
	return o, err
}
