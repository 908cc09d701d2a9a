package department

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const columns = `id, organisation, code, name_ky, name_ru, name_en, profile, from_day, until_day, version`

func scan(row db.Row) (Department, error) {
	var d Department
	var from, until string
	err := row.Scan(&d.ID, &d.Organisation, &d.Code, &d.Name.KY, &d.Name.RU, &d.Name.EN, &d.Profile, &from, &until, &d.Version)
	d.From, d.Until = db.Date(from), db.Date(until)
	return d, err
}

// All is every department of the organisation with its beds, closed ones too,
// by code and first day.
func All(ctx context.Context, q db.Querier, organisation string) ([]Department, error) {
	all := []Department{}
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM department WHERE organisation = $1 ORDER BY code, from_day`, organisation) {
		if err != nil {
			return nil, err
		}
		d, err := scan(row)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, beds(ctx, q, organisation, all)
}

// Find is one department of the organisation with its beds; fail.NotFound.
func Find(ctx context.Context, q db.Querier, organisation, departmentID string) (Department, error) {
	d, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM department WHERE organisation = $1 AND id = $2`, organisation, departmentID))
	if errors.Is(err, sql.ErrNoRows) {
		return d, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return d, db.Explain(err)
	}
	all := []Department{d}
	err = beds(ctx, q, organisation, all)
	return all[0], err
}

func beds(ctx context.Context, q db.Querier, organisation string, all []Department) error {
	for row, err := range db.Rows(ctx, q, `SELECT department, id, room, name, profile, from_day, until_day FROM bed
		WHERE organisation = $1 ORDER BY department, position, id`, organisation) {
		if err != nil {
			return err
		}
		var b Bed
		var department, from, until string
		if err := row.Scan(&department, &b.ID, &b.Room, &b.Name, &b.Profile, &from, &until); err != nil {
			return err
		}
		b.From, b.Until = db.Date(from), db.Date(until)
		if i := slices.IndexFunc(all, func(d Department) bool { return d.ID == department }); i >= 0 {
			all[i].Beds = append(all[i].Beds, b)
		}
	}
	return nil
}

func insert(ctx context.Context, tx db.Querier, d Department) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO department (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d.ID, d.Organisation, d.Code, d.Name.KY, d.Name.RU, d.Name.EN, d.Profile, d.From.String(), d.Until.String(), d.Version)
	return err
}

func update(ctx context.Context, tx db.Querier, d Department) error {
	_, err := tx.ExecContext(ctx, `UPDATE department SET name_ky = $2, name_ru = $3, name_en = $4, profile = $5, until_day = $6, version = $7 WHERE id = $1`,
		d.ID, d.Name.KY, d.Name.RU, d.Name.EN, d.Profile, d.Until.String(), d.Version)
	return err
}

// staffAfter is how many posts of the department are in force on the day or later.
func staffAfter(ctx context.Context, tx db.Querier, organisation, code string, day clock.Date) (n int, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM post WHERE organisation = $1 AND department = $2 AND (until_day = '' OR until_day > $3)`,
		organisation, code, day.String()).Scan(&n)
	return n, err
}

func closeBeds(ctx context.Context, tx db.Querier, departmentID string, until clock.Date) error {
	_, err := tx.ExecContext(ctx, `UPDATE bed SET until_before = until_day, until_day = $2, ended_with = -1
		WHERE department = $1 AND (until_day = '' OR until_day > $2)`, departmentID, until.String())
	return err
}

// reopenBeds gives back the beds that were to close with their department.
func reopenBeds(ctx context.Context, tx db.Querier, departmentID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE bed SET until_day = until_before, until_before = '', ended_with = 0 WHERE department = $1 AND ended_with = -1`, departmentID)
	return err
}

// remove takes a department back that never was open, with its beds.
func remove(ctx context.Context, tx db.Querier, departmentID string) error {
	for _, row := range []string{`DELETE FROM bed WHERE department = $1`, `DELETE FROM department WHERE id = $1`} {
		if _, err := tx.ExecContext(ctx, row, departmentID); err != nil {
			return err
		}
	}
	return nil
}

// endedWith is the organisation's version that closes the department, 0 for none.
func endedWith(ctx context.Context, tx db.Querier, departmentID string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT ended_with FROM department WHERE id = $1`, departmentID).Scan(&n)
	return n, err
}

// closeBed closes an open bed; false when it is not open or not there.
func closeBed(ctx context.Context, tx db.Querier, departmentID, bedID string, until clock.Date) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE bed SET until_day = $3 WHERE department = $1 AND id = $2 AND until_day = '' AND from_day <= $3`, departmentID, bedID, until.String())
}

// addBeds numbers the beds on from those that are open in the room on the day or
// later: two never have one name at a time. Their names.
func addBeds(ctx context.Context, tx db.Querier, d Department, room string, count int, profile string, from clock.Date) ([]string, error) {
	used, err := usedBeds(ctx, tx, d.Organisation, d.Code)
	if err != nil {
		return nil, err
	}
	var position int64
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(position), 0) FROM bed WHERE department = $1`, d.ID).Scan(&position); err != nil {
		return nil, err
	}
	var names []string
	for bed := 1; len(names) < count; bed++ {
		name := fmt.Sprintf("%s-%d", room, bed)
		if slices.ContainsFunc(d.Beds, func(b Bed) bool { return b.Name == name && (b.Until.IsZero() || from.Before(b.Until)) }) {
			continue
		}
		position++
		_, err := tx.ExecContext(ctx, `INSERT INTO bed (id, organisation, department, room, name, profile, position, from_day, until_day) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')`,
			bedID(d.Organisation, d.Code, room, bed, used), d.Organisation, d.ID, room, name, profile, position, from.String())
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// usedBeds are the ids of all beds that departments with the code ever had.
func usedBeds(ctx context.Context, tx db.Querier, organisation, code string) (map[string]bool, error) {
	used := map[string]bool{}
	for row, err := range db.Rows(ctx, tx, `SELECT b.id FROM bed b JOIN department d ON d.id = b.department WHERE b.organisation = $1 AND d.code = $2`, organisation, code) {
		if err != nil {
			return nil, err
		}
		var bed string
		if err := row.Scan(&bed); err != nil {
			return nil, err
		}
		used[bed] = true
	}
	return used, nil
}
