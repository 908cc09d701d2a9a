// Package openid is the OpenID provider of ЕСИ: authorization code with PKCE
// S256 for people, client credentials for machines, and nothing else. The
// protocol itself is github.com/luikyv/go-oidc; this package holds it: our
// stores, keys and clients go in, and what the library leaves open is closed
// here (see endpoint_page.go).
package openid

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// ACR is the class of every sign-in: a password and a second factor.
const ACR = "urn:sanarip:acr:two-factors"

// Lifetimes.
const (
	tokenLife   = 10 * time.Minute // ID and access tokens
	refreshLife = 30 * 24 * time.Hour
	flowLife    = 30 * time.Minute
)

// Config is what the provider needs.
type Config struct {
	Issuer   string
	Clients  []Client
	DB       *db.DB
	Clock    clock.Clock
	Log      *slog.Logger
	HTTP     *http.Client // reaches the clients' back-channels
	Queue    *job.Queue
	Box      *seal.Box
	Keys     *Keys
	Sessions *sso.Sessions
	Site     *page.Site
	// Claims are those of the person that the scopes open.
	Claims func(ctx context.Context, accountID string, scopes []string) (map[string]any, error)
	// Remembered are the scopes that the person allowed this client for good.
	Remembered func(ctx context.Context, accountID, client string, asked []string) (allowed []string, ok bool, err error)
	// Handed records that the person's data go to the client.
	Handed func(ctx context.Context, accountID, client string, scopes []string) error
	// CodeLife is how long a code may be redeemed; 0: a minute.
	CodeLife time.Duration
}

// Provider is the OpenID provider.
type Provider struct {
	config  Config
	grants  *grants
	flows   *flows
	handler http.Handler
	clients map[string]Client
}

// New makes the provider and registers its jobs.
func New(config Config) (*Provider, error) {
	if config.CodeLife == 0 {
		config.CodeLife = time.Minute
	}
	g := &grants{db: config.DB, clock: config.Clock, box: config.Box, keep: tokenLife}
	p := &Provider{config: config, grants: g, flows: &flows{grants: g, db: config.DB, clock: config.Clock}, clients: map[string]Client{}}
	var library []*goidc.Client
	for _, c := range config.Clients {
		if c.Secret == "" {
			return nil, errors.New("openid: client " + c.ID + " has no secret")
		}
		p.clients[c.ID] = c
		library = append(library, c.library())
	}
	op, err := provider.New(config.Issuer, g, config.Keys.JWKS, p.options(library)...)
	if err != nil {
		return nil, err
	}
	p.handler = op.Handler()
	config.Queue.Handle(backChannelJob, job.Policy{}, p.sendLogout)
	return p, nil
}

