package inbox

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

const keepFor = 7 * 24 * time.Hour

// put keeps an item once, however often it arrives.
func (b *Box) put(ctx context.Context, i Item) error {
	now := b.Clock.Now()
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM inbox WHERE at < $1`, db.Micros(now.Add(-keepFor))); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO inbox (id, at, channel, address, subject, body, link) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO NOTHING`, i.ID, db.Micros(now), i.Channel, i.Address, i.Subject, i.Body, i.Link)
		return err
	})
}

// list is the newest items, at most 200.
func (b *Box) list(ctx context.Context) ([]Item, error) {
	items := []Item{}
	for row, err := range db.Rows(ctx, b.DB.Read, `SELECT id, at, channel, address, subject, body, link FROM inbox ORDER BY at DESC, id DESC LIMIT 200`) {
		if err != nil {
			return nil, err
		}
		var i Item
		var at int64
		if err := row.Scan(&i.ID, &at, &i.Channel, &i.Address, &i.Subject, &i.Body, &i.Link); err != nil {
			return nil, err
		}
		i.At, i.Code = db.Time(at), codeIn(i.Body)
		i.PIN, i.Name = owner(i.Address)
		items = append(items, i)
	}
	return items, nil
}
