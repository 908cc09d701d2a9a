package monitor

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// question finds what is behind in a matter: stay_id, department, at. The same
// text is counted and listed, so a figure and its list cannot disagree. $1 is
// the organisation.
func (b bounds) question(matter string) (query string, args []any) {
	window := db.Micros(b.window)
	switch matter {
	case LateAdmission:
		return `SELECT s.id AS stay_id, s.department AS department, s.admitted_at AS at FROM stay s
			WHERE s.organisation = $1 AND s.admitted_at >= $2 AND s.created_at - s.admitted_at > $3`, []any{window, b.admission.Microseconds()}
	case LateEntry:
		return `SELECT s.id AS stay_id, s.department AS department, e.at AS at FROM stay s JOIN entry e ON e.stay_id = s.id
			WHERE s.organisation = $1 AND (s.state = 'open' OR s.discharged_at >= $2) AND e.at >= $2 AND e.version = 1
			AND e.signed_at <> 0 AND e.signed_at - e.at > $3`, []any{window, b.entry.Microseconds()}
	case NoDiary:
		return `SELECT s.id AS stay_id, s.department AS department,
				COALESCE((SELECT MAX(e.at) FROM entry e WHERE e.stay_id = s.id AND e.signed_at <> 0), s.admitted_at) AS at FROM stay s
			WHERE s.organisation = $1 AND s.state = 'open' AND s.admitted_at < $2
			AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.stay_id = s.id AND e.signed_at <> 0 AND e.at >= $2)`, []any{db.Micros(b.diary)}
	case Draft:
		return `SELECT s.id AS stay_id, s.department AS department, x.saved_at AS at FROM stay s JOIN entry_draft x ON x.stay_id = s.id
			WHERE s.organisation = $1 AND s.state = 'open' AND x.saved_at < $2`, []any{db.Micros(b.draft)}
	case FormLate:
		return `SELECT s.id AS stay_id, s.department AS department, s.discharged_at AS at FROM stay s
			WHERE s.organisation = $1 AND s.discharged_at >= $2 AND
			COALESCE((SELECT MIN(c.decided_at) FROM treated_case c WHERE c.stay_id = s.id AND c.decided_at <> 0), $3) - s.discharged_at > $4`,
			[]any{window, db.Micros(b.now), b.form.Microseconds()}
	}
	return `SELECT s.id AS stay_id, s.department AS department, c.decided_at AS at FROM treated_case c
		JOIN form f ON f.number = c.number AND f.state = 'valid' JOIN stay s ON s.id = c.stay_id
		WHERE s.organisation = $1 AND c.state = 'returned' AND c.decided_at < $2
		AND NOT EXISTS (SELECT 1 FROM treated_case later WHERE later.number = c.number AND later.revision > c.revision)`, []any{db.Micros(b.returned)}
}

// compute asks one question a matter and one for what they are counted out of.
func compute(ctx context.Context, q db.Querier, organisation string, b bounds) (map[string]Figures, error) {
	found := map[string]Figures{}
	note := func(set func(f *Figures, part string, n int), query string, args ...any) error {
		return db.Explain(parts(ctx, q, func(department, part string, n int) {
			f := found[department]
			f.MeasuredAt = b.now
			set(&f, part, n)
			found[department] = f
		}, query, args...))
	}
	err := note(func(f *Figures, part string, n int) {
		switch part {
		case "lying":
			f.Lying = n
		case "admitted":
			f.Admitted = n
		case "discharged":
			f.Discharged = n
		default:
			f.Written = n
		}
	}, `SELECT 'lying', department, COUNT(*) FROM stay WHERE organisation = $1 AND state = 'open' GROUP BY department
		UNION ALL SELECT 'admitted', department, COUNT(*) FROM stay WHERE organisation = $1 AND admitted_at >= $2 GROUP BY department
		UNION ALL SELECT 'discharged', department, COUNT(*) FROM stay WHERE organisation = $1 AND discharged_at >= $2 GROUP BY department
		UNION ALL SELECT 'written', s.department, COUNT(*) FROM stay s JOIN entry e ON e.stay_id = s.id
			WHERE s.organisation = $1 AND (s.state = 'open' OR s.discharged_at >= $2) AND e.at >= $2 AND e.version = 1 AND e.signed_at <> 0
			GROUP BY s.department`, organisation, db.Micros(b.window))
	if err != nil {
		return nil, err
	}
	for _, matter := range Matters {
		query, args := b.question(matter)
		err := note(func(f *Figures, _ string, n int) { *f.place(matter) = n },
			`SELECT '', department, COUNT(*) FROM (`+query+`) AS x GROUP BY department`, append([]any{organisation}, args...)...)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func parts(ctx context.Context, q db.Querier, each func(department, part string, n int), query string, args ...any) error {
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return err
		}
		var part, department string
		var n int
		if err := row.Scan(&part, &department, &n); err != nil {
			return err
		}
		each(department, part, n)
	}
	return nil
}

