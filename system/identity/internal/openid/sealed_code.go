package openid

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// A code of the short way is the grant itself, sealed with AES-256-GCM: nothing
// is written when it is given. It is written when it is redeemed, by one
// INSERT that only the first can make and that looks once more at everything
// that would have ended the grant meanwhile: grants.spend.

// storeSealed marks a grant that stands in its code alone; its value is since
// when the person allows the client.
const storeSealed = "sealed"

// sealedPurpose names the key of such codes.
const sealedPurpose = "authorization code"

// longestSealed bounds what goes into a code, in bytes: addresses and forms have
// room for it. Longer requests (a nonce, a return address) go the long way.
const longestSealed = 900

// sealedStore are the notes that go with the grant.
var sealedStore = [...]string{storeSID, storeAuthTime, storeAMR, storeACR, storeIDClaims, storeInfoClaims, storePatient, storeFHIRUser}

// words are the grant's texts in the order in which they stand in the code.
func sealedWords(grant *goidc.Grant) []*string {
	return []*string{
		&grant.ID, &grant.ClientID, &grant.Subject, &grant.Scopes,
		&grant.AuthParams.RedirectURI, &grant.AuthParams.Scopes, &grant.AuthParams.Nonce, &grant.AuthParams.CodeChallenge,
	}
}

// sealCode is the code of the grant; "" when it would be too long.
func (g *grants) sealCode(grant *goidc.Grant, since time.Time) (string, error) {
	data := make([]byte, 0, 512)
	for _, number := range []int64{int64(grant.CreatedAt), int64(grant.AuthCodeExpiresAt), since.UnixMicro()} {
		data = binary.AppendVarint(data, number)
	}
	add := func(s string) { data = append(binary.AppendUvarint(data, uint64(len(s))), s...) }
	for _, word := range sealedWords(grant) {
		add(*word)
	}
	for _, name := range sealedStore {
		s, _ := grant.Store[name].(string)
		add(s)
	}
	if len(data) > longestSealed {
		return "", nil
	}
	sealed, err := g.box.Envelope(sealedPurpose, data)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// unseal is the grant of the code; nil when it is no such code, or one whose
// time is over: what it was spent on outlives it.
func (g *grants) unseal(code string) *goidc.Grant {
	if len(code) <= shortCode {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(code)
	if err != nil {
		return nil
	}
	data, err := g.box.Unfold(sealedPurpose, sealed)
	if err != nil {
		return nil
	}
	from := reader{data: data}
	grant := &goidc.Grant{AuthCode: code, Store: make(map[string]any, len(sealedStore)+2)}
	grant.CreatedAt, grant.AuthCodeExpiresAt = int(from.number()), int(from.number())
	grant.Store[storeSealed] = time.UnixMicro(from.number())
	for _, word := range sealedWords(grant) {
		*word = from.word()
	}
	for _, name := range sealedStore {
		if s := from.word(); s != "" || name != storePatient && name != storeFHIRUser {
			grant.Store[name] = s
		}
	}
	if from.err != nil || len(from.data) != 0 || time.Now().Unix() >= int64(grant.AuthCodeExpiresAt) {
		return nil
	}
	grant.AuthParams.ResponseType, grant.AuthParams.CodeChallengeMethod = goidc.ResponseTypeCode, goidc.CodeChallengeMethodSHA256
	return grant
}

// shortCode is how long the codes are that are written when they are given.
const shortCode = 43

// reader takes apart what sealCode put together.
type reader struct {
	data []byte
	err  error
}

var errCut = errors.New("openid: a sealed code is cut off")

func (r *reader) number() int64 {
	n, size := binary.Varint(r.data)
	if size <= 0 {
		r.err, r.data = errCut, nil
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *reader) word() string {
	n, size := binary.Uvarint(r.data)
	if size <= 0 || n > uint64(len(r.data)-size) {
		r.err, r.data = errCut, nil
		return ""
	}
	s := string(r.data[size : size+int(n)]) //nolint:gosec // not longer than the data
	r.data = r.data[size+int(n):]           //nolint:gosec // the same
	return s
}
