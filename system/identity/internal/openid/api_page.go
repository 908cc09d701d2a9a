package openid

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/pace"
)

// invalidProof is the code of RFC 9449, 5, that the library does not name.
const invalidProof goidc.ErrorCode = "invalid_dpop_proof"

// proofAlgorithms sign proofs of possession (FAPI 2.0 Security Profile, 5.4).
var proofAlgorithms = []goidc.SignatureAlgorithm{goidc.ES256, goidc.PS256, EdDSA}

// libraryPaths are where the library has an endpoint that we have elsewhere.
var libraryPaths = map[string]string{"/connect/deviceauthorization": "/device_authorization"}

// api wraps what machines call.
func (p *Provider) api(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"], h["Referrer-Policy"], h["Content-Security-Policy"] = asItSays, noReferrer, nothingElse
		answer := &answer{w: w}
		call := &call{endpoint: path.Base(r.URL.Path)}
		if call.endpoint == "userinfo" && len(r.Header["Origin"]) > 0 {
			h["Access-Control-Allow-Origin"], h["Access-Control-Expose-Headers"] = forEverybody, []string{exposed}
		}
		if call.endpoint == "userinfo" && p.quickClaims(answer, r) {
			h["Cache-Control"] = notKept
			_ = answer.send() // a reader that left is no error of ours
			return
		}
		r = r.WithContext(with(r.Context(), call))
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := p.check(r, call); err != nil {
			call.refused = err
			answer.refuse(err)
		} else if !p.quick(answer, r, call) {
			target := *r.URL
			r.RequestURI = target.Path // the library compares a proof with it, without a query
			if there, ok := libraryPaths[target.Path]; ok {
				target.Path = there
			}
			r.URL = &target
			next.ServeHTTP(answer, r)
			p.completeIntrospection(r, call, answer)
			p.hold(r, call, answer)
		}
		p.counted(r.Context(), call)
		p.mend(r, call, answer)
		p.remember(r.Context(), call, call.trouble == nil && answer.status/100 == 2)
		_ = answer.send() // a reader that left is no error of ours
	})
}

// check brings a request to what the library expects, and refuses what the
// library would let through.
func (p *Provider) check(r *http.Request, call *call) error {
	if len(r.Header.Values(goidc.HeaderDPoP)) > 1 {
		return goidc.NewError(invalidProof, "one DPoP proof, not two")
	}
	if fromPages[call.endpoint] != "" && r.Header.Get("Origin") != "" {
		call.origin = "*" // a refusal from before the client is known tells nothing of anybody
	}
	if err := credentials(r, call); err != nil {
		return err
	}
	call.values = r.PostForm
	if call.endpoint == "userinfo" {
		return p.scheme(r, call)
	}
	if call.client = call.asking; call.client == "" {
		call.client = named(r)
	}
	call.caller = pace.Key{Address: page.Address(r), Name: call.client}
	if err := p.barred(call); err != nil {
		return err
	}
	c, _, err := p.client(r.Context(), call.client)
	if err != nil {
		note(r.Context(), err)
		return goidc.NewError("temporarily_unavailable", "try again later")
	}
	call.origin = ""
	if origin := r.Header.Get("Origin"); c.fromBrowser(origin) {
		call.origin = origin
	}
	if err := p.fresh(r, call, c.Client); err != nil {
		return err
	}
	if c.fapi() {
		if err := p.strict(r); err != nil {
			return err
		}
	}
	switch call.endpoint {
	case "token":
		if r.PostForm.Get("grant_type") == string(GrantRefresh) {
			call.presented = r.PostForm.Get("refresh_token")
			// FAPI 2.0 Security Profile, 5.3.2.1: its refresh tokens are bound to the
			// client's key and do not rotate.
			call.keep = c.fapi()
		}
	case "introspect":
		if c.Method == MethodPublic {
			return goidc.NewError(goidc.ErrorCodeInvalidClient, "a public client cannot ask about tokens")
		}
	case "par":
		err := p.understand(r.Context(), call, true)
		if _, ours := errors.AsType[goidc.Error](err); err != nil && !ours {
			note(r.Context(), err)
			return goidc.NewError("temporarily_unavailable", "try again later")
		}
		return err
	}
	return nil
}

