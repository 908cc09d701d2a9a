package antenatal

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	numbers "github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

const headColumns = `g.id, g.number, g.organisation, g.state, g.dated_from, g.next_visit, g.warnings, g.given_at,
	g.outcome, g.ended_on, g.closed_at, g.closed_by, g.close_note, g.created_at`

const fromPregnancy = ` FROM pregnancy g JOIN patient p ON p.id = g.patient_id `

func scanHead(row db.Row) (Pregnancy, error) {
	var g Pregnancy
	var from, next, ended string
	var given, closed, created int64
	p, err := patient.Scan(row, &g.ID, &g.Number, &g.Organisation, &g.State, &from, &next, &g.Warnings, &given,
		&g.Outcome, &ended, &closed, &g.ClosedBy, &g.CloseNote, &created)
	g.Patient, g.DatedFrom, g.NextVisit, g.EndedOn = p, db.Date(from), db.Date(next), db.Date(ended)
	g.GivenAt, g.ClosedAt, g.CreatedAt = db.Time(given), db.Time(closed), db.Time(created)
	return g, err
}

func Head(ctx context.Context, q db.Querier, where string, args ...any) (Pregnancy, error) {
	g, err := scanHead(q.QueryRowContext(ctx, `SELECT `+patient.Columns+`, `+headColumns+fromPregnancy+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return g, fail.New(fail.NotFound, "card.antenatal.not_found")
	}
	return g, db.Explain(err)
}

// Hold locks the pregnancy for a change by the clinic that keeps it.
func Hold(ctx context.Context, d *desk.Desk, tx *sql.Tx, pregnancyID string) (Pregnancy, error) {
	if err := Lock(ctx, d, tx, pregnancyID); err != nil {
		return Pregnancy{}, err
	}
	return Head(ctx, tx, `WHERE g.id = $1 AND g.organisation = $2`, pregnancyID, desk.Of(ctx).Post.Organisation)
}

func Lock(ctx context.Context, d *desk.Desk, tx *sql.Tx, pregnancyID string) error {
	var held string
	err := tx.QueryRowContext(ctx, `SELECT id FROM pregnancy WHERE id = $1`+d.DB.ForUpdate(), pregnancyID).Scan(&held)
	if errors.Is(err, sql.ErrNoRows) {
		return fail.New(fail.NotFound, "card.antenatal.not_found")
	}
	return err
}

func exists(ctx context.Context, q db.Querier, pregnancyID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM pregnancy WHERE id = $1`, pregnancyID).Scan(&n)
	return n > 0, err
}

func partExists(ctx context.Context, q db.Querier, partID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM antenatal_part WHERE id = $1`, partID).Scan(&n)
	return n > 0, err
}

// nextNumber is a card's number: organisation, year and a sequence of their own.
func nextNumber(ctx context.Context, tx *sql.Tx, organisation string, year int) (string, error) {
	last, err := numbers.NextOf(ctx, tx, numbers.Pregnancies, organisation, year)
	return fmt.Sprintf("%s-%02d-%05d", organisation, year%100, last), err
}