func (p *Provider) options(clients []*goidc.Client) []provider.Option {
	var known []goidc.Scope
	for _, s := range scopes {
		known = append(known, goidc.NewScope(s))
	}
	options := []provider.Option{
		provider.WithPathPrefix("/connect"),
		provider.WithAuthorizeEndpoint("/authorize"),
		provider.WithTokenEndpoint("/token"),
		provider.WithUserInfoEndpoint("/userinfo"),
		provider.WithTokenIntrospectionEndpoint("/introspect"),
		provider.WithTokenRevocationEndpoint("/revocation"),
		provider.WithJWKSEndpoint("/jwks"), // published as /.well-known/openid-configuration/jwks: see discovery
		provider.WithScopes(known...),
		provider.WithOpenIDScopeRequired(),
		provider.WithClaims("sub", claims...),
		provider.WithIDTokenSignatureAlgs(goidc.RS256, goidc.ES256),
		provider.WithIDTokenLifetime(int(tokenLife.Seconds())),
		provider.WithTokenOptions(func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
			return goidc.NewJWTTokenOptions(goidc.RS256, int(tokenLife.Seconds()))
		}),
		provider.WithAuthCodeGrant(p.flows, goidc.ResponseTypeCode),
		provider.WithAuthCodeFunc(func(context.Context) string { return id.Secret() }),
		provider.WithAuthCodeLifetime(int(p.config.CodeLife.Seconds())),
		provider.WithAuthSessionLifetime(int(flowLife.Seconds())),
		provider.WithAuthnSessionIDFunc(func(context.Context) string { return id.Secret() }),
		provider.WithPKCERequired(goidc.CodeChallengeMethodSHA256),
		provider.WithRefreshTokenGrant(p.flows),
		provider.WithRefreshTokenFunc(func(context.Context) string { return id.Secret() }),
		provider.WithRefreshTokenRotation(),
		provider.WithRefreshTokenLifetime(int(refreshLife.Seconds())),
		provider.WithRefreshTokenShouldIssue(func(_ context.Context, _ *goidc.Client, g *goidc.Grant) bool {
			return slices.Contains(strings.Fields(g.Scopes), ScopeOffline)
		}),
		provider.WithClientCredentialsGrant(),
		provider.WithSecretBasicAuthn(),
		provider.WithSecretPostAuthn(),
		provider.WithClientSecretVerifier(func(_ context.Context, stored, presented string) error {
			a, b := sha256.Sum256([]byte(stored)), sha256.Sum256([]byte(presented))
			if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
				return errors.New("wrong client secret")
			}
			return nil
		}),
		provider.WithTokenIntrospection(func(_ context.Context, c *goidc.Client, info goidc.TokenInfo) bool {
			return c.ID == info.ClientID || p.clients[c.ID].Introspects
		}),
		provider.WithTokenRevocation(func(context.Context, *goidc.Client) bool { return true }),
		provider.WithTokenRevocationRevokeGrantOnAccessToken(),
		provider.WithIssuerResponseParameter(),
		provider.WithFormPostResponseMode(),
		provider.WithACRs(ACR),
		provider.WithDisplayValues(goidc.DisplayValuePage, goidc.DisplayValuePopup, goidc.DisplayValueTouch),
		provider.WithSubIdentifierTypes(goidc.SubIdentifierPublic),
		provider.WithIDTokenClaims(idTokenClaims),
		provider.WithUserInfoClaims(p.userInfo),
		provider.WithTokenClaims(func(context.Context, *goidc.Token, *goidc.Grant) map[string]any {
			return map[string]any{"aud": p.config.Issuer} // RFC 9068: an access token names its audience
		}),
		provider.WithPolicies(goidc.NewPolicy("person", p.begin, p.authenticate)),
		provider.WithLogout(p.flows, func(w http.ResponseWriter, r *http.Request, _ *goidc.LogoutSession) error {
			return page.Redirect(w, r, "/")
		}),
		provider.WithLogoutEndpoint("/endsession"),
		provider.WithLogoutPolicies(goidc.NewLogoutPolicy("person", func(*http.Request, *goidc.LogoutSession) bool { return true }, p.logout)),
		// No client proves itself with a JWT, so there is no jti to remember.
		provider.WithJTIConsumer(func(context.Context, string) error { return nil }),
		provider.WithErrorRenderer(p.renderError),
		provider.WithErrorHandler(func(ctx context.Context, err error) {
			level := slog.LevelError
			if _, ours := errors.AsType[goidc.Error](err); ours {
				level = slog.LevelInfo // the client's or the person's doing
			}
			p.config.Log.Log(ctx, level, "openid request refused", "system", "identity", "error", err.Error())
		}),
	}
	if len(clients) > 0 {
		options = append(options, provider.WithStaticClients(clients[0], clients[1:]...))
	}
	return options
}

var claims = []string{
	"pin", "citizenship", "name", "family_name", "given_name", "middle_name", "gender", "birthdate", "organizations",
	"email", "email_verified", "phone_number", "phone_number_verified", "sid", "acr", "amr", "auth_time",
}

func idTokenClaims(_ context.Context, g *goidc.Grant) map[string]any {
	text := func(name string) string { s, _ := g.Store[name].(string); return s }
	claims := map[string]any{"sid": text(storeSID), "acr": ACR, "amr": strings.Fields(text(storeAMR))}
	if at, err := strconv.ParseInt(text(storeAuthTime), 10, 64); err == nil {
		claims["auth_time"] = at
	}
	return claims
}

