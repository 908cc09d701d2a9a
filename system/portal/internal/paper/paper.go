// Package paper issues information documents and lets anyone check them (PT-8,
// PT-9; S4 decree п.2, 4).
package paper

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/portal/internal/application"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Document is an information document. Its PDF is read apart: it is large.
type Document struct {
	ID, Number, Code string
	Application      string
	Lang             text.Lang
	PIN, Holder      string
	Title, Issuer    text.Words
	Ready            bool
	SHA256           string
	Seal             signatureapi.Seal
	IssuedAt         time.Time
}

// Kinds of jobs.
const (
	JobDocument = "document"
	JobReady    = "document-ready"
)

// Limits.
const (
	shareFor   = 7 * 24 * time.Hour
	missWindow = 15 * time.Minute
	missLimit  = 30 // misses within the window, a client
	sealWait   = 6 * time.Second
)

// Desk issues and checks.
type Desk struct {
	*cabinet.Cabinet
	Signature signatureapi.API
	Messages  messageapi.API
}

// Mount registers pages and jobs.
func (d *Desk) Mount() {
	d.Queue.Handle(JobDocument, job.Policy{MaxAttempts: 200, FirstDelay: 5 * time.Second, MaxDelay: 10 * time.Minute}, d.completeJob)
	d.Queue.Handle(JobReady, job.Policy{MaxAttempts: 60, FirstDelay: 5 * time.Second, MaxDelay: 10 * time.Minute}, d.readyJob)
	d.mountDocument()
	d.mountShare()
	d.mountVerify()
}

// Address is where the QR code of a document leads.
func (d *Desk) address(number, code string) string {
	return d.BaseURL + "/verify/" + number + "/" + code
}

// Papers lists the documents of an application, for its page.
func (d *Desk) Papers(ctx context.Context, applicationID string) ([]application.Paper, error) {
	all, err := ofApplication(ctx, d.DB.Read, applicationID)
	papers := make([]application.Paper, 0, len(all))
	for _, one := range all {
		papers = append(papers, application.Paper{ID: one.ID, Number: one.Number, Lang: string(one.Lang), Ready: one.Ready, IssuedAt: one.IssuedAt})
	}
	return papers, err
}
