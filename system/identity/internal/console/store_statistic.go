package console

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// signIns are the sign-ins of $1 to $2, refusals of unknown ПИН among them.
const signIns = `(SELECT at, method, outcome FROM visit WHERE at >= $1 AND at < $2
	UNION ALL SELECT at, method, 'refused' FROM stray WHERE at >= $1 AND at < $2) AS each`

// CountOver counts the sign-ins of the hours that are over: a year of a country's
// sign-ins is too many to be counted for each look at a page. Several processes
// may do so at once.
func (c *Console) CountOver(ctx context.Context) error {
	const settled = 5 * time.Minute // so long after an hour nobody writes into it any more
	now := c.Clock.Now()
	until := db.Micros(now.Add(-settled).Truncate(time.Hour))
	counted, err := c.counted(ctx, c.DB.Read, "")
	if err != nil || counted >= until {
		return err
	}
	_, ahead := now.In(clock.Bishkek).Zone()
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if counted, err = c.counted(ctx, tx, c.DB.ForUpdate()); err != nil || counted >= until {
			return err
		}
		for unit, micros := range map[string]int64{"hour": time.Hour.Microseconds(), "day": 24 * time.Hour.Microseconds()} {
			if _, err := tx.ExecContext(ctx, `INSERT INTO visit_count (unit, at, method, outcome, number)
				SELECT '`+unit+`', at - (at + $3) % $4, method, outcome, COUNT(*) FROM `+signIns+` GROUP BY 2, 3, 4
				ON CONFLICT (unit, at, method, outcome) DO UPDATE SET number = visit_count.number + EXCLUDED.number`,
				counted, until, int64(ahead)*time.Second.Microseconds(), micros); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE visit_counted SET until = $1 WHERE id = 1`, until); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM visit_count WHERE unit = 'hour' AND at < $1 OR at < $2`,
			db.Micros(now.Add(-3*24*time.Hour)), db.Micros(now.AddDate(-2, 0, 0))) // more than is drawn
		return err
	})
}

// counted is until when sign-ins are counted.
func (c *Console) counted(ctx context.Context, q db.Querier, lock string) (until int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT until FROM visit_counted WHERE id = 1`+lock).Scan(&until)
	return until, db.Explain(err)
}

// cells counts sign-ins by step, method and outcome; a step is between two of the
// bounds that follow each other. They stand at the beginnings of hours, or of days.
func (c *Console) cells(ctx context.Context, bounds []time.Time, hourly bool) ([]cell, error) {
	var steps strings.Builder
	args := []any{db.Micros(bounds[0]), db.Micros(bounds[len(bounds)-1]), "day"}
	if hourly {
		args[2] = "hour"
	}
	for i, at := range bounds[1:] {
		args = append(args, db.Micros(at))
		fmt.Fprintf(&steps, " WHEN at < $%d THEN %d", len(args), i)
	}
	const since = ` at >= $1 AND at < $2 AND at >= (SELECT until FROM visit_counted)`
	var all []cell
	for row, err := range db.Rows(ctx, c.DB.Read, `SELECT CASE`+steps.String()+` END, method, outcome, CAST(SUM(number) AS BIGINT) FROM
		(SELECT at, method, outcome, number FROM visit_count WHERE unit = $3 AND at >= $1 AND at < $2
		UNION ALL SELECT at, method, outcome, 1 FROM visit WHERE`+since+`
		UNION ALL SELECT at, method, 'refused', 1 FROM stray WHERE`+since+`) AS each GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, args...) {
		if err != nil {
			return nil, err
		}
		var each cell
		var outcome string
		if err := row.Scan(&each.step, &each.method, &outcome, &each.n); err != nil {
			return nil, err
		}
		each.entered = outcome == "entered"
		all = append(all, each)
	}
	return all, nil
}