func insertPregnancy(ctx context.Context, tx *sql.Tx, g Pregnancy, by string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO pregnancy (id, number, patient_id, organisation, state, dated_from, next_visit, warnings, given_at,
			outcome, ended_on, closed_at, closed_by, close_note, created_at, created_by)
		VALUES ($1, $2, $3, $4, 'open', $5, '', 0, 0, '', '', 0, '', '', $6, $7)`,
		g.ID, g.Number, g.Patient.ID, g.Organisation, g.DatedFrom.String(), db.Micros(g.CreatedAt), by)
	if db.Unique(err) {
		return fail.Wrap(err, fail.Conflict, "card.antenatal.open_already")
	}
	return err
}

func insertPart(ctx context.Context, tx *sql.Tx, p part, content any) error {
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO antenatal_part (id, pregnancy_id, kind, root, version, reason, day, content, organisation, by_pin, by_name, signed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		p.ID, p.PregnancyID, p.Kind, p.Root, p.Version, p.Reason, p.Day.String(), string(data), p.Organisation, p.ByPIN, p.ByName, db.Micros(p.SignedAt))
	return err
}

func lastVersion(ctx context.Context, q db.Querier, pregnancyID, kind, root string) (version int, author string, err error) {
	err = q.QueryRowContext(ctx, `SELECT MAX(version), COALESCE(MAX(CASE WHEN version = 1 THEN by_pin END), '') FROM antenatal_part
		WHERE pregnancy_id = $1 AND kind = $2 AND root = $3 HAVING COUNT(*) > 0`, pregnancyID, kind, root).Scan(&version, &author)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", fail.New(fail.NotFound, "kit.not_found")
	}
	return version, author, err
}

func setProjection(ctx context.Context, tx *sql.Tx, pregnancyID string, from, next clock.Date, warnings int) error {
	_, err := tx.ExecContext(ctx, `UPDATE pregnancy SET dated_from = $2, next_visit = $3, warnings = $4 WHERE id = $1`,
		pregnancyID, from.String(), next.String(), warnings)
	return err
}

// Load is the whole record; organisation "" for the use of the system itself.
func Load(ctx context.Context, q db.Querier, pregnancyID, organisation string) (Record, error) {
	g, err := Head(ctx, q, `WHERE g.id = $1 AND ($2 = '' OR g.organisation = $2)`, pregnancyID, organisation)
	if err != nil {
		return Record{}, err
	}
	return Whole(ctx, q, g)
}

func Whole(ctx context.Context, q db.Querier, g Pregnancy) (Record, error) {
	r := Record{Pregnancy: g}
	all, err := parts[cardapi.Registration](ctx, q, g.ID, registration)
	if err != nil {
		return r, err
	}
	if len(all) > 0 {
		r.Registration = all[0]
	}
	if r.Visits, err = parts[cardapi.Visit](ctx, q, g.ID, visit); err != nil {
		return r, err
	}
	slices.SortStableFunc(r.Visits, func(a, b Signed[cardapi.Visit]) int {
		return cmp.Or(cmp.Compare(a.Body.Day.String(), b.Body.Day.String()), a.SignedAt.Compare(b.SignedAt))
	})
	if r.Results, err = parts[cardapi.LabResult](ctx, q, g.ID, result); err != nil {
		return r, err
	}
	slices.SortStableFunc(r.Results, func(a, b Signed[cardapi.LabResult]) int {
		return cmp.Or(cmp.Compare(a.Body.Day.String(), b.Body.Day.String()), a.SignedAt.Compare(b.SignedAt))
	})
	return r, nil
}

// parts are the parts of the kind in their last versions.
func parts[T any](ctx context.Context, q db.Querier, pregnancyID, kind string) ([]Signed[T], error) {
	var all []Signed[T]
	place := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT id, root, version, reason, content, organisation, by_pin, by_name, signed_at
		FROM antenatal_part WHERE pregnancy_id = $1 AND kind = $2 ORDER BY version DESC, signed_at`, pregnancyID, kind) {
		if err != nil {
			return nil, err
		}
		var s Signed[T]
		var content string
		var signed int64
		if err := row.Scan(&s.ID, &s.Root, &s.Version, &s.Reason, &content, &s.Organisation, &s.ByPIN, &s.ByName, &signed); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(content), &s.Body); err != nil {
			return nil, err
		}
		s.SignedAt = db.Time(signed)
		if i, ok := place[s.Root]; ok {
			all[i].Former = append(all[i].Former, s)
			continue
		}
		place[s.Root] = len(all)
		all = append(all, s)
	}
	return all, nil
}

// openOf is the open pregnancy of the patient, wherever it is kept.
func openOf(ctx context.Context, q db.Querier, patientID string) (Pregnancy, bool, error) {
	g, err := Head(ctx, q, `WHERE g.patient_id = $1 AND g.state = 'open'`, patientID)
	if fail.Is(err, fail.NotFound) {
		return g, false, nil
	}
	return g, err == nil, err
}

// Lists of a clinic.
const (
	ListOpen    = "open"
	ListDue     = "due"     // the card is to be given
	ListMissed  = "missed"  // did not come
	ListWarned  = "warned"  // with warnings
	ListOverdue = "overdue" // past the term
	ListClosed  = "closed"
)

var listWhere = map[string]string{
	ListOpen:    `g.state = 'open' AND $2 <> '' AND $3 <> ''`,
	ListDue:     `g.state = 'open' AND g.given_at = 0 AND g.dated_from <= $2 AND $3 <> ''`,
	ListMissed:  `g.state = 'open' AND g.next_visit <> '' AND g.next_visit < $3 AND $2 <> ''`,
	ListWarned:  `g.state = 'open' AND g.warnings > 0 AND $2 <> '' AND $3 <> ''`,
	ListOverdue: `g.state = 'open' AND g.dated_from <= $2 AND $3 <> ''`,
	ListClosed:  `g.state = 'closed' AND $2 <> '' AND $3 <> ''`,
}

