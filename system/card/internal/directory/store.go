package directory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// load reads the row each time, since another process may have written it, and
// understands it anew only when it says something else.
func (d *Directory) load(ctx context.Context, code string) (workforceapi.Organisation, error) {
	var data string
	if err := d.DB.Read.QueryRowContext(ctx, rowOf, code).Scan(&data); err != nil {
		return workforceapi.Organisation{}, err
	}
	return d.understand(code, data)
}

const rowOf = `SELECT data FROM organisation WHERE code = $1`

// Asking is the question for an organisation, to be asked beside others, and what
// gives it when it was asked: as Organisation does.
func (d *Directory) Asking(code string) (db.Question, func(ctx context.Context) (workforceapi.Organisation, error)) {
	var data string
	return db.Question{Query: rowOf, Args: []any{code}, Each: func(row db.Row) error { return row.Scan(&data) }},
		func(ctx context.Context) (workforceapi.Organisation, error) {
			if data == "" {
				return d.Organisation(ctx, code)
			}
			return d.understand(code, data)
		}
}

func (d *Directory) understand(code, data string) (workforceapi.Organisation, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.read[code]; ok && known.data == data {
		return known.says, nil
	}
	var o workforceapi.Organisation
	if err := json.Unmarshal([]byte(data), &o); err != nil {
		return o, err
	}
	if d.read == nil {
		d.read = map[string]reading{}
	}
	d.read[code] = reading{data, o}
	return o, nil
}

func loadAll(ctx context.Context, q db.Querier) ([]workforceapi.Organisation, error) {
	var all []workforceapi.Organisation
	for row, err := range db.Rows(ctx, q, `SELECT data FROM organisation ORDER BY code`) {
		if err != nil {
			return nil, err
		}
		var data string
		var o workforceapi.Organisation
		if err := row.Scan(&data); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(data), &o); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// save writes the organisation and its beds if anything changed. A bed that
// НИСУР no longer has is closed, never deleted: stays and moves name it.
func (d *Directory) save(ctx context.Context, o workforceapi.Organisation) (changed bool, err error) {
	data, err := json.Marshal(o)
	if err != nil {
		return false, err
	}
	var known string
	err = d.DB.Read.QueryRowContext(ctx, `SELECT data FROM organisation WHERE code = $1`, o.Code).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, db.Explain(err)
	}
	if known == string(data) {
		return false, nil
	}
	return true, d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// The row of the organisation is written first: two processes that copy
		// the same organisation take turns at it.
		_, err := tx.ExecContext(ctx, `INSERT INTO organisation (code, data, synced_at) VALUES ($1, $2, $3)
			ON CONFLICT (code) DO UPDATE SET data = excluded.data, synced_at = excluded.synced_at`,
			o.Code, string(data), db.Micros(d.Clock.Now()))
		if err != nil {
			return err
		}
		return saveBeds(ctx, tx, o)
	})
}

func saveBeds(ctx context.Context, tx *sql.Tx, o workforceapi.Organisation) error {
	// Beds that are still there are opened again one by one below.
	if _, err := tx.ExecContext(ctx, `UPDATE bed SET position = -1 WHERE organisation = $1`, o.Code); err != nil {
		return err
	}
	position := 0
	for _, department := range o.Departments {
		for _, bed := range department.Beds {
			position++
			_, err := tx.ExecContext(ctx, `INSERT INTO bed (id, organisation, department, room, name, position) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (id) DO UPDATE SET department = excluded.department,
					room = excluded.room, name = excluded.name, position = excluded.position,
					state = CASE WHEN bed.state = 'closed' THEN 'ready' ELSE bed.state END
				WHERE bed.organisation = excluded.organisation`, // nobody takes over another hospital's bed
				bed.ID, o.Code, department.Code, bed.Room, bed.Name, position)
			if err != nil {
				return fmt.Errorf("bed %s: %w", bed.ID, err)
			}
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE bed SET state = 'closed', position = $2 WHERE organisation = $1 AND position = -1`, o.Code, position+1)
	return err
}

// saveDoctors keeps the list for the time when НИСУР is away.
func (d *Directory) saveDoctors(ctx context.Context, organisation string, doctors []workforceapi.Post, at time.Time) error {
	data, err := json.Marshal(doctors)
	if err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO organisation_staff (organisation, data, asked_at) VALUES ($1, $2, $3)
			ON CONFLICT (organisation) DO UPDATE SET data = excluded.data, asked_at = excluded.asked_at WHERE organisation_staff.asked_at < excluded.asked_at`,
			organisation, string(data), db.Micros(at))
		return err
	})
}

func loadDoctors(ctx context.Context, q db.Querier, organisation string) (doctors []workforceapi.Post, at time.Time, err error) {
	var data string
	var asked int64
	err = q.QueryRowContext(ctx, `SELECT data, asked_at FROM organisation_staff WHERE organisation = $1`, organisation).Scan(&data, &asked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, at, nil
	}
	if err != nil {
		return nil, at, db.Explain(err)
	}
	return doctors, db.Time(asked), json.Unmarshal([]byte(data), &doctors)
}
