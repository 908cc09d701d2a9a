package ward

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Moved is a time in a department and bed.
type Moved struct {
	Department string
	Bed        string // name, "" without one
	From       time.Time
	Until      time.Time // zero: still there
	ByName     string
	Reason     string
}

// Moves are those of the stay, the first one first.
func Moves(ctx context.Context, q db.Querier, stayID string) ([]Moved, error) {
	var moves []Moved
	for row, err := range db.Rows(ctx, q, `SELECT m.department, COALESCE(b.name, ''), m.from_at, m.until_at, m.by_name, m.reason
		FROM move m LEFT JOIN bed b ON b.id = m.bed_id WHERE m.stay_id = $1 ORDER BY m.from_at, m.id`, stayID) {
		if err != nil {
			return nil, err
		}
		var m Moved
		var from, until int64
		if err := row.Scan(&m.Department, &m.Bed, &from, &until, &m.ByName, &m.Reason); err != nil {
			return nil, err
		}
		m.From, m.Until = db.Time(from), db.Time(until)
		moves = append(moves, m)
	}
	return moves, nil
}

// place is where the stay is, read under a lock.
type place struct {
	open       bool
	department string
	bedID      string
	patientPIN string
	since      time.Time
}

func lockPlace(ctx context.Context, d *db.DB, tx *sql.Tx, stayID, organisation string) (place, bool, error) {
	var p place
	var state string
	lock := d.ForUpdate()
	if lock != "" {
		lock += " OF s"
	}
	err := tx.QueryRowContext(ctx, `SELECT s.state, s.department, COALESCE(s.bed_id, ''), COALESCE(p.pin, '')
		FROM stay s JOIN patient p ON p.id = s.patient_id WHERE s.id = $1 AND s.organisation = $2`+lock, stayID, organisation).
		Scan(&state, &p.department, &p.bedID, &p.patientPIN)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, err
	}
	var since int64
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(from_at), 0) FROM move WHERE stay_id = $1`, stayID).Scan(&since)
	p.open, p.since = state == "open", db.Time(since)
	return p, err == nil, err
}

func writeMove(ctx context.Context, tx *sql.Tx, in MoveTo) error {
	var bed any
	if in.Bed != "" {
		bed = in.Bed
	}
	at := db.Micros(in.At)
	if _, err := tx.ExecContext(ctx, `UPDATE stay SET department = $2, bed_id = $3 WHERE id = $1`, in.Stay, in.Department, bed); err != nil {
		return err
	}
	if in.DoctorPIN != "" {
		if _, err := tx.ExecContext(ctx, `UPDATE stay SET doctor_pin = $2, doctor_name = $3 WHERE id = $1`, in.Stay, in.DoctorPIN, in.DoctorName); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE move SET until_at = $2 WHERE stay_id = $1 AND until_at = 0`, in.Stay, at); err != nil {
		return err
	}
	return OpenMove(ctx, tx, in.Stay, in.Department, in.Bed, in.At, in.Reason)
}

// OpenMove writes the beginning of a time in a department and bed.
func OpenMove(ctx context.Context, tx *sql.Tx, stayID, department, bedID string, from time.Time, reason string) error {
	staff := desk.Of(ctx)
	var bed any
	if bedID != "" {
		bed = bedID
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO move (id, stay_id, department, bed_id, from_at, by_pin, by_name, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id.New(), stayID, department, bed, db.Micros(from), staff.PIN, staff.Name, reason)
	return err
}
