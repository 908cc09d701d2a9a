package icd

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// keepPast notes what is about to be changed as it was. A code that is new to the
// table leaves nothing: since when it is valid no file tells.
func keepPast(ctx context.Context, tx *sql.Tx, olds []Code, until int64) error {
	for _, c := range olds {
		if _, err := tx.ExecContext(ctx, `INSERT INTO icd_past (code, until, name, parent, usable) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (code, until) DO NOTHING`,
			c.Code, until, c.Name, c.Parent, db.Flag(c.Usable)); err != nil {
			return err
		}
	}
	return nil
}

// FindOn is the code as the classification had it at the moment.
func (b *Book) FindOn(ctx context.Context, code string, at time.Time) (Code, bool, error) {
	c := Code{Code: code}
	var usable int
	err := b.db.Read.QueryRowContext(ctx, `SELECT name, parent, usable FROM icd_past WHERE code = $1 AND until > $2 ORDER BY until LIMIT 1`, code, db.Micros(at)).
		Scan(&c.Name, &c.Parent, &usable)
	if errors.Is(err, sql.ErrNoRows) {
		return b.Find(ctx, code)
	}
	c.Usable = usable == 1
	return c, err == nil, db.Explain(err)
}

// Edition is the number of the import that the classification is of, 0 for none.
func (b *Book) Edition(ctx context.Context) (int64, error) { return version(ctx, b.db.Read) }

// Page is a part of the usable codes in their order, and how many there are. With
// words it is of the best that fit them, Most at most.
func (b *Book) Page(ctx context.Context, words string, offset, count int) ([]Code, int, error) {
	if words != "" {
		at, err := b.index(ctx)
		if err != nil {
			return nil, 0, err
		}
		all := at.search(words, Most)
		from := min(offset, len(all))
		return all[from:min(from+count, len(all))], len(all), nil
	}
	var total int
	if err := b.db.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM icd WHERE usable = 1`).Scan(&total); err != nil {
		return nil, 0, db.Explain(err)
	}
	rows, err := b.db.Read.QueryContext(ctx, `SELECT code, name, parent FROM icd WHERE usable = 1 ORDER BY code LIMIT $1 OFFSET $2`, count, offset)
	if err != nil {
		return nil, 0, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var page []Code
	for rows.Next() {
		c := Code{Usable: true}
		if err := rows.Scan(&c.Code, &c.Name, &c.Parent); err != nil {
			return nil, 0, err
		}
		page = append(page, c)
	}
	return page, total, db.Explain(rows.Err())
}

// Most is how many codes words can find.
const Most = 1000
