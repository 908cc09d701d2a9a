package openid

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/id"
)

// accessClaims are what an access token says (RFC 9068, 2.2).
type accessClaims struct {
	Audience string `json:"aud"`
	Client   string `json:"client_id"`
	Expires  int64  `json:"exp"`
	Grant    string `json:"grant_id"`
	Issued   int64  `json:"iat"`
	Issuer   string `json:"iss"`
	ID       string `json:"jti"`
	Scope    string `json:"scope"`
	Subject  string `json:"sub"`
}

// machineToken answers a machine with a secret that asks for an ordinary token:
// as the library would, which signs through many layers.
func (p *Provider) machineToken(w *answer, r *http.Request) bool {
	clientID, secret, ok := r.BasicAuth()
	if !ok || !only(r, "grant_type", "scope", "client_id", "client_secret") {
		return false
	}
	if in := r.PostForm.Get("client_id"); in != "" && in != clientID || !p.secretOf(r, clientID, secret) {
		return false
	}
	c, _, err := p.client(r.Context(), clientID)
	if err != nil || c.Opaque || !slices.Contains(c.library.GrantTypes, goidc.GrantClientCredentials) {
		return false
	}
	scope := r.PostForm.Get("scope")
	wanted := strings.Fields(scope)
	for _, each := range wanted {
		if each == ScopeOpenID || !slices.Contains(scopes, each) || !slices.Contains(c.Scopes, each) {
			return false
		}
	}
	if strings.Join(wanted, " ") != scope {
		return false
	}
	set, err := p.config.Keys.JWKS(r.Context())
	if err != nil {
		return false
	}
	now := time.Now().Unix()
	token, err := signed(set, c.alg(), "at+jwt", accessClaims{
		Audience: p.config.Issuer, Client: c.ID, Expires: now + int64(seconds(c.within(p.lives.token))), Grant: machineGrant + c.ID + "." + id.New(), Issued: now,
		Issuer: p.config.Issuer, ID: id.New(), Scope: scope, Subject: c.ID,
	})
	if err != nil {
		return false
	}
	data, err := json.Marshal(struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
		Type    string `json:"token_type"`
		Scope   string `json:"scope,omitempty"`
	}{token, seconds(c.within(p.lives.token)), string(goidc.TokenTypeBearer), scope})
	if err != nil {
		return false
	}
	w.Header()["Content-Type"], w.ready = isJSON, data
	return true
}

// signed is the token of the type with the claims (RFC 7515, 7.1), by the key of
// the algorithm that is in use. An access token is an at+jwt (RFC 9068, 2.1), an
// ID token a JWT.
func signed(set goidc.JSONWebKeySet, alg goidc.SignatureAlgorithm, kind string, claims any) (string, error) {
	i := slices.IndexFunc(set.Keys, func(k jose.JSONWebKey) bool { return k.Algorithm == string(alg) })
	if i < 0 {
		return "", errors.New("openid: there is no key of the algorithm")
	}
	key := set.Keys[i]
	head, err := json.Marshal(struct {
		Alg  string `json:"alg"`
		Kid  string `json:"kid"`
		Type string `json:"typ"`
	}{string(alg), key.KeyID, kind})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encoding := base64.RawURLEncoding
	token := make([]byte, 0, encoding.EncodedLen(len(head))+encoding.EncodedLen(len(body))+longestSignature)
	token = append(encoding.AppendEncode(token, head), '.')
	token = encoding.AppendEncode(token, body)
	signature, err := sign(token, key.Key)
	if err != nil {
		return "", err
	}
	return string(encoding.AppendEncode(append(token, '.'), signature)), nil
}

// longestSignature is that of RSA with keyBits, encoded, and two points: room for
// it is made at once.
const longestSignature = keyBits/8*4/3 + 4

// sign signs as JWS has it (RFC 7518, 3.3 and 3.4; RFC 8037, 3.1): ES256 as two
// numbers of 32 bytes.
func sign(data []byte, key any) ([]byte, error) {
	digest := sha256.Sum256(data)
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case *rsa.PrivateKey:
		return k.Sign(rand.Reader, digest[:], crypto.SHA256)
	case ed25519.PrivateKey:
		return k.Sign(rand.Reader, data, crypto.Hash(0))
	}
	return nil, errors.New("openid: a key of another kind")
}
