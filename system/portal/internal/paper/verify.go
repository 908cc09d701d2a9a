package paper

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

var _ portalapi.API = (*Desk)(nil)

// Verify implements portalapi.API, for other systems.
func (d *Desk) Verify(ctx context.Context, q portalapi.Query) (portalapi.Verdict, error) {
	caller := exchangeapi.CallerOf(ctx)
	return d.verify(ctx, q, audit.Record{ActorPIN: caller.User, ActorName: exchangeapi.NameOf(caller.Client), RequestID: caller.ID})
}

var (
	numberShape = regexp.MustCompile(`^[0-9]{4}-[0-9]{7}$`)
	codeShape   = regexp.MustCompile(`^[` + letters + `]{12}$`)
	hashShape   = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// lookalikes are letters typed on a Cyrillic keyboard for Latin ones.
var lookalikes = strings.NewReplacer("А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X", "Ү", "Y")

// tidy takes number and code as people type them.
func tidy(q portalapi.Query) portalapi.Query {
	q.Number = strings.NewReplacer(" ", "", "№", "", "–", "-", "—", "-", "\u00a0", "").Replace(q.Number)
	q.Code = strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(q.Code)
	q.Code = lookalikes.Replace(strings.ToUpper(q.Code))
	return q
}

// verify tells what a stranger with the document in hand may know. Its hash as
// kept, the hash of the bytes as kept, and the seal over it must agree: a
// document changed in the portal's own database is not authentic either.
// An error means that it cannot be told now.
func (d *Desk) verify(ctx context.Context, q portalapi.Query, by audit.Record) (portalapi.Verdict, error) {
	doc, ok, err := d.lookUp(ctx, tidy(q))
	if err != nil || !ok {
		return portalapi.Verdict{}, err
	}
	pdf, _, err := bytes(ctx, d.DB.Read, doc.ID)
	if err != nil {
		return portalapi.Verdict{}, err
	}
	sum := sha256.Sum256(pdf)
	if hex.EncodeToString(sum[:]) != doc.SHA256 || doc.Seal.SHA256 != doc.SHA256 || doc.Seal.Document != doc.Number {
		d.Log.ErrorContext(ctx, "a document's bytes do not fit its seal", "system", "portal", "document", doc.ID)
		return portalapi.Verdict{}, nil
	}
	checked, err := d.Signature.Check(ctx, doc.Seal)
	if err != nil {
		return portalapi.Verdict{}, fail.Wrap(err, fail.Unavailable, "portal.verify.away")
	}
	if !checked.Valid {
		d.Log.ErrorContext(ctx, "a document's seal is not valid", "system", "portal", "document", doc.ID, "reason", checked.Reason)
		return portalapi.Verdict{}, nil
	}
	by.Subject, by.Action, by.Purpose, by.Object = doc.PIN, "verify", "verification", doc.ID
	if err := d.record(ctx, by); err != nil {
		return portalapi.Verdict{}, err
	}
	return portalapi.Verdict{
		Authentic: true, Number: doc.Number, Title: doc.Title, IssuedBy: doc.Issuer, IssuedAt: doc.IssuedAt,
		Holder: initials(doc.Holder) + ", " + pin.Masked(doc.PIN),
	}, nil
}

// lookUp finds the document: by the hash of the file, or by number and code.
func (d *Desk) lookUp(ctx context.Context, q portalapi.Query) (Document, bool, error) {
	var doc Document
	var err error
	switch {
	case hashShape.MatchString(q.SHA256):
		doc, err = byHash(ctx, d.DB.Read, q.SHA256)
	case numberShape.MatchString(q.Number) && codeShape.MatchString(q.Code):
		doc, err = byNumber(ctx, d.DB.Read, q.Number)
		if err == nil && subtle.ConstantTimeCompare([]byte(doc.Code), []byte(q.Code)) != 1 {
			return Document{}, false, nil
		}
	default:
		return Document{}, false, nil
	}
	if fail.Is(err, fail.NotFound) {
		return Document{}, false, nil
	}
	return doc, err == nil, err
}

// initials are what a stranger sees of a name: «Ж. Э. А.».
func initials(name string) string {
	var parts []string
	for part := range strings.FieldsSeq(name) {
		parts = append(parts, string([]rune(part)[:1])+".")
	}
	return strings.Join(parts, " ")
}
