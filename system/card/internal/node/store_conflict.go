package node

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
)

// Conflict is a value that both sides changed.
type Conflict struct {
	ID               string
	Node             string
	Table, Key       string
	Column           string
	Base             string
	Ours, Theirs     string
	OursAt, TheirsAt time.Time
	Stands           string // ours, theirs
	BothStand        bool   // it was decided that both are true
	FoundAt          time.Time
	DecidedAt        time.Time
	DecidedName      string
	Organisation     string
	Patient          string // id of whom the row is about, "" for nobody
	Person, PIN      string // as this side knows them
	OursBy, TheirsBy string // who wrote the value, "" not known
	OursPlace        string // organisation of who wrote it
	TheirsPlace      string
	Subject          string // what tells the row from others of its table
}

// mostConflicts that a page shows.
const mostConflicts = 200

// Conflicts of the organisation: those that nobody has decided, or those that
// somebody has, the newest first.
func Conflicts(ctx context.Context, q db.Querier, organisation string, decided bool) ([]Conflict, error) {
	condition := `c.decided_at = 0`
	if decided {
		condition = `c.decided_at <> 0`
	}
	var all []Conflict
	for row, err := range db.Rows(ctx, q, `SELECT c.id, c.node, c.tbl, c.row_key, c.col, c.base, c.ours, c.theirs, c.ours_at, c.theirs_at, c.stands, c.found_at, c.decided_at,
			c.decided_name, c.organisation, c.patient_id, c.ours_by, c.ours_place, c.theirs_by, c.theirs_place, c.both_stand,
			COALESCE(p.family_name, ''), COALESCE(p.given_name, ''), COALESCE(p.patronymic, ''), COALESCE(p.pin, '')
		FROM change_conflict c LEFT JOIN patient p ON p.id = c.patient_id
		WHERE c.organisation = $1 AND `+condition+` ORDER BY c.found_at DESC, c.id LIMIT $2`, organisation, mostConflicts) {
		if err != nil {
			return nil, err
		}
		var c Conflict
		var ours, theirs, found, decided, both int64
		var family, given, patronymic string
		err := row.Scan(&c.ID, &c.Node, &c.Table, &c.Key, &c.Column, &c.Base, &c.Ours, &c.Theirs, &ours, &theirs, &c.Stands, &found, &decided, &c.DecidedName, &c.Organisation,
			&c.Patient, &c.OursBy, &c.OursPlace, &c.TheirsBy, &c.TheirsPlace, &both, &family, &given, &patronymic, &c.PIN)
		if err != nil {
			return nil, err
		}
		c.BothStand = both == 1
		c.Person = strings.Join(strings.Fields(family+" "+given+" "+patronymic), " ")
		c.OursAt, c.TheirsAt, c.FoundAt, c.DecidedAt = db.Time(ours), db.Time(theirs), db.Time(found), db.Time(decided)
		all = append(all, c)
	}
	return all, nil
}

// CountConflicts is how many things of the organisation are to be decided.
func CountConflicts(ctx context.Context, q db.Querier, organisation string) (int, error) {
	all, err := openConflicts(ctx, q, ` AND organisation = $1`, organisation)
	n := 0
	for _, of := range all {
		n += of
	}
	return n, err
}

// openConflicts counts, by node, what nobody has decided: what is decided with
// something else is part of it.
func openConflicts(ctx context.Context, q db.Querier, condition string, args ...any) (map[string]int, error) {
	var open []Conflict
	for row, err := range db.Rows(ctx, q, `SELECT node, tbl, row_key, col FROM change_conflict WHERE decided_at = 0`+condition, args...) {
		if err != nil {
			return nil, err
		}
		var c Conflict
		if err := row.Scan(&c.Node, &c.Table, &c.Key, &c.Column); err != nil {
			return nil, err
		}
		open = append(open, c)
	}
	all := map[string]int{}
	for _, m := range matters(open, names{}) {
		all[m.Node]++
	}
	return all, nil
}

