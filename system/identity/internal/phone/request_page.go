package phone

import (
	"embed"
	"encoding/base64"
	"net/http"

	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
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
	for _, name := range []string{"qr.js", "scan.js"} {
		mux.HandleFunc("GET /app/script/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public, max-age=3600")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			http.ServeFileFS(w, r, scripts, name)
		})
	}
}

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
		seconds: int(requestLife.Seconds()), problem: problem,
	}))
}

func (p *Phones) tellState(w http.ResponseWriter, r *http.Request) error {
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
	a, level, err := p.take(r.Context(), browser, target.Flow.ID)
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
	return p.Door.Enter(w, r, a, door.Way{
		Method: door.Phone, AMR: []string{"pin", "mca", "mfa"}, Level: assurance.Least(assurance.Substantial, level),
	}, target)
}

func (p *Phones) showScan(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return p.scan(w, r, who, http.StatusOK, page.NewForm())
}

func (p *Phones) scan(w http.ResponseWriter, r *http.Request, who door.Person, status int, form *page.Form) error {
	_, found, err := p.mine(r, who)
	if err != nil {
		return err
	}
	page.PermitCamera(w)
	return page.Render(w, r, status, scanPage(form, found))
}

// approval is what the phone shows before the person decides.
type approval struct {
	form    *page.Form
	request Request
	client  string // in the reader's language
	scanned string
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
			_, found, err := p.mine(r, who)
			if err != nil {
				return err
			}
			if !found {
				page.Notice(w, "identity.phone.device_first")
				return page.Redirect(w, r, "/app/device")
			}
			return p.showApproval(w, r, http.StatusOK, page.NewForm(), request, scanned)
		}
		if !form.Take(err) {
			return err
		}
	}
	return p.scan(w, r, who, http.StatusUnprocessableEntity, form)
}

func (p *Phones) showApproval(w http.ResponseWriter, r *http.Request, status int, form *page.Form, request Request, scanned string) error {
	v := approval{form: form, request: request, scanned: scanned, client: text.T(r.Context(), "identity.title")}
	if client, ok := p.Provider.Client(request.Client); ok {
		v.client = client.Name.Here(r.Context())
	}
	return page.Render(w, r, status, approvePage(v))
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
	device, found, err := p.mine(r, who)
	if err != nil {
		return err
	}
	if !found {
		return page.Redirect(w, r, "/app/device")
	}
	number, typed := form.Need("number", 10), form.Need("pin", 20)
	if form.OK() {
		err := p.approve(r.Context(), who.Account, device, who.Session.Level, scanned, number, typed, door.PlaceOf(r))
		if err == nil {
			if err := p.Record(r.Context(), who.Account.PIN, who.Account.Name(), "phone.approved", request.Client); err != nil {
				return err
			}
			page.Notice(w, "identity.phone.approved")
			return page.Redirect(w, r, "/security/devices")
		}
		if !form.Take(err) {
			return err
		}
	}
	form.Set("pin", "")
	return p.showApproval(w, r, http.StatusUnprocessableEntity, form, request, scanned)
}
