package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

var (
	nameOK       = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
	codeOK       = regexp.MustCompile(`^[0-9]{6}$`)
	departmentOK = regexp.MustCompile(`^[0-9]{2}$`)
	errSetting   = errors.New("card_nodes names nodes and their organisations so: osh=950174; naryn=950175 950176")
)

// peer is a node as the centre knows it.
type peer struct {
	name          string
	organisations []string
	epoch         int64
	applied       int64
	hash          string
	nonce         string
	forked        int64
	pulled        int64
	waiting       int64
	oldest        time.Time
	contact       time.Time
	handed        time.Time // when it last handed changes over, zero: never
	begun, before time.Time // when its two newest epochs began, zero: not known
	token         string    // see cardapi.Hello
	asks          string    // nonce of another machine under the name that was stopped and asks to go on, "" for none
	asksAt        time.Time // when it last did
	allowed       string    // nonce of the one that the operator lets go on, "" for none
}

func (p peer) has(organisation string) bool { return slices.Contains(p.organisations, organisation) }

const peerColumns = `name, organisations, epoch, applied, hash, nonce, forked, pulled, waiting, oldest_at, contact_at, handed_at, begun_at, begun_before, token, asks, asks_at, allowed`

func scanPeer(row db.Row) (peer, error) {
	var p peer
	var organisations string
	var oldest, contact, handed, begun, before, asks int64
	err := row.Scan(&p.name, &organisations, &p.epoch, &p.applied, &p.hash, &p.nonce, &p.forked, &p.pulled, &p.waiting, &oldest, &contact, &handed, &begun, &before, &p.token, &p.asks, &asks, &p.allowed)
	p.organisations, p.oldest, p.contact, p.handed = strings.Fields(organisations), db.Time(oldest), db.Time(contact), db.Time(handed)
	p.begun, p.before, p.asksAt = db.Time(begun), db.Time(before), db.Time(asks)
	return p, err
}

func loadPeer(ctx context.Context, q db.Querier, name, lock string) (peer, error) {
	p, err := scanPeer(q.QueryRowContext(ctx, `SELECT `+peerColumns+` FROM node_peer WHERE name = $1`+lock, name))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fail.New(fail.Forbidden, "card.node.unknown")
	}
	return p, db.Explain(err)
}

func peers(ctx context.Context, q db.Querier) ([]peer, error) {
	return db.List(ctx, q, scanPeer, `SELECT `+peerColumns+` FROM node_peer ORDER BY name`)
}

func savePeer(ctx context.Context, tx *sql.Tx, p peer) error {
	_, err := tx.ExecContext(ctx, `UPDATE node_peer SET epoch = $2, applied = $3, hash = $4, nonce = $5, forked = $6, pulled = $7, waiting = $8, oldest_at = $9, contact_at = $10, handed_at = $11, begun_at = $12, begun_before = $13,
		token = $14, asks = $15, asks_at = $16, allowed = $17 WHERE name = $1`, p.name, p.epoch, p.applied, p.hash, p.nonce, p.forked, p.pulled, p.waiting, db.Micros(p.oldest), db.Micros(p.contact), db.Micros(p.handed), db.Micros(p.begun), db.Micros(p.before),
		p.token, p.asks, db.Micros(p.asksAt), p.allowed)
	return err
}

func countHeld(ctx context.Context, q db.Querier, node string) (int64, error) {
	var n int64
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM node_held WHERE node = $1`, node).Scan(&n)
	return n, db.Explain(err)
}

// common is the last place that the node's history and the centre's memory of it
// have alike.
func common(ctx context.Context, tx *sql.Tx, in cardapi.Hello) (int64, error) {
	for _, mark := range slices.Backward(in.History) {
		var hash string
		err := tx.QueryRowContext(ctx, `SELECT hash FROM node_taken WHERE node = $1 AND epoch = $2 AND sequence = $3`, in.Node, in.Epoch, mark.Sequence).Scan(&hash)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if hash == mark.Hash {
			return mark.Sequence, nil
		}
	}
	return 0, nil
}

// known refuses a change whose place another one has.
func known(ctx context.Context, tx *sql.Tx, p peer, c cardapi.Change) error {
	var hash string
	err := tx.QueryRowContext(ctx, `SELECT hash FROM node_taken WHERE node = $1 AND epoch = $2 AND sequence = $3`, p.name, p.epoch, c.Sequence).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && hash != c.Hash) {
		return fail.New(fail.Conflict, "card.node.parted")
	}
	return err
}

func take(ctx context.Context, tx *sql.Tx, p peer, c cardapi.Change) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO node_taken (node, epoch, sequence, hash) VALUES ($1, $2, $3, $4)`, p.name, p.epoch, c.Sequence, c.Hash)
	if err == nil && c.Sequence%1000 == 0 {
		_, err = tx.ExecContext(ctx, `DELETE FROM node_taken WHERE node = $1 AND epoch = $2 AND sequence < $3`, p.name, p.epoch, c.Sequence-keepTaken)
	}
	return err
}

