// Package node lets a hospital without a good line run the card by itself, with
// its own database and its own ranges of numbers, and hand everything over to
// the centre's card once, in order (docs/decisions/0022). Its rooms: capture
// writes down what changes, merge writes what the other side has changed, number
// gives numbers, away lets staff sign in while ЕСИ is out of reach.
package node

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

// Settings of a node.
type Settings struct {
	Name    string
	Key     []byte // of the node, as the centre derives it
	Witness string // file outside of the database
	Numbers int    // of a range
	// Poll is how often the centre is asked what is new; what is new here is told
	// within a second.
	Poll time.Duration
}

// Node is this hospital's side.
type Node struct {
	Desk     *desk.Desk
	Merger   *merge.Merger
	Centre   cardapi.Nodes
	Settings Settings
	Line     *Line // nil in tests
	// Refresh is done now and then while the line is up: НИСУР is asked about the
	// node's organisations and those who may sign in without it. nil for none.
	Refresh func(ctx context.Context, organisations []string) error

	mu      sync.Mutex // one step at a time in a process
	greeted bool       // the centre has welcomed this process since the line came up
	pulled  time.Time
	asked   time.Time // when Refresh was done
}

// Phases of a node.
const (
	isNew     = "new"     // has not met the centre
	isFilling = "filling" // fetches what is its own
	isReady   = "ready"
	isHalted  = "halted" // the database is an older one: no numbers until the centre has opened an epoch
)

// Start makes the node's own row, and compares the database with the witness:
// one that was put back from a backup gives no number.
func (n *Node) Start(ctx context.Context) error {
	witness := number.Witness(n.Settings.Witness)
	seen, err := witness.Read()
	if err != nil {
		return err
	}
	self, ok, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil {
		return err
	}
	if ok && self.Name != n.Settings.Name {
		return errors.New("this database belongs to the node " + self.Name + " of the card")
	}
	here := number.ThisMachine()
	moved := ok && self.Epoch > 0 && seen.Moved(here)
	// Started again while it waits for the centre, or works by a code: what was given
	// since is known, so what that code has opened stays so.
	again := ok && self.Halted() && seen.Exists && seen.Epoch <= self.Epoch && !moved
	if again {
		if again, err = n.knows(ctx, seen, codeRequest(n.Settings.Name, self)); err != nil {
			return err
		}
	}
	reason := ""
	switch {
	case !ok && seen.Exists && seen.Epoch > 0:
		reason = "empty"
	case ok && self.Epoch > 0 && !seen.Exists:
		reason = "no_witness"
	case moved: // whoever has the original may be giving its numbers
		reason = isMoved
	case ok:
		if reason, err = n.older(ctx, self, seen); err != nil {
			return err
		}
	}
	err = n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := initSelf(ctx, tx, n.Settings); err != nil {
			return err
		}
		if reason == "" {
			return nil
		}
		return halt(ctx, tx, reason, again)
	})
	if err != nil {
		return err
	}
	if reason != "" {
		n.Desk.Log.ErrorContext(ctx, "the node's database is an older one, or a copy of one that may be in use: it gives no numbers until the centre has opened an epoch or an operator has entered a code",
			"system", "card", "node", n.Settings.Name, "reason", reason)
	}
	if reason == "" && seen.Epoch <= self.Epoch {
		end, err := capture.End(ctx, n.Desk.DB.Read, "")
		if err != nil {
			return err
		}
		seen.Epoch, seen.Sequence, seen.Hash = self.Epoch, end.Sequence, end.Hash
	}
	if !seen.Exists { // the first start, or a witness that was taken away
		seen.Epoch = self.Epoch
	}
	return witness.Renew(seen, here)
}

// greeting is how long a start waits for the centre's word.
const greeting = 5 * time.Second

// Greet asks the centre, before anybody is served, whether it knows this history:
// a machine that was put back as a whole, its witness too, is told so by nothing
// else. Without a line the start goes on.
func (n *Node) Greet(ctx context.Context) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, greeting)
	defer stop()
	if _, err := n.hello(ctx); err != nil {
		n.Desk.Log.InfoContext(ctx, "the centre was not asked before the start", "system", "card", "node", n.Settings.Name, "error", err.Error())
	}
}

