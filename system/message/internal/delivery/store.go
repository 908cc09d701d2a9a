package delivery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// insertMessage keeps the message. If the sender's ID is taken, it gives the
// digest of what is there and isNew is false.
func insertMessage(ctx context.Context, tx *sql.Tx, own, sender, digest string, m messageapi.Message, now time.Time) (known string, isNew bool, err error) {
	subject, err := json.Marshal(m.Subject)
	if err != nil {
		return "", false, err
	}
	body, err := json.Marshal(m.Body)
	if err != nil {
		return "", false, err
	}
	inserted, err := db.ChangedOne(ctx, tx, `INSERT INTO message (id, sender, sender_id, digest, pin, subject, body, lang, link, secret, mailbox, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (sender, sender_id) DO NOTHING`,
		own, sender, m.ID, digest, m.PIN, string(subject), string(body), string(m.Lang), m.Link,
		db.Flag(m.Secret), db.Flag(slices.Contains(m.Channels, messageapi.Mailbox)), db.Micros(now))
	if err != nil || inserted {
		return digest, inserted, err
	}
	err = tx.QueryRowContext(ctx, `SELECT digest FROM message WHERE sender = $1 AND sender_id = $2`, sender, m.ID).Scan(&known)
	return known, false, err
}

func insertDelivery(ctx context.Context, tx *sql.Tx, deliveryID, messageID string, channel messageapi.Channel, address string, state State, now time.Time) error {
	delivered := int64(0)
	if state == Delivered {
		delivered = db.Micros(now)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO delivery (id, message_id, channel, address, state, created_at, delivered_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		deliveryID, messageID, string(channel), address, string(state), db.Micros(now), delivered)
	return err
}

func findDelivery(ctx context.Context, q db.Querier, deliveryID string) (stored, error) {
	var d stored
	var subject, body string
	var secret, erased int
	var created int64
	err := q.QueryRowContext(ctx, `SELECT d.id, d.message_id, d.channel, d.address, d.state, m.pin, m.subject, m.body, m.lang, m.link, m.secret,
			CASE WHEN m.erased_at > 0 THEN 1 ELSE 0 END, d.created_at
		FROM delivery d JOIN message m ON m.id = d.message_id WHERE d.id = $1`, deliveryID).
		Scan(&d.id, &d.messageID, &d.channel, &d.address, &d.state, &d.pin, &subject, &body, &d.lang, &d.link, &secret, &erased, &created)
	if err != nil {
		return d, db.Explain(err)
	}
	d.secret, d.erased, d.created = secret == 1, erased == 1, db.Time(created)
	d.subject, err = words(subject)
	if err != nil {
		return d, err
	}
	d.body, err = words(body)
	return d, err
}

func words(data string) (text.Words, error) {
	var w text.Words
	if data == "" { // erased
		return w, nil
	}
	err := json.Unmarshal([]byte(data), &w)
	return w, err
}

func noteTry(ctx context.Context, tx *sql.Tx, deliveryID string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE delivery SET tries = tries + 1, tried_at = $2 WHERE id = $1`, deliveryID, db.Micros(now))
	return err
}

func closeDelivery(ctx context.Context, tx *sql.Tx, deliveryID string, state State, reason string, now time.Time) error {
	delivered := int64(0)
	if state == Delivered {
		delivered = db.Micros(now)
	}
	_, err := tx.ExecContext(ctx, `UPDATE delivery SET state = $2, reason = $3, tries = tries + 1, tried_at = $4, delivered_at = $5 WHERE id = $1`,
		deliveryID, string(state), reason, db.Micros(now), delivered)
	return err
}

// holdMessage makes the ends of the message's deliveries take turns.
func holdMessage(ctx context.Context, tx *sql.Tx, messageID, lock string) error {
	var one string
	return tx.QueryRowContext(ctx, `SELECT id FROM message WHERE id = $1`+lock, messageID).Scan(&one)
}

// eraseIfDone drops the text of a secret message none of whose deliveries is
// open any more, and the address it went to.
func eraseIfDone(ctx context.Context, tx *sql.Tx, messageID string, now time.Time) error {
	var open int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM delivery WHERE message_id = $1 AND state = 'waiting' LIMIT 1`, messageID).Scan(&open)
	if err == nil {
		return nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE delivery SET address = '' WHERE message_id = $1`, messageID); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE message SET subject = '', body = '', link = '', erased_at = $2 WHERE id = $1`, messageID, db.Micros(now))
	return err
}
