package paper

import (
	"encoding/base64"
	"net/http"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/portal/internal/application"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/sheet"
)

func (d *Desk) mountDocument() {
	d.Page("POST /my/applications/{id}/document", d.issue)
	d.Page("GET /my/documents/{id}", d.show)
	d.Page("GET /my/documents/{id}/pdf", d.pdf)
	d.Page("GET /my/documents/{id}/json", d.json)
}

func (d *Desk) issue(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	applicationID, err := cabinet.ID(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	l := text.Lang(form.Choice("lang", string(text.KY), string(text.RU)))
	if err := form.Err(); err != nil {
		return err
	}
	documentID, err := d.Issue(r.Context(), p, applicationID, l)
	if err != nil {
		return err
	}
	return page.Redirect(w, r, "/my/documents/"+documentID)
}

// documentView is a document's page.
type documentView struct {
	Document Document
	Sheet    sheet.Sheet
	QR       string // data: address of the picture
	Shares   []Share
}

func (d *Desk) show(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	doc, err := d.own(r, p)
	if err != nil {
		return err
	}
	v := documentView{Document: doc}
	if !doc.Ready {
		w.Header().Set("Refresh", "5")
		return page.Render(w, r, http.StatusOK, documentPage(v))
	}
	a, err := application.Of(r.Context(), d.DB.Read, p.PIN, doc.Application)
	if err != nil {
		return err
	}
	if v.Sheet, err = sheet.Compose(d.In(r.Context(), doc.Lang), a.Service, a.Result); err != nil {
		return err
	}
	picture, err := document.QRPNG(d.address(doc.Number, doc.Code), 4)
	if err != nil {
		return err
	}
	v.QR = "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
	if v.Shares, err = shares(r.Context(), d.DB.Read, doc.ID, d.Clock.Now()); err != nil {
		return err
	}
	for i := range v.Shares {
		v.Shares[i].Address = d.shareAddress(v.Shares[i].ID)
	}
	return page.Render(w, r, http.StatusOK, documentPage(v))
}

func (d *Desk) own(r *http.Request, p cabinet.Person) (Document, error) {
	documentID, err := cabinet.ID(r)
	if err != nil {
		return Document{}, err
	}
	return own(r.Context(), d.DB.Read, p.PIN, documentID)
}

func (d *Desk) pdf(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	doc, err := d.own(r, p)
	if err != nil {
		return err
	}
	pdf, _, err := bytes(r.Context(), d.DB.Read, doc.ID)
	if err != nil {
		return err
	}
	if err := d.opened(r, doc, p); err != nil {
		return err
	}
	return servePDF(w, doc, pdf, r.URL.Query().Get("download") == "1")
}

func (d *Desk) json(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	doc, err := d.own(r, p)
	if err != nil {
		return err
	}
	_, content, err := bytes(r.Context(), d.DB.Read, doc.ID)
	if err != nil {
		return err
	}
	if err := d.opened(r, doc, p); err != nil {
		return err
	}
	return page.Attach(w, "application/json", doc.Number+".json", []byte(content))
}

func (d *Desk) opened(r *http.Request, doc Document, p cabinet.Person) error {
	return d.record(r.Context(), audit.Record{Subject: doc.PIN, ActorPIN: p.PIN, ActorName: p.Name, Action: "open", Purpose: "own-request", Object: doc.ID})
}

func servePDF(w http.ResponseWriter, doc Document, pdf []byte, download bool) error {
	if download {
		return page.Attach(w, "application/pdf", doc.Number+".pdf", pdf)
	}
	return page.ShowPDF(w, doc.Number+".pdf", pdf)
}
