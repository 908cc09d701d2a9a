package openid

import (
	"net/url"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// causes tell apart what one code of the protocol covers. words are the library's
// or ours, at any depth of the refusal; the first that fits counts. said goes onto the
// client's record of requests, where the engineers' page finds its advice by it, and to
// the client as error_description; who has not proven to be the client is told nothing
// (see told).
var causes = []struct{ name, words, said string }{
	{"assertion_audience", "the audience of the assertion must be the issuer alone", "aud of the client assertion must be the issuer alone"},
	{"assertion_audience", "invalid client: go-jose/go-jose/jwt: validation failed, invalid audience", "aud of the client assertion must be the issuer alone"},
	{"assertion_claims", "invalid client: go-jose/go-jose/jwt: validation", "iss, sub, iat, nbf or exp of the client assertion does not fit"},
	{"assertion_audience", "the audience claim is invalid", "aud of the client assertion must be the issuer alone"},
	{"assertion_claims", "in the client assertion", "the client assertion lacks one of iss, sub, jti and exp"},
	{"assertion_claims", "the client assertion lifetime exceeds", "the client assertion is good for too long"},
	{"secret_wrong", "invalid client secret", "the client secret is wrong"},
	{"dpop_time", "the DPoP proof issuance time is invalid", "the DPoP proof is too old or has no iat"},
	{"dpop_future", "invalid DPoP proof: go-jose/go-jose/jwt: validation", "iat, nbf or exp of the DPoP proof does not fit the present time"},
	{"dpop_missing", "a DPoP proof is required", "a DPoP proof is required and there is none"},
	{"dpop_jti", "the jti claim is required", "the DPoP proof has no jti"},
	{"dpop_used", "invalid DPoP proof: it was used before", "this DPoP proof was used before: its jti serves once"},
	{"dpop_htm", "the htm claim does not match", "htm of the DPoP proof is not the method of the request"},
	{"dpop_htu", "the htu claim does not match", "htu of the DPoP proof is not the address of the endpoint"},
	{"dpop_ath", "the ath claim does not match", "ath of the DPoP proof is not the hash of the access token"},
	{"dpop_key", "the DPoP key thumbprint does not match", "the DPoP proof is signed with another key than the one bound"},
	{"dpop_form", "invalid DPoP proof", "the DPoP proof is no JWT of type dpop+jwt signed with the public key in its jwk"},
	{"code_expired", "the authorization code has expired", "the authorization code has expired"},
	{"code_used", "the authorization code has already been redeemed", "the authorization code was used before"},
	{"code_redirect", "the redirect_uri does not match the authorization code", "redirect_uri is not the one of the authorization request"},
	{"code_used", "the authorization code was used before", "the authorization code was used before"},
	{"refresh_gone", "by refresh token", "the refresh token is good no more: it was replaced, used twice, withdrawn or has expired"},
	{"refresh_gone", "the grant associated to the refresh token was revoked", "the refresh token is good no more: it was replaced, used twice, withdrawn or has expired"},
	{"refresh_gone", "the refresh token expired at", "the refresh token is good no more: it was replaced, used twice, withdrawn or has expired"},
	{"code_unknown", "invalid grant: " + goidc.ErrNotFound.Error(), "the authorization code is not known: it was used, has expired or is of another issuer"},
	{"redirect_unknown", "redirect_uri is not registered for the client", "redirect_uri is not registered for the client"},
	{"challenge_missing", "code_challenge is required", "code_challenge is required: PKCE, method S256"},
	{"challenge_missing", "pkce is required for public clients", "code_challenge is required: PKCE, method S256"},
	{"challenge_missing", "code_challenge_method is not supported", "code_challenge_method must be S256"},
	{"pushed_gone", "the request_uri has expired", "request_uri is good no more: it was used or has expired"},
	{"pushed_gone", "the request_uri has already been used", "request_uri is good no more: it was used or has expired"},
	{"pushed_gone", "the pushed authorization request identified by request_uri was not found", "request_uri is good no more: it was used or has expired"},
	{"code_verifier", "invalid code_verifier", "code_verifier does not fit the code_challenge of the authorization request"},
}

// caused is why the request was refused; nothing where the code says all.
func caused(err error) (said string) {
	if err == nil {
		return ""
	}
	whole := err.Error()
	for _, c := range causes {
		if strings.Contains(whole, c.words) {
			return c.said
		}
	}
	return ""
}

// told is what the client is told of it; who could not prove to be the client learns
// only that.
func told(e goidc.Error, err error) string {
	if e.Code == goidc.ErrorCodeInvalidClient {
		return ""
	}
	return caused(err)
}

// tellBack tells the client why in the address at which the person's browser comes back.
func tellBack(answer *answer, err error) {
	said, location := caused(err), answer.Header().Get("Location")
	if said == "" || !away(location) {
		return
	}
	back, parseErr := url.Parse(location)
	if parseErr != nil {
		return
	}
	values := back.Query()
	if !values.Has("error") {
		return
	}
	values.Set("error_description", said)
	back.RawQuery = values.Encode()
	answer.Header().Set("Location", back.String())
}

// Cause is the name of what a request was refused for, "" where its code says all.
func (r Request) Cause() string {
	if r.Code == "" {
		return ""
	}
	for _, c := range causes {
		if r.Description == c.said {
			return c.name
		}
	}
	return ""
}
