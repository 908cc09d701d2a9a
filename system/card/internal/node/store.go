package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// Self is the node's own row.
type Self struct {
	Name          string
	Epoch         int64
	Organisations []string
	Phase         string
	Nonce         string
	HaltReason    string
	Acked, Pulled int64
	FillTable     string
	FillKey       string
	Contact       time.Time // when the centre last answered
	DownSince     time.Time // zero: the line is up
	Trouble       string
	HeldThere     int64
	Handed        time.Time // when the centre last took changes, zero: never
	Token, Next   string    // see cardapi.Hello
	OtherAt       time.Time // when another machine last asked under this name, zero: none does
}

// Halted says that the node gives no numbers of its ranges.
func (s Self) Halted() bool { return s.Phase == isHalted }

// Challenge is what an operator reads out over the phone; the code answers it.
func (s Self) Challenge() string {
	plain := strings.ReplaceAll(s.Nonce, "-", "")
	if len(plain) < 8 {
		return ""
	}
	return strings.ToUpper(plain[len(plain)-8:])
}

func (s Self) fillAfter() []string {
	var key []string
	if json.Unmarshal([]byte(s.FillKey), &key) != nil {
		return nil
	}
	return key
}

func loadSelf(ctx context.Context, q db.Querier, lock string) (Self, bool, error) {
	var s Self
	var organisations string
	var contact, down, handed, other int64
	err := q.QueryRowContext(ctx, `SELECT name, epoch, organisations, phase, nonce, halt_reason, acked, pulled, fill_table, fill_key, contact_at, down_since, trouble, held_there, handed_at,
		token, next_token, other_at
		FROM node_self WHERE id = 1`+lock).Scan(&s.Name, &s.Epoch, &organisations, &s.Phase, &s.Nonce, &s.HaltReason, &s.Acked, &s.Pulled,
		&s.FillTable, &s.FillKey, &contact, &down, &s.Trouble, &s.HeldThere, &handed, &s.Token, &s.Next, &other)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	s.Organisations, s.Contact, s.DownSince, s.Handed = strings.Fields(organisations), db.Time(contact), db.Time(down), db.Time(handed)
	s.OtherAt = db.Time(other)
	return s, err == nil, db.Explain(err)
}

