package openid

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/id"
)

// The two requests of an ordinary sign-in of somebody who is signed in already
// and has allowed the client before. Both leave everything else,
// and every doubt, to the library, which also says what is wrong. What they
// answer is what the library would: TestQuickAnswersAreTheLibrarys.

// ordinary are the parameters of such a request for a code.
var ordinary = []string{"client_id", "response_type", "scope", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method"}

// quickCode answers an authorization request with a code. false leaves the
// request to the library; nothing was written then.
func (p *Provider) quickCode(w *answer, r *http.Request, values url.Values) bool {
	if p.slow || r.Method != http.MethodGet || r.URL.Path != "/connect/authorize" || callOf(r.Context()).subject != "" {
		return false
	}
	for name, value := range values {
		if !slices.Contains(ordinary, name) || value[0] == "" {
			return false
		}
	}
	ctx := r.Context()
	c, found, err := p.client(ctx, values.Get("client_id"))
	if err != nil || !found || c.State == StateBlocked || c.fapi() || c.library.PARIsRequired ||
		!slices.Contains(c.library.GrantTypes, goidc.GrantAuthorizationCode) {
		return false
	}
	asked := strings.Fields(values.Get("scope"))
	if values.Get("response_type") != string(goidc.ResponseTypeCode) || !slices.Contains(c.Redirects, values.Get("redirect_uri")) ||
		values.Get("code_challenge_method") != string(goidc.CodeChallengeMethodSHA256) || len(values.Get("code_challenge")) != 43 ||
		!slices.Contains(asked, ScopeOpenID) || slices.Contains(asked, ScopeOffline) || slices.Contains(asked, ScopeLaunchPatient) || !within(asked, c.Scopes) || !within(asked, scopes) {
		return false
	}
	as := &goidc.AuthnSession{
		ClientID: c.ID, Store: map[string]any{storeMinAuth: "0"},
		AuthorizationParameters: goidc.AuthorizationParameters{
			RedirectURI: values.Get("redirect_uri"), ResponseType: goidc.ResponseTypeCode, Scopes: values.Get("scope"),
			State: values.Get("state"), Nonce: values.Get("nonce"),
			CodeChallenge: values.Get("code_challenge"), CodeChallengeMethod: goidc.CodeChallengeMethodSHA256,
		},
	}
	session, acr, err := p.session(r, as)
	if err != nil || session == nil || !c.Serves(session.AccountID) {
		return false
	}
	allowed, since, err := p.config.Remembered(ctx, session.AccountID, c.ID, asked)
	if err != nil || since.IsZero() || !slices.Contains(allowed, ScopeOpenID) {
		return false
	}
	p.bind(w, r, as)
	switch status, _ := p.hand(w, r, as, *session, acr, allowed); status {
	case goidc.StatusSuccess:
	case goidc.StatusFailure:
		return false // the library tells the client why
	default:
		return true // hand has shown why
	}
	now := time.Now()
	grant := &goidc.Grant{
		ID: id.New(), CreatedAt: int(now.Unix()), Subject: as.Subject, ClientID: as.ClientID, Scopes: as.GrantedScopes,
		AuthCodeExpiresAt: int(now.Unix()) + seconds(p.lives.code), AuthParams: as.AuthorizationParameters, Store: as.Store,
	}
	target, err := url.Parse(as.RedirectURI)
	if err != nil {
		return false
	}
	code, err := p.grants.sealCode(grant, since)
	if err != nil || code == "" {
		return false
	}
	query := target.Query()
	query.Set("code", code)
	query.Set("iss", p.config.Issuer)
	if as.State != "" {
		query.Set("state", as.State)
	}
	target.RawQuery = query.Encode()
	w.Header().Set("Location", target.String())
	w.WriteHeader(http.StatusSeeOther)
	return true
}

// tokens is the answer to a code (OpenID Connect Core 1.0, 3.1.3.3).
type tokens struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Expires int    `json:"expires_in"`
	Type    string `json:"token_type"`
	Scope   string `json:"scope"`
	Patient string `json:"patient,omitempty"` // of a SMART launch
}

