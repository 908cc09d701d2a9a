package node

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

// Key is the key of a node, derived from the secret of the centre's card.
func Key(secret []byte, name string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("node of the card\n" + name))
	return mac.Sum(nil)
}

// Bounds of one call.
const (
	changesAtOnce = 300
	bytesAtOnce   = 2 << 20
	rowsAtOnce    = 500
	mostNumbers   = 5000
	keepTaken     = 20_000 // hashes by which a repetition is known from another history
)

// Centre takes what nodes hand over and gives them what is theirs.
type Centre struct {
	DB     *db.DB
	Clock  clock.Clock
	Log    *slog.Logger
	Secret []byte
	Merger *merge.Merger
}

var _ cardapi.Nodes = (*Centre)(nil)

// Enrol makes the nodes of the settings known: "osh=950174 950175; naryn=950180".
// A node that is not named any more is let in no more; what it has handed over stays.
func (c *Centre) Enrol(ctx context.Context, nodes map[string][]string) error {
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return enrol(ctx, tx, nodes) })
}

// Nodes reads the setting that names them.
func Nodes(setting string) (map[string][]string, error) {
	all := map[string][]string{}
	for one := range strings.SplitSeq(setting, ";") {
		name, codes, ok := strings.Cut(one, "=")
		name = strings.TrimSpace(name)
		if name == "" && !ok {
			continue
		}
		organisations := strings.Fields(codes)
		if !nameOK.MatchString(name) || len(organisations) == 0 {
			return nil, errSetting
		}
		for _, code := range organisations {
			if !codeOK.MatchString(code) {
				return nil, errSetting
			}
		}
		all[name] = organisations
	}
	return all, nil
}

// checked refuses who has not the node's key.
func (c *Centre) checked(path string, head cardapi.NodeHead, unsigned any) error {
	if !nameOK.MatchString(head.Node) || !hmac.Equal([]byte(cardapi.Sign(Key(c.Secret, head.Node), path, unsigned)), []byte(head.MAC)) {
		return fail.New(fail.Forbidden, "card.node.unknown")
	}
	return nil
}

// tooOften is the time in which a node may begin two epochs, and no third: each
// takes new numbers for every department.
const tooOften = 30 * time.Minute