// initSelf makes the node's own row. A database that has never met the centre has
// a nonce too: two machines of one name are not given one epoch.
func initSelf(ctx context.Context, tx *sql.Tx, s Settings) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO node_self (id, name, epoch, organisations, phase, nonce, witness, halt_reason, acked, pulled, fill_table, fill_key, contact_at, down_since, trouble, held_there)
		VALUES (1, $1, 0, '', 'new', $3, $2, '', 0, 0, '', '', 0, 0, '', 0) ON CONFLICT (id) DO UPDATE SET witness = excluded.witness`, s.Name, s.Witness, id.New())
	return err
}

func givenOf(ctx context.Context, q db.Querier, request string) (int64, error) {
	var n int64
	err := q.QueryRowContext(ctx, `SELECT given FROM node_range WHERE request = $1`, request).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, db.Explain(err)
}

// mostHistory is how many places a node tells when histories have parted.
const mostHistory = 3000

// history are the newest places that are kept, in order, and before them the place up
// to which the centre has everything.
func history(ctx context.Context, q db.Querier, there int64) ([]cardapi.Mark, error) {
	var all []cardapi.Mark
	for row, err := range db.Rows(ctx, q, `SELECT sequence, hash FROM node_change WHERE sequence = $2 AND sequence <> 0
		UNION SELECT sequence, hash FROM (SELECT sequence, hash FROM node_change WHERE sequence > 0 ORDER BY sequence DESC LIMIT $1) newest
		ORDER BY sequence`, mostHistory, there) {
		if err != nil {
			return nil, err
		}
		var m cardapi.Mark
		if err := row.Scan(&m.Sequence, &m.Hash); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// hashAt is the hash of the place, "" before the first.
func hashAt(ctx context.Context, q db.Querier, sequence int64) (string, error) {
	var hash string
	err := q.QueryRowContext(ctx, `SELECT hash FROM node_change WHERE sequence = $1 AND sequence <> 0`, sequence).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return hash, db.Explain(err)
}

// beginEpoch begins the epoch that the centre has opened. What both sides have
// of the old one is dropped, the rest waits for new places.
func beginEpoch(ctx context.Context, tx *sql.Tx, out cardapi.Welcome, said string) error {
	for _, s := range []statement{
		{`DELETE FROM node_change WHERE sequence > 0 AND sequence <= $1`, []any{out.Common}},
		{`UPDATE node_change SET sequence = 0, hash = '' WHERE sequence > 0`, nil},
		{`UPDATE node_log SET sequence = 0, hash = '' WHERE id = 1`, nil},
		{`UPDATE node_range SET open = 0`, nil},
		{`DELETE FROM node_held WHERE node = '@centre'`, nil},
		{
			`UPDATE node_self SET epoch = $1, organisations = $2, acked = 0, pulled = $3, phase = 'filling', nonce = '', halt_reason = '', fill_table = '', fill_key = '' WHERE id = 1`,
			[]any{out.Epoch, strings.Join(out.Organisations, " "), out.Newest},
		},
		tokenTaken(said),
	} {
		if _, err := tx.ExecContext(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	return nil
}

func noteWelcome(ctx context.Context, tx *sql.Tx, out cardapi.Welcome, said string) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_self SET organisations = $1, held_there = $2, acked = CASE WHEN acked < $3 THEN $3 ELSE acked END, other_at = $5 WHERE id = 1 AND epoch = $4`,
		strings.Join(out.Organisations, " "), out.Held, out.Applied.Sequence, out.Epoch, db.Micros(out.OtherAt))
	if err != nil {
		return err
	}
	taken := tokenTaken(said)
	_, err = tx.ExecContext(ctx, taken.query, taken.args...)
	return err
}

// keepHanded is for how long a node keeps what it has handed over: a backup of the
// centre that is put back may be as old.
const keepHanded = 30 * 24 * time.Hour

// droppedAtOnce bounds what is dropped with one acknowledgement: nobody waits for it.
const droppedAtOnce = 1000

// acknowledge notes what the centre has. The newest places are kept, to find
// where two histories part, and those that a centre put back may lack.
func acknowledge(ctx context.Context, tx *sql.Tx, self Self, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE node_self SET acked = $1, handed_at = $3 WHERE id = 1 AND epoch = $2 AND acked < $1`, self.Acked, self.Epoch, db.Micros(now)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM node_change WHERE sequence > 0 AND sequence < $1 AND at < $2
		AND sequence < (SELECT MIN(sequence) FROM node_change WHERE sequence > 0) + $3`, self.Acked-mostHistory, db.Micros(now.Add(-keepHanded)), droppedAtOnce)
	return err
}

func noteFilled(ctx context.Context, tx *sql.Tx, table string, after []string) error {
	key, err := json.Marshal(after)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE node_self SET fill_table = $1, fill_key = $2 WHERE id = 1`, table, string(key))
	return err
}

// down notes that the centre could not be reached, and says whether it could before.
func (n *Node) down(ctx context.Context, cause error) (wasUp bool, err error) {
	now := db.Micros(n.Desk.Clock.Now())
	key := fail.As(cause).Key
	err = n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var since int64
		if err := tx.QueryRowContext(ctx, `SELECT down_since FROM node_self WHERE id = 1`).Scan(&since); err != nil {
			return err
		}
		if wasUp = since == 0; wasUp {
			since = now
		}
		_, err := tx.ExecContext(ctx, `UPDATE node_self SET down_since = $1, trouble = $2 WHERE id = 1`, since, key)
		return err
	})
	return wasUp, err
}

// up notes that the centre has answered.
func (n *Node) up(ctx context.Context) error {
	now := n.Desk.Clock.Now()
	self, _, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil || (self.DownSince.IsZero() && now.Sub(self.Contact) < 10*time.Second) {
		return err
	}
	if !self.DownSince.IsZero() {
		n.Desk.Log.InfoContext(ctx, "the node's line is up", "system", "card", "node", n.Settings.Name, "down_minutes", int(now.Sub(self.DownSince).Minutes()))
		if err := n.revive(ctx); err != nil {
			return err
		}
	}
	return n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE node_self SET contact_at = $1, down_since = 0, trouble = '' WHERE id = 1`, db.Micros(now))
		return err
	})
}