// credentials brings the two ways in which a client sends its secret to one:
// Basic, whose parts are form-encoded before they are joined (RFC 6749, 2.3.1),
// which the library does not undo; and the form. A token in the form (RFC 6750,
// 2.2) goes into the header.
func credentials(r *http.Request, call *call) error {
	if r.Method != http.MethodPost {
		return nil
	}
	if err := readForm(r); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return goidc.NewError(goidc.ErrorCodeInvalidRequest, "the request is too large").WithStatusCode(http.StatusRequestEntityTooLarge)
		}
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "the form cannot be read")
	}
	if err := plain(r.PostForm); err != nil {
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, err.Error())
	}
	secret := r.PostForm.Get("client_secret")
	encodedID, encodedSecret, basic := r.BasicAuth()
	ways := 0
	for _, used := range []bool{basic, secret != "", r.PostForm.Has("client_assertion")} {
		if used {
			ways++
		}
	}
	switch {
	case ways > 1:
		return goidc.NewError(goidc.ErrorCodeInvalidRequest, "one way of client authentication, not two")
	case basic:
		clientID, err := url.QueryUnescape(encodedID)
		if err != nil || strings.Contains(clientID, ":") {
			return goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client")
		}
		clientSecret, err := url.QueryUnescape(encodedSecret)
		if err != nil {
			return goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client")
		}
		if clientID != encodedID || clientSecret != encodedSecret {
			r.SetBasicAuth(clientID, clientSecret)
		}
		call.asking, call.secret = clientID, clientSecret
	case secret != "":
		call.asking, call.secret = r.PostForm.Get("client_id"), secret
		if strings.Contains(call.asking, ":") { // in Basic it would be another's name
			return goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client")
		}
		r.SetBasicAuth(call.asking, secret)
	case r.URL.Path == "/connect/userinfo" && r.PostForm.Has("access_token"):
		if r.Header.Get("Authorization") != "" {
			return goidc.NewError(goidc.ErrorCodeInvalidRequest, "one token, not two")
		}
		r.Header.Set("Authorization", "Bearer "+r.PostForm.Get("access_token"))
	}
	return nil
}

// forms are read into again and again; a form's text is a copy.
var forms = sync.Pool{New: func() any { return new([maxForm]byte) }}

// readForm is r.ParseForm for the form that clients send: its length is known and
// its address has no query. Anything else is left to net/http.
func readForm(r *http.Request) error {
	length := r.ContentLength
	kind := r.Header["Content-Type"]
	if r.PostForm != nil || r.URL.RawQuery != "" || length <= 0 || length > maxForm || len(kind) != 1 || kind[0] != formType {
		return r.ParseForm()
	}
	buffer := forms.Get().(*[maxForm]byte)
	defer forms.Put(buffer)
	if _, err := io.ReadFull(r.Body, buffer[:length]); err != nil {
		return err
	}
	values, err := url.ParseQuery(string(buffer[:length]))
	clear(buffer[:length]) // it may hold a secret
	r.PostForm = values
	return err
}

const formType = "application/x-www-form-urlencoded"

// named is which client the request says it is from.
func named(r *http.Request) string {
	if name, _, ok := r.BasicAuth(); ok {
		return name
	}
	if name := r.PostForm.Get("client_id"); name != "" {
		return name
	}
	claims := struct {
		Issuer string `json:"iss"`
	}{}
	unproven(r.PostForm.Get("client_assertion"), nil, &claims)
	return claims.Issuer
}

// unproven reads a JWT without checking it.
func unproven(token string, header, claims any) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	for i, target := range []any{header, claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || target != nil && json.Unmarshal(data, target) != nil {
			return false
		}
	}
	return true
}

// strict is what the FAPI 2.0 Security Profile (5.3.2.1, 5.4) wants of a client
// assertion beyond the library's check: the issuer alone as audience, as a
// string, and no RSA of PKCS#1 v1.5.
func (p *Provider) strict(r *http.Request) error {
	header, claims := struct {
		Algorithm string `json:"alg"`
	}{}, struct {
		Audience any `json:"aud"`
	}{}
	assertion := r.PostForm.Get("client_assertion")
	if !unproven(assertion, &header, &claims) {
		return goidc.NewError(goidc.ErrorCodeInvalidClient, "invalid client")
	}
	if claims.Audience != p.config.Issuer {
		return goidc.NewError(goidc.ErrorCodeInvalidClient, "the audience of the assertion must be the issuer alone")
	}
	if !slices.Contains(proofAlgorithms, goidc.SignatureAlgorithm(header.Algorithm)) {
		return goidc.NewError(goidc.ErrorCodeInvalidClient, "the assertion is signed with an algorithm that is not accepted")
	}
	return nil
}

