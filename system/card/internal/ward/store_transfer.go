package ward

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

func insertTransfer(ctx context.Context, tx db.Querier, organisation string, t Transfer) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO transfer (id, stay_id, organisation, from_department, to_department, reason, state, asked_at, by_pin, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, 'asked', $7, $8, $9)`,
		t.ID, t.StayID, organisation, t.From, t.To, t.Reason, db.Micros(t.AskedAt), t.ByPIN, t.ByName)
	return err
}

func decideTransfer(ctx context.Context, tx db.Querier, id, state, decision string, by desk.Staff, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE transfer SET state = $2, decision = $3, decided_at = $4, decided_by = $5, decided_name = $6 WHERE id = $1 AND state = 'asked'`,
		id, state, decision, db.Micros(at), by.PIN, by.Name)
	return err
}

const transferColumns = `t.id, t.stay_id, t.from_department, t.to_department, t.reason, t.state, t.asked_at, t.by_pin, t.by_name, t.decided_at, t.decided_name, t.decision,
	p.family_name || ' ' || p.given_name, COALESCE(p.pin, ''), ` + isolationOf + ` FROM transfer t JOIN stay s ON s.id = t.stay_id JOIN patient p ON p.id = s.patient_id`

func scanTransfer(row db.Row) (Transfer, error) {
	var t Transfer
	var asked, decided int64
	err := row.Scan(&t.ID, &t.StayID, &t.From, &t.To, &t.Reason, &t.State, &asked, &t.ByPIN, &t.ByName, &decided, &t.DecidedName, &t.Decision, &t.PatientName, &t.PatientPIN, &t.Isolation)
	t.AskedAt, t.DecidedAt = db.Time(asked), db.Time(decided)
	return t, err
}

func findTransfer(ctx context.Context, q db.Querier, organisation, id string) (Transfer, bool, error) {
	t, err := scanTransfer(q.QueryRowContext(ctx, `SELECT `+transferColumns+` WHERE t.id = $1 AND t.organisation = $2`, id, organisation))
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	return t, err == nil, db.Explain(err)
}

func transfers(ctx context.Context, q db.Querier, where string, args ...any) ([]Transfer, error) {
	return db.List(ctx, q, scanTransfer, `SELECT `+transferColumns+where, args...)
}

// TransfersOf are those of the stay, the newest first.
func TransfersOf(ctx context.Context, q db.Querier, stayID string) ([]Transfer, error) {
	return transfers(ctx, q, ` WHERE t.stay_id = $1 ORDER BY t.asked_at DESC, t.id DESC`, stayID)
}

const incomingTo = ` WHERE t.organisation = $1 AND t.to_department = $2 AND t.state = 'asked' AND s.state = 'open' ORDER BY t.asked_at, t.id`

// Incoming are the open stays that the department is asked to take over.
func Incoming(ctx context.Context, q db.Querier, organisation, department string) ([]Transfer, error) {
	return transfers(ctx, q, incomingTo, organisation, department)
}

func reservationOf(ctx context.Context, q db.Querier, bedID string, now time.Time) (Reservation, bool, error) {
	var r Reservation
	var until int64
	err := q.QueryRowContext(ctx, `SELECT whom, until_at, by_name FROM bed_reservation WHERE bed_id = $1 AND until_at > $2`, bedID, db.Micros(now)).
		Scan(&r.Whom, &until, &r.ByName)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	r.Until = db.Time(until)
	return r, err == nil, db.Explain(err)
}

// saveReservation takes the place of one that has lapsed.
func saveReservation(ctx context.Context, tx db.Querier, bedID string, r Reservation, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO bed_reservation (bed_id, whom, until_at, at, by_pin, by_name) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (bed_id) DO UPDATE SET whom = excluded.whom, until_at = excluded.until_at, at = excluded.at, by_pin = excluded.by_pin, by_name = excluded.by_name`,
		bedID, r.Whom, db.Micros(r.Until), db.Micros(at), by, r.ByName)
	return err
}

func dropReservation(ctx context.Context, tx db.Querier, bedID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM bed_reservation WHERE bed_id = $1`, bedID)
	return err
}