// Hello implements cardapi.Nodes.
func (c *Centre) Hello(ctx context.Context, in cardapi.Hello) (cardapi.Welcome, error) {
	unsigned := in
	unsigned.MAC = ""
	var out cardapi.Welcome
	if err := c.checked("/hello", in.NodeHead, unsigned); err != nil {
		return out, err
	}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.peer(ctx, tx, in.Node)
		if err != nil {
			return err
		}
		out = cardapi.Welcome{Organisations: p.organisations}
		now := c.Clock.Now()
		end, err := capture.End(ctx, tx, "")
		if err != nil {
			return err
		}
		newest := p.newest(in)
		switch {
		case p.lost(in, end.Sequence):
			if p.token != in.Next {
				c.Log.ErrorContext(ctx, "the centre knows less than it has told a node: its database is an older one; the node hands over what is missing", "system", "card", "node", in.Node)
			}
			out.Parted, p.token, p.contact = true, in.Next, now
		case in.Epoch == p.epoch && p.epoch > 0 && in.Nonce == "":
			out.Copied = !newest
			out.Parted = !newest || in.Last.Sequence < p.applied || (in.Last.Sequence == p.applied && p.applied > 0 && in.Last.Hash != p.hash)
		case in.Nonce != "" && in.Nonce == p.nonce && newest: // the answer before was lost
			out.Fill, out.Common = true, p.forked
		case in.Nonce == "" && in.Epoch == 0 && p.epoch == 1 && p.applied == 0 && p.nonce == "" && newest:
			out.Fill = true
		case in.Nonce != "" && in.Nonce == p.nonce: // its copy was first: it asks as another
			out.Parted, out.Copied = true, true
		case in.Nonce != "" && !newest && p.othersTurn(in, now):
			p.asks, p.asksAt, out.Waits = in.Nonce, now, true
		case in.Nonce == "" && in.Epoch == 0 && p.epoch == 0, in.Nonce != "":
			if since := now.Sub(p.before); in.Nonce != p.allowed && !p.before.IsZero() && since >= 0 && since < tooOften {
				c.Log.WarnContext(ctx, "a node of the card begins anew again and again: two machines may bear its name", "system", "card", "node", in.Node, "epoch", p.epoch)
				return fail.New(fail.Conflict, "card.node.too_often")
			}
			if p.forked, err = common(ctx, tx, in); err != nil {
				return err
			}
			p.begun, p.before = now, p.begun
			p.epoch, p.applied, p.hash, p.nonce = max(p.epoch, in.Epoch)+1, 0, "", in.Nonce
			out.Fill, out.Common = true, p.forked
			c.Log.WarnContext(ctx, "a node of the card begins an epoch", "system", "card", "node", in.Node, "epoch", p.epoch, "restored", in.Epoch > 0)
		default:
			out.Parted, out.Copied = true, !newest
		}
		if !out.Waits && !out.Copied { // of another machine nothing is known
			p.contact = now
		}
		if !out.Parted && !out.Waits { // of another history nothing is believed
			p.greet(in, now, &out)
			p.pulled, p.waiting, p.oldest = max(0, in.Pulled), max(0, in.Waiting), in.OldestAt
			if p.oldest.After(p.contact) || db.Micros(p.oldest) < 0 {
				p.oldest = p.contact
			}
		}
		if out.Fill {
			p.pulled = 0
		}
		out.Epoch, out.Applied, out.Newest = p.epoch, cardapi.Mark{Sequence: p.applied, Hash: p.hash}, end.Sequence
		if out.Held, err = countHeld(ctx, tx, p.name); err != nil {
			return err
		}
		return savePeer(ctx, tx, p)
	})
	return out, err
}

// peer reads the node, whose row is locked until the transaction ends: calls of
// one node take turns.
func (c *Centre) peer(ctx context.Context, tx *sql.Tx, name string) (peer, error) {
	p, err := loadPeer(ctx, tx, name, c.DB.ForUpdate())
	if err == nil && len(p.organisations) == 0 {
		err = fail.New(fail.Forbidden, "card.node.unknown")
	}
	return p, err
}

// current refuses a node of another epoch than the present one.
func (c *Centre) current(ctx context.Context, tx *sql.Tx, head cardapi.NodeHead) (peer, error) {
	p, err := c.peer(ctx, tx, head.Node)
	if err == nil && head.Epoch != p.epoch {
		err = fail.New(fail.Conflict, "card.node.parted")
	}
	return p, err
}

// Push implements cardapi.Nodes: all of a batch is written, or nothing. What is
// here already is passed over if it is the same, and is another history if it is
// not.
func (c *Centre) Push(ctx context.Context, in cardapi.Push) (cardapi.Mark, error) {
	unsigned := in
	unsigned.MAC = ""
	var mark cardapi.Mark
	if err := c.checked("/push", in.NodeHead, unsigned); err != nil {
		return mark, err
	}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.current(ctx, tx, in.NodeHead)
		if err != nil {
			return err
		}
		done, err := merge.From(ctx, tx, p.name)
		if err != nil {
			return err
		}
		source := merge.Source{Node: p.name, Epoch: p.epoch, Organisations: p.organisations}
		previous := in.Previous
		for _, change := range in.Changes {
			if capture.Hash(previous, change) != change.Hash {
				return fail.New(fail.Conflict, "card.node.chain")
			}
			if change.Sequence <= p.applied {
				if err := known(ctx, tx, p, change); err != nil {
					return err
				}
				previous = change.Hash
				continue
			}
			if change.Sequence != p.applied+1 {
				return fail.New(fail.Conflict, "card.node.gap")
			}
			if previous != p.hash {
				return fail.New(fail.Conflict, "card.node.parted")
			}
			if err := c.Merger.FromNode(ctx, tx, source, change); err != nil {
				return err
			}
			if err := take(ctx, tx, p, change); err != nil {
				return err
			}
			p.applied, p.hash, previous = change.Sequence, change.Hash, change.Hash
		}
		if _, err := c.Merger.Retry(ctx, tx, source); err != nil {
			return err
		}
		if err := done(); err != nil {
			return err
		}
		p.waiting, p.contact = max(0, max(0, in.Waiting)-int64(len(in.Changes))), c.Clock.Now()
		p.handed = p.contact
		if p.waiting == 0 {
			p.oldest = time.Time{}
		}
		mark = cardapi.Mark{Sequence: p.applied, Hash: p.hash}
		return savePeer(ctx, tx, p)
	})
	return mark, err
}

