package sign

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// Mount puts the pages into the mux. Who signs has proved within the last
// minutes who they are.
func (d *Desk) Mount(mux *http.ServeMux) {
	d.Site.Handle(mux, "GET /sign", d.Door.In(d.mine))
	d.Site.Handle(mux, "GET /sign/{id}", d.Door.Fresh(d.show))
	d.Site.Handle(mux, "POST /sign/{id}", d.Door.Fresh(d.answer))
	d.Site.Handle(mux, "GET /sign/{id}/signature.json", d.Door.In(d.file))
	d.Site.Handle(mux, "GET "+CheckPath, d.askCheck)
	d.Site.Handle(mux, "POST "+CheckPath, d.takeCheck)
}

const listed = 100 // signatures on the person's page, the newest: a page that can be looked through

func (d *Desk) mine(w http.ResponseWriter, r *http.Request, who door.Person) error {
	all, err := d.of(r.Context(), who.Account.ID, listed)
	if err != nil {
		return err
	}
	for i := range all {
		all[i].state = d.signing(all[i]).State
	}
	return page.Render(w, r, http.StatusOK, listPage(all))
}

func (d *Desk) show(w http.ResponseWriter, r *http.Request, who door.Person) error {
	request, err := d.open(r.Context(), r.PathValue("id"), who)
	if err != nil {
		return err
	}
	request.state = d.signing(request).State
	d.lead(w, request)
	return page.Render(w, r, http.StatusOK, signPage(request, d.clientName(r.Context(), request), who))
}

// lead lets the page's forms end at the system that asked.
func (d *Desk) lead(w http.ResponseWriter, r request) {
	page.Permit(w, "form-action", d.Sites[d.clientOf(r)])
}

// clientName is what the system is called, as the person knows it.
func (d *Desk) clientName(ctx context.Context, r request) string {
	name := d.clientOf(r)
	return d.Site.Texts.WordsOr("identity.client."+name, name).Here(ctx) // text: identity.client.*
}

func (d *Desk) clientOf(r request) string { return nameOf(r.client) }

func (d *Desk) answer(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	request, err := d.open(r.Context(), r.PathValue("id"), who)
	if err != nil {
		return err
	}
	if d.signing(request).State == expired {
		return fail.New(fail.NotFound, "identity.signing.expired")
	}
	if form.Get("decision") == "sign" {
		if err = d.Door.MayChange(who.Account); err == nil {
			err = d.sign(r.Context(), request, who)
		}
	} else {
		err = d.refuse(r.Context(), request, who)
	}
	if err != nil {
		return err
	}
	// The address was checked, when the system asked, to be one of its own.
	http.Redirect(w, r, request.returnTo, http.StatusSeeOther)
	return nil
}
