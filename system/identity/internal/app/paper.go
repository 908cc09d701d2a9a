package app

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

const (
	patient = 5 * time.Second // how long the portal may take
	shown   = 100             // documents in the list
)

// Papers is the portal, as the app asks it for the person's own documents.
type Papers interface {
	Documents(ctx context.Context, pin string) ([]portalapi.Document, error)
	Document(ctx context.Context, pin, documentID string) (portalapi.Open, error)
}

// papers are the person's documents at the portal; ok is false when it does not
// answer. The portal records who was given the list.
func (a *App) papers(ctx context.Context, pin string) (all []portalapi.Document, ok bool) {
	quick, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	all, err := a.Papers.Documents(quick, pin)
	if err != nil {
		a.Log.InfoContext(ctx, "the portal did not list a person's documents", "system", "identity", "error", err.Error())
		return nil, false
	}
	return all[:min(len(all), shown)], true
}

// paper is one document of the portal as the app shows it.
type paper struct {
	portalapi.Open
	kept
	origin string // the document's page at the portal, "" where the portal's address is not known
	qr     string // data URI
}

// open reads a document; that it is shown is written first.
func (a *App) open(ctx context.Context, p door.Person, documentID string) (portalapi.Open, error) {
	if err := a.Record(ctx, p.Account.PIN, p.Account.Name(), "document.shown", "portal/"+documentID); err != nil {
		return portalapi.Open{}, err
	}
	quick, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	opened, err := a.Papers.Document(quick, p.Account.PIN, documentID)
	if err != nil && !fail.Is(err, fail.NotFound) {
		err = fail.Wrap(err, fail.Unavailable, "identity.app.portal_away")
	}
	return opened, err
}
