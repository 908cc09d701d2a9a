package cloudsign

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/idcard"
	"github.com/sanarip/sanarip/system/identity/internal/newcomer"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// The pages.
const (
	Path      = "/sign-in/signature" // tab of the sign-in
	EnrolPath = "/signature/cloud"   // a person's own cloud signature
)

// Mount puts the pages into the mux.
func (c *Clouds) Mount(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET "+Path, c.show)
	c.Site.Handle(mux, "POST "+Path, c.enter)
	c.Site.Handle(mux, "POST "+Path+"/pin", c.send)
	c.Site.Handle(mux, "GET "+EnrolPath, c.Door.Fresh(c.showOwn))
	c.Site.Handle(mux, "POST "+EnrolPath, c.Door.Fresh(c.takeOwn))
}

func (c *Clouds) show(w http.ResponseWriter, r *http.Request) error {
	target, err := c.Door.Target(w, r)
	if err != nil {
		return err
	}
	form := page.NewForm()
	who, err := c.Door.Who(r)
	if err != nil {
		return err
	}
	if who != nil {
		form.Set("pin", who.Account.PIN) // proves anew who they are
	}
	return page.Render(w, r, http.StatusOK, signaturePage(c.Door, form, target))
}

func (c *Clouds) enter(w http.ResponseWriter, r *http.Request) error {
	target, err := c.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	typedPIN, oneTime := form.Need("pin", 40), form.Need("one_time", 40)
	if !form.OK() {
		return c.again(w, r, target, form, form.Err())
	}
	holder, err := c.Verify(r.Context(), idcard.SignIn, target.To(Path), typedPIN, oneTime, c.Door.Browser(w, r), door.PlaceOf(r))
	if err != nil {
		form.Findings = nil
		return c.again(w, r, target, form, err)
	}
	a, found, err := c.Accounts.ByPIN(r.Context(), holder.PIN)
	if err != nil {
		return err
	}
	if !found || a.State == account.Closed {
		return c.Newcomers.Begin(w, r, newcomer.Proof{PIN: holder.PIN, FamilyName: holder.FamilyName, GivenName: holder.GivenName, Method: door.Signature}, target)
	}
	a.Epoch = holder.Epoch
	return c.Door.Enter(w, r, a, newcomer.Way(door.Signature), target)
}

// again shows the form once more with what is wrong.
func (c *Clouds) again(w http.ResponseWriter, r *http.Request, target door.Target, form *page.Form, cause error) error {
	status := http.StatusUnprocessableEntity
	switch {
	case !form.OK():
	case throttle.Told(form, cause):
		status = http.StatusTooManyRequests
	case fail.Is(cause, fail.Unavailable):
		status = http.StatusServiceUnavailable
		form.Fail("", fail.As(cause).Key)
	case !form.Take(cause):
		return cause
	}
	if status == http.StatusServiceUnavailable {
		c.Site.Log.WarnContext(r.Context(), "the cloud signature is out of reach", "system", "identity", "error", cause.Error())
	}
	form.Set("one_time", "")
	return page.Render(w, r, status, signaturePage(c.Door, form, target))
}

func (c *Clouds) send(w http.ResponseWriter, r *http.Request) error {
	target, err := c.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	typedPIN := form.Need("pin", 40)
	if !form.OK() {
		return c.again(w, r, target, form, form.Err())
	}
	if err := c.mail(r.Context(), typedPIN, c.Door.Browser(w, r), door.PlaceOf(r)); err != nil {
		return c.again(w, r, target, form, err)
	}
	page.Notice(w, "identity.signature.mailed")
	return page.Redirect(w, r, target.To(Path))
}

func (c *Clouds) showOwn(w http.ResponseWriter, r *http.Request, p door.Person) error {
	return c.own(w, r, http.StatusOK, page.NewForm(), p)
}

func (c *Clouds) own(w http.ResponseWriter, r *http.Request, status int, form *page.Form, p door.Person) error {
	state, err := c.Cloud.State(r.Context(), signatureapi.Person{PIN: p.Account.PIN})
	if err != nil {
		return fail.Wrap(err, fail.Unavailable, "identity.signature.away_here")
	}
	return page.Render(w, r, status, ownPage(form, state, c.barred(p)))
}

func (c *Clouds) takeOwn(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := c.enrol(r.Context(), p); err != nil {
		if form.Take(err) {
			return c.own(w, r, http.StatusUnprocessableEntity, form, p)
		}
		return err
	}
	page.Notice(w, "identity.signature.enrolled")
	return page.Redirect(w, r, EnrolPath)
}
