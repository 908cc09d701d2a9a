package order

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// insertOrder says whether the order is new.
func insertOrder(ctx context.Context, tx db.Querier, stayID string, in Ordering, by desk.Staff, at time.Time) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO medical_order (id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, created_at, hours, last_day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
		in.Once, stayID, in.Kind, in.Text, in.Dose, in.Times, db.Micros(in.From), by.PIN, by.Name, db.Micros(at), in.Hours, in.LastDay.String())
}

func endOrder(ctx context.Context, tx db.Querier, orderID, reason, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE medical_order SET ended_at = $2, ended_by = $3, end_reason = $4 WHERE id = $1 AND ended_at = 0`,
		orderID, db.Micros(at), by, reason)
	return err
}

func insertMark(ctx context.Context, tx db.Querier, in Marking, by desk.Staff) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO order_mark (id, order_id, at, given, reason, by_pin, by_name, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
		in.Once, in.Order, db.Micros(in.At), db.Flag(in.Given), in.Reason, by.PIN, by.Name, db.Micros(in.Due))
	return err
}

const orderRow = `id, stay_id, kind, text, dose, times, from_at, by_pin, by_name, ended_at, end_reason, hours, last_day`

func findOrder(ctx context.Context, q db.Querier, stayID, orderID string) (Order, error) {
	o, err := scanOrder(q.QueryRowContext(ctx, `SELECT `+orderRow+` FROM medical_order WHERE id = $1 AND stay_id = $2`, orderID, stayID))
	if errors.Is(err, sql.ErrNoRows) {
		return o, fail.New(fail.NotFound, "card.orders.none_such")
	}
	return o, db.Explain(err)
}

// alertsOf are the alerts of whose stay it is, one a line.
func alertsOf(ctx context.Context, q db.Querier, stayID string) (string, error) {
	var alerts string
	err := q.QueryRowContext(ctx, `SELECT p.alerts FROM stay s JOIN patient p ON p.id = s.patient_id WHERE s.id = $1`, stayID).Scan(&alerts)
	return alerts, db.Explain(err)
}

// Orders of the stay with their marks: those in force first, then the newest.
func Orders(ctx context.Context, q db.Querier, stayID string) ([]Order, error) {
	var all []Order
	place := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT `+orderRow+` FROM medical_order WHERE stay_id = $1
		ORDER BY CASE WHEN ended_at = 0 THEN 0 ELSE 1 END, from_at DESC, id DESC`, stayID) {
		if err != nil {
			return nil, err
		}
		o, err := scanOrder(row)
		if err != nil {
			return nil, err
		}
		place[o.ID] = len(all)
		all = append(all, o)
	}
	return all, marks(ctx, q, stayID, func(orderID string, m Mark) {
		if i, ok := place[orderID]; ok {
			all[i].Marks = append(all[i].Marks, m)
		}
	})
}

// markOf is who has marked the hour and the id of the mark; "" for nobody.
func markOf(ctx context.Context, q db.Querier, orderID string, due time.Time) (by, id string, err error) {
	err = q.QueryRowContext(ctx, `SELECT by_name, id FROM order_mark WHERE order_id = $1 AND due_at = $2`, orderID, db.Micros(due)).Scan(&by, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return by, id, db.Explain(err)
}

// InForce are the orders of the department's open stays that had not ended
// before the moment, with the marks made since then.
func InForce(ctx context.Context, q db.Querier, organisation, department string, since time.Time) (map[string][]Order, error) {
	const in = ` FROM medical_order o JOIN stay s ON s.id = o.stay_id AND s.state = 'open' AND s.organisation = $1 AND s.department = $2`
	byStay := map[string][]Order{}
	type place struct {
		stay string
		at   int
	}
	places := map[string]place{}
	for row, err := range db.Rows(ctx, q, `SELECT o.id, o.stay_id, o.kind, o.text, o.dose, o.times, o.from_at, o.by_pin, o.by_name, o.ended_at, o.end_reason, o.hours, o.last_day`+
		in+` WHERE o.ended_at = 0 OR o.ended_at >= $3 ORDER BY o.from_at, o.id`, organisation, department, db.Micros(since)) {
		if err != nil {
			return nil, err
		}
		o, err := scanOrder(row)
		if err != nil {
			return nil, err
		}
		places[o.ID] = place{o.StayID, len(byStay[o.StayID])}
		byStay[o.StayID] = append(byStay[o.StayID], o)
	}
	return byStay, eachMark(ctx, q, func(orderID string, m Mark) {
		if p, ok := places[orderID]; ok {
			byStay[p.stay][p.at].Marks = append(byStay[p.stay][p.at].Marks, m)
		}
	}, `SELECT m.id, m.order_id, m.at, m.given, m.reason, m.by_name, m.due_at FROM order_mark m
		JOIN medical_order o ON o.id = m.order_id JOIN stay s ON s.id = o.stay_id AND s.state = 'open' AND s.organisation = $1 AND s.department = $2
		WHERE m.at >= $3 OR m.due_at >= $3 ORDER BY m.at DESC, m.id DESC`, organisation, department, db.Micros(since))
}

func marks(ctx context.Context, q db.Querier, stayID string, put func(string, Mark)) error {
	return eachMark(ctx, q, put, `SELECT m.id, m.order_id, m.at, m.given, m.reason, m.by_name, m.due_at FROM order_mark m
		JOIN medical_order o ON o.id = m.order_id WHERE o.stay_id = $1 ORDER BY m.at DESC, m.id DESC`, stayID)
}

func eachMark(ctx context.Context, q db.Querier, put func(string, Mark), query string, args ...any) error {
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return err
		}
		var m Mark
		var orderID string
		var at, given, due int64
		if err := row.Scan(&m.ID, &orderID, &at, &given, &m.Reason, &m.ByName, &due); err != nil {
			return err
		}
		m.At, m.Given, m.Due = db.Time(at), given == 1, db.Time(due)
		put(orderID, m)
	}
	return nil
}

func scanOrder(row db.Row) (Order, error) {
	var o Order
	var from, ended int64
	var hours, last string
	err := row.Scan(&o.ID, &o.StayID, &o.Kind, &o.Text, &o.Dose, &o.Times, &from, &o.ByPIN, &o.ByName, &ended, &o.EndReason, &hours, &last)
	o.From, o.EndedAt, o.Hours = db.Time(from), db.Time(ended), strings.Fields(hours)
	o.LastDay, _ = clock.ParseDate(last)
	return o, err
}
