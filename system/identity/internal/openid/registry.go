package openid

import (
	"context"
	"database/sql"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// Bounds of the register.
const (
	maxAddresses = 20 // redirects of one client
	maxAddress   = 500
	maxName      = 120
	maxJWKS      = 16 << 10
	leastLife    = time.Minute // of a client's tokens
	// clientCached is within what time each process sees a change made in another.
	clientCached = 3 * time.Second
	maxCached    = 10000
)

// Registry is the register of the systems that engineers connect: a new one
// works at once for its owner, and for everybody when an operator approved it.
type Registry struct {
	DB    *db.DB
	Clock clock.Clock
	Lives setting.Values

	mu     sync.Mutex
	cached map[string]cachedClient
}

type cachedClient struct {
	client connected
	found  bool
	read   time.Time
}

// Settings are what the owner says of a client.
type Settings struct {
	Name         text.Words
	Address      string
	Redirects    []string
	PostLogout   []string
	BackChannel  string
	FrontChannel string
	Scopes       []string
	Grants       []Grant
	Method       Method
	JWKS         string
	Profile      Profile
	Pairwise     bool
	Opaque       bool
	Alg          string
	TokenLife    time.Duration // 0: everybody's
	RefreshLife  time.Duration
	Nonce        bool
}

// Create registers a client for tests of its owner. The secret is given this
// once and kept nowhere; it is empty for a client that needs none.
func (r *Registry) Create(ctx context.Context, owner string, s Settings) (c Client, secret string, err error) {
	if c, err = s.client(r.Lives); err != nil {
		return Client{}, "", err
	}
	now := r.Clock.Now()
	c.ID, c.Owner, c.State, c.Created, c.Changed = id.New(), owner, StateTest, now, now
	if c.hasSecret() {
		secret = id.Secret()
		c.hash = id.Hash(secret)
	}
	err = r.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := r.owned(ctx, tx, owner)
		if err != nil {
			return err
		}
		if most := r.Lives.Number(maxOwned); int64(n) >= most {
			return fail.New(fail.Conflict, "identity.connect.too_many", "Limit", most)
		}
		return r.insert(ctx, tx, c)
	})
	r.forget(c.ID)
	return c, secret, err
}

