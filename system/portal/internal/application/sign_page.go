package application

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
)

func (d *Desk) mountSign() {
	d.Page("POST /my/applications/{id}/sign", d.goSign)
	d.Page("POST /my/applications/{id}/take-back", d.takeBackPage)
	d.Page("GET /my/applications/{id}/signed", d.comeBack)
	d.Page("GET /my/applications/{id}/application.pdf", d.paper)
	d.Page("GET /my/applications/{id}/signature.json", d.proof)
}

// ownSigned is the person's own application of a service that asks for a signature.
func (d *Desk) ownSigned(r *http.Request, p cabinet.Person) (Application, error) {
	applicationID, err := cabinet.ID(r)
	if err != nil {
		return Application{}, err
	}
	a, err := Of(r.Context(), d.DB.Read, p.PIN, applicationID)
	if err != nil {
		return a, err
	}
	if s, ok := catalogue.Find(a.Service); !ok || s.Signature == "" {
		return a, fail.New(fail.NotFound, "kit.not_found")
	}
	return a, nil
}

// goSign leads the person to ЕСИ.
func (d *Desk) goSign(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	a, err := d.ownSigned(r, p)
	if err != nil {
		return err
	}
	address, err := d.askSignature(r.Context(), a)
	if err != nil {
		return err
	}
	// Checked to be ЕСИ's: page.Redirect leads within the portal alone.
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// comeBack is where ЕСИ leads the person back to.
func (d *Desk) comeBack(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	a, err := d.ownSigned(r, p)
	if err != nil {
		return err
	}
	s, err := d.prepare(r.Context(), a)
	if err != nil {
		return err
	}
	if s, err = d.follow(r.Context(), a, s); err != nil {
		return err
	}
	switch s.State {
	case signSigned:
		page.Notice(w, "portal.sign.done")
	case signRefused:
		page.Notice(w, "portal.sign.refused")
	}
	return page.Redirect(w, r, "/my/applications/"+a.ID)
}

func (d *Desk) takeBackPage(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	a, err := d.ownSigned(r, p)
	if err != nil {
		return err
	}
	if err := d.takeBack(r.Context(), a); err != nil {
		return err
	}
	page.Notice(w, "portal.sign.taken")
	return page.Redirect(w, r, "/my/applications/"+a.ID)
}

// paper gives exactly what is signed.
func (d *Desk) paper(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	a, err := d.ownSigned(r, p)
	if err != nil {
		return err
	}
	s, err := d.prepare(r.Context(), a)
	if err != nil {
		return err
	}
	return page.ShowPDF(w, a.Number+".pdf", s.Document)
}

// proof gives the signature's file, which with the paper is checked by anybody.
func (d *Desk) proof(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	a, err := d.ownSigned(r, p)
	if err != nil {
		return err
	}
	s, err := d.prepare(r.Context(), a)
	if err != nil {
		return err
	}
	if s.Proof == nil {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return page.AttachJSON(w, a.Number+".signature.json", s.Proof)
}

// showSigned is the page of an application that is signed, or to be.
func (d *Desk) showSigned(w http.ResponseWriter, r *http.Request, v showView) error {
	ctx := r.Context()
	var err error
	if v.Signing, err = d.prepare(ctx, v.Application); err != nil {
		return err
	}
	if v.Signing.State == signAsked && v.Application.State == Waiting {
		quick, cancel := context.WithTimeout(ctx, atOnce)
		defer cancel()
		s, err := d.follow(quick, v.Application, v.Signing)
		if err != nil { // the page shows what is known
			d.Log.InfoContext(ctx, "what became of a signature is not known", "system", "portal", "error", err.Error())
		}
		v.Signing = s
	}
	v.Application.Signature = v.Signing.State
	v.Check = d.check(ctx, v.Signing)
	if v.Events, err = events(ctx, d.DB.Read, v.Application.ID); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, showPage(v))
}

// askedRows are the application's lines on a page.
func askedRows(ctx context.Context, a Application, s catalogue.Service) []design.Row {
	var all []design.Row
	for _, l := range asked(ctx, a, s) {
		all = append(all, design.Row{Key: l.key, Value: l.value})
	}
	return all
}

// proofRows say who signed, when, and how surely they were known.
func proofRows(ctx context.Context, s identityapi.SimpleSignature) []design.Row {
	return []design.Row{
		{Key: text.T(ctx, "portal.sign.who"), Value: s.Name},
		{Key: text.T(ctx, "portal.doc.pin"), Value: pin.Masked(s.PIN)},
		{Key: text.T(ctx, "portal.sign.when"), Value: text.Moment(s.At)},
		{Key: text.T(ctx, "portal.sign.level"), Value: levelWord(ctx, s.ACR)},
	}
}

// levelWord is the level of a sign-in, which ЕСИ names by a URN.
func levelWord(ctx context.Context, acr string) string {
	const before = "urn:sanarip:acr:"
	if len(acr) > len(before) && acr[:len(before)] == before {
		return code(ctx, acr[len(before):])
	}
	return acr
}

func code(ctx context.Context, level string) string {
	switch level {
	case "low", "substantial", "high":
		return text.T(ctx, "portal.level."+level) // text: portal.level.*
	}
	return level
}

// checkWords are what the check says, and its tone.
func checkWords(ctx context.Context, c Check) (words, tone string) {
	switch {
	case c.Away:
		return text.T(ctx, "portal.sign.check_away"), "attention"
	case c.Valid:
		return text.T(ctx, "portal.sign.check_valid"), "done"
	case c.Reason == "document":
		return text.T(ctx, "portal.sign.check_changed"), "danger"
	}
	return text.T(ctx, "portal.sign.check_invalid"), "danger"
}
