package merge

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Place is a column that names a patient and is led over to the survivor.
type Place struct{ Table, Column string }

// Places are all columns that name a patient, but those of the merges
// themselves. TestEveryColumnThatNamesAPatientIsLedOver holds the list whole.
var Places = []Place{
	{"pregnancy", "patient_id"},
	{"stay", "patient_id"},
	{"newborn", "patient_id"},
	{"newborn", "mother_id"},
	{"patient_identity", "patient_id"},
	{"refusal", "patient_id"},
	{"referral", "patient_id"},
}

// numbers are the columns of a row that hold numbers.
var numbers = []string{"birth_year", "rural", "insured", "birth_order", "blood_at"}

// rowColumns are the columns that a merge may change.
var rowColumns = func() []string {
	columns := []string{"folded_name", "alike_key"}
	for _, g := range Groups {
		columns = append(columns, g.columns...)
	}
	return append(columns, kept...)
}()

// lockBoth holds both patients, in one order whoever asks.
func lockBoth(ctx context.Context, d *db.DB, tx *sql.Tx, a, b string) error {
	ids := []string{a, b}
	slices.Sort(ids)
	for _, one := range ids {
		var found string
		err := tx.QueryRowContext(ctx, `SELECT id FROM patient WHERE id = $1`+d.ForUpdate(), one).Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			return fail.New(fail.NotFound, "card.patient.not_found")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func loadSide(ctx context.Context, q db.Querier, patientID string) (Side, error) {
	var s Side
	var err error
	if s.Patient, err = patient.Load(ctx, q, patientID); err != nil {
		return s, err
	}
	if s.Row, err = loadRow(ctx, q, patientID); err != nil {
		return s, err
	}
	s.Stays, err = stays(ctx, q, `s.patient_id = $1 ORDER BY s.admitted_at DESC`, patientID)
	return s, err
}

func loadRow(ctx context.Context, q db.Querier, patientID string) (Row, error) {
	values := make([]string, len(rowColumns))
	into, selected := make([]any, len(rowColumns)), make([]string, len(rowColumns))
	for i, column := range rowColumns {
		into[i], selected[i] = &values[i], "COALESCE(CAST("+column+" AS TEXT), '')"
	}
	if err := q.QueryRowContext(ctx, `SELECT `+strings.Join(selected, ", ")+` FROM patient WHERE id = $1`, patientID).Scan(into...); err != nil {
		return nil, db.Explain(err)
	}
	r := Row{}
	for i, column := range rowColumns {
		r[column] = values[i]
	}
	return r, nil
}

// updateRow writes the row; an empty ПИН is none.
func updateRow(ctx context.Context, tx *sql.Tx, patientID string, r Row) error {
	args, set := []any{patientID}, []string{}
	for _, column := range rowColumns {
		var value any = r[column]
		switch {
		case column == "pin" && value == "":
			value = nil
		case slices.Contains(numbers, column):
			n, err := strconv.ParseInt(r[column], 10, 64)
			if err != nil {
				return fmt.Errorf("column %s of a patient: %w", column, err)
			}
			value = n
		}
		args = append(args, value)
		set = append(set, column+" = $"+strconv.Itoa(len(args)))
	}
	_, err := tx.ExecContext(ctx, `UPDATE patient SET `+strings.Join(set, ", ")+` WHERE id = $1`, args...)
	return err
}

func freePINs(ctx context.Context, tx *sql.Tx, a, b string) error {
	_, err := tx.ExecContext(ctx, `UPDATE patient SET pin = NULL WHERE id IN ($1, $2)`, a, b)
	return err
}

// mark sets the merged one's ПИН and to whom they lead, "" to themselves.
func mark(ctx context.Context, tx *sql.Tx, patientID, pin, into string) error {
	var number any
	if pin != "" {
		number = pin
	}
	_, err := tx.ExecContext(ctx, `UPDATE patient SET pin = $2, merged_into = $3 WHERE id = $1`, patientID, number, into)
	return err
}

const stayColumns = `SELECT s.id, s.organisation, s.state, s.admitted_at, s.discharged_at,
		COALESCE((SELECT g.code FROM diagnosis g WHERE g.stay_id = s.id AND g.rank = 'main' AND g.ended_at = 0
			ORDER BY CASE g.stage WHEN 'final' THEN 0 WHEN 'clinical' THEN 1 WHEN 'admission' THEN 2 ELSE 3 END LIMIT 1), '')
	FROM stay s WHERE `

func stays(ctx context.Context, q db.Querier, where string, args ...any) ([]Stay, error) {
	var all []Stay
	for row, err := range db.Rows(ctx, q, stayColumns+where, args...) {
		if err != nil {
			return nil, err
		}
		var s Stay
		var state string
		var admitted, discharged int64
		if err := row.Scan(&s.ID, &s.Organisation, &state, &admitted, &discharged, &s.Diagnosis); err != nil {
			return nil, err
		}
		s.Open, s.AdmittedAt, s.DischargedAt = state == "open", db.Time(admitted), db.Time(discharged)
		all = append(all, s)
	}
	return all, nil
}

// newStays are the survivor's that began to be written since the merge.
func newStays(ctx context.Context, q db.Querier, m Merge) ([]Stay, error) {
	return stays(ctx, q, `s.patient_id = $1 AND s.created_at > $2
		AND NOT EXISTS (SELECT 1 FROM patient_merge_row r WHERE r.merge_id = $3 AND r.place = 'stay.patient_id' AND r.row_id = s.id)
		ORDER BY s.admitted_at`, m.SurvivorID, db.Micros(m.At), m.ID)
}

func leadStay(ctx context.Context, tx *sql.Tx, stayID, to string) error {
	_, err := tx.ExecContext(ctx, `UPDATE stay SET patient_id = $2 WHERE id = $1`, stayID, to)
	return err
}

// lead notes the rows that name the merged one and names the survivor in them.
func lead(ctx context.Context, tx *sql.Tx, m Merge, p Place) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO patient_merge_row (merge_id, place, row_id)
		SELECT $1, $2, id FROM `+p.Table+` WHERE `+p.Column+` = $3`, m.ID, p.name(), m.MergedID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE `+p.Table+` SET `+p.Column+` = $1 WHERE `+p.Column+` = $2`, m.SurvivorID, m.MergedID)
	return err
}

