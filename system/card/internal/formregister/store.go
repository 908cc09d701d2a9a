package formregister

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// rows are at most limit forms after the cursor, the newest discharge first.
func rows(ctx context.Context, q db.Querier, organisation string, f Filter, after string, limit int) ([]Row, error) {
	where, args := f.where(organisation)
	at, number, begins, err := place(ctx, q, organisation, after)
	if err != nil {
		return nil, err
	}
	if begins {
		args = append(args, at, number)
		a, b := "$"+strconv.Itoa(len(args)-1), "$"+strconv.Itoa(len(args))
		where += " AND (s.discharged_at < " + a + " OR (s.discharged_at = " + a + " AND f.number < " + b + "))"
	}
	args = append(args, limit)
	var all []Row
	for row, err := range db.Rows(ctx, q, `SELECT f.number, f.stay_id, f.state, f.void_reason, c.state, c.revision, s.department, s.admitted_at, s.discharged_at,
			COALESCE(p.pin, ''), p.family_name, p.given_name, p.patronymic, s.doctor_name, s.outcome, s.result,
			`+finalMain("code")+`, `+finalMain("text")+`,
			COALESCE((SELECT b.number FROM form b WHERE b.stay_id = f.stay_id AND b.sequence < f.sequence AND b.year = f.year ORDER BY b.sequence DESC LIMIT 1), ''),
			COALESCE((SELECT b.number FROM form b WHERE b.stay_id = f.stay_id AND b.sequence > f.sequence AND b.year = f.year ORDER BY b.sequence LIMIT 1), ''),
			(SELECT COUNT(*) FROM form b WHERE b.stay_id = f.stay_id AND b.number < f.number)
		FROM stay s JOIN form f ON f.stay_id = s.id
		JOIN treated_case c ON c.number = f.number AND c.revision = (SELECT MAX(revision) FROM treated_case newer WHERE newer.number = f.number)
		JOIN patient p ON p.id = s.patient_id
		WHERE `+where+` ORDER BY s.discharged_at DESC, f.number DESC LIMIT $`+strconv.Itoa(len(args)), args...) {
		if err != nil {
			return nil, err
		}
		var r Row
		var formState, caseState, family, given, patronymic string
		var admitted, discharged int64
		if err := row.Scan(&r.Number, &r.StayID, &formState, &r.VoidReason, &caseState, &r.Revision, &r.Department, &admitted, &discharged,
			&r.PatientPIN, &family, &given, &patronymic, &r.Doctor, &r.Outcome, &r.Result, &r.Code, &r.Diagnosis, &r.Replaces, &r.ReplacedBy, &r.Nth); err != nil {
			return nil, err
		}
		r.AdmittedAt, r.DischargedAt, r.Patient = db.Time(admitted), db.Time(discharged), text.Joined(family, given, patronymic)
		switch {
		case formState == "voided":
			r.State = Void
		case caseState == "queued":
			r.State = Sent
		default:
			r.State = caseState
		}
		all = append(all, r)
	}
	return all, nil
}

