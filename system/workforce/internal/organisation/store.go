package organisation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const columns = `v.number, v.from_day, v.event, v.kind, v.ownership, v.inn, v.okpo, v.name_ky, v.name_ru, v.name_en, v.short_ky, v.short_ru, v.short_en,
	v.region, v.territory, v.level, v.address, v.phone, v.closed, v.successor, v.order_number, v.order_day, v.created_at, v.created_name`

// versionInForce joins the version that holds on the day $1.
const versionInForce = `JOIN organisation_version v ON v.organisation = o.code AND ` + Holds + ` `

// Holds is the condition that the version v is the one of the day $1; Reports, that
// its organisation reports on that day: hospitals and outpatient ones that are open.
const (
	Holds   = `v.from_day <= $1 AND v.until_day > $1`
	Reports = Holds + ` AND v.closed = 0 AND v.kind IN ('hospital', 'outpatient')`
)

// inForce is the organisations as they are on the day $1.
const inForce = `SELECT o.code, o.version, ` + columns + ` FROM organisation o ` + versionInForce

// Names are those that organisations have borne, full and short.
func Names(ctx context.Context, q db.Querier) ([]text.Words, error) {
	return db.List(ctx, q, func(row db.Row) (name text.Words, err error) {
		err = row.Scan(&name.KY, &name.RU, &name.EN)
		return name, err
	}, `SELECT name_ky, name_ru, name_en FROM organisation_version UNION SELECT short_ky, short_ru, short_en FROM organisation_version`)
}

func scan(row db.Row) (Organisation, error) {
	var o Organisation
	var from, orderDay string
	var closed, at int64
	err := row.Scan(&o.Code, &o.Version, &o.Number, &from, &o.Event, &o.Kind, &o.Ownership, &o.INN, &o.OKPO, &o.Name.KY, &o.Name.RU, &o.Name.EN,
		&o.ShortName.KY, &o.ShortName.RU, &o.ShortName.EN, &o.Region, &o.Territory, &o.Level, &o.Address, &o.Phone, &closed, &o.Successor,
		&o.Order.Number, &orderDay, &at, &o.By)
	o.From, o.Order.Day, o.Shut, o.At = db.Date(from), db.Date(orderDay), closed == 1, db.Time(at)
	if o.Shut {
		o.Closed = o.From
	}
	o.Departments = []workforceapi.Department{}
	return o, err
}

