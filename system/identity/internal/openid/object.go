package openid

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"
)

// objectAlgorithms sign request objects; those of a client with the FAPI profile
// are proofAlgorithms.
var objectAlgorithms = []goidc.SignatureAlgorithm{goidc.RS256, goidc.PS256, goidc.ES256, EdDSA}

// requestParameters are those of an authorization request that ЕСИ reads.
var requestParameters = []string{
	"response_type", "response_mode", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "dpop_jkt",
	"prompt", "max_age", "display", "ui_locales", "claims_locales", "acr_values", "claims", "id_token_hint", "login_hint",
}

// objectAge is how long a request object of a client with the FAPI profile may
// last, and how old it may be (FAPI 2.0 Message Signing, 5.3.1).
const objectAge = time.Hour

func wrongObject(why string) error {
	return goidc.WrapError(goidc.ErrorCodeInvalidRequestObject, "invalid request object", errors.New(why))
}

// opened are the parameters of an authorization request that its client has
// signed (RFC 9101; OpenID Connect Core 1.0, 6.1), as if they stood in the
// address: from here on they are looked at as those are. What is signed is the
// whole request, whatever stands beside it (RFC 9101, 6.3).
func (p *Provider) opened(ctx context.Context, c connected, object string) (url.Values, error) {
	accepted := objectAlgorithms
	if c.fapi() {
		accepted = proofAlgorithms
	}
	read, err := jwt.ParseSigned(object, accepted)
	if err != nil {
		return nil, wrongObject("the request object is no JWT, or not signed by an algorithm that is accepted")
	}
	header := read.Headers[0]
	if typ, said := header.ExtraHeaders["typ"].(string); said && !objectType(typ) {
		return nil, wrongObject("the typ of the request object is that of something else")
	}
	var said jwt.Claims
	members := map[string]json.RawMessage{}
	if !slices.ContainsFunc(c.keysFor(header), func(key jose.JSONWebKey) bool { return read.Claims(key.Key, &said, &members) == nil }) {
		return nil, wrongObject("the request object is not signed by a key of the client")
	}
	// A client's assertion has the client as its subject: it is no request.
	if said.Subject != "" || len(members["request"]) > 0 || len(members["request_uri"]) > 0 {
		return nil, wrongObject("sub, request and request_uri are not allowed in a request object")
	}
	if err := said.ValidateWithLeeway(jwt.Expected{Issuer: c.ID, AnyAudience: []string{p.config.Issuer}}, p.lives.leeway); err != nil {
		return nil, goidc.WrapError(goidc.ErrorCodeInvalidRequestObject, "the request object contains invalid claims", err)
	}
	if c.fapi() {
		if now := time.Now(); said.NotBefore == nil || said.Expiry == nil || said.NotBefore.Time().Before(now.Add(-objectAge)) || said.Expiry.Time().Sub(said.NotBefore.Time()) > objectAge {
			return nil, wrongObject("nbf and exp of the request object must be there, an hour apart at most")
		}
	}
	if said.ID != "" {
		if err := p.consume(ctx, said.ID); err != nil {
			return nil, goidc.WrapError(goidc.ErrorCodeInvalidRequestObject, "invalid request object", err)
		}
	}
	if name := plainly(members["client_id"]); name != c.ID {
		return nil, goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client_id")
	}
	values := url.Values{"client_id": {c.ID}}
	for _, name := range requestParameters {
		if value := plainly(members[name]); value != "" {
			values.Set(name, value)
		}
	}
	// Who else the object is for is what aud means in an address (SMART App Launch).
	for _, each := range said.Audience {
		if each != p.config.Issuer && !values.Has("aud") {
			values.Set("aud", each)
		}
	}
	if err := plain(values); err != nil {
		return nil, wrongObject(err.Error())
	}
	return values, nil
}

// objectType is a typ that a request object may have (RFC 9101, 4 and 10.8).
func objectType(typ string) bool {
	typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	return typ == "jwt" || typ == "oauth-authz-req+jwt"
}

// plainly is a JSON value as it would stand in an address: a text without its
// quotes, a number or an object as it is written.
func plainly(value json.RawMessage) string {
	if len(value) == 0 || string(value) == "null" {
		return ""
	}
	var text string
	if err := json.Unmarshal(value, &text); err == nil {
		return text
	}
	return string(value)
}

// keysFor are the client's keys that may have signed what has the header.
func (c connected) keysFor(header jose.Header) []jose.JSONWebKey {
	if c.library.JWKS == nil {
		return nil
	}
	var keys []jose.JSONWebKey
	for _, key := range c.library.JWKS.Keys {
		if (header.KeyID == "" || key.KeyID == header.KeyID) && (key.Algorithm == "" || key.Algorithm == header.Algorithm) {
			keys = append(keys, key)
		}
	}
	return keys
}
