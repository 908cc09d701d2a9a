package ward

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// mainCode is the code of the newest stage of the main diagnosis of stay s.
const mainCode = `COALESCE((SELECT code FROM diagnosis WHERE stay_id = s.id AND rank = 'main' AND ended_at = 0
	ORDER BY CASE stage WHEN 'final' THEN 0 WHEN 'clinical' THEN 1 WHEN 'admission' THEN 2 ELSE 3 END LIMIT 1), '')`

// Beds are the department's beds in the order of the board. A closed bed is
// among them only while somebody lies in it.
func Beds(ctx context.Context, q db.Querier, organisation, department string) ([]Bed, error) {
	beds, _, err := Floor(ctx, q, organisation, department)
	return beds, err
}

// Floor is Beds, and the department's patients without a bed, the longest
// waiting first.
func Floor(ctx context.Context, q db.Querier, organisation, department string) ([]Bed, []Lying, error) {
	lying, err := lyingIn(ctx, q, organisation, department)
	if err != nil {
		return nil, nil, err
	}
	beds, err := bedsWith(ctx, q, organisation, department, lying)
	return beds, lying[""], err
}

func bedsWith(ctx context.Context, q db.Querier, organisation, department string, lying map[string][]Lying) ([]Bed, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, department, room, name, state FROM bed b WHERE organisation = $1 AND department = $2
		AND (state <> 'closed' OR EXISTS (SELECT 1 FROM stay s WHERE s.bed_id = b.id AND s.state = 'open')) ORDER BY position, id`, organisation, department)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var beds []Bed
	for rows.Next() {
		var b Bed
		if err := rows.Scan(&b.ID, &b.Department, &b.Room, &b.Name, &b.State); err != nil {
			return nil, err
		}
		if l, ok := lying[b.ID]; ok {
			b.Taken = &l[0]
		}
		beds = append(beds, b)
	}
	return beds, rows.Err()
}

// lyingIn is the department's open stays by bed; under "" those without one.
func lyingIn(ctx context.Context, q db.Querier, organisation, department string) (map[string][]Lying, error) {
	// A bed's stay is looked for by bed, so that a bed of another department
	// never seems free.
	rows, err := q.QueryContext(ctx, `SELECT `+patient.ListColumns+`, s.id, COALESCE(s.bed_id, ''), s.admitted_at, `+mainCode+`, s.doctor_name
		FROM stay s JOIN patient p ON p.id = s.patient_id
		WHERE s.organisation = $1 AND s.state = 'open' AND (s.department = $2
			OR s.bed_id IN (SELECT id FROM bed WHERE organisation = $1 AND department = $2))
		ORDER BY s.admitted_at, s.id`, organisation, department)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	lying := map[string][]Lying{}
	for rows.Next() {
		var l Lying
		var bedID string
		var admitted int64
		p, err := patient.ScanListed(rows, &l.StayID, &bedID, &admitted, &l.Code, &l.Doctor)
		if err != nil {
			return nil, err
		}
		l.Patient, l.AdmittedAt = p, db.Time(admitted)
		lying[bedID] = append(lying[bedID], l)
	}
	return lying, rows.Err()
}

func lockBed(ctx context.Context, d *db.DB, q db.Querier, organisation, bedID string) (Bed, bool, error) {
	b := Bed{ID: bedID}
	err := q.QueryRowContext(ctx, `SELECT department, room, name, state FROM bed WHERE id = $1 AND organisation = $2`+d.ForUpdate(), bedID, organisation).
		Scan(&b.Department, &b.Room, &b.Name, &b.State)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, db.Explain(err)
}

func setBed(ctx context.Context, tx *sql.Tx, bedID, state string) error {
	_, err := tx.ExecContext(ctx, `UPDATE bed SET state = $2 WHERE id = $1`, bedID, state)
	return err
}

// bedTaken says whether somebody lies in the bed.
func bedTaken(ctx context.Context, q db.Querier, bedID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM stay WHERE bed_id = $1 AND state = 'open'`, bedID).Scan(&n)
	return n > 0, db.Explain(err)
}

func findBed(ctx context.Context, q db.Querier, organisation, bedID string) (Bed, bool, error) {
	b := Bed{ID: bedID}
	err := q.QueryRowContext(ctx, `SELECT department, room, name, state FROM bed WHERE id = $1 AND organisation = $2`, bedID, organisation).
		Scan(&b.Department, &b.Room, &b.Name, &b.State)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, db.Explain(err)
}

// countOpen is how many patients each department of the organisation has.
func countOpen(ctx context.Context, q db.Querier, organisation string) (map[string]int, error) {
	rows, err := q.QueryContext(ctx, `SELECT department, COUNT(*) FROM stay WHERE organisation = $1 AND state = 'open' GROUP BY department`, organisation)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	count := map[string]int{}
	for rows.Next() {
		var department string
		var n int
		if err := rows.Scan(&department, &n); err != nil {
			return nil, err
		}
		count[department] = n
	}
	return count, rows.Err()
}
