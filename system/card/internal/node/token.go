package node

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// A whole machine that was copied has nothing by which it could know that it is a
// copy. But the centre can: a machine replaces its token at each hello by one that it
// has drawn and kept before it says it, so of two that had one token the second comes
// with one that is gone. Repeated after a lost answer, or after a kill, a hello says
// the same two and is the same hello.

// isCopied is why a node is halted under whose name another machine has spoken.
const isCopied = "copied"

// propose draws what the token is replaced by, if that is not done, and keeps it.
func (n *Node) propose(ctx context.Context) (Self, error) {
	self, _, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil || self.Next != "" {
		return self, err
	}
	next := id.New()
	if err := n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return keepNext(ctx, tx, next) }); err != nil {
		return self, err
	}
	self, _, err = loadSelf(ctx, n.Desk.DB.Read, "") // another process of the node may have been first
	return self, err
}

// part halts a node whose history the centre does not know, or whose name another
// machine bears. Another process of the node, which has said more meanwhile, is no
// other machine.
func (n *Node) part(ctx context.Context, said Self, out cardapi.Welcome) error {
	reason := "parted"
	if out.Copied {
		reason = isCopied
	}
	n.Desk.Log.ErrorContext(ctx, "the centre knows another history of this node, or another machine under its name: it gives no numbers until the centre has opened an epoch or an operator has entered a code",
		"system", "card", "node", n.Settings.Name, "reason", reason)
	return n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now, _, err := loadSelf(ctx, tx, n.Desk.DB.ForUpdate())
		if err != nil || now.Token != said.Token || now.Next != said.Next {
			return err
		}
		if err := halt(ctx, tx, reason, false); err != nil || !out.Copied {
			return err // the centre may have taken the token before, and the answer was lost
		}
		return dropNext(ctx, tx)
	})
}

// wait notes that another machine goes on under the name until the centre's operator
// says otherwise. What it would have replaced its token by it draws anew each time: a
// copy of one that waits is another, too.
func (n *Node) wait(ctx context.Context, said Self) error {
	err := n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now, _, err := loadSelf(ctx, tx, n.Desk.DB.ForUpdate())
		if err != nil || now.Nonce != said.Nonce || now.Next != said.Next {
			return err
		}
		if err := haltAsCopy(ctx, tx); err != nil {
			return err
		}
		return dropNext(ctx, tx)
	})
	if err != nil {
		return err
	}
	return fail.New(fail.Conflict, "card.node.copied")
}

// newest says that nobody has come with this machine's identity since it spoke last.
func (p peer) newest(in cardapi.Hello) bool {
	return p.token == "" || in.Token == p.token || (in.Next != "" && in.Next == p.token)
}

// mostEpochs bounds what a node may say that it has come to: two an hour for a century.
const mostEpochs = 2_000_000

// lost says that the centre has told the node more than it knows itself: a backup of
// the centre was put back. What the node gives numbers from, and some of what it has
// handed over, is then not known here any more: it begins anew.
func (p peer) lost(in cardapi.Hello, newest int64) bool {
	if in.Nonce != "" || in.Epoch == 0 || in.Epoch > mostEpochs {
		return false
	}
	return in.Epoch > p.epoch || (in.Epoch == p.epoch && (in.Acked > p.applied || in.Pulled > newest))
}

// othersTurn says that the name is another machine's, which was heard lately, and
// nobody has decided that the one who asks goes on. One that has not been heard for
// long was replaced by a backup or lies without a line: it is asked about when it
// speaks again.
func (p peer) othersTurn(in cardapi.Hello, now time.Time) bool {
	return !in.Here && in.Nonce != p.allowed && lately(p.contact, now)
}

func lately(then, now time.Time) bool {
	since := now.Sub(then)
	return !then.IsZero() && since >= 0 && since < silentAfter
}

// greet takes who speaks as the node.
func (p *peer) greet(in cardapi.Hello, now time.Time, out *cardapi.Welcome) {
	if in.Next != "" {
		p.token = in.Next
	}
	if in.Nonce != "" && (in.Nonce == p.asks || in.Nonce == p.allowed) {
		p.asks, p.asksAt, p.allowed = "", time.Time{}, ""
	}
	if p.asked(now) {
		out.OtherAt = p.asksAt
	}
}

// asked says that another machine under the name is stopped, and asks to go on.
func (p peer) asked(now time.Time) bool { return p.asks != "" && lately(p.asksAt, now) }

// Challenge is what the machine that asks shows on its page.
func (p peer) Challenge() string { return Self{Nonce: p.asks}.Challenge() }

// Allow lets the machine that shows the challenge go on under the node's name; the
// one that does now is stopped when it speaks next.
func (c *Centre) Allow(ctx context.Context, d *desk.Desk, node, challenge string) error {
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.peer(ctx, tx, node)
		if err != nil {
			return err
		}
		if !p.asked(c.Clock.Now()) || p.Challenge() != challenge {
			return fail.New(fail.Conflict, "card.node.asks_no_more")
		}
		p.allowed = p.asks
		c.Log.WarnContext(ctx, "the operator lets another machine go on under the name of a node of the card", "system", "card", "node", node)
		if err := savePeer(ctx, tx, p); err != nil {
			return err
		}
		return d.Seen(ctx, tx, "", "node.allow", node)
	})
}
