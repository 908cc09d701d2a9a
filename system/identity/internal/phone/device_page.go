package phone

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// Mount puts the pages into the mux.
func (p *Phones) Mount(mux *http.ServeMux) {
	p.Site.Handle(mux, "GET /security/devices", p.Door.In(p.showDevices))
	p.Site.Handle(mux, "GET /app/device", p.Door.Changing(p.showAdd))
	p.Site.Handle(mux, "POST /app/device", p.Door.Fresh(p.addThis))
	p.Site.Handle(mux, "GET /security/devices/pin", p.Door.Changing(p.showPIN))
	p.Site.Handle(mux, "POST /security/devices/pin", p.Door.Fresh(p.changePIN))
	p.Site.Handle(mux, "POST /security/devices/remove", p.Door.In(p.removeDevice))
	p.Site.Handle(mux, "GET /app/unlock", p.showUnlock)
	p.Site.Handle(mux, "POST /app/unlock", p.unlock)
	p.mountRequests(mux)
}

func (p *Phones) cookie() string {
	if p.Door.Sessions.Secure {
		return "__Host-sanarip_identity_device"
	}
	return "sanarip_identity_device"
}

func (p *Phones) setCookie(w http.ResponseWriter, secret string) {
	age := int(p.Door.Lives.Time(deviceLife).Seconds())
	if secret == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: p.cookie(), Value: secret, Path: "/", MaxAge: age, HttpOnly: true, Secure: p.Door.Sessions.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// this is the device that the browser is; false when it is none.
func (p *Phones) this(r *http.Request) (Device, bool, error) {
	cookie, err := r.Cookie(p.cookie())
	if err != nil || len(cookie.Value) != 43 {
		return Device{}, false, nil //nolint:nilerr // no cookie, no device
	}
	return p.bySecret(r.Context(), id.Hash(cookie.Value))
}

// mine is the device that the browser is, if it is the person's.
func (p *Phones) mine(r *http.Request, who door.Person) (Device, bool, error) {
	d, found, err := p.this(r)
	return d, found && d.Account == who.Account.ID, err
}

func (p *Phones) showDevices(w http.ResponseWriter, r *http.Request, who door.Person) error {
	devices, err := p.Of(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	here, _, err := p.mine(r, who)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, devicesPage(devices, here.ID))
}

func (p *Phones) showAdd(w http.ResponseWriter, r *http.Request, who door.Person) error {
	_, found, err := p.mine(r, who)
	if err != nil {
		return err
	}
	if found {
		return page.Redirect(w, r, "/security/devices")
	}
	form := page.NewForm()
	form.Set("name", door.PlaceOf(r).Agent)
	return page.Render(w, r, http.StatusOK, addPage(form))
}

// pin reads the new PIN and its repetition.
func pin(form *page.Form, who door.Person) string {
	typed := strings.TrimSpace(form.Need("pin", 20))
	if typed == "" {
		return ""
	}
	if key := Weakness(typed, who.Account); key != "" {
		form.Fail("pin", key)
	} else if form.Need("again", 20) != typed {
		form.Fail("again", "identity.phone.pin_differs")
	}
	return typed
}

func (p *Phones) addThis(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	name := page.Clean(form.Need("name", maxName*4))
	if utf8.RuneCountInString(name) > maxName {
		form.Fail("name", "identity.phone.name_long")
	}
	typed := pin(form, who)
	if form.OK() {
		secret, err := p.add(r.Context(), who.Account, name, typed, door.PlaceOf(r))
		if err == nil {
			p.setCookie(w, secret)
			page.Notice(w, "identity.phone.added")
			return page.Redirect(w, r, "/security/devices")
		}
		return err
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, addPage(form))
}

func (p *Phones) showPIN(w http.ResponseWriter, r *http.Request, who door.Person) error {
	_, found, err := p.mine(r, who)
	if err != nil {
		return err
	}
	if !found {
		return page.Redirect(w, r, "/app/device")
	}
	return page.Render(w, r, http.StatusOK, pinPage(page.NewForm()))
}

// changePIN changes the PIN of the device in hand.
func (p *Phones) changePIN(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	d, found, err := p.mine(r, who)
	if err != nil {
		return err
	}
	if !found {
		return page.Redirect(w, r, "/app/device")
	}
	typed := pin(form, who)
	if !form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, pinPage(form))
	}
	if err := p.setPIN(r.Context(), who.Account, d.ID, typed, door.PlaceOf(r)); err != nil {
		return err
	}
	page.Notice(w, "identity.phone.pin_changed")
	return page.Redirect(w, r, "/security/devices")
}

func (p *Phones) removeDevice(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	here, _, err := p.mine(r, who)
	if err != nil {
		return err
	}
	deviceID := form.Get("device")
	if err := p.remove(r.Context(), who.Account, deviceID, door.PlaceOf(r)); err != nil {
		return err
	}
	if deviceID == here.ID {
		p.setCookie(w, "")
	}
	page.Notice(w, "identity.phone.device_gone")
	return page.Redirect(w, r, "/security/devices")
}

func (p *Phones) showUnlock(w http.ResponseWriter, r *http.Request) error {
	target, err := p.Door.Target(w, r)
	if err != nil {
		return err
	}
	_, found, err := p.this(r)
	if err != nil {
		return err
	}
	if !found {
		return page.Redirect(w, r, target.To("/sign-in"))
	}
	return page.Render(w, r, http.StatusOK, unlockPage(page.NewForm(), target))
}

// unlock signs in on a device by its PIN (ID-15): the device's secret is one
// factor, the PIN another.
func (p *Phones) unlock(w http.ResponseWriter, r *http.Request) error {
	target, err := p.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	d, found, err := p.this(r)
	if err != nil {
		return err
	}
	if !found {
		return page.Redirect(w, r, target.To("/sign-in"))
	}
	typed := strings.TrimSpace(form.Need("pin", 20))
	if form.OK() {
		a, known, err := p.Accounts.ByID(r.Context(), d.Account) // before the PIN is right: what ends meanwhile ends this too
		if err != nil {
			return err
		}
		if !known {
			return fail.New(fail.Forbidden, "identity.phone.removed")
		}
		err = p.check(r.Context(), d, typed, door.PlaceOf(r))
		switch {
		case err == nil:
			return p.Door.Enter(w, r, a, door.Way{Method: door.Device, AMR: []string{"pin", "mfa"}, Level: assurance.Substantial}, target)
		case fail.Is(err, fail.Forbidden): // the device has just been removed
			p.setCookie(w, "")
			return err
		case !form.Take(err):
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, unlockPage(form, target))
}