// tallied is how many forms the filter finds, by their state; its own state is
// left aside.
func tallied(ctx context.Context, q db.Querier, organisation string, f Filter) (map[string]int, error) {
	f.State = ""
	where, args := f.where(organisation)
	all := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT CASE WHEN f.state = 'voided' THEN 'void' WHEN c.state = 'queued' THEN 'sent' ELSE c.state END, COUNT(*)
		FROM stay s JOIN form f ON f.stay_id = s.id
		JOIN treated_case c ON c.number = f.number AND c.revision = (SELECT MAX(revision) FROM treated_case newer WHERE newer.number = f.number)
		WHERE `+where+` GROUP BY 1`, args...) {
		if err != nil {
			return nil, err
		}
		var state string
		var n int
		if err := row.Scan(&state, &n); err != nil {
			return nil, err
		}
		all[state] = n
	}
	return all, nil
}

// finalMain is a column of the stay's final main diagnosis, of the dead the
// post-mortem one. It is asked for by the stay: joined, a database that has not
// yet counted its rows looked through all diagnoses for each form.
func finalMain(column string) string {
	of := func(stage string) string {
		return "(SELECT g." + column + " FROM diagnosis g WHERE g.stay_id = s.id AND g.stage = '" + stage + "' AND g.rank = 'main' AND g.ended_at = 0)"
	}
	return "COALESCE(" + of("postmortem") + ", " + of("final") + ", '')"
}

// place is where a page begins: after the form that the cursor names; ok is false
// for what is no cursor, or none of the organisation.
func place(ctx context.Context, q db.Querier, organisation, cursor string) (at int64, number string, ok bool, err error) {
	stay, nth, found := strings.Cut(cursor, ".")
	n, err := strconv.Atoi(nth)
	if found = found && err == nil && n >= 0; !found {
		return 0, "", false, nil
	}
	err = q.QueryRowContext(ctx, `SELECT s.discharged_at, f.number FROM stay s JOIN form f ON f.stay_id = s.id
		WHERE s.id = $1 AND s.organisation = $2 ORDER BY f.number LIMIT 1 OFFSET $3`, stay, organisation, n).Scan(&at, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", false, nil
	}
	return at, number, err == nil, db.Explain(err)
}

// where is the filter in SQL; $1 is the organisation.
func (f Filter) where(organisation string) (query string, args []any) {
	var b strings.Builder
	args = []any{organisation}
	b.WriteString("s.organisation = $1 AND s.state = 'discharged'")
	and := func(condition string, value any) {
		args = append(args, value)
		b.WriteString(" AND " + strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if !f.From.IsZero() {
		and("s.discharged_at >= ?", db.Micros(f.From.Start()))
	}
	if !f.Until.IsZero() {
		and("s.discharged_at < ?", db.Micros(f.Until.Start().AddDate(0, 0, 1)))
	}
	if f.Department != "" {
		and("s.department = ?", f.Department)
	}
	if f.Doctor != "" {
		and("s.doctor_pin = (SELECT t.doctor_pin FROM stay t WHERE t.id = ? AND t.organisation = $1)", f.Doctor)
	}
	switch f.State {
	case Void:
		b.WriteString(" AND f.state = 'voided'")
	case Sent:
		b.WriteString(" AND f.state = 'valid' AND c.state = 'queued'")
	case Accepted, Returned:
		and("f.state = 'valid' AND c.state = ?", f.State)
	}
	if f.Code != "" {
		and(finalMain("code")+" LIKE ? ESCAPE '!'", escaped(f.Code)+"%")
	}
	if f.Outcome != "" {
		and("s.outcome = ?", f.Outcome)
	}
	if f.Number != "" {
		and("f.number LIKE ? ESCAPE '!'", escaped(f.Number)+"%")
	}
	return b.String(), args
}

func escaped(s string) string { return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s) }

// Attending is a doctor with forms in the period, by the id of one of their stays.
type Attending struct{ StayID, Name string }

func doctors(ctx context.Context, q db.Querier, organisation string, from, until clock.Date) ([]Attending, error) {
	var all []Attending
	for row, err := range db.Rows(ctx, q, `SELECT MAX(id), MAX(doctor_name) FROM stay WHERE organisation = $1 AND state = 'discharged'
		AND discharged_at >= $2 AND discharged_at < $3 GROUP BY doctor_pin ORDER BY 2, 1`,
		organisation, db.Micros(from.Start()), db.Micros(until.Start().AddDate(0, 0, 1))) {
		if err != nil {
			return nil, err
		}
		var a Attending
		if err := row.Scan(&a.StayID, &a.Name); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

type counted struct{ admitted, withoutForm int }

// counts are the admissions of the span by the department they came to, and the
// discharges of it that have no valid form.
func counts(ctx context.Context, q db.Querier, organisation string, start, end time.Time) (map[string]counted, error) {
	all := map[string]counted{}
	for row, err := range db.Rows(ctx, q, `SELECT 'admitted', (SELECT m.department FROM move m WHERE m.stay_id = s.id ORDER BY m.from_at, m.id LIMIT 1), COUNT(*) FROM stay s
			WHERE s.organisation = $1 AND s.admitted_at >= $2 AND s.admitted_at < $3 GROUP BY 2
		UNION ALL SELECT 'without', s.department, COUNT(*) FROM stay s WHERE s.organisation = $1 AND s.discharged_at >= $2 AND s.discharged_at < $3
			AND NOT EXISTS (SELECT 1 FROM form f WHERE f.stay_id = s.id AND f.state = 'valid') GROUP BY s.department`,
		organisation, db.Micros(start), db.Micros(end)) {
		if err != nil {
			return nil, err
		}
		var part, department string
		var n int
		if err := row.Scan(&part, &department, &n); err != nil {
			return nil, err
		}
		c := all[department]
		if part == "admitted" {
			c.admitted = n
		} else {
			c.withoutForm = n
		}
		all[department] = c
	}
	return all, nil
}

type span struct {
	department  string
	from, until time.Time
}

// moves are the times in departments that touch the span.
func moves(ctx context.Context, q db.Querier, organisation string, start, end time.Time) ([]span, error) {
	var all []span
	for row, err := range db.Rows(ctx, q, `SELECT m.department, m.from_at, CASE WHEN m.until_at <> 0 THEN m.until_at ELSE s.discharged_at END
		FROM stay s JOIN move m ON m.stay_id = s.id
		WHERE s.organisation = $1 AND (s.state = 'open' OR s.discharged_at >= $2) AND m.from_at < $3 AND (m.until_at = 0 OR m.until_at >= $2)`,
		organisation, db.Micros(start), db.Micros(end)) {
		if err != nil {
			return nil, err
		}
		var s span
		var from, until int64
		if err := row.Scan(&s.department, &from, &until); err != nil {
			return nil, err
		}
		s.from, s.until = db.Time(from), db.Time(until)
		all = append(all, s)
	}
	return all, nil
}