func list(ctx context.Context, q db.Querier, query string, args ...any) ([]Organisation, error) {
	all := []Organisation{}
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		o, err := scan(row)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// All is every organisation as it is on the day, without departments, sorted by
// code. Closed ones are among them.
func All(ctx context.Context, q db.Querier, on clock.Date) ([]Organisation, error) {
	return list(ctx, q, inForce+`ORDER BY o.code`, on.String())
}

// Of are those of the codes as they are on the day, without departments, by code.
func Of(ctx context.Context, q db.Querier, codes []string, on clock.Date) (map[string]Organisation, error) {
	of, args := Among("o.code", codes, on.String())
	all, err := list(ctx, q, inForce+`WHERE `+of, args...)
	by := map[string]Organisation{}
	for _, o := range all {
		by[o.Code] = o
	}
	return by, err
}

// Among is the condition that the column is one of the codes, with its arguments
// after those there are; nil is no condition.
func Among(column string, codes []string, args ...any) (condition string, all []any) {
	if codes == nil {
		return "1 = 1", args
	}
	numbers := []string{"''"} // of none nobody
	for _, code := range codes {
		args = append(args, code)
		numbers = append(numbers, "$"+strconv.Itoa(len(args)))
	}
	return column + " IN (" + strings.Join(numbers, ", ") + ")", args
}

// Find is one organisation as it is on the day, with the departments and beds
// that are open then; fail.NotFound.
func Find(ctx context.Context, q db.Querier, code string, on clock.Date) (Organisation, error) {
	o, err := scan(q.QueryRowContext(ctx, inForce+`WHERE o.code = $2`, on.String(), code))
	if errors.Is(err, sql.ErrNoRows) {
		return o, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return o, db.Explain(err)
	}
	if o.Departments, err = departments(ctx, q, code, on); err != nil {
		return o, err
	}
	return o, beds(ctx, q, &o, on)
}

// Versions are all of them, those still to come among them, the newest first.
func Versions(ctx context.Context, q db.Querier, code string) ([]Organisation, error) {
	return list(ctx, q, `SELECT o.code, o.version, `+columns+` FROM organisation o JOIN organisation_version v ON v.organisation = o.code
		WHERE o.code = $1 ORDER BY v.from_day DESC, v.number DESC`, code)
}

func departments(ctx context.Context, q db.Querier, code string, on clock.Date) ([]workforceapi.Department, error) {
	all := []workforceapi.Department{}
	for row, err := range db.Rows(ctx, q, `SELECT code, name_ky, name_ru, name_en, profile FROM department
		WHERE organisation = $1 AND from_day <= $2 AND (until_day = '' OR until_day > $2) ORDER BY code`, code, on.String()) {
		if err != nil {
			return nil, err
		}
		d := workforceapi.Department{Beds: []workforceapi.Bed{}}
		if err := row.Scan(&d.Code, &d.Name.KY, &d.Name.RU, &d.Name.EN, &d.Profile); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

func beds(ctx context.Context, q db.Querier, o *Organisation, on clock.Date) error {
	for row, err := range db.Rows(ctx, q, `SELECT d.code, b.id, b.room, b.name, b.profile FROM bed b JOIN department d ON d.id = b.department
		WHERE b.organisation = $1 AND b.from_day <= $2 AND (b.until_day = '' OR b.until_day > $2)
		AND d.from_day <= $2 AND (d.until_day = '' OR d.until_day > $2) ORDER BY d.code, b.position, b.id`, o.Code, on.String()) {
		if err != nil {
			return err
		}
		var department string
		var b workforceapi.Bed
		if err := row.Scan(&department, &b.ID, &b.Room, &b.Name, &b.Profile); err != nil {
			return err
		}
		for i := range o.Departments {
			if o.Departments[i].Code == department {
				o.Departments[i].Beds = append(o.Departments[i].Beds, b)
			}
		}
	}
	return nil
}

// insert writes a version.
func insert(ctx context.Context, tx db.Querier, o Organisation, by string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO organisation_version (organisation, number, from_day, event, kind, ownership, inn, okpo,
		name_ky, name_ru, name_en, short_ky, short_ru, short_en, region, territory, level, address, phone, closed, successor,
		order_number, order_day, created_at, created_by, created_name, folded)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		ON CONFLICT DO NOTHING`,
		o.Code, o.Number, o.From.String(), string(o.Event), o.Kind, o.Ownership, o.INN, o.OKPO, o.Name.KY, o.Name.RU, o.Name.EN,
		o.ShortName.KY, o.ShortName.RU, o.ShortName.EN, o.Region, o.Territory, o.Level, o.Address, o.Phone, db.Flag(o.Shut), o.Successor,
		o.Order.Number, o.Order.Day.String(), db.Micros(o.At), by, o.By, o.folded())
	if err != nil {
		return err
	}
	return span(ctx, tx, o.Code)
}

// span writes until when each version of the organisation holds: until the next one
// begins. Of two of one day the first holds on none.
func span(ctx context.Context, tx db.Querier, code string) error {
	_, err := tx.ExecContext(ctx, `UPDATE organisation_version SET until_day = COALESCE((SELECT MIN(x.from_day) FROM organisation_version x WHERE x.organisation = $1
		AND (x.from_day > organisation_version.from_day OR (x.from_day = organisation_version.from_day AND x.number > organisation_version.number))), '9999-12-31')
		WHERE organisation = $1`, code)
	return err
}

// remove takes a version back that has not begun.
func remove(ctx context.Context, tx db.Querier, code string, number int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM organisation_version WHERE organisation = $1 AND number = $2`, code, number)
	if err != nil {
		return err
	}
	return span(ctx, tx, code)
}

// Span is a department between its first day and its last.
type Span struct {
	Code        string
	Name        text.Words
	From, Until clock.Date // Until: from that day on closed; zero without end
}

// Spans are the departments of the organisation that are open on the day or will
// be by what is planned, by code and first day.
func Spans(ctx context.Context, q db.Querier, code string, on clock.Date) ([]Span, error) {
	return db.List(ctx, q, func(row db.Row) (Span, error) {
		var s Span
		var from, until string
		err := row.Scan(&s.Code, &s.Name.KY, &s.Name.RU, &s.Name.EN, &from, &until)
		s.From, s.Until = db.Date(from), db.Date(until)
		return s, err
	}, `SELECT code, name_ky, name_ru, name_en, from_day, until_day FROM department
		WHERE organisation = $1 AND (until_day = '' OR (until_day > $2 AND until_day > from_day)) ORDER BY code, from_day`, code, on.String())
}

// ClosesOn is the first day on which the organisation is closed or will be by what
// is planned; zero while it is not.
func ClosesOn(ctx context.Context, q db.Querier, code string) (clock.Date, error) {
	var day string
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MIN(from_day), '') FROM organisation_version WHERE organisation = $1 AND closed = 1`, code).Scan(&day)
	return db.Date(day), err
}

// register takes the code; false when it is another's already.
func register(ctx context.Context, tx db.Querier, code string) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO organisation (code, version) VALUES ($1, 1) ON CONFLICT (code) DO NOTHING`, code)
}

