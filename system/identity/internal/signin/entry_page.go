package signin

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// cookie names the sign-in under way to one target. There may be others beside it:
// whoever opens two systems in two tabs signs in to both.
func (s *SignIn) cookie(flow, next string) string {
	name := "sanarip_identity_entry_" + id.Hash(flow + " " + next)[:12]
	if s.Door.Sessions.Secure {
		return "__Host-" + name
	}
	return name
}

func (s *SignIn) setEntry(w http.ResponseWriter, t door.Target, secret string) {
	age := int(s.Door.Lives.Time(entryLife).Seconds())
	if secret == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie(t.Flow.ID, t.Next), Value: secret, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.Door.Sessions.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// entered is the sign-in under way of this browser to the target of the address.
func (s *SignIn) entered(r *http.Request) (entry, account.Account, error) {
	gone := fail.New(fail.Gone, "identity.entry_gone")
	flow, next := r.URL.Query().Get("flow"), r.URL.Query().Get("next")
	if flow != "" {
		next = "" // as door.Target has it
	}
	cookie, err := r.Cookie(s.cookie(flow, next))
	if err != nil {
		return entry{}, account.Account{}, gone
	}
	e, found, err := s.bySecret(r.Context(), cookie.Value)
	if err != nil {
		return entry{}, account.Account{}, err
	}
	if !found || e.flow != flow || e.next != next {
		return entry{}, account.Account{}, gone
	}
	a, found, err := s.Accounts.ByID(r.Context(), e.account)
	if err == nil && !found {
		err = gone
	}
	return e, a, err
}

// late leads one whose sign-in is over back to its beginning, and says why; not to
// one who has signed in and only went back to the page.
func (s *SignIn) late(w http.ResponseWriter, r *http.Request, err error) error {
	if !fail.Is(err, fail.Gone) {
		return err
	}
	if s.Door.Sessions.Forgets(r) {
		page.LeadsTo(r, "/sign-in")
		return s.Door.NoCookies(w, r)
	}
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	who, err := s.Door.Who(r)
	if err != nil {
		return err
	}
	if who == nil || !page.Reads(r) {
		page.Attention(w, "identity.entry_gone")
	}
	return page.Redirect(w, r, target.To("/sign-in"))
}
