package idcard

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// The pages of a recovery by card (ID-13).
const (
	RecoverPath  = "/sign-in/recover/card"
	beginPath    = "/sign-in/recover"
	passwordPath = "/sign-in/recover/password" //nolint:gosec // an address
)

// Recovering is the recovery under way in a browser.
type Recovering interface {
	// Secret is that of the recovery; "" when there is none.
	Secret(r *http.Request) string
	// Proved is told that the card of the account's owner signed for the recovery.
	Proved(ctx context.Context, secret string, owner account.Account) error
}

// MountRecovery puts the page on which a card proves the owner of a recovery.
func (c *Cards) MountRecovery(mux *http.ServeMux, of Recovering) {
	c.Site.Handle(mux, "GET "+RecoverPath, c.recovering(of, c.showRecover))
	c.Site.Handle(mux, "POST "+RecoverPath+"/challenge", c.recovering(of, c.askRecover))
	c.Site.Handle(mux, "POST "+RecoverPath, c.recovering(of, func(w http.ResponseWriter, r *http.Request, t door.Target, secret string) error {
		return c.recover(w, r, t, secret, of)
	}))
}

type recoverHandler func(w http.ResponseWriter, r *http.Request, t door.Target, secret string) error

func (c *Cards) recovering(of Recovering, h recoverHandler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		target, err := c.Door.Target(w, r)
		if err != nil {
			return err
		}
		secret := of.Secret(r)
		if secret == "" {
			return page.Redirect(w, r, target.To(beginPath))
		}
		return h(w, r, target, secret)
	}
}

func (c *Cards) showRecover(w http.ResponseWriter, r *http.Request, t door.Target, _ string) error {
	c.Door.Browser(w, r) // a challenge is bound to it
	return c.renderRecover(w, r, http.StatusOK, t, page.NewForm())
}

func (c *Cards) renderRecover(w http.ResponseWriter, r *http.Request, status int, t door.Target, form *page.Form) error {
	c.Permit(w)
	return page.Render(w, r, status, recoverPage(c, form, t))
}

func (c *Cards) askRecover(w http.ResponseWriter, r *http.Request, _ door.Target, secret string) error {
	return c.ServeChallenge(w, r, Recovery, id.Hash(secret))
}

func (c *Cards) recover(w http.ResponseWriter, r *http.Request, t door.Target, secret string, of Recovering) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	answer, err := ReadAnswer(form)
	var holder Holder
	if err == nil {
		holder, err = c.Verify(r.Context(), Recovery, c.Door.Browser(w, r), id.Hash(secret), answer)
	}
	if err == nil {
		err = c.owner(r.Context(), holder, secret, of)
	}
	if err == nil {
		return page.Redirect(w, r, t.To(passwordPath))
	}
	status, err := c.told(r, form, holder, err)
	if err != nil {
		return err
	}
	return c.renderRecover(w, r, status, t, form)
}

// owner tells the recovery whose card it was. The card of another person than
// the recovery's is refused, as is one without an account.
func (c *Cards) owner(ctx context.Context, holder Holder, secret string, of Recovering) error {
	a, found, err := c.Accounts.ByPIN(ctx, holder.PIN)
	if err != nil {
		return err
	}
	if !found || a.State == account.Closed {
		return fail.New(fail.Invalid, "identity.card.not_owner")
	}
	err = of.Proved(ctx, secret, a)
	if fail.Is(err, fail.Gone) {
		return fail.Wrap(err, fail.Invalid, "identity.card.not_owner")
	}
	return err
}
