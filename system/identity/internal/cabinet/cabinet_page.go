package cabinet

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// askSignOut asks the person whom a system sent here to sign out, without a
// proof that it knows the session.
func (c *Cabinet) askSignOut(w http.ResponseWriter, r *http.Request) error {
	session, err := c.Sessions.Request(r)
	if err != nil {
		return err
	}
	logout := r.URL.Query().Get("logout")
	if session == nil {
		if logout == "" {
			return page.Redirect(w, r, "/")
		}
		return page.Redirect(w, r, openid.ContinueLogout(logout))
	}
	return page.Render(w, r, http.StatusOK, signOutPage(logout))
}

func (c *Cabinet) signOut(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	session, err := c.Sessions.Request(r)
	if err != nil {
		return err
	}
	if session != nil {
		if err := c.Sessions.End(r.Context(), *session); err != nil {
			return err
		}
		a, found, err := c.Accounts.ByID(r.Context(), session.AccountID)
		if err != nil {
			return err
		}
		if found {
			if err := c.Record(r.Context(), a.PIN, a.Name(), "sign_out", ""); err != nil {
				return err
			}
		}
	}
	c.Sessions.Set(w, "", false)
	target := "/"
	if logout := form.Get("logout"); logout != "" {
		target = openid.ContinueLogout(logout)
	} else {
		page.Notice(w, "identity.signed_out")
	}
	if session != nil {
		if target, err = c.Provider.SignedOut(r.Context(), session.SID, target); err != nil {
			return err
		}
	}
	return page.Redirect(w, r, target)
}
