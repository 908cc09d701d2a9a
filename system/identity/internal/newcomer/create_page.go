package newcomer

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

const path = "/sign-in/new"

// Mount puts the pages into the mux.
func (n *Newcomers) Mount(mux *http.ServeMux) {
	n.Site.Handle(mux, "GET "+path, n.show)
	n.Site.Handle(mux, "POST "+path, n.take)
}

func (n *Newcomers) cookie() string {
	if n.Door.Sessions.Secure {
		return "__Host-sanarip_identity_newcomer"
	}
	return "sanarip_identity_newcomer"
}

func (n *Newcomers) set(w http.ResponseWriter, secret string) {
	age := int(n.Door.Lives.Time(life).Seconds())
	if secret == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: n.cookie(), Value: secret, Path: "/", MaxAge: age, HttpOnly: true, Secure: n.Door.Sessions.Secure, SameSite: http.SameSiteLaxMode})
}

// Begin leads a person who has proved who they are to their new account.
func (n *Newcomers) Begin(w http.ResponseWriter, r *http.Request, p Proof, t door.Target) error {
	secret, err := n.begin(r.Context(), n.Door.Browser(w, r), p)
	if err != nil {
		return err
	}
	n.set(w, secret)
	return page.Redirect(w, r, t.To(path))
}

// of is the proof that the browser gave; false when it is gone.
func (n *Newcomers) of(w http.ResponseWriter, r *http.Request) (secret string, p Proof, found bool, err error) {
	cookie, err := r.Cookie(n.cookie())
	if err != nil || len(cookie.Value) != 43 {
		return "", Proof{}, false, nil //nolint:nilerr // no cookie, no proof
	}
	p, found, err = n.bySecret(r.Context(), cookie.Value, n.Door.Browser(w, r))
	return cookie.Value, p, found, err
}

type view struct {
	form   *page.Form
	target door.Target
	proof  Proof
}

func (n *Newcomers) show(w http.ResponseWriter, r *http.Request) error {
	target, err := n.Door.Target(w, r)
	if err != nil {
		return err
	}
	_, p, found, err := n.of(w, r)
	if err != nil {
		return err
	}
	if !found {
		return page.Redirect(w, r, target.To("/sign-in")) // come back too late: begin anew
	}
	return page.Render(w, r, http.StatusOK, createPage(view{page.NewForm(), target, p}))
}

func (n *Newcomers) take(w http.ResponseWriter, r *http.Request) error {
	target, err := n.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	secret, p, found, err := n.of(w, r)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.Gone, "identity.newcomer.gone")
	}
	if form.Get("agreement") == "" {
		form.Fail("agreement", "identity.consent.agreement_needed")
		return page.Render(w, r, http.StatusUnprocessableEntity, createPage(view{form, target, p}))
	}
	a, err := n.create(r.Context(), secret, p, text.LangOf(r.Context()))
	if fail.Is(err, fail.Unavailable) {
		form.Fail("", fail.As(err).Key)
		return page.Render(w, r, http.StatusServiceUnavailable, createPage(view{form, target, p}))
	}
	if fail.Is(err, fail.Conflict) { // come in by what proves it now
		n.set(w, "")
		page.Attention(w, fail.As(err).Key)
		return page.Redirect(w, r, target.To("/sign-in"))
	}
	if err != nil {
		if form.Take(err) {
			return page.Render(w, r, http.StatusUnprocessableEntity, createPage(view{form, target, p}))
		}
		return err
	}
	n.set(w, "")
	return n.Door.Enter(w, r, a, Way(p.Method), target)
}
