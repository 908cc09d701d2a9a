package ward

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// mainCode is the code of the newest stage of the main diagnosis of stay s.
const mainCode = `COALESCE((SELECT code FROM diagnosis WHERE stay_id = s.id AND rank = 'main' AND ended_at = 0
	ORDER BY CASE stage WHEN 'final' THEN 0 WHEN 'clinical' THEN 1 WHEN 'admission' THEN 2 ELSE 3 END LIMIT 1), '')`

// Beds are the department's beds in the order of the board. A closed bed is
// among them only while somebody lies in it.
func Beds(ctx context.Context, d *desk.Desk, organisation, department string) ([]Bed, error) {
	beds, _, err := Floor(ctx, d, organisation, department)
	return beds, err
}

// Floor is Beds, and the department's patients without a bed, the longest
// waiting first.
func Floor(ctx context.Context, d *desk.Desk, organisation, department string) ([]Bed, []Lying, error) {
	return readFloor(ctx, d.DB, organisation, department, d.Clock.Now(), nil, nil)
}

const bedsOf = `SELECT b.id, b.department, b.room, b.name, b.state, COALESCE(r.whom, ''), COALESCE(r.until_at, 0), COALESCE(r.by_name, '')
	FROM bed b LEFT JOIN bed_reservation r ON r.bed_id = b.id AND r.until_at > $3
	WHERE b.organisation = $1 AND b.department = $2
		AND (b.state <> 'closed' OR EXISTS (SELECT 1 FROM stay s WHERE s.bed_id = b.id AND s.state = 'open')) ORDER BY b.position, b.id`

func scanBed(row db.Row) (Bed, error) {
	var b Bed
	var r Reservation
	var until int64
	err := row.Scan(&b.ID, &b.Department, &b.Room, &b.Name, &b.State, &r.Whom, &until, &r.ByName)
	if until > 0 {
		r.Until = db.Time(until)
		b.Reserved = &r
	}
	return b, err
}

// laid puts who lies there into the beds. A reservation is shown of a free bed alone.
func laid(beds []Bed, lying map[string][]Lying) {
	for i := range beds {
		b := &beds[i]
		if l, ok := lying[b.ID]; ok {
			b.Taken = &l[0]
		}
		if !b.Free() {
			b.Reserved = nil
		}
	}
}

// lyingIn is the department's open stays. A bed's stay is looked for by bed, so
// that a bed of another department never seems free.
const lyingIn = `SELECT ` + patient.ListColumns + `, s.id, COALESCE(s.bed_id, ''), s.admitted_at, ` + mainCode + `, s.doctor_name, ` + isolationOf + `
	FROM stay s JOIN patient p ON p.id = s.patient_id
	WHERE s.organisation = $1 AND s.state = 'open' AND (s.department = $2
		OR s.bed_id IN (SELECT id FROM bed WHERE organisation = $1 AND department = $2))
	ORDER BY s.admitted_at, s.id`

// addLying puts a row of lyingIn under its bed, "" for without one.
func addLying(row db.Row, lying map[string][]Lying) error {
	var l Lying
	var bedID string
	var admitted int64
	p, err := patient.ScanListed(row, &l.StayID, &bedID, &admitted, &l.Code, &l.Doctor, &l.Isolation)
	l.Patient, l.AdmittedAt = p, db.Time(admitted)
	lying[bedID] = append(lying[bedID], l)
	return err
}

// countOpen is how many patients each department of the organisation has.
const countOpen = `SELECT department, COUNT(*) FROM stay WHERE organisation = $1 AND state = 'open' GROUP BY department`

// readFloor is Floor and, when count is given, how many patients each department
// has; when incoming is, whom this one is asked to take over.
func readFloor(ctx context.Context, d *db.DB, organisation, department string, now time.Time, count map[string]int, incoming *[]Transfer) ([]Bed, []Lying, error) {
	var beds []Bed
	lying := map[string][]Lying{}
	ask := []db.Question{
		{Query: lyingIn, Args: []any{organisation, department}, Each: func(row db.Row) error { return addLying(row, lying) }},
		{Query: bedsOf, Args: []any{organisation, department, db.Micros(now)}, Each: func(row db.Row) error {
			b, err := scanBed(row)
			beds = append(beds, b)
			return err
		}},
	}
	if count != nil {
		ask = append(ask, db.Question{Query: countOpen, Args: []any{organisation}, Each: func(row db.Row) error {
			var of string
			var n int
			err := row.Scan(&of, &n)
			count[of] = n
			return err
		}})
	}
	if incoming != nil {
		ask = append(ask, db.Question{Query: `SELECT ` + transferColumns + incomingTo, Args: []any{organisation, department}, Each: func(row db.Row) error {
			t, err := scanTransfer(row)
			*incoming = append(*incoming, t)
			return err
		}})
	}
	err := d.Ask(ctx, ask...)
	laid(beds, lying)
	return beds, lying[""], err
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
