package paper

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/portal/internal/application"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
	"github.com/sanarip/sanarip/system/portal/internal/sheet"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Issue gives the application's document in the language: a number and a check
// code at once, the sealed paper as soon as the signature service answers.
// Asked for again it is the same document.
func (d *Desk) Issue(ctx context.Context, p cabinet.Person, applicationID string, l text.Lang) (string, error) {
	a, err := application.Of(ctx, d.DB.Read, p.PIN, applicationID)
	if err != nil {
		return "", err
	}
	if a.State != application.Ready {
		return "", fail.New(fail.Conflict, "portal.not_ready")
	}
	service, _ := catalogue.Find(a.Service)
	issuer, err := sheet.Issuer(a.Service, a.Result)
	if err != nil {
		return "", err
	}
	wanted := Document{
		ID: id.New(), Code: code(), Application: a.ID, Lang: l, PIN: p.PIN, Holder: a.Applicant,
		Title: service.Title, Issuer: issuer, IssuedAt: d.Clock.Now(),
	}
	kept := ""
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if kept, err = idOf(ctx, tx, a.ID, l); err != nil || kept != "" {
			return err
		}
		if wanted.Number, err = nextNumber(ctx, tx, clock.DateOf(wanted.IssuedAt).Year); err != nil {
			return err
		}
		if kept, err = insert(ctx, tx, wanted); err != nil || kept != wanted.ID {
			return err
		}
		_, err := d.Queue.Add(ctx, tx, JobDocument, task{wanted.ID}, job.Options{Unique: wanted.ID, Subject: wanted.Number, At: wanted.IssuedAt.Add(sealWait + 2*time.Second)})
		return err
	})
	if err != nil || kept != wanted.ID {
		return kept, err
	}
	quick, cancel := context.WithTimeout(ctx, sealWait)
	defer cancel()
	if err := d.complete(quick, wanted.ID, false); err != nil {
		d.Log.InfoContext(ctx, "a document waits for its seal", "system", "portal", "document", wanted.ID, "error", err.Error())
	}
	return wanted.ID, nil
}

// letters of a check code: none that looks like another, in print or by hand.
const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// code is 12 random letters, 59 bits.
func code() string {
	out := make([]byte, 0, 12)
	for len(out) < cap(out) {
		var b [1]byte
		_, _ = rand.Read(b[:])                     // never fails since Go 1.24
		if n := int(b[0]) & 31; n < len(letters) { // each letter as likely as the other
			out = append(out, letters[n])
		}
	}
	return string(out)
}

type task struct {
	Document string `json:"document"`
}

func (d *Desk) completeJob(ctx context.Context, j job.Job) error {
	var t task
	if err := j.Bind(&t); err != nil {
		return err
	}
	return d.complete(ctx, t.Document, true)
}

// complete makes the paper, has its hash sealed and keeps both. The bytes
// follow from what is stored, so a second try makes the same. late says that the
// person has gone and is to be told.
func (d *Desk) complete(ctx context.Context, documentID string, late bool) error {
	doc, err := find(ctx, d.DB.Read, documentID)
	if err != nil || doc.Ready {
		return err
	}
	a, err := application.Of(ctx, d.DB.Read, doc.PIN, doc.Application)
	if err != nil {
		return err
	}
	speaking := d.In(ctx, doc.Lang)
	content, err := sheet.Compose(speaking, a.Service, a.Result)
	if err != nil {
		return err
	}
	frame := sheet.Paper{
		Number: doc.Number, Code: doc.Code, Address: d.address(doc.Number, doc.Code),
		Title: doc.Title, Issuer: doc.Issuer, Lang: doc.Lang, At: doc.IssuedAt,
	}
	pdf, err := sheet.PDF(speaking, content, frame)
	if err != nil {
		return err
	}
	canonical, err := sheet.Canonical(frame, doc.PIN, doc.Holder, a.Result)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(pdf)
	doc.SHA256 = hex.EncodeToString(sum[:])
	doc.Seal, err = d.Signature.Seal(ctx, signatureapi.Request{SHA256: doc.SHA256, Document: doc.Number})
	if err != nil {
		return err
	}
	if doc.Seal.SHA256 != doc.SHA256 || doc.Seal.Document != doc.Number {
		return fail.New(fail.BadNeighbor, "kit.bad_neighbor")
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := d.Clock.Now()
		isNew, err := keep(ctx, tx, doc, pdf, canonical, now)
		if err != nil || !isNew {
			return err
		}
		if err := application.AddDocumentEvent(ctx, tx, doc.Application, doc.Number, now); err != nil {
			return err
		}
		if err := d.Seen(ctx, tx, audit.Record{Subject: doc.PIN, ActorPIN: doc.PIN, ActorName: doc.Holder, Action: "issue", Purpose: "own-request", Object: doc.ID}); err != nil {
			return err
		}
		if !late {
			return nil
		}
		_, err = d.Queue.Add(ctx, tx, JobReady, task{doc.ID}, job.Options{Unique: doc.ID, Subject: doc.Number})
		return err
	})
}

// readyJob tells the person that a document which had to wait is there.
func (d *Desk) readyJob(ctx context.Context, j job.Job) error {
	var t task
	if err := j.Bind(&t); err != nil {
		return err
	}
	doc, err := find(ctx, d.DB.Read, t.Document)
	if err != nil {
		return err
	}
	_, err = d.Messages.Send(ctx, messageapi.Message{
		ID: "portal-document-" + doc.ID, PIN: doc.PIN, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email},
		Subject: d.Texts.Words("portal.notice.document_subject"), Body: d.Texts.Words("portal.notice.document_body", "Number", doc.Number),
		Link: d.BaseURL + "/my/documents/" + doc.ID,
	})
	return err
}
