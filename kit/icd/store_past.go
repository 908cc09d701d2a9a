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

// on are the codes as the classification had them at the moment $1, by its own
// notes; a code that came with a later import is told for earlier moments too, as
// FindOn tells it.
const on = ` FROM icd i LEFT JOIN icd_past p ON p.code = i.code AND p.until = (SELECT MIN(q.until) FROM icd_past q WHERE q.code = i.code AND q.until > $1)
	WHERE COALESCE(p.usable, i.usable) = 1`

const codeOn = `SELECT i.code, COALESCE(p.name, i.name), COALESCE(p.parent, i.parent)` + on

// Page is a part of the codes that were usable at the moment, in their order, and
// how many there are. With words it is of the best that fit them, Most at most.
func (b *Book) Page(ctx context.Context, words string, at time.Time, offset, count int) ([]Code, int, error) {
	if words != "" {
		x, err := b.indexOn(ctx, at)
		if err != nil {
			return nil, 0, err
		}
		all := x.search(words, Most)
		from := min(offset, len(all))
		return all[from:min(from+count, len(all))], len(all), nil
	}
	moment := db.Micros(at)
	var total int
	if err := b.db.Read.QueryRowContext(ctx, `SELECT COUNT(*)`+on, moment).Scan(&total); err != nil {
		return nil, 0, db.Explain(err)
	}
	page, err := codesOn(ctx, b.db.Read, codeOn+` ORDER BY i.code LIMIT $2 OFFSET $3`, moment, count, offset)
	return page, total, err
}

func codesOn(ctx context.Context, q db.Querier, query string, args ...any) ([]Code, error) {
	var all []Code
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		c := Code{Usable: true}
		if err := row.Scan(&c.Code, &c.Name, &c.Parent); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// edge is the first import after the moment that changed something, 0 for none:
// between two of them the classification stayed as it was.
func edge(ctx context.Context, q db.Querier, at int64) (int64, error) {
	var first int64
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MIN(until), 0) FROM icd_past WHERE until > $1`, at).Scan(&first)
	return first, db.Explain(err)
}

// indexOn is the classification of the moment in memory. One of the past is kept,
// the one that was asked for last.
func (b *Book) indexOn(ctx context.Context, at time.Time) (*index, error) {
	moment := db.Micros(at)
	until, err := edge(ctx, b.db.Read, moment)
	if err != nil {
		return nil, err
	}
	if until == 0 {
		return b.index(ctx)
	}
	version, err := version(ctx, b.db.Read)
	if err != nil {
		return nil, err
	}
	b.past.Lock()
	defer b.past.Unlock()
	if b.past.at == nil || b.past.at.version != version || b.past.until != until {
		codes, err := codesOn(ctx, b.db.Read, codeOn, moment)
		if err != nil {
			return nil, err
		}
		b.past.at, b.past.until = newIndex(version, codes), until
	}
	return b.past.at, nil
}

// Most is how many codes words can find.
const Most = 1000
