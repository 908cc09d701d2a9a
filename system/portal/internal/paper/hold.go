package paper

import (
	"context"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/internal/application"
	"github.com/sanarip/sanarip/system/portal/internal/sheet"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// listed is how many documents a holder sees at once, the newest.
const listed = 100

// Documents implements portalapi.API: a person's documents, for the app in which
// they are signed in.
func (d *Desk) Documents(ctx context.Context, h portalapi.Holder) ([]portalapi.Document, error) {
	if err := d.holder(ctx, h); err != nil {
		return nil, err
	}
	if err := d.held(ctx, h, "list", ""); err != nil {
		return nil, err
	}
	kept, err := ofPerson(ctx, d.DB.Read, h.PIN, listed)
	all := make([]portalapi.Document, 0, len(kept))
	for _, doc := range kept {
		all = append(all, doc.head())
	}
	return all, err
}

// Document implements portalapi.API: one of them, with its content.
func (d *Desk) Document(ctx context.Context, h portalapi.Holder) (portalapi.Open, error) {
	if err := d.holder(ctx, h); err != nil {
		return portalapi.Open{}, err
	}
	if uuid.Validate(h.Document) != nil {
		return portalapi.Open{}, fail.New(fail.NotFound, "kit.not_found")
	}
	doc, err := own(ctx, d.DB.Read, h.PIN, h.Document)
	if err != nil {
		return portalapi.Open{}, err
	}
	if !doc.Ready {
		return portalapi.Open{}, fail.New(fail.NotFound, "kit.not_found")
	}
	if err := d.held(ctx, h, "open", doc.ID); err != nil {
		return portalapi.Open{}, err
	}
	a, err := application.Of(ctx, d.DB.Read, doc.PIN, doc.Application)
	if err != nil {
		return portalapi.Open{}, err
	}
	content, err := sheet.Compose(d.In(ctx, doc.Lang), a.Service, a.Result)
	if err != nil {
		return portalapi.Open{}, err
	}
	o := portalapi.Open{Document: doc.head(), Code: doc.Code, Address: d.address(doc.Number, doc.Code)}
	for _, s := range content.Sections {
		section := portalapi.Section{Title: s.Title, Columns: s.Columns, Table: s.Table, Empty: s.Empty, Text: s.Text}
		for _, r := range s.Rows {
			section.Rows = append(section.Rows, portalapi.Row{Key: r.Key, Value: r.Value})
		}
		o.Sections = append(o.Sections, section)
	}
	return o, nil
}

func (doc Document) head() portalapi.Document {
	return portalapi.Document{ID: doc.ID, Number: doc.Number, Title: doc.Title, IssuedBy: doc.Issuer, IssuedAt: doc.IssuedAt, Lang: doc.Lang}
}

// holder refuses whoever asks for another person's documents.
func (*Desk) holder(ctx context.Context, h portalapi.Holder) error {
	if h.PIN == "" || exchangeapi.CallerOf(ctx).User != h.PIN {
		return fail.New(fail.Forbidden, "kit.forbidden")
	}
	return nil
}

// held records the access.
func (d *Desk) held(ctx context.Context, h portalapi.Holder, action, object string) error {
	caller := exchangeapi.CallerOf(ctx)
	return d.record(ctx, audit.Record{
		Subject: h.PIN, ActorPIN: caller.User, ActorName: exchangeapi.NameOf(caller.Client), Organisation: caller.Client.Member,
		Action: action, Purpose: "own-request", Object: object, RequestID: caller.ID,
	})
}
