package onetime

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
)

// next makes the owner wait for a new code and has it sent.
func (c *Codes) next(ctx context.Context, o Order) error {
	until := db.Micros(c.Clock.Now().Add(c.Lives.Time(Life)))
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Numbers go on from the moment, so that a code that was swept away never
		// comes back.
		var number int64
		err := tx.QueryRowContext(ctx, `INSERT INTO one_time_code (purpose, owner, channel, address, lang, number, attempts, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
			ON CONFLICT (purpose, owner) DO UPDATE SET channel = $3, address = $4, lang = $5, attempts = 0, expires_at = $7,
				number = CASE WHEN one_time_code.number < $6 THEN $6 ELSE one_time_code.number + 1 END
			RETURNING number`, string(o.Purpose), o.Owner, string(o.Channel), o.Address, string(o.Lang), db.Micros(c.Clock.Now()), until).Scan(&number)
		if err != nil {
			return err
		}
		_, err = c.Queue.Add(ctx, tx, codeJob, order{o.Purpose, o.Owner, number}, job.Options{Subject: string(o.Channel)})
		return err
	})
}

func (c *Codes) waiting(ctx context.Context, purpose Purpose, owner string) (waiting, bool, error) {
	w := waiting{Order: Order{Purpose: purpose, Owner: owner}}
	var lang string
	var until int64
	err := c.DB.Read.QueryRowContext(ctx, `SELECT channel, address, lang, number, expires_at FROM one_time_code WHERE purpose = $1 AND owner = $2`,
		string(purpose), owner).Scan(&w.Channel, &w.Address, &lang, &w.number, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return waiting{}, false, nil
	}
	w.Lang, w.until = text.Lang(lang), db.Time(until)
	return w, err == nil, db.Explain(err)
}

// attempt counts a try before it is compared; false when there were too many,
// or a newer code has been sent.
func (c *Codes) attempt(ctx context.Context, w waiting) (bool, error) {
	return db.ChangedOne(ctx, c.DB.Single(), `UPDATE one_time_code SET attempts = attempts + 1 WHERE purpose = $1 AND owner = $2 AND number = $3 AND attempts < $4`,
		string(w.Purpose), w.Owner, w.number, c.Lives.Number(maxAttempts))
}

// spend takes the code away: of two right answers at once, one is first.
func (c *Codes) spend(ctx context.Context, w waiting) (bool, error) {
	return db.ChangedOne(ctx, c.DB.Single(), `DELETE FROM one_time_code WHERE purpose = $1 AND owner = $2 AND number = $3`, string(w.Purpose), w.Owner, w.number)
}

// Sweep deletes codes that nobody used.
func (c *Codes) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM one_time_code WHERE expires_at < $1`, db.Micros(c.Clock.Now()))
	return err
}
