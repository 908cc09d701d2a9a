package paper

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
)

// Share is a link by which somebody without an account may open a document.
type Share struct {
	ID               string
	Address          string
	Created, Expires time.Time
	Openings         int
}

// maxShares bounds the open links of one document.
const maxShares = 10

func (d *Desk) mountShare() {
	d.Page("POST /my/documents/{id}/share", d.share)
	d.Page("POST /my/shares/{id}/revoke", d.revoke)
	d.Public("GET /shared/{id}/{key}", d.sharedPage)
	d.Public("GET /shared/{id}/{key}/pdf", d.sharedPDF)
}

// The key of a link is derived from its id, so that it can be shown again and
// is nowhere stored.
func (d *Desk) shareKey(shareID string) string { return d.Key("share\n" + shareID) }

func (d *Desk) shareAddress(shareID string) string {
	return d.BaseURL + "/shared/" + shareID + "/" + d.shareKey(shareID)
}

func (d *Desk) share(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	doc, err := d.own(r, p)
	if err != nil {
		return err
	}
	if !doc.Ready {
		return fail.New(fail.Conflict, "portal.not_ready")
	}
	open, err := shares(r.Context(), d.DB.Read, doc.ID, d.Clock.Now())
	if err != nil {
		return err
	}
	if len(open) >= maxShares {
		return fail.New(fail.TooMany, "portal.share.too_many")
	}
	err = d.DB.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		shareID := id.New()
		if err := insertShare(ctx, tx, shareID, doc.ID, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, audit.Record{Subject: doc.PIN, ActorPIN: p.PIN, ActorName: p.Name, Action: "share", Purpose: "own-request", Object: shareID})
	})
	if err != nil {
		return err
	}
	page.Notice(w, "portal.share.made")
	return page.Redirect(w, r, "/my/documents/"+doc.ID)
}

func (d *Desk) revoke(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	shareID, err := cabinet.ID(r)
	if err != nil {
		return err
	}
	var documentID string
	err = d.DB.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		documentID, err = revoke(ctx, tx, shareID, p.PIN, d.Clock.Now())
		return err
	})
	if err != nil {
		return err
	}
	page.Notice(w, "portal.share.revoked")
	return page.Redirect(w, r, "/my/documents/"+documentID)
}

// sharedDocument is what the link leads to. A wrong key, an old and a revoked
// link look the same.
func (d *Desk) sharedDocument(r *http.Request) (string, Document, error) {
	gone := fail.New(fail.NotFound, "portal.share.gone")
	shareID := r.PathValue("id")
	if uuid.Validate(shareID) != nil || subtle.ConstantTimeCompare([]byte(r.PathValue("key")), []byte(d.shareKey(shareID))) != 1 {
		return "", Document{}, gone
	}
	documentID, err := shared(r.Context(), d.DB.Read, shareID, d.Clock.Now())
	if err != nil {
		return "", Document{}, err
	}
	doc, err := find(r.Context(), d.DB.Read, documentID)
	return shareID, doc, err
}

// sharedPage tells what the link leads to, without its content: programs that
// look at links in messages see no more than this.
func (d *Desk) sharedPage(w http.ResponseWriter, r *http.Request) error {
	shareID, doc, err := d.sharedDocument(r)
	if err != nil {
		return err
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	return page.Render(w, r, http.StatusOK, sharedPage(doc, "/shared/"+shareID+"/"+d.shareKey(shareID)+"/pdf"))
}

func (d *Desk) sharedPDF(w http.ResponseWriter, r *http.Request) error {
	shareID, doc, err := d.sharedDocument(r)
	if err != nil {
		return err
	}
	pdf, _, err := bytes(r.Context(), d.DB.Read, doc.ID)
	if err != nil {
		return err
	}
	err = d.DB.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		if err := addOpening(ctx, tx, shareID, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, audit.Record{Subject: doc.PIN, Action: "shared-open", Purpose: "shared", Object: shareID})
	})
	if err != nil {
		return err
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	return servePDF(w, doc, pdf, false)
}

// record writes an access that goes with no change.
func (d *Desk) record(ctx context.Context, a audit.Record) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.Seen(ctx, tx, a) })
}