// Pull implements cardapi.Nodes.
func (c *Centre) Pull(ctx context.Context, in cardapi.Pull) (cardapi.Pulled, error) {
	unsigned := in
	unsigned.MAC = ""
	var out cardapi.Pulled
	if err := c.checked("/pull", in.NodeHead, unsigned); err != nil {
		return out, err
	}
	if _, err := capture.Order(ctx, c.DB, false); err != nil {
		return out, err
	}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.current(ctx, tx, in.NodeHead)
		if err != nil {
			return err
		}
		changes, newest, more, err := capture.After(ctx, tx, in.After, p.name, changesAtOnce, bytesAtOnce)
		if err != nil {
			return err
		}
		out = cardapi.Pulled{Newest: newest, Applied: p.applied, More: more}
		last := map[string]int64{} // a row is told once, in its last place
		for _, change := range changes {
			last[change.Table+"/"+change.Key] = change.Sequence
		}
		for _, change := range changes {
			if last[change.Table+"/"+change.Key] != change.Sequence {
				continue
			}
			told, err := c.tellable(ctx, tx, p, change)
			if err != nil {
				return err
			}
			out.Changes = append(out.Changes, told...)
		}
		p.pulled, p.contact = in.After, c.Clock.Now()
		return savePeer(ctx, tx, p)
	})
	return out, err
}

// tellable is the row as it stands, after the person whom it names; nothing when
// it is not the node's affair. Not as it was when it was changed: what the node
// has handed over since is in it, and so nothing of that can be taken back.
func (c *Centre) tellable(ctx context.Context, tx *sql.Tx, p peer, change cardapi.Change) ([]cardapi.Change, error) {
	t, ok := c.Merger.Schema.Table(change.Table)
	if !ok {
		return nil, nil // a table that is gone
	}
	condition, home := c.Merger.Schema.Within(t, len(t.Key)+1, len(p.organisations))
	if home == capture.Nobody {
		return nil, nil
	}
	key := capture.SplitKey(change.Key)
	row, ok, err := c.Merger.Schema.Load(ctx, tx, t, key, "")
	if err != nil {
		return nil, err
	}
	if ok && home != capture.Guide {
		if ours, err := c.Merger.Within(ctx, tx, t, key, condition, p.organisations); err != nil || !ours {
			return nil, err
		}
	}
	told := cardapi.Change{Sequence: change.Sequence, At: change.At, Table: t.Name, Op: "U"}
	var all []cardapi.Change
	if !ok { // its key, as the node knows it
		told.Op, row = "D", capture.Row{}
		for i, k := range t.Key {
			if i < len(key) {
				row[k] = key[i]
			}
		}
	} else if t.Name != "patient" {
		if all, err = c.people(ctx, tx, p, t, row, change); err != nil {
			return nil, err
		}
	}
	if err := c.Merger.Translate(ctx, tx, p.name, t, row, false); err != nil {
		return nil, err
	}
	told.Key = capture.JoinKey(t.KeyOf(row))
	if ok {
		told.After = row.Text()
	}
	return append(all, told), nil
}

