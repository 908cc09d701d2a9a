package phone

import (
	"embed"
	"encoding/base64"
	"net/http"

	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

//go:embed *.js
var scripts embed.FS

func (p *Phones) mountRequests(mux *http.ServeMux) {
	p.Site.Handle(mux, "GET /sign-in/qr", p.showQR)
	p.Site.Handle(mux, "GET /sign-in/qr/state", p.tellState)
	p.Site.Handle(mux, "POST /sign-in/qr", p.enter)
	p.Site.Handle(mux, "GET /app/scan", p.Door.In(p.showScan))
	p.Site.Handle(mux, "POST /app/scan", p.Door.In(p.look))
	p.Site.Handle(mux, "POST /app/approve", p.Door.In(p.answer))
	p.Site.Handle(mux, "POST /app/approve/question", p.Door.In(p.questionKey))
	for _, name := range []string{"qr.js", "scan.js"} {
		body, _ := scripts.ReadFile(name) // embedded at build time
		mux.Handle("GET /app/script/"+name, page.Script(body))
	}
}

// unkept is told to a browser that keeps no cookies: no phone can let it in.
const unkept State = "no-cookies"

type qrView struct {
	shown
	target  door.Target
	picture string // data URI
	seconds int    // that it holds
	problem string // key, "" for none
}

// showQR makes a code that the phone scans. What it carries stands behind the #
// of an address of ours: the camera of any phone opens it, and no log sees it.
func (p *Phones) showQR(w http.ResponseWriter, r *http.Request) error {
	return p.showNew(w, r, http.StatusOK, "")
}

func (p *Phones) showNew(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	target, err := p.Door.Target(w, r)
	if err != nil {
		return err
	}
	s, err := p.ask(r.Context(), p.Door.Browser(w, r), target.Flow.ID, target.Flow.Client.ID, door.PlaceOf(r))
	if err != nil {
		return err
	}
	picture, err := document.QRPNG(p.Base+"/app/scan#"+s.token, 5)
	if err != nil {
		return err
	}
	return page.Render(w, r, status, qrPage(p.Door, qrView{
		shown: s, target: target, picture: "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture),
		seconds: int(p.Door.Lives.Time(requestLife).Seconds()), problem: problem,
	}))
}

func (p *Phones) tellState(w http.ResponseWriter, r *http.Request) error {
	if !p.Door.Sessions.Knows(r) {
		return page.JSON(w, http.StatusOK, map[string]State{"state": unkept})
	}
	state, err := p.state(r.Context(), p.Door.Browser(w, r))
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, map[string]State{"state": state})
}

// enter lets the browser in when the phone has approved.
func (p *Phones) enter(w http.ResponseWriter, r *http.Request) error {
	target, err := p.Door.Target(w, r)
	if err != nil {
		return err
	}
	browser := p.Door.Browser(w, r)
	a, way, err := p.take(r.Context(), browser, target.Flow.ID)
	if fail.Is(err, fail.Forbidden) {
		state, stateErr := p.state(r.Context(), browser)
		if stateErr != nil {
			return stateErr
		}
		problem := "identity.phone.not_approved"
		if state == Refused {
			problem = "identity.phone.was_refused"
		}
		return p.showNew(w, r, http.StatusUnprocessableEntity, problem)
	}
	if err != nil {
		return err
	}
	return p.Door.Enter(w, r, a, way, target)
}

func (p *Phones) showScan(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return p.scan(w, r, who, http.StatusOK, page.NewForm())
}

func (p *Phones) scan(w http.ResponseWriter, r *http.Request, who door.Person, status int, form *page.Form) error {
	by, err := p.proofs(r, who)
	if err != nil {
		return err
	}
	page.PermitCamera(w)
	return page.Render(w, r, status, scanPage(form, by))
}

// approval is what the phone shows before the person decides.
type approval struct {
	form    *page.Form
	request Request
	client  string // in the reader's language
	scanned string
	by      proofs
}