// Run hands over and fetches until ctx ends.
func (n *Node) Run(ctx context.Context) {
	for {
		err := n.Step(ctx)
		wait := time.Second
		if err != nil && ctx.Err() == nil {
			wait = min(n.Settings.Poll, 5*time.Second)
			if wasUp, noteErr := n.down(ctx, err); noteErr == nil && wasUp {
				n.Desk.Log.WarnContext(ctx, "the node has no line to the centre", "system", "card", "node", n.Settings.Name, "error", err.Error())
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// Step does all that can be done now. It may be stopped anywhere: the next step
// does the rest.
func (n *Node) Step(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.stands(ctx); err != nil {
		return err
	}
	if err := n.order(ctx); err != nil {
		return err
	}
	if err := n.talk(ctx); err != nil {
		n.greeted = false
		// What the centre refuses it has said over the line.
		if n.Line != nil && (fail.Is(err, fail.Unavailable) || fail.Is(err, fail.BadNeighbor)) {
			n.Line.Set(true)
		}
		return err
	}
	if n.Line != nil {
		n.Line.Set(false)
	}
	if err := n.up(ctx); err != nil {
		return err
	}
	now := n.Desk.Clock.Now()
	if n.Refresh == nil || now.Sub(n.asked) < refreshEvery {
		return nil
	}
	self, _, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil {
		return err
	}
	n.asked = now
	if err := n.Refresh(ctx, self.Organisations); err != nil {
		n.Desk.Log.WarnContext(ctx, "НИСУР not asked about the node's staff", "system", "card", "error", err.Error())
	}
	return nil
}

// refreshEvery is how often НИСУР is asked about staff.
const refreshEvery = 10 * time.Minute

// order gives new changes their places, unless the database is an older one: its
// places are told apart from those given before by a new epoch alone.
func (n *Node) order(ctx context.Context) error {
	self, _, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil || self.Phase == isHalted {
		return err
	}
	for {
		done, err := capture.Order(ctx, n.Desk.DB, true)
		if err != nil {
			return err
		}
		if done == 0 {
			return nil
		}
		end, err := capture.End(ctx, n.Desk.DB.Read, "")
		if err != nil {
			return err
		}
		if err := number.Witness(n.Settings.Witness).Place(end.Sequence, end.Hash); err != nil {
			return err
		}
	}
}

func (n *Node) talk(ctx context.Context) error {
	now := n.Desk.Clock.Now()
	self, _, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil {
		return err
	}
	due := now.Sub(n.pulled) >= n.Settings.Poll
	if !n.greeted || self.Phase == isHalted || self.Phase == isNew || due {
		if self, err = n.hello(ctx); err != nil {
			return err
		}
		n.greeted = true
		due = true
	}
	if err := n.push(ctx, &self); err != nil {
		return err
	}
	if !due {
		return nil
	}
	if err := n.renew(ctx, self); err != nil {
		return err
	}
	if self.Phase == isFilling {
		if full, err := n.fill(ctx, self); err != nil || !full {
			return err
		}
	}
	if err := n.pull(ctx); err != nil {
		return err
	}
	n.pulled = now
	return nil
}

func (n *Node) head(self Self) cardapi.NodeHead {
	return cardapi.NodeHead{Node: n.Settings.Name, Epoch: self.Epoch}
}

// hello begins a contact, and an epoch where one is to be begun.
func (n *Node) hello(ctx context.Context) (Self, error) {
	there := int64(0) // what the centre has of a history that has parted
	for range 3 {
		self, err := n.propose(ctx)
		if err != nil {
			return self, err
		}
		in := cardapi.Hello{
			NodeHead: n.head(self), Nonce: self.Nonce, Acked: self.Acked, Pulled: self.Pulled,
			Token: self.Token, Next: self.Next, Here: self.HaltReason == isRestored,
		}
		if in.Last, err = capture.End(ctx, n.Desk.DB.Read, ""); err != nil {
			return self, err
		}
		var oldest int64
		if in.Waiting, oldest, err = capture.Waiting(ctx, n.Desk.DB.Read, self.Acked); err != nil {
			return self, err
		}
		in.OldestAt = db.Time(oldest)
		if self.Nonce != "" {
			if in.History, err = history(ctx, n.Desk.DB.Read, there); err != nil {
				return self, err
			}
		}
		out, err := n.Centre.Hello(ctx, in)
		if err != nil {
			return self, err
		}
		switch {
		case out.Waits:
			return self, n.wait(ctx, self)
		case out.Parted:
			there = out.Applied.Sequence
			err = n.part(ctx, self, out)
		case out.Epoch != self.Epoch:
			err = n.begin(ctx, out, in.Next)
		default:
			return n.welcomed(ctx, self, out, in.Next)
		}
		if err != nil {
			return self, err
		}
	}
	return Self{}, fail.New(fail.Conflict, "card.node.parted")
}

// begin begins the epoch: what the centre has not of the one before gets new
// places, everything of the node's is fetched, numbers come from new ranges.
func (n *Node) begin(ctx context.Context, out cardapi.Welcome, said string) error {
	witness := number.Witness(n.Settings.Witness)
	seen, err := witness.Read()
	if err != nil {
		return err
	}
	err = n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return beginEpoch(ctx, tx, out, said) })
	if err != nil {
		return err
	}
	seen.Epoch, seen.Sequence, seen.Hash = out.Epoch, 0, ""
	if err := witness.Renew(seen, number.ThisMachine()); err != nil {
		return err
	}
	return n.order(ctx)
}

func (n *Node) welcomed(ctx context.Context, self Self, out cardapi.Welcome, said string) (Self, error) {
	err := n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return noteWelcome(ctx, tx, out, said) })
	if err != nil {
		return self, err
	}
	self, _, err = loadSelf(ctx, n.Desk.DB.Read, "")
	return self, err
}

