package capture

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// most changes that get their place in one transaction.
const most = 500

// Order gives changes that were committed their places, in an order in which
// each comes after all that it rests on, and says how many it was. Only what was
// made here gets one if ownOnly; the rest is dropped.
//
// On PostgreSQL a change is taken only when no transaction that began before it
// is still open: none can turn up later with an earlier id.
func Order(ctx context.Context, d *db.DB, ownOnly bool) (int, error) {
	n := 0
	settled := ""
	if d.Dialect == db.Postgres {
		settled = ` AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
	}
	var waiting bool
	err := d.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM node_change WHERE sequence = 0)`).Scan(&waiting)
	if err != nil || !waiting {
		return 0, db.Explain(err)
	}
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n = 0
		end, err := End(ctx, tx, d.ForUpdate())
		if err != nil {
			return err
		}
		changes, origins, ids, err := unplaced(ctx, tx, settled)
		if err != nil {
			return err
		}
		for i, c := range changes {
			n++
			if ownOnly && origins[i] != "" {
				if _, err := tx.ExecContext(ctx, `DELETE FROM node_change WHERE id = $1`, ids[i]); err != nil {
					return err
				}
				continue
			}
			c.Sequence = end.Sequence + 1
			end = cardapi.Mark{Sequence: c.Sequence, Hash: Hash(end.Hash, c)}
			if _, err := tx.ExecContext(ctx, `UPDATE node_change SET sequence = $2, hash = $3 WHERE id = $1`, ids[i], end.Sequence, end.Hash); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `UPDATE node_log SET sequence = $1, hash = $2 WHERE id = 1`, end.Sequence, end.Hash)
		return err
	})
	return n, err
}

// End is the newest place.
func End(ctx context.Context, q db.Querier, lock string) (cardapi.Mark, error) {
	var m cardapi.Mark
	err := q.QueryRowContext(ctx, `SELECT sequence, hash FROM node_log WHERE id = 1`+lock).Scan(&m.Sequence, &m.Hash)
	return m, err
}

func unplaced(ctx context.Context, tx *sql.Tx, settled string) (changes []cardapi.Change, origins []string, ids []int64, err error) {
	for row, err := range db.Rows(ctx, tx, `SELECT id, origin, at, tbl, row_key, op, before_row, after_row FROM node_change
		WHERE sequence = 0`+settled+` ORDER BY id LIMIT $1`, most) {
		if err != nil {
			return nil, nil, nil, err
		}
		var c cardapi.Change
		var origin string
		var id int64
		if err := row.Scan(&id, &origin, &c.At, &c.Table, &c.Key, &c.Op, &c.Before, &c.After); err != nil {
			return nil, nil, nil, err
		}
		changes, origins, ids = append(changes, c), append(origins, origin), append(ids, id)
	}
	return changes, origins, ids, nil
}

// Hash chains a change to the one before.
func Hash(previous string, c cardapi.Change) string {
	h := sha256.New()
	for _, part := range []string{previous, strconv.FormatInt(c.Sequence, 10), strconv.FormatInt(c.At, 10), c.Table, c.Key, c.Op, c.Before, c.After} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// After are the changes after a place, in order: at most limit of them and not
// many more bytes than size. Those that came from the origin are left out; newest
// is the place up to which the answer reaches, more whether there are further ones.
func After(ctx context.Context, q db.Querier, after int64, without string, limit, size int) (changes []cardapi.Change, newest int64, more bool, err error) {
	newest = after
	n := 0
	for row, err := range db.Rows(ctx, q, `SELECT sequence, hash, origin, at, tbl, row_key, op, before_row, after_row FROM node_change
		WHERE sequence > $1 ORDER BY sequence LIMIT $2`, after, limit+1) {
		if err != nil {
			return nil, after, false, err
		}
		if n == limit || size <= 0 {
			return changes, newest, true, nil
		}
		n++
		var c cardapi.Change
		var origin string
		if err := row.Scan(&c.Sequence, &c.Hash, &origin, &c.At, &c.Table, &c.Key, &c.Op, &c.Before, &c.After); err != nil {
			return nil, after, false, err
		}
		newest = c.Sequence
		if without == "" || origin != without {
			changes = append(changes, c)
			size -= len(c.Before) + len(c.After)
		}
	}
	return changes, newest, false, nil
}

// Waiting counts the changes made here that come after the place, those without
// a place too, and gives the moment of the oldest in microseconds.
func Waiting(ctx context.Context, q db.Querier, after int64) (n, oldest int64, err error) {
	var at sql.NullInt64
	err = q.QueryRowContext(ctx, `SELECT COUNT(*), MIN(at) FROM node_change WHERE origin = '' AND (sequence = 0 OR sequence > $1)`, after).Scan(&n, &at)
	return n, at.Int64, db.Explain(err)
}

// From makes all that this transaction writes count as come from the origin
// until the function it gives is called, which must be before the transaction ends.
func From(ctx context.Context, tx *sql.Tx, origin string) (func() error, error) {
	if _, err := tx.ExecContext(ctx, `INSERT INTO node_applying (origin) VALUES ($1)`, origin); err != nil {
		return nil, err
	}
	return func() error {
		_, err := tx.ExecContext(ctx, `DELETE FROM node_applying`)
		return err
	}, nil
}

// Load reads the row of the key as it stands; ok is false when there is none.
func (s *Schema) Load(ctx context.Context, q db.Querier, t Table, key []string, lock string) (row Row, ok bool, err error) {
	where, args := t.where(key, 1)
	rows, err := s.Select(ctx, q, t, `WHERE `+where+lock, args...)
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	return rows[0], true, nil
}

// where compares the columns of the key; $from is the first of its parameters.
func (t Table) where(key []string, from int) (string, []any) {
	var parts []string
	var args []any
	for i, k := range t.Key {
		value := ""
		if i < len(key) {
			value = key[i]
		}
		parts, args = append(parts, k+` = $`+strconv.Itoa(from+i)), append(args, value)
	}
	return strings.Join(parts, " AND "), args
}
