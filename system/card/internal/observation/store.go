package observation

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const columns = `id, stay_id, root, version, reason, struck, at, temperature, pulse, systolic, diastolic, respiration, saturation, by_pin, by_name, signed_at`

func insert(ctx context.Context, tx db.Querier, o Observation) error {
	v := o.Vitals
	_, err := tx.ExecContext(ctx, `INSERT INTO observation (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO NOTHING`,
		o.ID, o.StayID, o.Root, o.Version, o.Reason, db.Flag(o.Struck), db.Micros(o.At), v.Temperature, v.Pulse, v.Systolic, v.Diastolic,
		v.Respiration, v.Saturation, o.ByPIN, o.ByName, db.Micros(o.SignedAt))
	return err
}

// Sheet is every line of the stay in its last version with the former ones, the
// earliest first. Lines that were struck are among them.
func Sheet(ctx context.Context, q db.Querier, stayID string) ([]Observation, error) {
	return read(ctx, q, ` WHERE stay_id = $1 ORDER BY version DESC`, stayID)
}

func find(ctx context.Context, q db.Querier, stayID, root string) (Observation, error) {
	found, err := read(ctx, q, ` WHERE stay_id = $1 AND root = $2 ORDER BY version DESC`, stayID, root)
	if err != nil {
		return Observation{}, err
	}
	if len(found) == 0 {
		return Observation{}, fail.New(fail.NotFound, "card.vitals.none_such")
	}
	return found[0], nil
}

// Last is the newest line of the stay that stands; ok is false when there is none.
func Last(ctx context.Context, q db.Querier, stayID string) (Observation, bool, error) {
	o, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM observation o WHERE stay_id = $1 AND struck = 0
		AND NOT EXISTS (SELECT 1 FROM observation newer WHERE newer.root = o.root AND newer.version > o.version)
		ORDER BY at DESC, root DESC LIMIT 1`, stayID))
	if errors.Is(err, sql.ErrNoRows) {
		return o, false, nil
	}
	return o, err == nil, db.Explain(err)
}

func read(ctx context.Context, q db.Querier, where string, args ...any) ([]Observation, error) {
	var all []Observation
	place := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM observation`+where, args...) {
		if err != nil {
			return nil, err
		}
		o, err := scan(row)
		if err != nil {
			return nil, err
		}
		if i, ok := place[o.Root]; ok {
			all[i].Former = append(all[i].Former, o)
			continue
		}
		place[o.Root] = len(all)
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(a, b Observation) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Root, b.Root)) })
	return all, nil
}

func scan(row db.Row) (Observation, error) {
	var o Observation
	var struck, at, signed int64
	v := &o.Vitals
	err := row.Scan(&o.ID, &o.StayID, &o.Root, &o.Version, &o.Reason, &struck, &at, &v.Temperature, &v.Pulse, &v.Systolic, &v.Diastolic,
		&v.Respiration, &v.Saturation, &o.ByPIN, &o.ByName, &signed)
	o.Struck, o.At, o.SignedAt = struck == 1, db.Time(at), db.Time(signed)
	return o, err
}

// LastOf are the newest lines that stand of the department's open stays, by stay.
func LastOf(ctx context.Context, q db.Querier, organisation, department string) (map[string]Observation, error) {
	byStay := map[string]Observation{}
	for row, err := range db.Rows(ctx, q, `SELECT o.`+strings.ReplaceAll(columns, ", ", ", o.")+` FROM observation o
		JOIN stay s ON s.id = o.stay_id AND s.state = 'open' AND s.organisation = $1 AND s.department = $2
		WHERE o.struck = 0 AND NOT EXISTS (SELECT 1 FROM observation newer WHERE newer.root = o.root AND newer.version > o.version)
		AND NOT EXISTS (SELECT 1 FROM observation later WHERE later.stay_id = o.stay_id AND later.at > o.at AND later.struck = 0
			AND NOT EXISTS (SELECT 1 FROM observation last WHERE last.root = later.root AND last.version > later.version))
		ORDER BY o.at, o.root`, organisation, department) {
		if err != nil {
			return nil, err
		}
		o, err := scan(row)
		if err != nil {
			return nil, err
		}
		byStay[o.StayID] = o
	}
	return byStay, nil
}
