package node

import (
	"context"
	"database/sql"
	"regexp"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

var challengeOK = regexp.MustCompile(`^[0-9A-F]{8}$`)

// PhoneCode takes numbers out of the sequences of all departments of the node's
// organisations, from where the highest of them is, and gives the code that opens
// them at the node. The same challenge gives the same code.
func (c *Centre) PhoneCode(ctx context.Context, node, challenge string, count int) (string, error) {
	challenge = strings.ToUpper(strings.TrimSpace(challenge))
	if !challengeOK.MatchString(challenge) {
		return "", fail.Fields(fail.Finding{Field: "challenge", Key: "card.node.challenge_wrong"})
	}
	if count < 10 || count > 2550 || count%10 != 0 {
		return "", fail.New(fail.BadRequest, "kit.bad_request")
	}
	code := number.Code{Count: count, Year: clock.DateOf(c.Clock.Now()).Year}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.peer(ctx, tx, node)
		if err != nil {
			return err
		}
		request := "code-" + node + "-" + challenge
		known, err := leased(ctx, tx, cardapi.LeaseCall{NodeHead: cardapi.NodeHead{Node: node}, Request: request})
		if err != nil {
			return err
		}
		if known.Last > 0 {
			code.First, code.Count = known.First, int(known.Last-known.First+1)
			return nil
		}
		if code.First, err = above(ctx, tx, p, code); err != nil {
			return err
		}
		return saveLease(ctx, tx, cardapi.LeaseCall{
			NodeHead: cardapi.NodeHead{Node: node, Epoch: p.epoch}, Request: request, Organisation: strings.Join(p.organisations, " "), Year: code.Year,
		}, cardapi.Lease{First: code.First, Last: code.First + int64(count) - 1}, "code", c.Clock.Now())
	})
	if err != nil {
		return "", err
	}
	return code.Write(Key(c.Secret, node), challenge), nil
}
