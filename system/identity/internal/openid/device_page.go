package openid

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// completeDevice adds to the answer to a device what the library leaves out: an
// address with the code in it, for a QR, and how long ours lives.
func (p *Provider) completeDevice(answer *answer) {
	body := map[string]any{}
	if err := json.Unmarshal(answer.body.Bytes(), &body); err != nil {
		return // not the library's answer
	}
	code, _ := body["user_code"].(string)
	body["verification_uri"] = p.config.Issuer + "/device"
	body["verification_uri_complete"] = p.config.Issuer + "/device?" + url.Values{"user_code": {code}}.Encode()
	body["expires_in"], body["interval"] = seconds(p.lives.device), seconds(p.lives.devicePause)
	data, err := json.Marshal(body)
	if err != nil {
		return
	}
	answer.body.Reset()
	_, _ = answer.Write(data) // a buffer takes everything
}

// devicePath is where a code is typed.
const devicePath = "/device"

// showDevice is where the person types the code that their device shows, and
// sees who asks when it is known. It says nothing of a person.
func (p *Provider) showDevice(w http.ResponseWriter, r *http.Request) error {
	code := r.URL.Query().Get("user_code")
	if code == "" {
		return page.Render(w, r, http.StatusOK, devicePage(page.NewForm()))
	}
	return p.askDevice(w, r, page.NewForm("user_code", code))
}

func (p *Provider) takeDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	form.Need("user_code", 40)
	if !form.OK() {
		return wrongDevice(w, r, form)
	}
	return p.askDevice(w, r, form)
}

func (p *Provider) askDevice(w http.ResponseWriter, r *http.Request, form *page.Form) error {
	_, c, err := p.device(r, form)
	if err != nil {
		return err
	}
	if !form.OK() {
		return wrongDevice(w, r, form)
	}
	return page.Render(w, r, http.StatusOK, deviceAskPage(c, typed(form.Get("user_code"))))
}

// wrongDevice asks for a code again. The page in another language does not try the
// wrong one once more.
func wrongDevice(w http.ResponseWriter, r *http.Request, form *page.Form) error {
	page.LeadsTo(r, devicePath)
	return page.Render(w, r, http.StatusUnprocessableEntity, devicePage(form))
}

// device is the flow whose code was typed; what is wrong with it stands in the
// form. Guesses are limited by address.
func (p *Provider) device(r *http.Request, form *page.Form) (*goidc.AuthnSession, Client, error) {
	ctx, address := r.Context(), page.Address(r)
	if err := p.config.Throttle.Try(ctx, throttle.Device, address); err != nil {
		if !fail.Is(err, fail.TooMany) {
			return nil, Client{}, err
		}
		form.Fail("user_code", fail.As(err).Key, "Count", fail.As(err).Args["Count"])
		return nil, Client{}, nil
	}
	as, err := devices{p.flows}.SessionByUserCode(ctx, form.Get("user_code"))
	if errors.Is(err, goidc.ErrNotFound) {
		form.Fail("user_code", "identity.device.wrong")
		return nil, Client{}, nil
	}
	if err != nil {
		return nil, Client{}, err
	}
	c, found, err := p.client(ctx, as.ClientID)
	if err != nil {
		return nil, Client{}, err
	}
	if !found || c.State == StateBlocked {
		form.Fail("user_code", "identity.device.wrong")
		return nil, Client{}, nil
	}
	return as, c.Client, p.config.Throttle.Refund(ctx, throttle.Device, address)
}

// answerDevice is what the person says to the question whether the device is
// theirs. Then they sign in and allow, as everywhere.
func (p *Provider) answerDevice(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	decision := form.Choice("decision", "mine", "deny")
	if decision == "" {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	as, c, err := p.device(r, form)
	if err != nil {
		return err
	}
	if !form.OK() {
		return wrongDevice(w, r, form)
	}
	if decision == "deny" {
		as.Status = goidc.StatusFailure
		if err := (devices{p.flows}).SaveSession(r.Context(), as); err != nil {
			return err
		}
		page.LeadsTo(r, devicePath)
		return page.Render(w, r, http.StatusOK, deviceDonePage(false))
	}
	browser := p.config.Sessions.Browser(w, r, id.Secret)
	first, err := devices{p.flows}.own(r.Context(), as, form.Get("user_code"), browser)
	if err != nil {
		return err
	}
	if !first {
		return fail.New(fail.Gone, "identity.flow_gone")
	}
	return page.Redirect(w, r, flowOf(as, c).Continue())
}

// promptDevice is the library's way to our page.
func (p *Provider) promptDevice(w http.ResponseWriter, r *http.Request) error {
	return page.Render(w, r, http.StatusOK, devicePage(page.NewForm()))
}

// deviceDone tells the person that the device goes on by itself.
func (p *Provider) deviceDone(w http.ResponseWriter, r *http.Request) error {
	page.LeadsTo(r, devicePath)
	return page.Render(w, r, http.StatusOK, deviceDonePage(true))
}
