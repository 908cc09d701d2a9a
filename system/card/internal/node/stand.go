package node

import (
	"context"
	"database/sql"
	"strings"

	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

// isMoved is why a node is halted whose witness is a copy, or in another computer.
const isMoved = "moved"

// isRestored is why a node is halted whose witness has seen more than its database.
const isRestored = "restored"

// older says why the database is older than what the witness has seen, "" if it is not.
func (n *Node) older(ctx context.Context, self Self, seen number.Seen) (string, error) {
	end, err := capture.End(ctx, n.Desk.DB.Read, "")
	if err != nil {
		return "", err
	}
	if seen.Epoch > self.Epoch || (seen.Epoch == self.Epoch && (seen.Sequence > end.Sequence || (seen.Sequence == end.Sequence && seen.Hash != "" && seen.Hash != end.Hash))) {
		return isRestored, nil
	}
	if given, err := n.knows(ctx, seen, ""); err != nil || !given {
		return isRestored, err
	}
	return "", nil
}

// knows says that the database knows of every number that the witness has seen given
// of the ranges whose request begins so.
func (n *Node) knows(ctx context.Context, seen number.Seen, beginning string) (bool, error) {
	for request, given := range seen.Given {
		if !strings.HasPrefix(request, beginning) {
			continue
		}
		known, err := givenOf(ctx, n.Desk.DB.Read, request)
		if err != nil || known < given {
			return false, err
		}
	}
	return true, nil
}

// stands halts a node that finds itself in another computer while it runs, as a
// machine does that was copied with its memory.
func (n *Node) stands(ctx context.Context) error {
	here := number.ThisMachine()
	witness := number.Witness(n.Settings.Witness)
	moved, err := witness.Moved(here)
	if err != nil || !moved {
		return err
	}
	self, _, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil || self.Epoch == 0 {
		return err
	}
	n.Desk.Log.ErrorContext(ctx, "the node runs in another computer than before, or its witness was copied: it gives no numbers until the centre has opened an epoch or an operator has entered a code",
		"system", "card", "node", n.Settings.Name)
	if err := n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return halt(ctx, tx, isMoved, false) }); err != nil {
		return err
	}
	seen, err := witness.Read()
	if err != nil {
		return err
	}
	return witness.Renew(seen, here)
}