// proofs are what the person can approve with on this phone: the PIN, where it
// is a device of theirs, and a key, where they have one.
type proofs struct{ pin, key bool }

func (p *Phones) proofs(r *http.Request, who door.Person) (proofs, error) {
	_, device, err := p.mine(r, who)
	if err != nil || !p.Keys.On() {
		return proofs{pin: device}, err
	}
	keys, err := p.Keys.Of(r.Context(), who.Account.ID)
	return proofs{pin: device, key: len(keys) > 0}, err
}

func approverOf(r *http.Request, who door.Person) approver {
	return approver{account: who.Account, session: who.Session.SID, level: who.Session.Level, place: door.PlaceOf(r)}
}

func (p *Phones) look(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	scanned := form.Need("code", 100)
	if form.OK() {
		request, err := p.find(r.Context(), who.Account.ID, scanned)
		if err == nil {
			by, err := p.proofs(r, who)
			if err != nil {
				return err
			}
			if by == (proofs{}) {
				page.Attention(w, "identity.phone.device_first")
				return page.Redirect(w, r, "/app/device")
			}
			return p.showApproval(w, r, http.StatusOK, approval{form: page.NewForm(), request: request, scanned: scanned, by: by})
		}
		if !form.Take(err) {
			return err
		}
	}
	return p.scan(w, r, who, http.StatusUnprocessableEntity, form)
}

func (p *Phones) showApproval(w http.ResponseWriter, r *http.Request, status int, v approval) error {
	v.client = text.T(r.Context(), "identity.title")
	if client, ok := p.Provider.Client(v.request.Client); ok {
		v.client = client.Name.Here(r.Context())
	}
	return page.Render(w, r, status, approvePage(v))
}

// questionKey gives the page's script the question for a key. The code comes in
// the body, so that no address holds it.
func (p *Phones) questionKey(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	question, err := p.askKey(r.Context(), approverOf(r, who), form.Need("code", 100))
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, question)
}

func (p *Phones) answer(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	scanned := form.Need("code", 100)
	request, err := p.find(r.Context(), who.Account.ID, scanned)
	if err != nil {
		if form.Take(err) {
			return p.scan(w, r, who, http.StatusUnprocessableEntity, form)
		}
		return err
	}
	if form.Get("decision") == "refuse" {
		if err := p.refuse(r.Context(), who.Account, scanned); err != nil {
			return err
		}
		page.Notice(w, "identity.phone.refused")
		return page.Redirect(w, r, "/security/devices")
	}
	by, err := p.proofs(r, who)
	if err != nil {
		return err
	}
	keyed := form.Get("decision") == "passkey"
	if (keyed && !by.key) || (!keyed && !by.pin) {
		return page.Redirect(w, r, "/app/device")
	}
	status := http.StatusUnprocessableEntity
	err = p.decision(r, who, form, scanned, keyed)
	switch {
	case err == nil && form.OK():
		if err := p.Record(r.Context(), who.Account.PIN, who.Account.Name(), "phone.approved", request.Client); err != nil {
			return err
		}
		page.Notice(w, "identity.phone.approved")
		return page.Redirect(w, r, "/security/devices")
	case throttle.Told(form, err):
		status = throttle.Status(err)
	case err != nil && !form.Take(err):
		return err
	}
	form.Set("pin", "")
	return p.showApproval(w, r, status, approval{form: form, request: request, scanned: scanned, by: by})
}

// decision approves with what the form holds, if it holds all that is needed.
func (p *Phones) decision(r *http.Request, who door.Person, form *page.Form, scanned string, keyed bool) error {
	number := form.Need("number", 10)
	if keyed {
		if !form.OK() {
			return nil
		}
		return p.approveByKey(r.Context(), approverOf(r, who), scanned, number, form.Get("ticket"), form.Get("answer"))
	}
	typed := form.Need("pin", 20)
	device, _, err := p.mine(r, who)
	if err != nil || !form.OK() {
		return err
	}
	return p.approveByPIN(r.Context(), approverOf(r, who), device, scanned, number, typed)
}
