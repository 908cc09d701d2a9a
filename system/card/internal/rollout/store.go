package rollout

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

const lineColumns = `line, version, part, stage, beside, regions, level, whom, responsible, format, from_day, until_day, source, reason, changed_at, changed_by, changed_name`

// insertLine says whether the version was written: one that is there stays.
func insertLine(ctx context.Context, tx db.Querier, l Line) (bool, error) {
	whom, err := json.Marshal(l.Whom)
	if err != nil {
		return false, err
	}
	responsible, err := json.Marshal(l.Responsible)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, `INSERT INTO rollout_line (`+lineColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT (line, version) DO NOTHING`,
		l.Line, l.Version, l.Part, l.Stage, l.Beside, strings.Join(l.Regions, " "), l.Level, string(whom), string(responsible), l.Format,
		dayText(l.From), dayText(l.Until), l.Source, l.Reason, db.Micros(l.ChangedAt), l.ChangedBy, l.ChangedName)
}

// dayText is the day as it is kept, "" for none.
func dayText(d clock.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// Schedule is the newest version of every line, in the order of the document.
func Schedule(ctx context.Context, q db.Querier) ([]Line, error) {
	return lineRows(ctx, q, `SELECT `+lineColumns+` FROM rollout_line l
		WHERE version = (SELECT MAX(version) FROM rollout_line newer WHERE newer.line = l.line)
		ORDER BY CASE part WHEN 'stage' THEN 0 ELSE 1 END, stage, until_day, from_day, line`)
}

// history is every version of the line, the newest first.
func history(ctx context.Context, q db.Querier, line string) ([]Line, error) {
	return lineRows(ctx, q, `SELECT `+lineColumns+` FROM rollout_line WHERE line = $1 ORDER BY version DESC`, line)
}

func lineRows(ctx context.Context, q db.Querier, query string, args ...any) ([]Line, error) {
	var all []Line
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		var l Line
		var regions, whom, responsible, from, until string
		var at int64
		if err := row.Scan(&l.Line, &l.Version, &l.Part, &l.Stage, &l.Beside, &regions, &l.Level, &whom, &responsible, &l.Format,
			&from, &until, &l.Source, &l.Reason, &at, &l.ChangedBy, &l.ChangedName); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(whom), &l.Whom); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(responsible), &l.Responsible); err != nil {
			return nil, err
		}
		l.Regions, l.From, l.Until, l.ChangedAt = strings.Fields(regions), db.Date(from), db.Date(until), db.Time(at)
		all = append(all, l)
	}
	return all, nil
}

// countsOf is what was copied of every organisation, and who was trained.
func countsOf(ctx context.Context, q db.Querier, since string) (map[string]Counts, error) {
	all := map[string]Counts{}
	for row, err := range db.Rows(ctx, q, `SELECT 'staff', organisation, staff, responsible FROM rollout_staff
		UNION ALL SELECT 'trained', organisation, COUNT(DISTINCT pin), 0 FROM training_person WHERE attended = 1 GROUP BY organisation
		UNION ALL SELECT 'month', organisation, SUM(by_card), SUM(by_hand) FROM rollout_month WHERE month >= $1 GROUP BY organisation`, since) {
		if err != nil {
			return nil, err
		}
		var part, organisation string
		var a, b int
		if err := row.Scan(&part, &organisation, &a, &b); err != nil {
			return nil, err
		}
		c := all[organisation]
		switch part {
		case "staff":
			c.Staff, c.Responsible, c.Known = a, b, true
		case "trained":
			c.Trained = a
		default:
			c.ByCard, c.ByHand = a, b
		}
		all[organisation] = c
	}
	return all, nil
}

func saveStaff(ctx context.Context, tx db.Querier, organisation string, staff, responsible int, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO rollout_staff (organisation, staff, responsible, synced_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (organisation) DO UPDATE SET staff = excluded.staff, responsible = excluded.responsible, synced_at = excluded.synced_at`,
		organisation, staff, responsible, db.Micros(at))
	return err
}

func saveMonth(ctx context.Context, tx db.Querier, organisation, month string, byCard, byHand int, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO rollout_month (organisation, month, by_card, by_hand, synced_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (organisation, month) DO UPDATE SET by_card = excluded.by_card, by_hand = excluded.by_hand, synced_at = excluded.synced_at`,
		organisation, month, byCard, byHand, db.Micros(at))
	return err
}

// month is one month of an organisation.
type month struct {
	Month          string
	ByCard, ByHand int
}

// monthsOf are the organisation's months that the fund has told of, the oldest first.
func monthsOf(ctx context.Context, q db.Querier, organisation string) ([]month, error) {
	var all []month
	for row, err := range db.Rows(ctx, q, `SELECT month, by_card, by_hand FROM rollout_month WHERE organisation = $1 ORDER BY month`, organisation) {
		if err != nil {
			return nil, err
		}
		var m month
		if err := row.Scan(&m.Month, &m.ByCard, &m.ByHand); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// insertReminder says whether it is the first since that moment.
func insertReminder(ctx context.Context, tx db.Querier, m Reminder, since time.Time) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO rollout_reminder (organisation, matter, pin, name, period, behind, asked_at, asked_by)
		SELECT $1, $2, $3, $4, $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT), $8
		WHERE NOT EXISTS (SELECT 1 FROM rollout_reminder o WHERE o.organisation = $1 AND o.matter = $2 AND o.pin = $3 AND o.asked_at >= $9)
		ON CONFLICT (organisation, matter, pin, period) DO NOTHING`,
		m.Organisation, m.Matter, m.PIN, m.Name, m.Period, m.Behind, db.Micros(m.AskedAt), m.AskedBy, db.Micros(since))
}

// remindersOf are the newest of the organisation.
func remindersOf(ctx context.Context, q db.Querier, organisation string, limit int) ([]Reminder, error) {
	var all []Reminder
	for row, err := range db.Rows(ctx, q, `SELECT matter, name, period, behind, asked_at, asked_by FROM rollout_reminder
		WHERE organisation = $1 ORDER BY asked_at DESC, matter, name LIMIT $2`, organisation, limit) {
		if err != nil {
			return nil, err
		}
		var m Reminder
		var at int64
		if err := row.Scan(&m.Matter, &m.Name, &m.Period, &m.Behind, &at, &m.AskedBy); err != nil {
			return nil, err
		}
		m.AskedAt = db.Time(at)
		all = append(all, m)
	}
	return all, nil
}
