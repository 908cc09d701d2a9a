package maternity

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Line is a confinement in the hospital's list.
type Line struct {
	Patient    patient.Patient
	StayID     string
	State      string
	AdmittedAt time.Time
	Opened     bool
	Written    bool // the birth is signed
	Children   int  // born alive
	Returned   int  // tear-offs
	Unread     int  // of those, not read by the clinic
}

// pageSize is how many confinements a page of the list shows.
const pageSize = 50

// Parts of the list, of which a cursor names one: who was discharged meanwhile has
// left the first, and the page goes on from where she stood.
const (
	partOpen = "open"
	partOver = "over"
)

// lines are a page of the confinements of the hospital: first the open stays of
// women that have one or lie in the departments, then those that are over, in each
// part the newest admission first; and the cursor of the page behind it, "" for
// none. A cursor that is none begins at the top.
func lines(ctx context.Context, q db.Querier, organisation string, departments []string, after string) (found []Line, next string, err error) {
	part, stay, _ := strings.Cut(after, ".")
	at, err := admittedAt(ctx, q, organisation, stay)
	if err != nil {
		return nil, "", err
	}
	if at == 0 || (part != partOpen && part != partOver) {
		part, stay, at = partOpen, "", 0
	}
	if part == partOpen {
		query, args := linesQuery(organisation, partOpen, departments, stay, at, pageSize+1)
		if found, err = db.List(ctx, q, scanLine, query, args...); err != nil {
			return nil, "", err
		}
		stay, at = "", 0
	}
	if len(found) <= pageSize {
		query, args := linesQuery(organisation, partOver, nil, stay, at, pageSize+1-len(found))
		over, err := db.List(ctx, q, scanLine, query, args...)
		if err != nil {
			return nil, "", err
		}
		found = append(found, over...)
	}
	if len(found) <= pageSize {
		return found, "", nil
	}
	found = found[:pageSize]
	last := found[pageSize-1]
	if next = partOver; last.State == "open" {
		next = partOpen
	}
	return found, next + "." + last.StayID, nil
}

// admittedAt is when the stay of the hospital began, 0 for none.
func admittedAt(ctx context.Context, q db.Querier, organisation, stay string) (at int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT admitted_at FROM stay WHERE id = $1 AND organisation = $2`, stay, organisation).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return at, db.Explain(err)
}

func linesQuery(organisation, part string, departments []string, stay string, at int64, limit int) (query string, args []any) {
	args = []any{organisation, limit}
	arg := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	of := `c.stay_id IS NOT NULL OR EXISTS (SELECT 1 FROM newborn b WHERE b.mother_stay = s.id)`
	for _, d := range departments {
		of += ` OR (p.sex = 'female' AND p.kind <> '` + patient.Newborn + `' AND s.department = ` + arg(d) + `)`
	}
	state := `s.state = 'open'`
	if part == partOver {
		state = `s.state <> 'open'`
	}
	query = `SELECT ` + patient.Columns + `, s.id, s.state, s.admitted_at, COALESCE(c.opened_at, 0),
			(SELECT COUNT(*) FROM confinement_part x WHERE x.stay_id = s.id AND x.kind = 'birth' AND x.version = 1),
			(SELECT COUNT(*) FROM newborn b WHERE b.mother_stay = s.id AND b.live = 1),
			(SELECT COUNT(DISTINCT t.root) FROM tear_off t WHERE t.stay_id = s.id),
			(SELECT COUNT(*) FROM tear_off t JOIN tear_off_way w ON w.root = t.root AND w.version = t.version WHERE t.stay_id = s.id AND w.read_at = 0
				AND t.version = (SELECT MAX(version) FROM tear_off n WHERE n.root = t.root))
		FROM stay s JOIN patient p ON p.id = s.patient_id LEFT JOIN confinement c ON c.stay_id = s.id
		WHERE s.organisation = $1 AND ` + state + ` AND (` + of + `)`
	if at != 0 {
		query += ` AND (s.admitted_at, s.id) < (` + arg(at) + `, ` + arg(stay) + `)`
	}
	return query + ` ORDER BY s.admitted_at DESC, s.id DESC LIMIT $2`, args
}

func scanLine(row db.Row) (Line, error) {
	var l Line
	var admitted, opened int64
	var written int
	p, err := patient.Scan(row, &l.StayID, &l.State, &admitted, &opened, &written, &l.Children, &l.Returned, &l.Unread)
	l.Patient, l.AdmittedAt, l.Opened, l.Written = p, db.Time(admitted), opened != 0, written > 0
	return l, err
}
