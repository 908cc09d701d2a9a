package organisation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const columns = `code, kind, ownership, inn, okpo, licence, name_ky, name_ru, name_en, short_ky, short_ru, short_en, region, level, address`

func scan(row interface{ Scan(...any) error }) (Organisation, error) {
	var o Organisation
	err := row.Scan(&o.Code, &o.Kind, &o.Ownership, &o.INN, &o.OKPO, &o.Licence, &o.Name.KY, &o.Name.RU, &o.Name.EN,
		&o.ShortName.KY, &o.ShortName.RU, &o.ShortName.EN, &o.Region, &o.Level, &o.Address)
	o.Departments = []workforceapi.Department{}
	return o, err
}

// All is every organisation without departments, sorted by code.
func All(ctx context.Context, q db.Querier) ([]Organisation, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM organisation ORDER BY code`)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	all := []Organisation{}
	for rows.Next() {
		o, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// Find is one organisation with departments and beds; fail.NotFound.
func Find(ctx context.Context, q db.Querier, code string) (Organisation, error) {
	o, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM organisation WHERE code = $1`, code))
	if errors.Is(err, sql.ErrNoRows) {
		return o, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return o, db.Explain(err)
	}
	if o.Departments, err = departments(ctx, q, code); err != nil {
		return o, err
	}
	return o, beds(ctx, q, &o)
}

func departments(ctx context.Context, q db.Querier, code string) ([]workforceapi.Department, error) {
	rows, err := q.QueryContext(ctx, `SELECT code, name_ky, name_ru, name_en, profile FROM department WHERE organisation = $1 ORDER BY code`, code)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	list := []workforceapi.Department{}
	for rows.Next() {
		d := workforceapi.Department{Beds: []workforceapi.Bed{}}
		if err := rows.Scan(&d.Code, &d.Name.KY, &d.Name.RU, &d.Name.EN, &d.Profile); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

func beds(ctx context.Context, q db.Querier, o *Organisation) error {
	rows, err := q.QueryContext(ctx, `SELECT department, id, room, name FROM bed WHERE organisation = $1 ORDER BY department, position`, o.Code)
	if err != nil {
		return db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var department string
		var b workforceapi.Bed
		if err := rows.Scan(&department, &b.ID, &b.Room, &b.Name); err != nil {
			return err
		}
		for i := range o.Departments {
			if o.Departments[i].Code == department {
				o.Departments[i].Beds = append(o.Departments[i].Beds, b)
			}
		}
	}
	return rows.Err()
}

// Keep writes the organisation with departments and beds; what is there stays.
func Keep(ctx context.Context, tx db.Querier, o Organisation) error {
	if !ValidINN(o.INN) || !ValidOKPO(o.OKPO) {
		return fmt.Errorf("organisation %s: its ИНН or ОКПО is wrong", o.Code)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO organisation (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (code) DO NOTHING`,
		o.Code, o.Kind, o.Ownership, o.INN, o.OKPO, o.Licence, o.Name.KY, o.Name.RU, o.Name.EN,
		o.ShortName.KY, o.ShortName.RU, o.ShortName.EN, o.Region, o.Level, o.Address)
	if err != nil {
		return err
	}
	for _, d := range o.Departments {
		_, err := tx.ExecContext(ctx, `INSERT INTO department (organisation, code, name_ky, name_ru, name_en, profile)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation, code) DO NOTHING`, o.Code, d.Code, d.Name.KY, d.Name.RU, d.Name.EN, d.Profile)
		if err != nil {
			return err
		}
		for i, b := range d.Beds {
			_, err := tx.ExecContext(ctx, `INSERT INTO bed (id, organisation, department, room, name, position)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`, b.ID, o.Code, d.Code, b.Room, b.Name, i)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
