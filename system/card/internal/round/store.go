package round

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

func insertNote(ctx context.Context, tx db.Querier, id, stayID, body string, by desk.Staff, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO handover_note (id, stay_id, body, at, by_pin, by_name) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
		id, stayID, body, db.Micros(at), by.PIN, by.Name)
	return err
}

// notesOf are the notes of the department's open stays since the moment, by
// stay, the newest first.
func notesOf(ctx context.Context, q db.Querier, organisation, department string, since time.Time) (map[string][]Note, error) {
	notes := map[string][]Note{}
	for row, err := range db.Rows(ctx, q, `SELECT n.stay_id, n.body, n.at, n.by_name FROM handover_note n
		JOIN stay s ON s.id = n.stay_id AND s.state = 'open' AND s.organisation = $1 AND s.department = $2
		WHERE n.at >= $3 ORDER BY n.at DESC, n.id DESC`, organisation, department, db.Micros(since)) {
		if err != nil {
			return nil, err
		}
		var stayID string
		var at int64
		var n Note
		if err := row.Scan(&stayID, &n.Body, &at, &n.ByName); err != nil {
			return nil, err
		}
		n.At = db.Time(at)
		notes[stayID] = append(notes[stayID], n)
	}
	return notes, nil
}

// asked are the names of the requests without an answer, by stay.
func asked(ctx context.Context, q db.Querier, organisation, department string) (map[string][]string, error) {
	names := map[string][]string{}
	for row, err := range db.Rows(ctx, q, `SELECT r.stay_id, r.name FROM request r
		JOIN stay s ON s.id = r.stay_id AND s.state = 'open' AND s.organisation = $1 AND s.department = $2
		WHERE r.cancelled_at = 0 AND NOT EXISTS (SELECT 1 FROM answer a WHERE a.request_id = r.id) ORDER BY r.asked_at, r.id`, organisation, department) {
		if err != nil {
			return nil, err
		}
		var stayID, name string
		if err := row.Scan(&stayID, &name); err != nil {
			return nil, err
		}
		names[stayID] = append(names[stayID], name)
	}
	return names, nil
}