// people are the patients whom the row names, as they are.
func (c *Centre) people(ctx context.Context, tx *sql.Tx, p peer, t capture.Table, row capture.Row, of cardapi.Change) ([]cardapi.Change, error) {
	patients, ok := c.Merger.Schema.Table("patient")
	if !ok {
		return nil, nil
	}
	var all []cardapi.Change
	for _, column := range c.Merger.Schema.PatientColumns(t) {
		person, ok, err := c.Merger.Schema.Load(ctx, tx, patients, []string{row.String(column)}, "")
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if err := c.Merger.Translate(ctx, tx, p.name, patients, person, false); err != nil {
			return nil, err
		}
		all = append(all, cardapi.Change{
			Sequence: of.Sequence, At: of.At, Table: patients.Name, Key: capture.JoinKey(patients.KeyOf(person)), Op: "U", After: person.Text(),
		})
	}
	return all, nil
}

// Rows implements cardapi.Nodes.
func (c *Centre) Rows(ctx context.Context, in cardapi.Rows) (cardapi.Page, error) {
	unsigned := in
	unsigned.MAC = ""
	var out cardapi.Page
	if err := c.checked("/rows", in.NodeHead, unsigned); err != nil {
		return out, err
	}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		out = cardapi.Page{}
		p, err := c.current(ctx, tx, in.NodeHead)
		if err != nil {
			return err
		}
		if in.Table == "" {
			for _, t := range c.Merger.Schema.Tables {
				if _, home := c.Merger.Schema.Within(t, 1, len(p.organisations)); home != capture.Nobody {
					out.Tables = append(out.Tables, t.Name)
				}
			}
			return nil
		}
		t, ok := c.Merger.Schema.Table(in.Table)
		if !ok {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		rows, err := c.Merger.Schema.PageOf(ctx, tx, t, p.organisations, in.After, rowsAtOnce)
		if err != nil {
			return err
		}
		for _, row := range rows {
			out.After = t.KeyOf(row)
			if err := c.Merger.Translate(ctx, tx, p.name, t, row, false); err != nil {
				return err
			}
			out.Changes = append(out.Changes, cardapi.Change{Table: t.Name, Key: capture.JoinKey(t.KeyOf(row)), Op: "U", After: row.Text()})
		}
		out.More = len(rows) == rowsAtOnce
		return nil
	})
	return out, err
}

// Lease implements cardapi.Nodes.
func (c *Centre) Lease(ctx context.Context, in cardapi.LeaseCall) (cardapi.Lease, error) {
	unsigned := in
	unsigned.MAC = ""
	var out cardapi.Lease
	if err := c.checked("/lease", in.NodeHead, unsigned); err != nil {
		return out, err
	}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.current(ctx, tx, in.NodeHead)
		if err != nil {
			return err
		}
		year := clock.DateOf(c.Clock.Now()).Year
		// A request is the node's own by how it begins: no node takes the name of
		// another's, who would be refused by it.
		own := fmt.Sprintf("%s-%d-%s-%s-%d-", in.Node, in.Epoch, in.Organisation, in.Department, in.Year)
		if !p.has(in.Organisation) || !strings.HasPrefix(in.Request, own) || (!departmentOK.MatchString(in.Department) && !number.IsSeries(in.Department)) || in.Count < 1 || in.Count > mostNumbers ||
			in.Year < year-1 || in.Year > year+1 || len(in.Request) > 120 || in.Above < 0 || in.Above > number.Last {
			return fail.New(fail.BadRequest, "kit.bad_request")
		}
		out, err = leased(ctx, tx, in)
		if err != nil || out.Last > 0 {
			return err
		}
		if in.Above > 0 {
			if err := number.Raise(ctx, tx, in.Organisation, in.Department, in.Year, in.Above); err != nil {
				return err
			}
		}
		if out.First, out.Last, err = number.Grant(ctx, tx, in.Organisation, in.Department, in.Year, in.Count); err != nil {
			return err
		}
		return saveLease(ctx, tx, in, out, "line", c.Clock.Now())
	})
	return out, err
}

// Run gives changes their places and drops those that every node has, until ctx
// ends.
func (c *Centre) Run(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		_, err := capture.Order(ctx, c.DB, false)
		if err == nil {
			err = c.sweep(ctx)
		}
		if err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "changes for the nodes were not put in order", "system", "card", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
