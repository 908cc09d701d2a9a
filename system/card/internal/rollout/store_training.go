package rollout

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

func insertTraining(ctx context.Context, tx db.Querier, t Training, at time.Time) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO training (id, topic, at, format, place, organisation, trainer, line, created_at, created_by, created_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`,
		t.ID, t.Topic, db.Micros(t.At), t.Format, t.Place, t.Organisation, t.Trainer, t.Line, db.Micros(at), t.CreatedBy, t.CreatedName)
}

// trainings are the newest sessions before that one (the zero Training: of all);
// only is one organisation's, id "" every one. What an organisation sees of
// attendance is its own people.
func trainings(ctx context.Context, q db.Querier, only, trainingID string, before Training, limit int) ([]Training, error) {
	var all []Training
	for row, err := range db.Rows(ctx, q, `SELECT t.id, t.topic, t.at, t.format, t.place, t.organisation, t.trainer, t.line, t.created_by, t.created_name,
			(SELECT COUNT(*) FROM training_person p WHERE p.training_id = t.id AND ($1 = '' OR p.organisation = $1)),
			(SELECT COUNT(*) FROM training_person p WHERE p.training_id = t.id AND p.attended = 1 AND ($1 = '' OR p.organisation = $1))
		FROM training t WHERE ($2 = '' OR t.id = $2)
		AND ($1 = '' OR t.organisation = $1 OR EXISTS (SELECT 1 FROM training_person p WHERE p.training_id = t.id AND p.organisation = $1))
		AND (t.at < $4 OR (t.at = $4 AND t.id > $5) OR $4 = 0)
		ORDER BY t.at DESC, t.id LIMIT $3`, only, trainingID, limit, db.Micros(before.At), before.ID) {
		if err != nil {
			return nil, err
		}
		var t Training
		var at int64
		if err := row.Scan(&t.ID, &t.Topic, &at, &t.Format, &t.Place, &t.Organisation, &t.Trainer, &t.Line, &t.CreatedBy, &t.CreatedName, &t.Invited, &t.Came); err != nil {
			return nil, err
		}
		t.At = db.Time(at)
		all = append(all, t)
	}
	return all, nil
}

func insertAttendee(ctx context.Context, tx db.Querier, trainingID string, a Attendee) (bool, error) {
	post, err := json.Marshal(a.Post)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, `INSERT INTO training_person (training_id, pin, name, post, organisation, attended, marked_at, marked_by)
		VALUES ($1, $2, $3, $4, $5, $6, 0, '') ON CONFLICT (training_id, pin) DO NOTHING`,
		trainingID, a.PIN, a.Name, string(post), a.Organisation, db.Flag(a.Attended))
}

func markAttended(ctx context.Context, tx db.Querier, trainingID, pin string, attended bool, at time.Time, by string) error {
	_, err := tx.ExecContext(ctx, `UPDATE training_person SET attended = $3, marked_at = $4, marked_by = $5 WHERE training_id = $1 AND pin = $2`,
		trainingID, pin, db.Flag(attended), db.Micros(at), by)
	return err
}

// attendees are the people of a session by organisation and name.
func attendees(ctx context.Context, q db.Querier, trainingID, only string) ([]Attendee, error) {
	var all []Attendee
	for row, err := range db.Rows(ctx, q, `SELECT pin, name, post, organisation, attended FROM training_person
		WHERE training_id = $1 AND ($2 = '' OR organisation = $2) ORDER BY organisation, name, pin`, trainingID, only) {
		if err != nil {
			return nil, err
		}
		var a Attendee
		var attended int64
		var post string
		if err := row.Scan(&a.PIN, &a.Name, &post, &a.Organisation, &attended); err != nil {
			return nil, err
		}
		a.Attended, a.Post = attended == 1, postOf(post)
		all = append(all, a)
	}
	return all, nil
}

// postOf reads the column post: words as JSON, or the Russian name alone in what
// was written before the other languages were kept.
func postOf(column string) text.Words {
	var post text.Words
	if json.Unmarshal([]byte(column), &post) != nil {
		return text.Same(column)
	}
	return post
}
