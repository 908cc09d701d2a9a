package referral

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

const columns = patient.Columns + `, r.id, r.number, r.check_code, r.form, r.purpose, r.urgency, r.from_organisation, r.from_department, r.from_stay,
	r.to_organisation, r.to_department, r.code, r.diagnosis, r.reason, r.history, r.by_pin, r.by_name, r.by_role, r.written_at, r.valid_until,
	r.state, r.version, r.appointed_at, r.root, r.replaces, r.stay_id, r.conclusion, r.remote`

func scan(row db.Row) (Referral, error) {
	var r Referral
	var written, appointed int64
	var until string
	p, err := patient.Scan(row, &r.ID, &r.Number, &r.CheckCode, &r.Form, &r.Purpose, &r.Urgency, &r.From, &r.FromDepartment, &r.FromStay,
		&r.To, &r.ToDepartment, &r.Code, &r.Diagnosis, &r.Reason, &r.History, &r.ByPIN, &r.ByName, &r.ByRole, &written, &until,
		&r.State, &r.Version, &appointed, &r.Root, &r.Replaces, &r.StayID, &r.Conclusion, &r.Remote)
	r.Patient, r.WrittenAt, r.AppointedAt, r.ValidUntil = p, db.Time(written), db.Time(appointed), db.Date(until)
	return r, err
}

// find is the referral, whoever asks; ok is false when there is none.
func find(ctx context.Context, q db.Querier, referralID string) (Referral, bool, error) {
	return one(ctx, q, `r.id = $1`, referralID)
}

func one(ctx context.Context, q db.Querier, where string, args ...any) (Referral, bool, error) {
	r, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM referral r JOIN patient p ON p.id = r.patient_id WHERE `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, db.Explain(err)
}

// hold locks the referral for a step.
func hold(ctx context.Context, d *db.DB, tx *sql.Tx, referralID string) (Referral, error) {
	var version int
	err := tx.QueryRowContext(ctx, `SELECT version FROM referral WHERE id = $1`+d.ForUpdate(), referralID).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return Referral{}, fail.New(fail.NotFound, "card.referral.none_such")
	}
	if err != nil {
		return Referral{}, err
	}
	r, _, err := find(ctx, tx, referralID)
	return r, err
}

func many(ctx context.Context, q db.Querier, where string, args ...any) ([]Referral, error) {
	return db.List(ctx, q, scan, `SELECT `+columns+` FROM referral r JOIN patient p ON p.id = r.patient_id WHERE `+where, args...)
}

// Named are the referrals of the ids, for whoever has been let through to them.
func Named(ctx context.Context, q db.Querier, ids []string) ([]Referral, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), id
	}
	return many(ctx, q, `r.id IN (`+strings.Join(marks, ", ")+`)`, args...)
}

// chainOf is the referrals of a chain, the first first.
func chainOf(ctx context.Context, q db.Querier, root string) ([]Referral, error) {
	return many(ctx, q, `r.root = $1 ORDER BY r.written_at, r.id LIMIT 50`, root)
}

// ofPatient are the person's referrals that the organisation has a part in, the
// newest first.
func ofPatient(ctx context.Context, q db.Querier, patientID, organisation string) ([]Referral, error) {
	return many(ctx, q, `r.patient_id = $1 AND (r.from_organisation = $2 OR r.to_organisation = $2) ORDER BY r.written_at DESC, r.id DESC LIMIT 100`, patientID, organisation)
}

// ofStay are those that were written in the stay, the newest first.
func ofStay(ctx context.Context, q db.Querier, stayID string) ([]Referral, error) {
	return many(ctx, q, `r.from_stay = $1 OR r.stay_id = $1 ORDER BY r.written_at DESC, r.id DESC LIMIT 100`, stayID)
}

// waiting are those to the organisation that a reception may pick up.
func waiting(ctx context.Context, q db.Querier, patientID, organisation string, today clock.Date) ([]Referral, error) {
	return many(ctx, q, `r.patient_id = $1 AND r.to_organisation = $2 AND r.state IN ('sent', 'accepted') AND r.valid_until >= $3
		ORDER BY r.written_at DESC, r.id DESC LIMIT 20`, patientID, organisation, today.String())
}

// twin says whether the person has another open referral to the department for
// the purpose. It holds the person's row, so that two who refer at once take turns.
func twin(ctx context.Context, d *db.DB, tx *sql.Tx, r Referral) (bool, error) {
	var patientID string
	if err := tx.QueryRowContext(ctx, `SELECT id FROM patient WHERE id = $1`+d.ForUpdate(), r.Patient.ID).Scan(&patientID); err != nil {
		return false, err
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM referral WHERE patient_id = $1 AND to_organisation = $2 AND to_department = $3 AND purpose = $4
		AND state IN ('sent', 'accepted') AND valid_until >= $5 AND id <> $6`,
		r.Patient.ID, r.To, r.ToDepartment, r.Purpose, clock.DateOf(r.WrittenAt).String(), r.ID).Scan(&n)
	return n > 0, err
}

