package cabinet

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
)

// closing is what goes with the account.
type closing = func(ctx context.Context, tx *sql.Tx, accountID string) error

// Closes adds what is taken away when an account is closed: keys, backup codes,
// devices.
func (c *Cabinet) Closes(gone closing) { c.closing = append(c.closing, gone) }

// close ends the account at once. There are no days of grace: whoever closed it
// by mistake, or did not close it, proves anew who they are and has the same
// account again, with the same "sub"; nobody else can. What would let anybody in
// goes now: password, factors, contacts, consents. What was done stays recorded.
func (c *Cabinet) close(ctx context.Context, a account.Account, place notice.Place) error {
	return c.Door.Change(ctx, a, notice.Closed, "", place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		if err := c.Control.EndEverything(ctx, tx, before.ID); err != nil {
			return err
		}
		if err := c.Consents.WithdrawAll(ctx, tx, before.ID); err != nil {
			return err
		}
		if err := c.Accounts.Empty(ctx, tx, before.ID); err != nil {
			return err
		}
		for _, gone := range c.closing {
			if err := gone(ctx, tx, before.ID); err != nil {
				return err
			}
		}
		return c.Accounts.SetState(ctx, tx, before.ID, account.Closed)
	})
}
