package consent

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// reader is who reads the agreement; an account without an id when nobody is
// signed in. accepted says that the version in force is theirs already.
func (c *Consents) reader(r *http.Request) (a account.Account, accepted bool, err error) {
	session, err := c.Sessions.Request(r)
	if err != nil || session == nil {
		return account.Account{}, false, err
	}
	a, _, err = c.Accounts.ByID(r.Context(), session.AccountID)
	if err != nil {
		return account.Account{}, false, err
	}
	accepted, err = c.Accepted(r.Context(), a.ID)
	return a, accepted, err
}

func (c *Consents) showAgreement(w http.ResponseWriter, r *http.Request) error {
	a, accepted, err := c.reader(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, agreementPage(a.ID != "" && !accepted))
}

// takeAgreement is how the agreement is accepted in ЕСИ's own cabinet, when a
// new version is in force (ID-16).
func (c *Consents) takeAgreement(w http.ResponseWriter, r *http.Request) error {
	a, _, err := c.reader(r)
	if err != nil {
		return err
	}
	if a.ID == "" {
		return fail.New(fail.SignedOut, "kit.session_ended")
	}
	if err := c.AcceptAgreement(r.Context(), a, text.LangOf(r.Context())); err != nil {
		return err
	}
	page.Notice(w, "identity.agreement.accepted")
	return page.Redirect(w, r, "/")
}
