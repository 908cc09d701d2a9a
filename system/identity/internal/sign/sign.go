// Package sign is the simple electronic signature (SG-1): a connected system
// asks, the person reads and signs in ЕСИ, and the proof of that act is sealed by
// the signature service, so that anybody can check it later.
package sign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

const (
	maxTitle   = 300 // bytes, in each language
	maxAddress = 500 // bytes
)

// life is how long a request waits.
var life = setting.Time("signing_life", 168*time.Hour, time.Hour, 2160*time.Hour, "how long a document waits for the person's simple signature", "people are asked on a Friday; the system that asks may ask again")

// States of a request.
const (
	asked   = "asked"
	signed  = "signed"
	refused = "refused"
	expired = "expired" // is not kept: it follows from the clock
)

// Desk is the subject.
type Desk struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Accounts *account.Accounts
	Door     *door.Door
	Seals    signatureapi.API
	Throttle *throttle.Throttle
	Base     string            // ЕСИ's address
	Sites    map[string]string // systems by name: where a request may lead
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
}

var _ identityapi.SigningAPI = (*Desk)(nil)

// request is one document that waits for, or bears, a signature.
type request struct {
	id, client, reference, account string
	title                          text.Words
	sha256, document, returnTo     string
	state                          string
	asked, expires                 time.Time
	signature                      *identityapi.SimpleSignature
}

// Ask implements identityapi.SigningAPI.
func (d *Desk) Ask(ctx context.Context, in identityapi.SigningRequest) (identityapi.Signing, error) {
	client := exchangeapi.CallerOf(ctx).Client
	if err := d.check(client, in); err != nil {
		return identityapi.Signing{}, err
	}
	a, found, err := d.Accounts.ByPIN(ctx, in.PIN)
	if err != nil {
		return identityapi.Signing{}, err
	}
	if !found || a.State != account.Active {
		return identityapi.Signing{}, fail.New(fail.NotFound, "kit.not_found")
	}
	now := d.Clock.Now()
	r := request{
		id: id.Secret(), client: client.String(), reference: in.Reference, account: a.ID, title: in.Title, sha256: in.SHA256,
		document: in.Document, returnTo: in.ReturnTo, state: asked, asked: now, expires: now.Add(d.Door.Lives.Time(life)),
	}
	kept, err := d.keep(ctx, r)
	if err != nil {
		return identityapi.Signing{}, err
	}
	if kept.account != r.account || kept.sha256 != r.sha256 {
		return identityapi.Signing{}, fail.New(fail.Conflict, "identity.signing.other_document")
	}
	return d.signing(kept), nil
}

// check refuses what no person could be led through.
func (d *Desk) check(client exchangeapi.Subsystem, in identityapi.SigningRequest) error {
	bad := func(field string) error {
		return fail.Fields(fail.Finding{Field: field, Key: "identity.signing.bad_request"})
	}
	base, err := url.Parse(d.Sites[exchangeapi.NameOf(client)])
	if err != nil || base.Host == "" {
		return fail.New(fail.Forbidden, "identity.signing.bad_request")
	}
	ours := func(address string) bool {
		u, err := url.Parse(address)
		return err == nil && len(address) <= maxAddress && u.Scheme == base.Scheme && u.Host == base.Host && u.User == nil
	}
	hash, err := hex.DecodeString(in.SHA256)
	switch {
	case err != nil || len(hash) != sha256.Size || in.SHA256 != strings.ToLower(in.SHA256):
		return bad("sha256")
	case in.Reference == "" || len(in.Reference) > 100 || !page.Readable(in.Reference):
		return bad("reference")
	case !ours(in.Document):
		return bad("document")
	case !ours(in.ReturnTo):
		return bad("return_to")
	}
	for _, title := range []string{in.Title.KY, in.Title.RU, in.Title.EN} {
		if len(title) > maxTitle || !page.Readable(title) || (title == "" && in.Title.EN != title) {
			return bad("title")
		}
	}
	return nil
}

func (d *Desk) signing(r request) identityapi.Signing {
	state := r.state
	if state == asked && !r.expires.After(d.Clock.Now()) {
		state = expired
	}
	return identityapi.Signing{ID: r.id, Address: d.Base + "/sign/" + r.id, State: state, Signature: r.signature}
}

// Signing implements identityapi.SigningAPI.
func (d *Desk) Signing(ctx context.Context, requestID string) (identityapi.Signing, error) {
	r, found, err := d.one(ctx, requestID)
	if err != nil {
		return identityapi.Signing{}, err
	}
	if !found || r.client != exchangeapi.CallerOf(ctx).Client.String() {
		return identityapi.Signing{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return d.signing(r), nil
}

// Check implements identityapi.SigningAPI.
func (d *Desk) Check(ctx context.Context, c identityapi.SignatureCheck) (identityapi.SignatureVerdict, error) {
	s := c.Signature
	sum := sha256.Sum256(s.Statement())
	switch {
	case s.SHA256 != c.SHA256:
		return identityapi.SignatureVerdict{Reason: "document"}, nil
	case s.Seal.SHA256 != hex.EncodeToString(sum[:]) || s.Seal.Document != s.ID:
		return identityapi.SignatureVerdict{Reason: "hash"}, nil
	case s.Seal.Holder != exchangeapi.Identity.String(): // a seal of another system says nothing of an act in ЕСИ
		return identityapi.SignatureVerdict{Reason: "holder"}, nil
	}
	v, err := d.Seals.Check(ctx, s.Seal)
	return identityapi.SignatureVerdict{Valid: v.Valid, Reason: v.Reason}, err
}

// open is the person's own request; fail.NotFound for any other.
func (d *Desk) open(ctx context.Context, requestID string, who door.Person) (request, error) {
	r, found, err := d.one(ctx, requestID)
	if err == nil && (!found || r.account != who.Account.ID) {
		err = fail.New(fail.NotFound, "kit.not_found")
	}
	return r, err
}

// sign makes the signature. The seal is fetched before the row changes: where it
// does not come, nothing has happened and the person may try again; and of two
// at once, one is kept.
func (d *Desk) sign(ctx context.Context, r request, who door.Person) error {
	if !who.Session.Level.AtLeast(assurance.Substantial) {
		return fail.New(fail.Forbidden, "identity.signing.level")
	}
	a := who.Account
	session := sha256.Sum256([]byte(who.Session.SID))
	s := identityapi.SimpleSignature{
		ID: r.id, PIN: a.PIN, Name: a.Name(), Title: r.title, SHA256: r.sha256, Client: r.client, Session: hex.EncodeToString(session[:]),
		Method: who.Session.Method, AMR: who.Session.AMR, ACR: who.Session.Level.ACR(), AuthAt: who.Session.AuthAt, At: d.Clock.Now().UTC().Truncate(time.Microsecond),
	}
	sum := sha256.Sum256(s.Statement())
	var err error
	if s.Seal, err = d.Seals.Seal(ctx, signatureapi.Request{SHA256: hex.EncodeToString(sum[:]), Document: s.ID}); err != nil {
		return err
	}
	decided, err := d.decide(ctx, r, signed, &s, a)
	if err != nil || !decided {
		return err
	}
	return d.Record(ctx, a.PIN, a.Name(), "document.signed", r.reference)
}

func (d *Desk) refuse(ctx context.Context, r request, who door.Person) error {
	decided, err := d.decide(ctx, r, refused, nil, who.Account)
	if err != nil || !decided {
		return err
	}
	return d.Record(ctx, who.Account.PIN, who.Account.Name(), "document.refused", r.reference)
}
