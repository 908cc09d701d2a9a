package openid

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"
)

const wrongHint = "invalid id_token_hint"

// errForgotten says that an id_token_hint names a key that we do not know, or not
// any more: whether it was ours cannot be told.
var errForgotten = goidc.WrapError(goidc.ErrorCodeInvalidRequest, wrongHint, errors.New("the key of the id_token_hint is not known, or not any more: ask without it"))

// hint is what an ID token of ours says that a client gives back.
type hint struct {
	client, subject, sid string
}

// hinted reads the token for the client, any when clientID is "". It may have run
// out: a person stays signed in for hours, the token is good for minutes, and a
// client keeps the one that it was given (OpenID Connect RP-Initiated Logout 1.0,
// 2), even when our key has changed since. A goidc.Error is the client's doing: it
// is no ID token of ours, or another's; errForgotten is one.
func (p *Provider) hinted(ctx context.Context, token, clientID string) (hint, error) {
	wrong := func(why string) (hint, error) {
		return hint{}, goidc.WrapError(goidc.ErrorCodeInvalidRequest, wrongHint, errors.New(why))
	}
	read, err := jwt.ParseSigned(token, algorithms)
	if err != nil {
		return wrong("the id_token_hint is no signed JWT")
	}
	header := read.Headers[0]
	if typ, said := header.ExtraHeaders["typ"].(string); said && !strings.EqualFold(typ, "JWT") {
		return wrong("the id_token_hint is another kind of token") // of access, of sign-out
	}
	set, err := p.config.Keys.JWKS(ctx)
	if err != nil {
		return hint{}, err
	}
	var key jose.JSONWebKey
	published := set.ToJOSE()
	if keys := published.Key(header.KeyID); len(keys) == 1 {
		key = keys[0].Public()
	} else if old, found, err := p.config.Keys.retired(ctx, header.KeyID); err != nil {
		return hint{}, err
	} else if found {
		key = old
	} else {
		return hint{}, errForgotten
	}
	if key.Algorithm != header.Algorithm {
		return wrong("the id_token_hint names another algorithm than its key has")
	}
	claims := struct {
		jwt.Claims

		SID string `json:"sid"`
	}{}
	if err := read.Claims(key.Key, &claims); err != nil {
		return wrong("the signature of the id_token_hint is wrong")
	}
	if claims.Issuer != p.config.Issuer || len(claims.Audience) != 1 || claims.Subject == "" {
		return wrong("the id_token_hint is no ID token")
	}
	if clientID != "" && !slices.Contains(claims.Audience, clientID) {
		return wrong("the id_token_hint was given to another client")
	}
	return hint{client: claims.Audience[0], subject: claims.Subject, sid: claims.SID}, nil
}