// revive makes jobs due again that were given up, or wait long, because nobody
// could be reached.
func (n *Node) revive(ctx context.Context) error {
	return n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE job SET state = 'ready', attempts = 0, run_at = $1 WHERE state IN ('failed', 'ready') AND attempts > 0
			AND (last_error LIKE 'kit.neighbor_away%' OR last_error LIKE 'kit.identity_away%')`, db.Micros(n.Desk.Clock.Now()))
		return err
	})
}

// Place is a department's numbers.
type Place struct {
	Organisation string
	Department   string
	Year         int
	Left         int64
	Next         int64 // the next that would be given
}

// places are what ranges are open for.
func places(ctx context.Context, q db.Querier) ([]Place, error) {
	var all []Place
	for row, err := range db.Rows(ctx, q, `SELECT organisation, department, year, SUM(last - given), MIN(given + 1) FROM node_range
		WHERE open = 1 AND given < last GROUP BY organisation, department, year ORDER BY year, organisation, department`) {
		if err != nil {
			return nil, err
		}
		var p Place
		if err := row.Scan(&p.Organisation, &p.Department, &p.Year, &p.Left, &p.Next); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// highest is the highest number that the node was ever granted there, 0 for none.
func highest(ctx context.Context, q db.Querier, organisation, department string, year int) (int64, error) {
	var last sql.NullInt64
	err := q.QueryRowContext(ctx, `SELECT MAX(last) FROM node_range WHERE organisation = $1 AND department = $2 AND year = $3`, organisation, department, year).Scan(&last)
	return last.Int64, db.Explain(err)
}

func countRanges(ctx context.Context, q db.Querier, epoch int64, organisation, department string, year int) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM node_range WHERE epoch = $1 AND organisation = $2 AND department = $3 AND year = $4`,
		epoch, organisation, department, year).Scan(&n)
	return n, db.Explain(err)
}

func addRange(ctx context.Context, tx *sql.Tx, request string, epoch int64, organisation, department string, year int, l cardapi.Lease, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO node_range (request, epoch, organisation, department, year, first, last, given, open, granted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9) ON CONFLICT (request) DO NOTHING`,
		request, epoch, organisation, department, year, l.First, l.Last, l.First-1, db.Micros(at))
	return err
}

// openRange opens a range that was closed, behind what was given of it, known here
// or to the witness.
func openRange(ctx context.Context, tx *sql.Tx, request string, given int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_range SET open = 1, given = CASE WHEN given < $2 THEN $2 ELSE given END WHERE request = $1`, request, given)
	return err
}

func notePulled(ctx context.Context, tx *sql.Tx, newest int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_self SET pulled = $1 WHERE id = 1`, newest)
	return err
}

func noteReady(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_self SET phase = 'ready', fill_table = '', fill_key = '' WHERE id = 1 AND phase = 'filling'`)
	return err
}

// halt closes every range. The nonce stands for this one restore: what was opened by
// it, over the line or by a code, is opened by no other. same says that the node was
// halted before and has been started again, with all that it has given: its ranges
// of a code stay open.
func halt(ctx context.Context, tx *sql.Tx, reason string, same bool) error {
	if same {
		_, err := tx.ExecContext(ctx, `UPDATE node_self SET halt_reason = $1 WHERE id = 1`, reason)
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE node_self SET phase = 'halted', halt_reason = $1, nonce = $2 WHERE id = 1`, reason, id.New()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE node_range SET open = 0`)
	return err
}