func insert(ctx context.Context, tx *sql.Tx, r Referral) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO referral (id, number, check_code, form, purpose, urgency, patient_id, from_organisation, from_department,
			from_stay, to_organisation, to_department, code, diagnosis, reason, history, by_pin, by_name, by_role, written_at, valid_until,
			state, version, appointed_at, root, replaces, stay_id, conclusion, remote)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 0, 0, $23, $24, '', '', $25)`,
		r.ID, r.Number, r.CheckCode, r.Form, r.Purpose, r.Urgency, r.Patient.ID, r.From, r.FromDepartment, r.FromStay, r.To, r.ToDepartment,
		r.Code, r.Diagnosis, r.Reason, r.History, r.ByPIN, r.ByName, r.ByRole, db.Micros(r.WrittenAt), r.ValidUntil.String(), r.State, r.Root, r.Replaces, r.Remote)
	return err
}

// update writes what a step changed; the version is what two who act at once
// are told apart by.
func update(ctx context.Context, tx *sql.Tx, r Referral, s Step) error {
	first, err := db.ChangedOne(ctx, tx, `UPDATE referral SET state = $3, version = $4, appointed_at = $5, valid_until = $6, stay_id = $7, conclusion = $8
		WHERE id = $1 AND version = $2`, r.ID, s.Seq-1, s.State, s.Seq, db.Micros(r.AppointedAt), r.ValidUntil.String(), r.StayID, r.Conclusion)
	if err != nil {
		return err
	}
	if !first {
		return fail.New(fail.Conflict, "card.referral.over")
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO referral_step (id, referral_id, seq, state, at, organisation, by_pin, by_name, note, appointed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		s.ID, r.ID, s.Seq, s.State, db.Micros(s.At), s.Organisation, s.ByPIN, s.ByName, s.Note, db.Micros(s.AppointedAt))
	return err
}

// stepsOf are the steps, the earliest first.
func stepsOf(ctx context.Context, q db.Querier, referralID string) ([]Step, error) {
	var all []Step
	for row, err := range db.Rows(ctx, q, `SELECT id, seq, state, at, organisation, by_pin, by_name, note, appointed_at FROM referral_step WHERE referral_id = $1 ORDER BY seq`, referralID) {
		if err != nil {
			return nil, err
		}
		var s Step
		var at, appointed int64
		if err := row.Scan(&s.ID, &s.Seq, &s.State, &at, &s.Organisation, &s.ByPIN, &s.ByName, &s.Note, &appointed); err != nil {
			return nil, err
		}
		s.At, s.AppointedAt = db.Time(at), db.Time(appointed)
		all = append(all, s)
	}
	return all, nil
}

// hasStep says whether a step of the id is written.
func hasStep(ctx context.Context, q db.Querier, stepID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM referral_step WHERE id = $1`, stepID).Scan(&n)
	return n > 0, err
}