// scheme refuses a token that is bound to a key and comes as a bearer's, and the
// other way round (RFC 9449, 7.1): the library takes either.
func (p *Provider) scheme(r *http.Request, call *call) error {
	name, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if token == "" {
		return nil // the library says what is missing
	}
	wrong := goidc.NewError(goidc.ErrorCodeInvalidToken, "the token does not go with the scheme")
	var bound bool
	var clientID string
	claims := struct {
		Client       string `json:"client_id"`
		Confirmation struct {
			Thumbprint string `json:"jkt"`
		} `json:"cnf"`
	}{}
	if strings.Count(token, ".") == 2 {
		if !unproven(token, nil, &claims) {
			return goidc.NewError(goidc.ErrorCodeInvalidToken, "invalid token")
		}
		bound, clientID = claims.Confirmation.Thumbprint != "", claims.Client
	} else {
		held, err := p.grants.Token(r.Context(), token)
		if errors.Is(err, goidc.ErrNotFound) {
			return goidc.NewError(goidc.ErrorCodeInvalidToken, "invalid token") // a refresh token opens no claims
		}
		if err != nil {
			note(r.Context(), err)
			return wrong
		}
		bound, clientID = held.JWKThumbprint != "", held.ClientID
	}
	call.client = clientID // not proven yet, as everywhere here
	switch {
	case strings.EqualFold(name, "Bearer") && !bound:
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	case strings.EqualFold(name, "DPoP") && bound:
		r.Header.Set("Authorization", "DPoP "+token)
		c, _, err := p.client(r.Context(), clientID)
		if err != nil {
			note(r.Context(), err)
			return wrong
		}
		return p.fresh(r, call, c.Client)
	}
	return wrong
}

// mend makes the library's answer what the standards say.
func (p *Provider) mend(r *http.Request, call *call, answer *answer) {
	h := answer.Header()
	h["Cache-Control"] = notKept
	if call.origin != "" {
		h.Set("Access-Control-Allow-Origin", call.origin)
		h.Set("Access-Control-Expose-Headers", exposed)
		h.Add("Vary", "Origin")
	}
	if call.nonce != "" {
		h.Set(nonceHeader, call.nonce)
	}
	if call.hurried {
		h.Set("Retry-After", "1")
	}
	if call.trouble != nil {
		p.config.Log.ErrorContext(r.Context(), "a request could not be answered", "system", "identity", "endpoint", call.endpoint, "error", call.trouble.Error())
		answer.again(goidc.NewError("temporarily_unavailable", "try again later"), http.StatusServiceUnavailable)
		return
	}
	e, ok := errors.AsType[goidc.Error](call.refused)
	switch {
	case ok && e.Code == useNonce && call.endpoint == "userinfo":
		answer.again(e, http.StatusUnauthorized)
	case ok && dpopTrouble(call.refused):
		status := http.StatusBadRequest
		if call.endpoint == "userinfo" {
			status = http.StatusUnauthorized
		}
		answer.again(goidc.NewError(invalidProof, cmp.Or(caused(call.refused), "the DPoP proof is missing or not good")), status)
	case call.endpoint == "introspect" && ok && e.Code == goidc.ErrorCodeAccessDenied:
		// RFC 7662, 2.2: a stranger learns nothing, not even that there is a token.
		answer.reset()
		h.Set("Content-Type", "application/json")
		_, _ = answer.Write([]byte(`{"active":false}`)) // a buffer takes everything
	case call.endpoint != "userinfo" && ok && slices.Contains([]goidc.ErrorCode{goidc.ErrorCodeUnauthorizedClient, goidc.ErrorCodeAccessDenied}, e.Code):
		answer.again(e, http.StatusBadRequest) // RFC 6749, 5.2
	case ok && call.endpoint == "token" && told(e, call.refused) != "":
		e.Description = told(e, call.refused)
		answer.again(e, answer.status)
	case call.endpoint == "deviceauthorization" && answer.status == http.StatusOK:
		p.completeDevice(answer)
	case call.endpoint == "token" && answer.status == http.StatusOK && call.patient != "":
		completeLaunch(answer, call.patient)
	}
	if answer.status != http.StatusUnauthorized {
		return
	}
	challenge := `Basic realm="esi", charset="UTF-8"` // RFC 6749, 5.2
	if call.endpoint == "userinfo" {
		code := goidc.ErrorCodeInvalidToken
		switch {
		case dpopTrouble(call.refused):
			code = invalidProof
		case ok && e.Code == useNonce:
			code = useNonce
		}
		// RFC 6750, 3; RFC 9449, 7.1
		challenge = `Bearer realm="esi", error="` + string(code) + `"`
		if name, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(name, "DPoP") {
			challenge = `DPoP realm="esi", error="` + string(code) + `", algs="` + algorithmNames() + `"`
		}
	}
	h.Set("WWW-Authenticate", challenge)
}

func algorithmNames() string {
	var names []string
	for _, alg := range proofAlgorithms {
		names = append(names, string(alg))
	}
	return strings.Join(names, " ")
}

// consume lets each proof and client assertion serve once, in all processes. A
// request object in a browser's address may come again: people go back.
func (p *Provider) consume(ctx context.Context, jti string) error {
	call := callOf(ctx)
	if call.endpoint == "authorize" {
		return nil
	}
	err := p.grants.consume(ctx, jti, 2*(p.lives.proof+p.lives.leeway))
	if err != nil && !errors.Is(err, errSeen) {
		note(ctx, err)
	}
	return err
}