func leadBack(ctx context.Context, tx *sql.Tx, m Merge, p Place) error {
	_, err := tx.ExecContext(ctx, `UPDATE `+p.Table+` SET `+p.Column+` = $1 WHERE `+p.Column+` = $2
		AND id IN (SELECT row_id FROM patient_merge_row WHERE merge_id = $3 AND place = $4)`, m.MergedID, m.SurvivorID, m.ID, p.name())
	return err
}

func (p Place) name() string { return p.Table + "." + p.Column }

// notBothBorn: a person is born once.
func notBothBorn(ctx context.Context, q db.Querier, a, b string) error {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM newborn WHERE patient_id IN ($1, $2)`, a, b).Scan(&n); err != nil {
		return err
	}
	if n > 1 {
		return fail.New(fail.Conflict, "card.merge.born_twice")
	}
	return nil
}

func insertMerge(ctx context.Context, tx *sql.Tx, m Merge) error {
	was, err := json.Marshal(m.Was)
	if err != nil {
		return err
	}
	became, err := json.Marshal(m.Became)
	if err != nil {
		return err
	}
	staff := desk.Of(ctx)
	_, err = tx.ExecContext(ctx, `INSERT INTO patient_merge (id, survivor_id, merged_id, organisation, reason, was, became, merged_pin, at, by_pin, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		m.ID, m.SurvivorID, m.MergedID, m.Organisation, m.Reason, string(was), string(became), m.MergedPIN, db.Micros(m.At), staff.PIN, staff.Name)
	return err
}

const mergeColumns = `SELECT id, survivor_id, merged_id, organisation, reason, was, became, merged_pin, at, by_name, undone_at, undone_name, undo_reason FROM patient_merge `

// Load is the merge of the id; fail.NotFound.
func Load(ctx context.Context, q db.Querier, mergeID string) (Merge, error) {
	all, err := merges(ctx, q, `WHERE id = $1`, mergeID)
	if err == nil && len(all) == 0 {
		err = fail.New(fail.NotFound, "card.merge.not_found")
	}
	if err != nil {
		return Merge{}, err
	}
	return all[0], nil
}

// ofOrganisation are the newest merges that the hospital made.
func ofOrganisation(ctx context.Context, q db.Querier, organisation string) ([]Merge, error) {
	return merges(ctx, q, `WHERE organisation = $1 ORDER BY at DESC, id DESC LIMIT 100`, organisation)
}

// ofPatient are the merges that stand and made the patient what they are.
func ofPatient(ctx context.Context, q db.Querier, patientID string) ([]Merge, error) {
	return merges(ctx, q, `WHERE survivor_id = $1 AND undone_at = 0 ORDER BY at DESC, id DESC`, patientID)
}

func merges(ctx context.Context, q db.Querier, where string, args ...any) ([]Merge, error) {
	var all []Merge
	for row, err := range db.Rows(ctx, q, mergeColumns+where, args...) {
		if err != nil {
			return nil, err
		}
		var m Merge
		var was, became string
		var at, undone int64
		if err := row.Scan(&m.ID, &m.SurvivorID, &m.MergedID, &m.Organisation, &m.Reason, &was, &became, &m.MergedPIN, &at, &m.ByName,
			&undone, &m.UndoneName, &m.UndoReason); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(was), &m.Was); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(became), &m.Became); err != nil {
			return nil, err
		}
		m.At, m.UndoneAt = db.Time(at), db.Time(undone)
		all = append(all, m)
	}
	return all, nil
}

// lastOne refuses to undo what a later merge of either has built on.
func lastOne(ctx context.Context, q db.Querier, m Merge) error {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM patient_merge WHERE undone_at = 0 AND id <> $1
		AND (merged_id = $2 OR survivor_id = $2 AND (at > $3 OR at = $3 AND id > $1))`, m.ID, m.SurvivorID, db.Micros(m.At)).Scan(&n)
	if err == nil && n > 0 {
		return fail.New(fail.Conflict, "card.merge.later_first")
	}
	return err
}

func markUndone(ctx context.Context, tx *sql.Tx, mergeID, reason string, c clock.Clock) (bool, error) {
	staff := desk.Of(ctx)
	return db.ChangedOne(ctx, tx, `UPDATE patient_merge SET undone_at = $2, undone_by = $3, undone_name = $4, undo_reason = $5 WHERE id = $1 AND undone_at = 0`,
		mergeID, db.Micros(c.Now()), staff.PIN, staff.Name, reason)
}

func insertApart(ctx context.Context, tx *sql.Tx, a, b string, c clock.Clock) error {
	if a > b {
		a, b = b, a
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO patient_apart (first_id, second_id, at, by_pin) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		a, b, db.Micros(c.Now()), desk.Of(ctx).PIN)
	return err
}