// Decide settles a conflict, and those of the row that go with it: take is "ours",
// the centre's value, "theirs", the node's, or "both" where both may be true. Of two
// who decide the first wins; a value that has become a third meanwhile stays.
func Decide(ctx context.Context, d *desk.Desk, schema *capture.Schema, conflictID, take string) error {
	if !slices.Contains([]string{takeOurs, takeTheirs, takeBoth}, take) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	staff := desk.Of(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var table, key, column, patientID string
		err := tx.QueryRowContext(ctx, `SELECT tbl, row_key, col, patient_id FROM change_conflict WHERE id = $1 AND organisation = $2`,
			conflictID, staff.Post.Organisation).Scan(&table, &key, &column, &patientID)
		if errors.Is(err, sql.ErrNoRows) {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if err != nil {
			return err
		}
		if take == takeBoth && !mayBoth(table, column) {
			return fail.New(fail.BadRequest, "kit.bad_request")
		}
		with, err := settled(ctx, tx, staff, conflictID, table, key, companions(table, column), d.Clock.Now())
		if err != nil {
			return err
		}
		t, ok := schema.Table(table)
		if !ok || len(with) == 0 {
			return fail.New(fail.Conflict, "card.node.decided")
		}
		done, err := before(ctx, tx, d, table, column, key, take, with)
		if err != nil {
			return err
		}
		for _, one := range with {
			if err := noteTaken(ctx, tx, one.id, take); err != nil {
				return err
			}
			if done {
				continue
			}
			if err := settle(ctx, tx, d, schema, t, key, one, take); err != nil {
				return err
			}
		}
		if err := merge.Follow(ctx, tx, schema, t, capture.SplitKey(key)); err != nil {
			return err
		}
		var pin string
		err = tx.QueryRowContext(ctx, `SELECT pin FROM patient WHERE id = $1`, patientID).Scan(&pin)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return d.Seen(ctx, tx, pin, "conflict.decide", key)
	})
}

// one is a conflict that is being settled.
type one struct{ id, column, ours, theirs, stands string }

