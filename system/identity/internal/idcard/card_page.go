package idcard

import (
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/kit/cms"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/newcomer"
)

//go:embed card.js
var script []byte

// Path is the tab of the sign-in.
const Path = "/sign-in/card"

// Mount puts the pages into the mux.
func (c *Cards) Mount(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET "+Path, c.show)
	c.Site.Handle(mux, "POST "+Path, c.enter)
	c.Site.Handle(mux, "POST "+Path+"/challenge", c.ask)
	mux.Handle("GET /sign-in/card.js", page.Script(script))
}

// Reading is the part of a page that reads a card: see Reader.
type Reading struct {
	Action    string // where the answer is posted: a form with challenge, pkcs7, certificate, signature
	Challenge string // where a challenge is asked for: a POST answered by ServeChallenge
	Button    string // words of the button
}

// Permit lets the answer's page talk to the agent. It is called before the page
// is rendered.
func (c *Cards) Permit(w http.ResponseWriter) {
	page.Permit(w, "connect-src", c.Agent.origins()...)
}

// ServeChallenge answers the script of a page that has Reader.
func (c *Cards) ServeChallenge(w http.ResponseWriter, r *http.Request, purpose Purpose, bound string) error {
	asked, err := c.Ask(r.Context(), purpose, c.Door.Browser(w, r), bound, door.PlaceOf(r))
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, map[string]string{"id": asked.ID, "data": base64.StdEncoding.EncodeToString([]byte(asked.Body))})
}

// maxAnswer bounds each part of an answer as it comes, in base64.
const maxAnswer = cms.MaxSize / 3 * 4

// ReadAnswer reads the form that the script sends.
func ReadAnswer(form *page.Form) (Answer, error) {
	a := Answer{Challenge: form.Get("challenge")}
	for name, into := range map[string]*[]byte{"pkcs7": &a.CMS, "certificate": &a.Certificate, "signature": &a.Signature} {
		value := strings.Join(strings.Fields(form.Get(name)), "")
		if len(value) > maxAnswer {
			return Answer{}, fail.New(fail.Invalid, "identity.certificate.malformed")
		}
		data, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return Answer{}, fail.Wrap(err, fail.Invalid, "identity.certificate.malformed")
		}
		*into = data
	}
	return a, nil
}

// bound names the sign-in under way: an answer leads to no other target.
func bound(t door.Target) string { return t.To(Path) }

func (c *Cards) ask(w http.ResponseWriter, r *http.Request) error {
	target, err := c.Door.Target(w, r)
	if err != nil {
		return err
	}
	return c.ServeChallenge(w, r, SignIn, bound(target))
}

func (c *Cards) show(w http.ResponseWriter, r *http.Request) error {
	target, err := c.Door.Target(w, r)
	if err != nil {
		return err
	}
	c.Door.Browser(w, r) // a challenge is bound to it
	return c.render(w, r, http.StatusOK, target, page.NewForm())
}

func (c *Cards) render(w http.ResponseWriter, r *http.Request, status int, target door.Target, form *page.Form) error {
	c.Permit(w)
	return page.Render(w, r, status, cardPage(c, form, target))
}

func (c *Cards) enter(w http.ResponseWriter, r *http.Request) error {
	target, err := c.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	place := door.PlaceOf(r)
	answer, err := ReadAnswer(form)
	var holder Holder
	if err == nil {
		holder, err = c.Verify(r.Context(), SignIn, c.Door.Browser(w, r), bound(target), answer)
	}
	if err != nil {
		status, err := c.told(r, form, holder, err)
		if err != nil {
			return err
		}
		return c.render(w, r, status, target, form)
	}
	a, found, err := c.Accounts.ByPIN(r.Context(), holder.PIN)
	if err != nil {
		return err
	}
	if !found || a.State == account.Closed {
		return c.Newcomers.Begin(w, r, newcomer.Proof{PIN: holder.PIN, FamilyName: holder.FamilyName, GivenName: holder.GivenName, Method: door.Card}, target)
	}
	now := a.Epoch
	if a.Epoch = holder.Epoch; a.Epoch == now { // else the door says that it is too late
		if a, err = c.raise(r.Context(), a, place); err != nil {
			return err
		}
	}
	return c.Door.Enter(w, r, a, newcomer.Way(door.Card), target)
}

// told notes in the form why the card was refused, and gives the status. Where
// the authority named its holder, it is written down in the holder's record.
func (c *Cards) told(r *http.Request, form *page.Form, holder Holder, cause error) (int, error) {
	if holder.PIN != "" {
		a, _, err := c.Accounts.ByPIN(r.Context(), holder.PIN)
		if err != nil {
			return 0, err
		}
		if err := c.Door.Refused(r.Context(), holder.PIN, a, door.Card, door.PlaceOf(r)); err != nil {
			return 0, err
		}
	}
	status := http.StatusUnprocessableEntity
	switch {
	case fail.Is(cause, fail.Unavailable):
		status = http.StatusServiceUnavailable
		form.Fail("", fail.As(cause).Key)
	case !form.Take(cause):
		return 0, cause
	}
	c.Site.Log.InfoContext(r.Context(), "a card was refused", "system", "identity", "error", cause.Error())
	return status, nil
}
