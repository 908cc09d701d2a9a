package mailbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
)

const perPage = 30

// list is the person's letters, newest first; more says that older ones follow.
func list(ctx context.Context, q db.Querier, pin string, pageNumber int) (letters []Letter, more bool, err error) {
	for row, err := range db.Rows(ctx, q, `SELECT id, sender, subject, body, link, created_at, read_at FROM message
		WHERE pin = $1 AND mailbox = 1 AND erased_at = 0 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3`, pin, perPage+1, (pageNumber-1)*perPage) {
		if err != nil {
			return nil, false, err
		}
		l, err := scan(row)
		if err != nil {
			return nil, false, err
		}
		letters = append(letters, l)
	}
	if len(letters) > perPage {
		return letters[:perPage], true, nil
	}
	return letters, false, nil
}

func scan(row db.Row) (Letter, error) {
	var l Letter
	var subject, body string
	var at, read int64
	if err := row.Scan(&l.ID, &l.Sender, &subject, &body, &l.Link, &at, &read); err != nil {
		return l, err
	}
	l.At, l.Read = db.Time(at), read > 0
	if err := words(subject, &l.Subject); err != nil {
		return l, err
	}
	return l, words(body, &l.Body)
}

func words(data string, w *text.Words) error {
	if data == "" {
		return nil
	}
	return json.Unmarshal([]byte(data), w)
}

// unread is how many letters the person has not opened.
func unread(ctx context.Context, q db.Querier, pin string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM message WHERE pin = $1 AND mailbox = 1 AND erased_at = 0 AND read_at = 0`, pin).Scan(&n)
	return n, db.Explain(err)
}

// find is one letter of this person; anybody else's is not there.
func find(ctx context.Context, q db.Querier, pin, messageID string) (Letter, error) {
	l, err := scan(q.QueryRowContext(ctx, `SELECT id, sender, subject, body, link, created_at, read_at FROM message
		WHERE id = $1 AND pin = $2 AND mailbox = 1 AND erased_at = 0`, messageID, pin))
	if errors.Is(err, sql.ErrNoRows) {
		return l, fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return l, db.Explain(err)
	}
	for row, err := range db.Rows(ctx, q, `SELECT channel, state, reason, delivered_at FROM delivery WHERE message_id = $1 AND channel <> 'mailbox' ORDER BY channel`, messageID) {
		if err != nil {
			return l, err
		}
		var w Way
		var at int64
		if err := row.Scan(&w.Channel, &w.State, &w.Reason, &at); err != nil {
			return l, err
		}
		w.At = db.Time(at)
		l.Ways = append(l.Ways, w)
	}
	return l, nil
}

func markRead(ctx context.Context, d *db.DB, messageID string, now time.Time) error {
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE message SET read_at = $2 WHERE id = $1 AND read_at = 0`, messageID, db.Micros(now))
		return err
	})
}
