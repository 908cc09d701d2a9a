package sign

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// checking is for the documents that are checked from one network address: a
// clerk's office sends many, a program that fishes for signers many more.
var checking = throttle.Declare(throttle.Limit{Kind: "signature-check", Free: 60, Window: 10 * time.Minute, Lock: time.Minute, Longest: 15 * time.Minute})

// maxSignature bounds the file of a signature, in bytes: one has about 3,000.
const maxSignature = 64 << 10

// checked is a signature with what the check has found.
type checked struct {
	identityapi.SimpleSignature
	Verdict identityapi.SignatureVerdict
}

// under gives the signatures under the document of the hash: the one of the file
// in hand, or, without a file, those that ЕСИ keeps. Each of a genuine signature
// is recorded: a stranger learns who signed.
func (d *Desk) under(ctx context.Context, sha256, address string, given *identityapi.SimpleSignature) ([]checked, error) {
	if err := d.Throttle.Try(ctx, checking, address); err != nil {
		return nil, err
	}
	var found []identityapi.SimpleSignature
	if given != nil {
		found = append(found, *given)
	} else {
		var err error
		if found, err = d.ofDocument(ctx, sha256, listed); err != nil {
			return nil, err
		}
	}
	all := make([]checked, 0, len(found))
	for _, s := range found {
		v, err := d.Check(ctx, identityapi.SignatureCheck{Signature: s, SHA256: sha256})
		if err != nil {
			return nil, fail.Wrap(err, fail.Unavailable, "identity.signing.check.away")
		}
		if v.Valid {
			if err := d.Record(ctx, s.PIN, "", "document.checked", s.ID); err != nil {
				return nil, err
			}
		}
		all = append(all, checked{s, v})
	}
	return all, nil
}

// read takes the file of a signature as systems give it out: the JSON of
// identityapi.SimpleSignature. nil: it is none.
func read(data []byte) *identityapi.SimpleSignature {
	var s identityapi.SimpleSignature
	if len(data) > maxSignature || json.Unmarshal(data, &s) != nil || s.ID == "" || s.Seal.Value == "" {
		return nil
	}
	return &s
}

// nameOf is the system that the subsystem is, by the name that the texts have.
func nameOf(client string) string {
	for name, known := range exchangeapi.Systems {
		if known.String() == client {
			return name
		}
	}
	return ""
}
