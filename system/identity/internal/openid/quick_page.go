package openid

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// How long an answer about a token is given again. What must hold at once is
// looked at each time all the same: that nothing was revoked, that the client
// is not blocked, the secret of who asks.
const (
	heldFor     = cached          // keys may change in that time, and tell as late elsewhere
	heldClaims  = 2 * time.Second // the person's data may change
	maxHeld     = 4096
	maxHeldBody = 4 << 10 // bytes
)

// held is an answer that was given about a bearer's token.
type held struct {
	grantID string
	client  string    // whom the token was given to
	expires time.Time // of the token
	read    time.Time // when it was answered by our clock,
	at      time.Time // and by the one of the library
	life    time.Duration
	kind    []string // Content-Type
	body    []byte
}

// tokenKey names a token as one client asks about it, without keeping it.
func tokenKey(endpoint, asking, token string) [sha256.Size]byte {
	named := make([]byte, 0, 1536) // not more than most tokens have: it stays on the stack
	named = append(append(append(named, endpoint...), ' '), asking...)
	return sha256.Sum256(append(append(named, ' '), token...))
}

// bearer is the token of a request for claims that can be answered again: one
// that comes in the header, as a bearer's.
func bearer(r *http.Request) string {
	values := r.Header["Authorization"]
	if r.Method != http.MethodGet || len(values) != 1 || r.Header.Get(goidc.HeaderDPoP) != "" {
		return ""
	}
	token, ok := strings.CutPrefix(values[0], "Bearer ")
	if !ok || strings.TrimSpace(token) != token {
		return ""
	}
	return token
}

// asked is the token that a client with a secret asks about.
func asked(r *http.Request, call *call) string {
	if call.secret == "" || !only(r, "token", "token_type_hint", "client_id", "client_secret") {
		return ""
	}
	if in := r.PostForm.Get("client_id"); in != "" && in != call.client {
		return ""
	}
	return r.PostForm.Get("token")
}

// only says that the request has no other parameters, and none in its address.
func only(r *http.Request, names ...string) bool {
	if r.URL.RawQuery != "" || r.Header.Get(goidc.HeaderDPoP) != "" {
		return false
	}
	for name := range r.PostForm {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// quick answers what needs no more than a look: claims and introspection of a
// token that was looked at a moment ago, and a machine's token. false leaves the
// request to the library, which also says what is wrong with it.
func (p *Provider) quick(w *answer, r *http.Request, call *call) bool {
	switch call.endpoint {
	case "introspect":
		token := asked(r, call)
		return token != "" && p.secretOf(r, call.client, call.secret) && p.repeat(w, r, call.client, tokenKey("introspect", call.client, token))
	case "token":
		switch r.PostForm.Get("grant_type") {
		case string(GrantMachine):
			return p.machineToken(w, r)
		case string(GrantCode):
			return p.codeTokens(w, r)
		}
	}
	return false
}

// quickClaims is quick for userinfo, before anything else is done.
func (p *Provider) quickClaims(w *answer, r *http.Request) bool {
	token := bearer(r)
	return token != "" && p.repeat(w, r, "", tokenKey("userinfo", "", token))
}

// secretOf says that the client is one with a secret, not blocked, and that this
// is its secret.
func (p *Provider) secretOf(r *http.Request, clientID, secret string) bool {
	c, found, err := p.client(r.Context(), clientID)
	return err == nil && found && c.State != StateBlocked && c.Method != MethodKey && c.Method != MethodPublic && !c.fapi() &&
		p.verifySecret(r.Context(), clientID, secret) == nil
}

// repeat gives the held answer again, if there is one that is still true.
func (p *Provider) repeat(w *answer, r *http.Request, asking string, key [sha256.Size]byte) bool {
	p.mu.RLock()
	h, ok := p.held[key]
	p.mu.RUnlock()
	ctx, now := r.Context(), time.Now()
	if age := p.config.Clock.Now().Sub(h.read); !ok || age < 0 || age >= h.life || now.Sub(h.at) >= h.life || !now.Before(h.expires) {
		return false
	}
	if alive, err := p.alive(ctx, h.client); err != nil || !alive {
		return false
	}
	if asking != "" && asking != h.client {
		if c, found, err := p.client(ctx, asking); err != nil || !found || !c.Introspects {
			return false
		}
	}
	if good, err := p.grants.stands(ctx, h.grantID); err != nil || !good {
		return false
	}
	w.Header()["Content-Type"] = h.kind
	w.WriteHeader(http.StatusOK)
	w.ready = h.body
	return true
}

// hold keeps the library's answer about a token that it found good: a JWT that
// is bound to no key.
func (p *Provider) hold(r *http.Request, call *call, w *answer) {
	if w.status != http.StatusOK || call.refused != nil || call.trouble != nil || w.body.Len() > maxHeldBody {
		return
	}
	h := held{read: p.config.Clock.Now(), at: time.Now(), life: heldFor, kind: slices.Clone(w.Header()["Content-Type"])}
	var token string
	var key [sha256.Size]byte
	switch call.endpoint {
	case "userinfo":
		token, h.life = bearer(r), heldClaims
		key = tokenKey("userinfo", "", token)
	case "introspect":
		token = asked(r, call)
		key = tokenKey("introspect", call.client, token)
		var told struct {
			Active bool `json:"active"`
		}
		if err := json.Unmarshal(w.body.Bytes(), &told); err != nil || !told.Active {
			return
		}
	}
	var claims struct {
		Grant        string         `json:"grant_id"`
		Client       string         `json:"client_id"`
		Expires      int64          `json:"exp"`
		Confirmation map[string]any `json:"cnf"`
	}
	if token == "" || !unproven(token, nil, &claims) || claims.Grant == "" || claims.Client == "" || len(claims.Confirmation) > 0 {
		return
	}
	h.grantID, h.client, h.expires = claims.Grant, claims.Client, time.Unix(claims.Expires, 0)
	h.body = slices.Clone(w.body.Bytes())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil || len(p.held) >= maxHeld {
		p.held = map[[sha256.Size]byte]held{} // those in use come back by themselves
	}
	p.held[key] = h
}