func before(list string, today clock.Date) string {
	code := gestation.GiveCard
	if list == ListOverdue {
		code = gestation.Overdue
	}
	return gestation.Plus(today, -gestation.MilestoneOn(code, today).Days).String()
}

// pageSize is how many a page of a list shows.
const pageSize = 50

// listOf is a page of the list: the longest pregnant first, of those that are over
// the newest. after is the id of the pregnancy behind which it begins, "" for the
// first page; it need not be in the list itself any more.
func listOf(ctx context.Context, q db.Querier, organisation, list string, today clock.Date, after string) (found []Pregnancy, more bool, err error) {
	var from, number string
	var closed int64
	if after != "" {
		err = q.QueryRowContext(ctx, `SELECT dated_from, number, closed_at FROM pregnancy WHERE id = $1 AND organisation = $2`, after, organisation).Scan(&from, &number, &closed)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, false, db.Explain(err)
		}
	}
	query, args := listQuery(organisation, list, today, from, number, closed)
	found, err = db.List(ctx, q, scanHead, query, args...)
	if more = len(found) > pageSize; more {
		found = found[:pageSize]
	}
	return found, more, err
}

func listQuery(organisation, list string, today clock.Date, from, number string, closed int64) (query string, args []any) {
	args = []any{organisation, before(list, today), today.String(), pageSize + 1}
	query = `SELECT ` + patient.Columns + `, ` + headColumns + fromPregnancy + `WHERE g.organisation = $1 AND ` + listWhere[list]
	order, behind, key := `g.dated_from, g.number`, ` AND (g.dated_from, g.number) > ($5, $6)`, any(from)
	if list == ListClosed {
		order, behind, key = `g.closed_at DESC, g.number DESC`, ` AND (g.closed_at, g.number) < ($5, $6)`, closed
	}
	if number != "" {
		query += behind
		args = append(args, key, number)
	}
	return query + ` ORDER BY ` + order + ` LIMIT $4`, args
}

// counts are the sizes of the lists.
func Counts(ctx context.Context, q db.Querier, organisation string, today clock.Date) (map[string]int, error) {
	sizes := map[string]int{}
	for list, where := range listWhere {
		var n int
		err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM pregnancy g WHERE g.organisation = $1 AND `+where,
			organisation, before(list, today), today.String()).Scan(&n)
		if err != nil {
			return nil, db.Explain(err)
		}
		sizes[list] = n
	}
	return sizes, nil
}

func SetClosed(ctx context.Context, tx *sql.Tx, pregnancyID string, c Closing, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE pregnancy SET state = 'closed', outcome = $2, ended_on = $3, close_note = $4, closed_by = $5, closed_at = $6 WHERE id = $1`,
		pregnancyID, c.Outcome, c.EndedOn.String(), c.Note, by, db.Micros(at))
	return err
}

func SetOpen(ctx context.Context, tx *sql.Tx, pregnancyID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE pregnancy SET state = 'open', outcome = '', ended_on = '', close_note = '', closed_by = '', closed_at = 0 WHERE id = $1`, pregnancyID)
	if db.Unique(err) {
		return fail.Wrap(err, fail.Conflict, "card.antenatal.open_already")
	}
	return err
}

func setClinic(ctx context.Context, tx *sql.Tx, m Move) error {
	if _, err := tx.ExecContext(ctx, `UPDATE pregnancy SET organisation = $2 WHERE id = $1`, m.PregnancyID, m.To); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO pregnancy_move (id, pregnancy_id, from_organisation, to_organisation, reason, at, by_pin, by_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, m.ID, m.PregnancyID, m.From, m.To, m.Reason, db.Micros(m.At), m.ByPIN, m.ByName)
	return err
}

// moved is a pregnancy that went to another clinic.
type moved struct {
	Number, To, Reason, ByName string
	At                         time.Time
}

func movedFrom(ctx context.Context, q db.Querier, organisation string) ([]moved, error) {
	var all []moved
	for row, err := range db.Rows(ctx, q, `SELECT g.number, m.to_organisation, m.reason, m.by_name, m.at FROM pregnancy_move m JOIN pregnancy g ON g.id = m.pregnancy_id
		WHERE m.from_organisation = $1 ORDER BY m.at DESC LIMIT 50`, organisation) {
		if err != nil {
			return nil, err
		}
		var m moved
		var at int64
		if err := row.Scan(&m.Number, &m.To, &m.Reason, &m.ByName, &at); err != nil {
			return nil, err
		}
		m.At = db.Time(at)
		all = append(all, m)
	}
	return all, nil
}