func leased(ctx context.Context, tx *sql.Tx, in cardapi.LeaseCall) (cardapi.Lease, error) {
	var out cardapi.Lease
	err := tx.QueryRowContext(ctx, `SELECT first, last FROM node_lease WHERE request = $1 AND node = $2`, in.Request, in.Node).Scan(&out.First, &out.Last)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return out, err
}

func saveLease(ctx context.Context, tx *sql.Tx, in cardapi.LeaseCall, out cardapi.Lease, way string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO node_lease (request, node, epoch, organisation, department, year, first, last, way, granted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		in.Request, in.Node, in.Epoch, in.Organisation, in.Department, in.Year, out.First, out.Last, way, db.Micros(at))
	return err
}

// sweep drops the centre's changes that every node has.
func (c *Centre) sweep(ctx context.Context) error {
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM node_change WHERE sequence > 0 AND sequence <=
			(SELECT COALESCE(MIN(pulled), 0) FROM node_peer WHERE organisations <> '')`)
		return err
	})
}

func heldChanges(ctx context.Context, q db.Querier) ([]waitingChange, error) {
	var all []waitingChange
	for row, err := range db.Rows(ctx, q, `SELECT node, tbl, reason, MIN(at), COUNT(*) FROM node_held GROUP BY node, tbl, reason ORDER BY node, MIN(at)`) {
		if err != nil {
			return nil, err
		}
		var h waitingChange
		var at int64
		if err := row.Scan(&h.Node, &h.Table, &h.Reason, &at, &h.Count); err != nil {
			return nil, err
		}
		h.At = db.Time(at)
		all = append(all, h)
	}
	return all, nil
}

// above moves every sequence of the organisations' departments behind the range,
// which begins after the highest of them, and every series with them. A department that has none yet, or comes
// later, gets one for each of the hundred codes: nobody can say which there are.
func above(ctx context.Context, tx *sql.Tx, p peer, code number.Code) (int64, error) {
	var first int64
	for _, organisation := range p.organisations {
		var last sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT MAX(last) FROM form_sequence WHERE organisation = $1 AND year = $2`, organisation, code.Year).Scan(&last)
		if err != nil {
			return 0, err
		}
		first = max(first, last.Int64+1)
		for _, s := range number.AllSeries {
			given, err := number.LastOf(ctx, tx, s, organisation, code.Year)
			if err != nil {
				return 0, err
			}
			first = max(first, given+1)
		}
	}
	end := first + int64(code.Count) - 1
	if end > number.Last {
		return 0, fail.New(fail.Conflict, "card.form.number_overflow", "Department", "")
	}
	for _, organisation := range p.organisations {
		for _, s := range number.AllSeries {
			if err := number.Raise(ctx, tx, organisation, string(s), code.Year, end); err != nil {
				return 0, err
			}
		}
		for department := range 100 {
			if err := number.Raise(ctx, tx, organisation, fmt.Sprintf("%02d", department), code.Year, end); err != nil {
				return 0, err
			}
		}
	}
	return first, nil
}

func enrol(ctx context.Context, tx *sql.Tx, nodes map[string][]string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE node_peer SET organisations = ''`); err != nil {
		return err
	}
	for name, organisations := range nodes {
		_, err := tx.ExecContext(ctx, `INSERT INTO node_peer (name, organisations, epoch, applied, hash, nonce, forked, pulled, waiting, oldest_at, contact_at)
			VALUES ($1, $2, 0, 0, '', '', 0, 0, 0, 0, 0) ON CONFLICT (name) DO UPDATE SET organisations = excluded.organisations`,
			name, strings.Join(organisations, " "))
		if err != nil {
			return err
		}
	}
	return nil
}
