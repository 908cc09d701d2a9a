package referral

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// room is what a department has.
type room struct {
	beds, free, waiting int
	at                  time.Time
}

// freeBeds is by "organisation/department" how many beds there are and how many
// stand ready, empty and kept for nobody, less the patients there without a bed;
// by "said organisation/department" what other systems last said.
func freeBeds(ctx context.Context, q db.Querier, now time.Time) (map[string]room, error) {
	all := map[string]room{}
	err := eachRow(ctx, q, `SELECT b.organisation || '/' || b.department, COUNT(*),
			SUM(CASE WHEN b.state = 'ready' AND s.id IS NULL AND k.bed_id IS NULL THEN 1 ELSE 0 END), 0, 0
		FROM bed b LEFT JOIN stay s ON s.bed_id = b.id AND s.state = 'open'
		LEFT JOIN bed_reservation k ON k.bed_id = b.id AND k.until_at > $1
		WHERE b.state <> 'closed' GROUP BY b.organisation, b.department`, func(key string, r room) { all[key] = r }, db.Micros(now))
	if err != nil {
		return nil, err
	}
	err = eachRow(ctx, q, `SELECT organisation || '/' || department, 0, COUNT(*), 0, 0 FROM stay WHERE state = 'open' AND bed_id IS NULL
		GROUP BY organisation, department`, func(key string, unbedded room) {
		r := all[key]
		r.free -= unbedded.free
		all[key] = r
	})
	if err != nil {
		return nil, err
	}
	return all, eachRow(ctx, q, `SELECT 'said ' || organisation || '/' || department, beds, free, waiting, asked_at FROM referral_capacity`,
		func(key string, r room) { all[key] = r })
}

func eachRow(ctx context.Context, q db.Querier, query string, take func(string, room), args ...any) error {
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return err
		}
		var key string
		var r room
		var at int64
		if err := row.Scan(&key, &r.beds, &r.free, &r.waiting, &at); err != nil {
			return err
		}
		r.at = db.Time(at)
		take(key, r)
	}
	return nil
}

// waitingByPlace counts the referrals that are not over by "organisation/department".
func waitingByPlace(ctx context.Context, q db.Querier, today clock.Date) (map[string]int, error) {
	count := map[string]int{}
	err := eachRow(ctx, q, `SELECT to_organisation || '/' || to_department, 0, 0, COUNT(*), 0 FROM referral
		WHERE state IN ('sent', 'accepted') AND valid_until >= $1 GROUP BY to_organisation, to_department`,
		func(key string, r room) { count[key] = r.waiting }, today.String())
	return count, err
}

// routes are the subsystems of the organisations that work in another system.
func routes(ctx context.Context, q db.Querier) (map[string]string, error) {
	all := map[string]string{}
	for row, err := range db.Rows(ctx, q, `SELECT organisation, subsystem FROM referral_route`) {
		if err != nil {
			return nil, err
		}
		var organisation, subsystem string
		if err := row.Scan(&organisation, &subsystem); err != nil {
			return nil, err
		}
		all[organisation] = subsystem
	}
	return all, nil
}

// routeOf is the subsystem in which the organisation works, "" when it is ours.
func routeOf(ctx context.Context, q db.Querier, organisation string) (string, error) {
	var subsystem string
	err := q.QueryRowContext(ctx, `SELECT subsystem FROM referral_route WHERE organisation = $1`, organisation).Scan(&subsystem)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return subsystem, db.Explain(err)
}

// setRoute says in which subsystem an organisation works, "" for here.
func setRoute(ctx context.Context, tx *sql.Tx, organisation, subsystem string) error {
	if subsystem == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM referral_route WHERE organisation = $1`, organisation)
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO referral_route (organisation, subsystem) VALUES ($1, $2)
		ON CONFLICT (organisation) DO UPDATE SET subsystem = excluded.subsystem`, organisation, subsystem)
	return err
}

// saveCapacity keeps what an organisation's system said of its departments.
func saveCapacity(ctx context.Context, tx *sql.Tx, organisation string, said []cardapi.Capacity, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM referral_capacity WHERE organisation = $1`, organisation); err != nil {
		return err
	}
	for _, c := range said {
		_, err := tx.ExecContext(ctx, `INSERT INTO referral_capacity (organisation, department, beds, free, waiting, asked_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (organisation, department) DO NOTHING`, organisation, c.Department, c.Beds, c.Free, c.Waiting, db.Micros(now))
		if err != nil {
			return err
		}
	}
	return nil
}