func (p *Provider) userInfo(ctx context.Context, g *goidc.Grant) map[string]any {
	claims, err := p.config.Claims(ctx, g.Subject, strings.Fields(g.Scopes))
	if err != nil {
		note(ctx, err) // the answer becomes an error: see api
	}
	return claims
}

// Client is the client of the id.
func (p *Provider) Client(clientID string) (Client, bool) {
	c, ok := p.clients[clientID]
	return c, ok
}

// Flow is an authorization request that waits for the person.
type Flow struct {
	ID      string
	Client  Client
	Asked   []string // scopes
	browser string
	lang    string
}

// Continue is where the flow goes on after the person has done a step.
func (f Flow) Continue() string {
	return onward("/connect/authorize/"+url.PathEscape(f.ID), nil, f.lang)
}

// onward keeps the language that the client asked for: the person may have no
// cookie that says otherwise.
func onward(path string, query url.Values, lang string) string {
	if query == nil {
		query = url.Values{}
	}
	if lang != "" {
		query.Set("ui_locales", lang)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// Mine says whether the flow was begun in the browser with the secret.
func (f Flow) Mine(browser string) bool {
	return subtle.ConstantTimeCompare([]byte(f.browser), []byte(id.Hash(browser))) == 1
}

// Flow is the request under way of the id; false when there is none any more.
func (p *Provider) Flow(ctx context.Context, flowID string) (Flow, bool, error) {
	as, _, _, err := p.flows.flow(ctx, flowID)
	if errors.Is(err, goidc.ErrNotFound) {
		return Flow{}, false, nil
	}
	if err != nil {
		return Flow{}, false, err
	}
	c, ok := p.clients[as.ClientID]
	browser, _ := as.Store[storeBrowser].(string)
	return flowOf(as, c, browser), ok, nil
}

func flowOf(as *goidc.AuthnSession, c Client, browser string) Flow {
	lang, _ := as.Store[storeLang].(string)
	return Flow{ID: as.ID, Client: c, Asked: strings.Fields(as.Scopes), browser: browser, lang: lang}
}

// Allow keeps, in the transaction of the consent, what the person allowed.
func (p *Provider) Allow(ctx context.Context, tx db.Querier, flowID, accountID string, scopes []string) error {
	return p.flows.Allow(ctx, tx, flowID, accountID, scopes)
}

// Deny keeps that the person does not go on: the client is told access_denied.
func (p *Provider) Deny(ctx context.Context, flowID string) error { return p.flows.Deny(ctx, flowID) }

// Withdraw takes back, in the transaction, all that the person granted to the
// client, and ends the client's sessions.
func (p *Provider) Withdraw(ctx context.Context, tx *sql.Tx, accountID, client string) error {
	if err := p.grants.revokeClient(ctx, tx, accountID, client); err != nil {
		return err
	}
	sids, err := p.config.Sessions.In(ctx, tx, accountID, client)
	if err != nil {
		return err
	}
	for _, sid := range sids {
		if err := p.tell(ctx, tx, client, sid, accountID); err != nil {
			return err
		}
	}
	return nil
}

// Ended follows the end of a session at ЕСИ: it is sso.Ended.
func (p *Provider) Ended(ctx context.Context, tx *sql.Tx, s sso.Session, clients []string) error {
	if err := p.grants.revokeSession(ctx, tx, s.SID); err != nil {
		return err
	}
	for _, client := range clients {
		if err := p.tell(ctx, tx, client, s.SID, s.AccountID); err != nil {
			return err
		}
	}
	return nil
}

// Sweep deletes what has run out.
func (p *Provider) Sweep(ctx context.Context, tx db.Querier) error {
	if err := p.grants.sweep(ctx, tx); err != nil {
		return err
	}
	return p.flows.sweep(ctx, tx)
}