// Line is one thing behind.
type Line struct {
	StayID, Department, Doctor string
	Patient                    patient.Patient
	At                         time.Time
}

// lines are the oldest things behind; department "" is the whole organisation.
func lines(ctx context.Context, q db.Querier, organisation, department, matter string, b bounds, limit int) ([]Line, error) {
	query, args := b.question(matter)
	args = append([]any{organisation}, args...)
	where := ""
	if department != "" {
		args = append(args, department)
		where = " WHERE x.department = $" + strconv.Itoa(len(args))
	}
	args = append(args, limit)
	var all []Line
	for row, err := range db.Rows(ctx, q, `SELECT `+patient.Columns+`, s.id, x.department, s.doctor_name, x.at FROM (`+query+`) AS x
		JOIN stay s ON s.id = x.stay_id JOIN patient p ON p.id = s.patient_id`+where+` ORDER BY x.at, s.id LIMIT $`+strconv.Itoa(len(args)), args...) {
		if err != nil {
			return nil, err
		}
		var l Line
		var at int64
		p, err := patient.Scan(row, &l.StayID, &l.Department, &l.Doctor, &at)
		if err != nil {
			return nil, err
		}
		l.Patient, l.At = p, db.Time(at)
		all = append(all, l)
	}
	return all, nil
}

const figureColumns = `lying, admitted, discharged, written, late_admission, late_entry, no_diary, draft, form_late, returned, measured_at`

// keep writes the figures of an organisation over those before.
func keep(ctx context.Context, d *db.DB, organisation string, figures map[string]Figures) error {
	columns := strings.Split(figureColumns, ", ")
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = excluded." + c
	}
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for department, f := range figures {
			_, err := tx.ExecContext(ctx, `INSERT INTO monitor_figure (organisation, department, `+figureColumns+`)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
				ON CONFLICT (organisation, department) DO UPDATE SET `+strings.Join(sets, ", "),
				organisation, department, f.Lying, f.Admitted, f.Discharged, f.Written, f.LateAdmission, f.LateEntry, f.NoDiary, f.Draft,
				f.FormLate, f.Returned, db.Micros(f.MeasuredAt))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Kept are the figures measured last, by organisation and department: one
// question for the whole country.
func Kept(ctx context.Context, q db.Querier) (map[string]map[string]Figures, error) {
	all := map[string]map[string]Figures{}
	for row, err := range db.Rows(ctx, q, `SELECT organisation, department, `+figureColumns+` FROM monitor_figure`) {
		if err != nil {
			return nil, err
		}
		var organisation, department string
		var f Figures
		var at int64
		if err := row.Scan(&organisation, &department, &f.Lying, &f.Admitted, &f.Discharged, &f.Written, &f.LateAdmission, &f.LateEntry,
			&f.NoDiary, &f.Draft, &f.FormLate, &f.Returned, &at); err != nil {
			return nil, err
		}
		f.MeasuredAt = db.Time(at)
		if all[organisation] == nil {
			all[organisation] = map[string]Figures{}
		}
		all[organisation][department] = f
	}
	return all, nil
}

// insertDeadline says whether the row was written: one that is there stays.
func insertDeadline(ctx context.Context, tx db.Querier, l Deadline) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO monitor_rule (code, from_day, value, source, changed_at, changed_by, changed_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code, from_day) DO NOTHING`,
		l.Code, l.From.String(), l.Value, l.Source, db.Micros(l.ChangedAt), l.ChangedBy, l.ChangedName)
}

// History is every deadline there is and was, the newest day first.
func History(ctx context.Context, q db.Querier) ([]Deadline, error) {
	var all []Deadline
	for row, err := range db.Rows(ctx, q, `SELECT code, from_day, value, source, changed_at, changed_by, changed_name FROM monitor_rule ORDER BY from_day DESC, code`) {
		if err != nil {
			return nil, err
		}
		var l Deadline
		var from string
		var at int64
		if err := row.Scan(&l.Code, &from, &l.Value, &l.Source, &at, &l.ChangedBy, &l.ChangedName); err != nil {
			return nil, err
		}
		l.From, l.ChangedAt = db.Date(from), db.Time(at)
		all = append(all, l)
	}
	return all, nil
}