// Update changes the client of the owner. One that is approved keeps what was
// approved: the change is asked for with a new client.
func (r *Registry) Update(ctx context.Context, owner, clientID string, s Settings) (Client, error) {
	c, err := s.client(r.Lives)
	if err != nil {
		return Client{}, err
	}
	return r.change(ctx, clientID, func(now *Client) error {
		if now.Owner != owner {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if now.State != StateTest && now.State != StateWaiting {
			return fail.New(fail.Conflict, "identity.connect.fixed")
		}
		if now.hasSecret() != c.hasSecret() {
			return fail.Fields(fail.Finding{Field: "method", Key: "identity.connect.method_fixed"})
		}
		c.ID, c.Owner, c.State, c.Created, c.Reason = now.ID, now.Owner, now.State, now.Created, now.Reason
		c.hash, c.previous, c.previousUntil = now.hash, now.previous, now.previousUntil
		*now = c
		return nil
	})
}

// Submit asks the operators to approve the owner's client.
func (r *Registry) Submit(ctx context.Context, owner, clientID string) error {
	return r.step(ctx, clientID, owner, StateWaiting, "", StateTest)
}

// Approve lets everybody sign in to the client. Who did it is recorded by the caller.
func (r *Registry) Approve(ctx context.Context, clientID string) error {
	return r.step(ctx, clientID, "", StateApproved, "", StateTest, StateWaiting)
}

// SendBack returns a client that waits to its owner with the reason.
func (r *Registry) SendBack(ctx context.Context, clientID, reason string) error {
	return r.step(ctx, clientID, "", StateTest, reason, StateWaiting)
}

// Block stops the client: nobody signs in, and its tokens are good no more.
func (r *Registry) Block(ctx context.Context, clientID, reason string) error {
	return r.step(ctx, clientID, "", StateBlocked, reason, StateTest, StateWaiting, StateApproved)
}

// Unblock gives the client back to its owner for tests; it is approved anew.
func (r *Registry) Unblock(ctx context.Context, clientID string) error {
	return r.step(ctx, clientID, "", StateTest, "", StateBlocked)
}

func (r *Registry) step(ctx context.Context, clientID, owner string, to State, reason string, from ...State) error {
	_, err := r.change(ctx, clientID, func(c *Client) error {
		if owner != "" && c.Owner != owner {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if !slices.Contains(from, c.State) {
			return fail.New(fail.Conflict, "identity.connect.state")
		}
		c.State, c.Reason = to, page.Clean(reason)
		return nil
	})
	return err
}

// RotateSecret gives the owner's client a new secret. The one before is good
// for SecretOverlap, so that nothing stands still; at once bad when it leaked.
func (r *Registry) RotateSecret(ctx context.Context, owner, clientID string, leaked bool) (string, error) {
	secret := id.Secret()
	_, err := r.change(ctx, clientID, func(c *Client) error {
		if c.Owner != owner {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if !c.hasSecret() {
			return fail.New(fail.Conflict, "identity.connect.no_secret")
		}
		c.previous, c.previousUntil = c.hash, r.Clock.Now().Add(r.Lives.Time(SecretOverlap))
		if leaked {
			c.previous, c.previousUntil = "", time.Time{}
		}
		c.hash = id.Hash(secret)
		return nil
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

func (r *Registry) change(ctx context.Context, clientID string, apply func(*Client) error) (Client, error) {
	var c Client
	err := r.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var found bool
		var err error
		if c, found, err = r.one(ctx, tx, clientID, r.DB.ForUpdate()); err != nil {
			return err
		}
		if !found {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if err := apply(&c); err != nil {
			return err
		}
		c.Changed = r.Clock.Now()
		return r.update(ctx, tx, c)
	})
	r.forget(clientID)
	return c, err
}

// Get is the registered client of the id.
func (r *Registry) Get(ctx context.Context, clientID string) (Client, bool, error) {
	return r.one(ctx, r.DB.Read, clientID, "")
}

// current is the client as it was at most clientCached ago; what is not known is
// read through q.
func (r *Registry) current(ctx context.Context, q db.Querier, clientID string) (connected, bool, error) {
	now := r.Clock.Now()
	r.mu.Lock()
	hit, ok := r.cached[clientID]
	r.mu.Unlock()
	if ok && now.Sub(hit.read) < clientCached && !now.Before(hit.read) {
		return hit.client, hit.found, nil
	}
	c, found, err := r.one(ctx, q, clientID, "")
	if err != nil {
		return connected{}, false, err
	}
	hit = cachedClient{client: connect(c), found: found, read: now}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cached == nil || len(r.cached) >= maxCached {
		r.cached = map[string]cachedClient{}
	}
	r.cached[clientID] = hit
	return hit.client, hit.found, nil
}

func (r *Registry) forget(clientID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.cached, clientID)
}

func (c Client) hasSecret() bool { return c.Method == MethodBasic || c.Method == MethodPost }

// client checks the settings and makes a client of them.
func (s Settings) client(lives setting.Values) (Client, error) {
	var wrong []fail.Finding
	finding := func(field, key string) { wrong = append(wrong, fail.Finding{Field: field, Key: key}) }
	c := Client{
		Name: text.Words{KY: page.Clean(s.Name.KY), RU: page.Clean(s.Name.RU), EN: page.Clean(s.Name.EN)}, Address: strings.TrimSpace(s.Address),
		Redirects: lines(s.Redirects), PostLogout: lines(s.PostLogout), BackChannel: strings.TrimSpace(s.BackChannel), FrontChannel: strings.TrimSpace(s.FrontChannel),
		Scopes: s.Scopes, Grants: s.Grants, Method: s.Method, JWKS: strings.TrimSpace(s.JWKS), Profile: s.Profile, Pairwise: s.Pairwise, Opaque: s.Opaque, Alg: s.Alg,
		TokenLife: s.TokenLife, RefreshLife: s.RefreshLife, Nonce: s.Nonce,
	}
	if c.Alg == "" {
		c.Alg = string(algorithms[0])
	}
	if !slices.Contains(algorithms, c.alg()) {
		finding("alg", "identity.connect.choice")
	}
	for _, name := range []string{c.Name.KY, c.Name.RU, c.Name.EN} {
		if name == "" || utf8.RuneCountInString(name) > maxName {
			finding("name", "identity.connect.name")
			break
		}
	}
	if c.Address != "" && !webAddress(c.Address) {
		finding("address", "identity.connect.address")
	}
	signsIn := slices.Contains(c.Grants, GrantCode)
	if signsIn && len(c.Redirects) == 0 || len(c.Redirects) > maxAddresses || slices.ContainsFunc(c.Redirects, func(a string) bool { return !c.redirectable(a) }) {
		finding("redirects", "identity.connect.redirects")
	}
	if len(c.PostLogout) > maxAddresses || slices.ContainsFunc(c.PostLogout, func(a string) bool { return !c.redirectable(a) }) {
		finding("post_logout", "identity.connect.redirects")
	}
	if c.BackChannel != "" && !webAddress(c.BackChannel) {
		finding("back_channel", "identity.connect.address")
	}
	if c.FrontChannel != "" && !webAddress(c.FrontChannel) {
		finding("front_channel", "identity.connect.address")
	}
	if len(c.Grants) == 0 || !within(c.Grants, Grants) || slices.Contains(c.Grants, GrantRefresh) && len(c.Grants) == 1 ||
		slices.Contains(c.Grants, GrantMachine) && c.Method == MethodPublic {
		finding("grants", "identity.connect.grants")
	}
	if !within(c.Scopes, scopes) || (signsIn || slices.Contains(c.Grants, GrantDevice)) && !slices.Contains(c.Scopes, ScopeOpenID) ||
		(slices.Contains(c.Scopes, ScopeSystemRead) || slices.Contains(c.Scopes, ScopeSystemWrite)) && !slices.Contains(c.Grants, GrantMachine) {
		finding("scopes", "identity.connect.scopes")
	}
	if !slices.Contains([]Method{MethodBasic, MethodPost, MethodKey, MethodPublic}, c.Method) {
		finding("method", "identity.connect.choice")
	}
	if _, ok := publicKeys(c.JWKS); len(c.JWKS) > maxJWKS || c.JWKS != "" && !ok || c.JWKS == "" && c.Method == MethodKey {
		finding("jwks", "identity.connect.keys")
	}
	if c.Profile != ProfilePlain && c.Profile != ProfileFAPI {
		finding("profile", "identity.connect.choice")
	}
	if c.fapi() && c.Method != MethodKey {
		finding("method", "identity.connect.fapi_method")
	}
	if c.fapi() && c.alg() == goidc.RS256 { // FAPI 2.0, 5.4.1
		finding("alg", "identity.connect.fapi_alg")
	}
	if c.fapi() && slices.ContainsFunc(c.Redirects, func(a string) bool { return !strings.HasPrefix(a, "https://") && !local(a) }) {
		finding("redirects", "identity.connect.redirects")
	}
	if c.Pairwise && slices.ContainsFunc(c.Redirects, func(a string) bool { u, _ := url.Parse(a); return u == nil || u.Hostname() != c.sector() }) {
		finding("redirects", "identity.connect.one_host")
	}
	// Shorter than everybody's, never longer.
	if c.TokenLife != 0 && (c.TokenLife < leastLife || c.TokenLife > lives.Time(tokenLife)) {
		finding("token_life", "identity.connect.life")
	}
	if c.RefreshLife != 0 && (c.RefreshLife < leastLife || c.RefreshLife > lives.Time(RefreshLife)) {
		finding("refresh_life", "identity.connect.life")
	}
	if len(wrong) > 0 {
		return Client{}, fail.Fields(wrong...)
	}
	return c, nil
}

func within[T comparable](some, all []T) bool {
	return !slices.ContainsFunc(some, func(each T) bool { return !slices.Contains(all, each) })
}

func lines(addresses []string) []string {
	var kept []string
	for _, each := range addresses {
		if each = strings.TrimSpace(each); each != "" && !slices.Contains(kept, each) {
			kept = append(kept, each)
		}
	}
	return kept
}

// webAddress is https, or http on the engineer's own machine.
func webAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress || u.Host == "" || u.User != nil || u.Fragment != "" || strings.ContainsAny(address, " \t\r\n;,'\"*") {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && local(address)
}

func local(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	name := u.Hostname()
	return name == "localhost" || name == "127.0.0.1" || name == "::1" || strings.HasSuffix(name, ".localhost")
}

// redirectable is a web address, or for an app its own scheme, which has a dot
// in it as RFC 8252, 7.1, asks.
func (c Client) redirectable(address string) bool {
	if webAddress(address) {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && c.Method == MethodPublic && len(address) <= maxAddress && u.Host == "" && u.Fragment == "" && strings.Contains(u.Scheme, ".") &&
		strings.HasPrefix(u.Path, "/") && !strings.ContainsAny(address, " \t\r\n;,'\"*")
}