// push hands over what the centre has not.
func (n *Node) push(ctx context.Context, self *Self) error {
	for {
		changes, _, more, err := capture.After(ctx, n.Desk.DB.Read, self.Acked, "", changesAtOnce, bytesAtOnce)
		if err != nil || len(changes) == 0 {
			return err
		}
		previous, err := hashAt(ctx, n.Desk.DB.Read, self.Acked)
		if err != nil {
			return err
		}
		waiting, _, err := capture.Waiting(ctx, n.Desk.DB.Read, self.Acked)
		if err != nil {
			return err
		}
		mark, err := n.Centre.Push(ctx, cardapi.Push{NodeHead: n.head(*self), Previous: previous, Changes: changes, Waiting: waiting})
		if err != nil {
			return err
		}
		if mark.Sequence < changes[len(changes)-1].Sequence {
			return fail.New(fail.BadNeighbor, "kit.bad_neighbor")
		}
		self.Acked = mark.Sequence
		if err := n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return acknowledge(ctx, tx, *self, n.Desk.Clock.Now()) }); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

// pull fetches what is new at the centre.
func (n *Node) pull(ctx context.Context) error {
	for {
		self, _, err := loadSelf(ctx, n.Desk.DB.Read, "")
		if err != nil {
			return err
		}
		out, err := n.Centre.Pull(ctx, cardapi.Pull{NodeHead: n.head(self), After: self.Pulled})
		if err != nil {
			return err
		}
		_, err = n.take(ctx, self, out.Changes, out.Applied, func(ctx context.Context, tx *sql.Tx) error { return notePulled(ctx, tx, out.Newest) })
		if err != nil || !out.More {
			return err
		}
	}
}

// fill fetches all that is the node's, table by table; stopped, it goes on where
// it was. full is false when another process of the node has begun something else
// meanwhile: what this one was fetching is of a time that is over.
func (n *Node) fill(ctx context.Context, self Self) (full bool, err error) {
	first, err := n.Centre.Rows(ctx, cardapi.Rows{NodeHead: n.head(self)})
	if err != nil {
		return false, err
	}
	reached := self.FillTable == ""
	for _, table := range first.Tables {
		var after []string
		if !reached && table != self.FillTable {
			continue
		}
		if !reached {
			reached, after = true, self.fillAfter()
		}
		for {
			out, err := n.Centre.Rows(ctx, cardapi.Rows{NodeHead: n.head(self), Table: table, After: after})
			if err != nil {
				return false, err
			}
			after = out.After
			taken, err := n.take(ctx, self, out.Changes, self.Acked, func(ctx context.Context, tx *sql.Tx) error {
				return noteFilled(ctx, tx, table, after)
			})
			if err != nil || !taken {
				return false, err
			}
			if !out.More {
				break
			}
		}
	}
	return n.take(ctx, self, nil, self.Acked, noteReady)
}

// take writes what the centre has told, and what then writes, in one transaction
// that is void, taken false, when another process of the node was first.
func (n *Node) take(ctx context.Context, self Self, changes []cardapi.Change, applied int64, then func(ctx context.Context, tx *sql.Tx) error) (taken bool, err error) {
	err = n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		taken = false // the transaction may be tried again
		now, _, err := loadSelf(ctx, tx, n.Desk.DB.ForUpdate())
		if err != nil || now.Pulled != self.Pulled || now.Epoch != self.Epoch || now.Phase != self.Phase {
			return err
		}
		done, err := merge.From(ctx, tx, merge.Centre)
		if err != nil {
			return err
		}
		for _, change := range changes {
			if err := n.Merger.FromCentre(ctx, tx, applied, change); err != nil {
				return err
			}
		}
		if _, err := n.Merger.Retry(ctx, tx, merge.Source{Node: merge.Centre, Applied: applied}); err != nil {
			return err
		}
		if err := done(); err != nil {
			return err
		}
		taken = true
		return then(ctx, tx)
	})
	return taken && err == nil, err
}