// settled marks the conflict and its companions as decided, and gives them; none
// when somebody else was first.
func settled(ctx context.Context, tx *sql.Tx, staff desk.Staff, conflictID, table, key string, with []string, at time.Time) ([]one, error) {
	condition, args := `id = $4`, []any{db.Micros(at), staff.PIN, staff.Name, conflictID, table, key, staff.Post.Organisation}
	if len(with) > 0 {
		marks := make([]string, len(with))
		for i, column := range with {
			args = append(args, column)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		// The leading one first: who comes second finds it decided, and does nothing.
		condition = `(id = $4 OR (col IN (` + strings.Join(marks, ", ") + `) AND EXISTS (SELECT 1 FROM change_conflict l WHERE l.id = $4 AND l.decided_at = 0)))`
	}
	var all []one
	for row, err := range db.Rows(ctx, tx, `UPDATE change_conflict SET decided_at = $1, decided_by = $2, decided_name = $3
		WHERE decided_at = 0 AND tbl = $5 AND row_key = $6 AND organisation = $7 AND `+condition+` RETURNING id, col, ours, theirs, stands`, args...) {
		if err != nil {
			return nil, err
		}
		var o one
		if err := row.Scan(&o.id, &o.column, &o.ours, &o.theirs, &o.stands); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// noteTaken writes down what was decided.
func noteTaken(ctx context.Context, tx *sql.Tx, conflictID, take string) error {
	if take == takeBoth {
		_, err := tx.ExecContext(ctx, `UPDATE change_conflict SET both_stand = 1 WHERE id = $1`, conflictID)
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE change_conflict SET stands = $2 WHERE id = $1`, conflictID, take)
	return err
}

// settle puts the value that was taken in the place of the other, or both in their
// place.
func settle(ctx context.Context, tx *sql.Tx, d *desk.Desk, schema *capture.Schema, t capture.Table, key string, o one, take string) error {
	additive := merge.Additive(t.Name, o.column)
	if take == o.stands && !additive || take == takeBoth && additive || !t.Has(o.column) {
		return nil
	}
	row, ok, err := schema.Load(ctx, tx, t, capture.SplitKey(key), d.DB.ForUpdate())
	if err != nil || !ok {
		return err
	}
	values := map[string]string{takeOurs: o.ours, takeTheirs: o.theirs, takeBoth: merge.Both(o.ours, o.theirs)}
	if is := row.String(o.column); is != values[o.stands] && (!additive || is != values[takeBoth]) {
		return nil
	}
	err = schema.Update(ctx, tx, t, capture.SplitKey(key), capture.Row{o.column: t.Value(o.column, values[take])})
	if db.Unique(err) || db.Unresolved(err) { // a bed that another patient has by now
		return fail.Wrap(err, fail.Conflict, "card.node.decide_taken")
	}
	return err
}

// subjects are the columns that tell rows of a table apart to people.
var subjects = map[string]string{
	"diagnosis": "code", "medical_order": "text", "request": "name", "bed": "name", "entry_template": "name", "form": "number", "referral": "number", "pregnancy": "number",
	"treated_case": "number", "form_signature": "number",
}

// subject is what tells the row from others of its table, "" where nothing has to.
func subject(ctx context.Context, q db.Querier, table, key string) (string, error) {
	column, ok := subjects[table]
	if !ok {
		return "", nil
	}
	first := capture.SplitKey(key)[0]
	id := "id"
	if slices.Contains([]string{"form", "treated_case", "form_signature"}, table) {
		id = "number"
	}
	var name string
	err := q.QueryRowContext(ctx, `SELECT `+column+` FROM `+table+` WHERE `+id+` = $1 LIMIT 1`, first).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return name, db.Explain(err)
}

// namesOf reads what the conflicts' codes and ids are called, and their subjects.
func namesOf(ctx context.Context, d *desk.Desk, all []Conflict) (names, error) {
	staff := desk.Of(ctx)
	n := names{staff: map[string]string{staff.PIN: staff.Name}, beds: map[string]string{}, patients: map[string]string{}, births: map[string]string{}}
	if len(all) > 0 {
		for _, doctor := range d.Directory.Doctors(ctx, staff.Post.Organisation) {
			n.staff[doctor.PIN] = doctor.PersonName
		}
	}
	organisation, err := d.Directory.Organisation(ctx, staff.Post.Organisation)
	if err != nil {
		organisation.Code = staff.Post.Organisation // its copy has not come yet: codes are shown
	}
	n.departments = func(ctx context.Context, code string) string {
		return directory.DepartmentName(organisation, code).Here(ctx)
	}
	n.hospitals = func(ctx context.Context, code string) string { return d.Directory.Name(ctx, code).Here(ctx) }
	for i, c := range all {
		if all[i].Subject, err = subject(ctx, d.DB.Read, c.Table, c.Key); err != nil {
			return n, err
		}
		f, _ := fieldOf(c.Table, c.Column)
		if f.is == asBirth {
			by, err := birthsOf(ctx, d.DB.Read, n.births, [2]string{c.Ours, c.Theirs})
			if err != nil {
				return n, err
			}
			all[i].OursBy, all[i].TheirsBy = cmp.Or(all[i].OursBy, by[0]), cmp.Or(all[i].TheirsBy, by[1])
			continue
		}
		var query string
		into := n.beds
		switch f.is {
		case asBed:
			query = `SELECT name, room, '' FROM bed WHERE id = $1`
		case asPatient:
			query, into = `SELECT family_name, given_name, patronymic FROM patient WHERE id = $1`, n.patients
		default:
			continue
		}
		for _, value := range []string{c.Base, c.Ours, c.Theirs} {
			var a, b, c string
			err := d.DB.Read.QueryRowContext(ctx, query, value).Scan(&a, &b, &c)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return n, db.Explain(err)
			}
			into[value] = strings.Join(strings.Fields(a+" "+b+" "+c), " ")
			if f.is == asBed && a != "" && b != "" {
				into[value] = a + ", " + text.T(ctx, "card.ward.room", "Room", b)
			}
		}
	}
	return n, nil
}