// step counts a change if the organisation still is at the version that was
// read; false when somebody else was first.
func step(ctx context.Context, tx db.Querier, code string, version int64) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE organisation SET version = version + 1 WHERE code = $1 AND version = $2`, code, version)
}

// last is the version with the latest first day, and the highest number given.
func last(ctx context.Context, tx db.Querier, code string) (o Organisation, number int64, err error) {
	all, err := Versions(ctx, tx, code)
	if err != nil {
		return o, 0, err
	}
	if len(all) == 0 {
		return o, 0, fail.New(fail.NotFound, "kit.not_found")
	}
	for _, each := range all {
		number = max(number, each.Number)
	}
	return all[0], number, nil
}

// Keep writes the organisation with departments and beds for the demo; what is
// there stays.
func Keep(ctx context.Context, tx db.Querier, o Organisation) error {
	if wrong := o.Check(); len(wrong) > 0 {
		return fmt.Errorf("organisation %s: %v", o.Code, wrong)
	}
	o.Number, o.Event = 1, Opened
	if _, err := register(ctx, tx, o.Code); err != nil {
		return err
	}
	if err := insert(ctx, tx, o, ""); err != nil {
		return err
	}
	for _, d := range o.Departments {
		departmentID := o.Code + "-" + d.Code
		_, err := tx.ExecContext(ctx, `INSERT INTO department (id, organisation, code, name_ky, name_ru, name_en, profile, from_day, until_day, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', 1) ON CONFLICT DO NOTHING`, departmentID, o.Code, d.Code, d.Name.KY, d.Name.RU, d.Name.EN, d.Profile, o.From.String())
		if err != nil {
			return err
		}
		for i, b := range d.Beds {
			_, err := tx.ExecContext(ctx, `INSERT INTO bed (id, organisation, department, room, name, profile, position, from_day, until_day)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '') ON CONFLICT DO NOTHING`, b.ID, o.Code, departmentID, b.Room, b.Name, b.Profile, i, o.From.String())
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// KeepVersion writes a version of the demo as it is; what is there stays.
func KeepVersion(ctx context.Context, tx db.Querier, o Organisation, number int64) error {
	if wrong := o.Check(); len(wrong) > 0 {
		return fmt.Errorf("organisation %s: %v", o.Code, wrong)
	}
	if _, err := register(ctx, tx, o.Code); err != nil {
		return err
	}
	o.Number = number
	return insert(ctx, tx, o, "")
}