func insertResults(ctx context.Context, tx *sql.Tx, referralID string, results []Result) error {
	for i, o := range results {
		findings, err := json.Marshal(o.Findings)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO referral_result (id, referral_id, position, owner, source, kind, title, at, body, findings, by_name)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			o.ID, referralID, i, o.Owner, o.Source, o.Kind, o.Title, db.Micros(o.At), o.Body, string(findings), o.ByName)
		if err != nil {
			return fmt.Errorf("result %d: %w", i, err)
		}
	}
	return nil
}

func resultsOf(ctx context.Context, q db.Querier, referralID string) ([]Result, error) {
	return db.List(ctx, q, scanResult, `SELECT id, owner, source, kind, title, at, body, findings, by_name FROM referral_result WHERE referral_id = $1 ORDER BY position`, referralID)
}

func scanResult(row db.Row) (Result, error) {
	var o Result
	var at int64
	var findings string
	if err := row.Scan(&o.ID, &o.Owner, &o.Source, &o.Kind, &o.Title, &at, &o.Body, &findings, &o.ByName); err != nil {
		return o, err
	}
	o.At = db.Time(at)
	if findings == "" {
		return o, nil
	}
	return o, json.Unmarshal([]byte(findings), &o.Findings)
}

// stayOpen says whether the stay lasts.
func stayOpen(ctx context.Context, q db.Querier, stayID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM stay WHERE id = $1 AND state = 'open'`, stayID).Scan(&n)
	return n > 0, db.Explain(err)
}

// stayPatient is whose stay of the organisation it is; ok is false when it is none.
func stayPatient(ctx context.Context, q db.Querier, stayID, organisation string) (patientID, department string, ok bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT patient_id, department FROM stay WHERE id = $1 AND organisation = $2`, stayID, organisation).Scan(&patientID, &department)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", false, nil
	}
	return patientID, department, err == nil, db.Explain(err)
}

// ruleOf is the row of the rule that holds on the day.
func ruleOf(ctx context.Context, q db.Querier, what string, on clock.Date) (Rule, error) {
	var r Rule
	err := q.QueryRowContext(ctx, `SELECT days, source FROM referral_rule WHERE what = $1 AND from_day <= $2 AND (until_day = '' OR until_day > $2)
		ORDER BY from_day DESC LIMIT 1`, what, on.String()).Scan(&r.Days, &r.Source)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fail.Wrap(fmt.Errorf("no row of referral_rule for %s on %s", what, on), fail.Internal, "kit.internal")
	}
	return r, db.Explain(err)
}

// countingNew asks how many referrals wait for an answer of the organisation's
// department ("" for all), and how many that it sent were refused lately with
// nobody having referred the patient elsewhere since.
func countingNew(organisation, department string, now time.Time, received, refused *int) db.Question {
	return db.Question{
		Query: `SELECT
			(SELECT COUNT(*) FROM referral WHERE to_organisation = $1 AND state = 'sent' AND valid_until >= $3 AND ($2 = '' OR to_department = $2)),
			(SELECT COUNT(*) FROM referral r WHERE from_organisation = $1 AND state = 'refused' AND written_at >= $4 AND ($2 = '' OR from_department = $2)
				AND NOT EXISTS (SELECT 1 FROM referral later WHERE later.patient_id = r.patient_id AND later.from_organisation = r.from_organisation AND later.written_at > r.written_at))`,
		Args: []any{organisation, department, clock.DateOf(now).String(), db.Micros(now.Add(-refusedLately))},
		Each: func(row db.Row) error { return row.Scan(received, refused) },
	}
}

// saveRule writes a row of a rule and says whether it changed anything.
func saveRule(ctx context.Context, tx *sql.Tx, what string, days int, from clock.Date, until, source string) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO referral_rule (what, days, from_day, until_day, source) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (what, from_day) DO UPDATE SET days = excluded.days, until_day = excluded.until_day, source = excluded.source
		WHERE referral_rule.days <> excluded.days OR referral_rule.until_day <> excluded.until_day OR referral_rule.source <> excluded.source`,
		what, days, from.String(), until, source)
}