// codeTokens answers a client with a secret that redeems a code. The tokens are
// signed before the code is spent: nothing can fail between that and the answer.
// Of two requests with one code the second is left to the library, which then
// takes back what the first one was given.
func (p *Provider) codeTokens(w *answer, r *http.Request) bool {
	clientID, secret, ok := r.BasicAuth()
	if p.slow || !ok || !only(r, "grant_type", "code", "redirect_uri", "code_verifier", "client_id") || !p.secretOf(r, clientID, secret) {
		return false
	}
	if in := r.PostForm.Get("client_id"); in != "" && in != clientID {
		return false
	}
	ctx, now := r.Context(), int(time.Now().Unix())
	c, _, err := p.client(ctx, clientID)
	if err != nil || c.Opaque || !slices.Contains(c.library.GrantTypes, goidc.GrantAuthorizationCode) {
		return false
	}
	grant := p.grants.unseal(r.PostForm.Get("code"))
	if grant == nil {
		if grant, err = p.grants.GrantByAuthCode(ctx, r.PostForm.Get("code")); err != nil {
			callOf(ctx).trouble = nil // the library asks again
			return false
		}
	}
	if grant.RevokedAt != 0 || grant.AuthCodeConsumedAt != 0 || grant.ClientID != clientID || now >= grant.AuthCodeExpiresAt ||
		grant.RefreshToken != "" || grant.JWKThumbprint != "" || grant.CertThumbprint != "" ||
		grant.AuthParams.RedirectURI != r.PostForm.Get("redirect_uri") || !proves(r.PostForm.Get("code_verifier"), grant.AuthParams) {
		return false
	}
	answer, err := p.issue(r, c, grant, now)
	if err != nil {
		return false
	}
	grant.AuthCodeConsumedAt = now
	if err := p.grants.SaveGrant(ctx, grant); err != nil {
		callOf(ctx).trouble = nil // the library asks again
		return false              // somebody else was first, or the store is away
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return false
	}
	w.Header()["Content-Type"], w.ready = isJSON, data
	return true
}

// proves says that the verifier is the one of the challenge (RFC 7636, 4.6).
func proves(verifier string, params goidc.AuthorizationParameters) bool {
	if len(verifier) < 43 || len(verifier) > 128 || params.CodeChallengeMethod != goidc.CodeChallengeMethodSHA256 {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(params.CodeChallenge)) == 1
}

// issue makes the tokens of a code.
func (p *Provider) issue(r *http.Request, c connected, grant *goidc.Grant, now int) (tokens, error) {
	ctx := r.Context()
	set, err := p.config.Keys.JWKS(ctx)
	if err != nil {
		return tokens{}, err
	}
	subject := p.subjectAt(ctx, grant.Subject, c.ID)
	life := seconds(c.within(p.lives.token))
	access, err := signed(set, c.alg(), "at+jwt", accessClaims{
		Audience: p.config.Issuer, Client: c.ID, Expires: int64(now + life), Grant: grant.ID, Issued: int64(now),
		Issuer: p.config.Issuer, ID: id.New(), Scope: grant.Scopes, Subject: subject,
	})
	if err != nil {
		return tokens{}, err
	}
	claims := map[string]any{"sub": subject, "iss": p.config.Issuer, "iat": now, "exp": now + seconds(p.lives.idToken), "aud": c.ID}
	if grant.AuthParams.Nonce != "" {
		claims["nonce"] = grant.AuthParams.Nonce
	}
	for name, value := range p.idTokenClaims(ctx, grant) {
		claims[name] = value
	}
	identity, err := signed(set, c.alg(), "JWT", claims)
	if err == nil {
		err = callOf(ctx).trouble
	}
	patient, _ := grant.Store[storePatient].(string)
	return tokens{access, identity, life, string(goidc.TokenTypeBearer), grant.Scopes, patient}, err
}
