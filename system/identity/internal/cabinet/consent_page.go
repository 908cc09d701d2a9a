package cabinet

import (
	"net/http"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

type givenConsent struct {
	consent.Consent
	client openid.Client
	values []consent.Value
	used   time.Time
}

func (c *Cabinet) showConsents(w http.ResponseWriter, r *http.Request, p door.Person) error {
	ctx := r.Context()
	given, err := c.Consents.Of(ctx, p.Account.ID)
	if err != nil {
		return err
	}
	used, err := c.Consents.Used(ctx, p.Account.PIN)
	if err != nil {
		return err
	}
	var shown []givenConsent
	for _, each := range given {
		client, ok := c.Provider.Client(each.Client)
		if !ok { // gone since: it can be withdrawn all the same
			client = openid.Client{ID: each.Client, Name: text.Same(each.Client)}
		}
		values, err := c.Consents.Values(ctx, p.Account, each.Scopes)
		if err != nil {
			return err
		}
		shown = append(shown, givenConsent{each, client, values, used[each.Client]})
	}
	return page.Render(w, r, http.StatusOK, consentsPage(shown))
}

func (c *Cabinet) withdraw(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	given, err := c.Consents.Of(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	for _, each := range given {
		if each.Client != form.Get("client") {
			continue
		}
		if err := c.Consents.Withdraw(r.Context(), p.Account, each.Client); err != nil {
			return err
		}
		page.Notice(w, "identity.consent.withdrawn")
		return page.Redirect(w, r, "/security/consents")
	}
	return fail.New(fail.NotFound, "kit.not_found")
}
