package icd

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

func find(ctx context.Context, q db.Querier, code string) (Code, bool, error) {
	c := Code{Code: code}
	var usable int
	err := q.QueryRowContext(ctx, `SELECT name, parent, usable FROM icd WHERE code = $1`, code).Scan(&c.Name, &c.Parent, &usable)
	if errors.Is(err, sql.ErrNoRows) {
		return Code{}, false, nil
	}
	c.Usable = usable == 1
	return c, err == nil, db.Explain(err)
}

// version grows with every import that changed something.
func version(ctx context.Context, q db.Querier) (int64, error) {
	var v int64
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM icd_import`).Scan(&v)
	return v, db.Explain(err)
}

func usable(ctx context.Context, q db.Querier) ([]Code, error) {
	all, err := loadAll(ctx, q, ` WHERE usable = 1`)
	if err != nil {
		return nil, err
	}
	codes := make([]Code, 0, len(all))
	for _, c := range all {
		codes = append(codes, c)
	}
	return codes, nil
}

func loadAll(ctx context.Context, q db.Querier, where string) (map[string]Code, error) {
	all := map[string]Code{}
	for row, err := range db.Rows(ctx, q, `SELECT code, name, parent, usable FROM icd`+where) {
		if err != nil {
			return nil, err
		}
		var c Code
		var usable int
		if err := row.Scan(&c.Code, &c.Name, &c.Parent, &usable); err != nil {
			return nil, err
		}
		c.Usable = usable == 1
		all[c.Code] = c
	}
	return all, nil
}

// Empty says that nothing was ever imported.
func Empty(ctx context.Context, d *db.DB) (bool, error) {
	var n int
	err := d.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM icd LIMIT 1) one`).Scan(&n)
	return n == 0, db.Explain(err)
}

// replace makes the table what codes say and counts what it did.
func replace(ctx context.Context, tx *sql.Tx, codes []Code, source string, now int64, report *Report) error {
	before, err := version(ctx, tx) // read first: an import that ends meanwhile takes our number
	if err != nil {
		return err
	}
	known, err := loadAll(ctx, tx, "")
	if err != nil {
		return err
	}
	if err := wholeEnough(codes, known); err != nil {
		return err
	}
	var write, olds []Code
	for _, c := range codes {
		old, ok := known[c.Code]
		delete(known, c.Code)
		if ok && old != c {
			olds = append(olds, old)
		}
		switch {
		case ok && old == c:
			report.Same++
		case !ok:
			report.Added++
			write = append(write, c)
		case old.Usable && !c.Usable:
			report.Withdrawn++
			write = append(write, c)
		default:
			report.Changed++
			write = append(write, c)
		}
		if c.Usable {
			report.Usable++
		}
	}
	if report.BadRows > 0 {
		// A bad row may be about any of the codes left: they stay as they are.
		for _, c := range known {
			if c.Usable {
				report.Usable++
			}
		}
		known = nil
	}
	for _, c := range known {
		if c.Usable {
			report.Withdrawn++
			olds = append(olds, c)
			c.Usable = false
			write = append(write, c)
		}
	}
	if len(write) == 0 {
		return nil
	}
	if err := keepPast(ctx, tx, olds, now); err != nil {
		return err
	}
	if err := upsert(ctx, tx, write, source); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO icd_import (number, source, at, rows, bad, changed)
		VALUES ($1, $2, $3, $4, $5, $6)`, before+1, source, now, report.Rows, report.BadRows, len(write))
	if db.Unique(err) {
		return fmt.Errorf("another import was under way: nothing was changed, try again")
	}
	return err
}

// wholeEnough guards against a part of a file taken for all of it: it would
// withdraw most of a hospital's codes.
func wholeEnough(codes []Code, known map[string]Code) error {
	before := 0
	for _, c := range known {
		if c.Usable {
			before++
		}
	}
	now := 0
	for _, c := range codes {
		if c.Usable {
			now++
		}
	}
	if before >= 1000 && now < before/2 {
		return fmt.Errorf("the file has %d usable codes where there are %d now: it does not look whole, nothing was changed", now, before)
	}
	return nil
}

// upsert writes the codes, a few hundred a statement.
func upsert(ctx context.Context, tx *sql.Tx, codes []Code, source string) error {
	const most = 400
	for len(codes) > 0 {
		n := min(most, len(codes))
		var b strings.Builder
		b.WriteString(`INSERT INTO icd (code, name, parent, usable, source) VALUES `)
		args := make([]any, 0, n*5)
		for i, c := range codes[:n] {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "($%d, $%d, $%d, $%d, $%d)", i*5+1, i*5+2, i*5+3, i*5+4, i*5+5)
			flag := int64(0)
			if c.Usable {
				flag = 1
			}
			args = append(args, c.Code, c.Name, c.Parent, flag, source)
		}
		b.WriteString(` ON CONFLICT (code) DO UPDATE SET name = excluded.name, parent = excluded.parent, usable = excluded.usable, source = excluded.source`)
		if _, err := tx.ExecContext(ctx, b.String(), args...); err != nil {
			return err
		}
		codes = codes[n:]
	}
	return nil
}
