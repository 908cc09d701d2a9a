package proofing

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/registration"
)

// Mount puts the pages into the mux.
func (d *Desk) Mount(mux *http.ServeMux) {
	d.Site.Handle(mux, "GET /console/proofing", d.Guard(d.list))
	d.Site.Handle(mux, "GET /console/proofing/{id}", d.Guard(d.show))
	d.Site.Handle(mux, "POST /console/proofing/{id}", d.Guard(d.take))
}

func (d *Desk) list(w http.ResponseWriter, r *http.Request, _, _ string) error {
	cases, err := d.Registrations.Asked(r.Context(), page.QueryForm(r).Text("after", 100), most+1)
	if err != nil {
		return err
	}
	waiting, err := d.Registrations.CountAsked(r.Context())
	if err != nil {
		return err
	}
	next := ""
	if len(cases) > most {
		cases = cases[:most]
		next = "/console/proofing?" + url.Values{"after": {cases[most-1].Place()}}.Encode()
	}
	return page.Render(w, r, http.StatusOK, listPage(d, cases, waiting, next))
}

func (d *Desk) show(w http.ResponseWriter, r *http.Request, pin, name string) error {
	return d.render(w, r, http.StatusOK, pin, name, page.NewForm())
}

func (d *Desk) render(w http.ResponseWriter, r *http.Request, status int, pin, name string, form *page.Form) error {
	v, err := d.look(r.Context(), r.PathValue("id"), pin, name)
	if err != nil {
		return err
	}
	return page.Render(w, r, status, casePage(v, form))
}

func (d *Desk) take(w http.ResponseWriter, r *http.Request, pin, name string) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	const least, longest = 5, 300 // letters: a word at least, what a message has room for
	verdict := registration.Proof(form.Choice("verdict", string(registration.Approved), string(registration.ProofAgain), string(registration.ProofRefused)))
	reason := form.Text("reason", longest)
	if verdict != registration.Approved && len([]rune(reason)) < least && form.OK() {
		form.Fail("reason", "identity.proofing.reason_needed")
	}
	version, err := strconv.ParseInt(form.Get("version"), 10, 64)
	if err != nil {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if !form.OK() {
		return d.render(w, r, http.StatusUnprocessableEntity, pin, name, form)
	}
	err = d.decide(r.Context(), r.PathValue("id"), registration.Verdict{
		Proof: verdict, Reason: reason, PIN: pin, Name: name, Place: door.PlaceOf(r), Registered: version,
	})
	if err != nil {
		return err
	}
	page.Notice(w, "identity.proofing.done")
	return page.Redirect(w, r, "/console/proofing")
}
