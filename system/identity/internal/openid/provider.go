// Package openid is the OpenID provider of ЕСИ: authorization code with PKCE
// S256 for people, also at a device without a keyboard, and client credentials
// for machines. The protocol itself is github.com/luikyv/go-oidc; this package
// holds it: our stores, keys and clients go in, and what the library leaves open
// is closed here (docs/decisions/0008 and 0015).
package openid

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
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
	Registry *Registry          // clients that are registered, beside Clients
	Throttle *throttle.Throttle // limits guesses of a device's code
	// Claims are those of the person that the scopes open.
	Claims func(ctx context.Context, accountID string, scopes []string) (map[string]any, error)
	// Remembered are the scopes that the person allowed this client for good, and
	// since when; the zero time where they did not.
	Remembered func(ctx context.Context, accountID, client string, asked []string) (allowed []string, since time.Time, err error)
	// Allows says, in the transaction, that what they allowed then was not withdrawn
	// since, not even to be given again.
	Allows func(ctx context.Context, tx *sql.Tx, accountID, client string, since time.Time) (bool, error)
	// Handed records, in the transaction, that the person's data go to the client.
	Handed func(ctx context.Context, tx *sql.Tx, accountID string, client Client) error
	// Reused is told, in the transaction that ends the grant, that a refresh token
	// came a second time: it was stolen. nil tells nobody.
	Reused func(ctx context.Context, tx *sql.Tx, grantID, accountID, clientID string) error
	// FHIR are the addresses of the FHIR servers that tokens are meant for; Record
	// is where the person's own record is in the first of them.
	FHIR   []string
	Record func(ctx context.Context, accountID string) (Record, error)
	Lives  setting.Values
	Nonces Nonces // empty: NoncesAsked
}

// Provider is the OpenID provider.
type Provider struct {
	config   Config
	lives    lives
	nonces   Nonces
	pacing   *pacing
	grants   *grants
	flows    *flows
	handler  http.Handler
	own      map[string]connected // the product's own clients
	known    []byte               // discovery
	made     [2]atomic.Pointer[made]
	requests requests
	slow     bool // everything is left to the library: tests compare

	mu   sync.RWMutex
	held map[[sha256.Size]byte]held // answers about tokens: see quick
}

// New makes the provider and registers its jobs.
func New(config Config) (*Provider, error) {
	lives := livesOf(config.Lives)
	g := &grants{db: config.DB, clock: config.Clock, box: config.Box, lives: lives, standing: &standing{db: config.DB}, allows: config.Allows, reused: config.Reused}
	p := &Provider{config: config, lives: lives, nonces: config.Nonces, pacing: newPacing(config.Clock, config.Lives), grants: g, flows: &flows{grants: g, db: config.DB, clock: config.Clock}, own: map[string]connected{}}
	p.requests = requests{db: config.DB, clock: config.Clock, life: lives.refusal}
	g.alive, g.client, g.enter = p.alive, p.client, p.enter
	for _, c := range config.Clients {
		if c.Secret == "" && c.Method != MethodKey && c.Method != MethodPublic {
			return nil, errors.New("openid: client " + c.ID + " has no secret")
		}
		p.own[c.ID] = connect(c)
	}
	op, err := provider.New(config.Issuer, g, config.Keys.JWKS, p.options()...)
	if err != nil {
		return nil, err
	}
	p.handler = op.Handler()
	if p.known, err = p.describe(); err != nil {
		return nil, err
	}
	config.Queue.Handle(backChannelJob, job.Policy{}, p.sendLogout)
	return p, nil
}

func (p *Provider) options() []provider.Option {
	var known []goidc.Scope
	for _, s := range append(slices.Clone(scopes), both...) {
		if _, _, clinical := Clinical(s); clinical {
			known = append(known, narrowed(s))
			continue
		}
		known = append(known, goidc.NewScope(s))
	}
	random := func(context.Context) string { return id.Secret() }
	// The paths are whole: the library checks a proof's address against them.
	return []provider.Option{
		provider.WithAuthorizeEndpoint("/connect/authorize"),
		provider.WithTokenEndpoint("/connect/token"),
		provider.WithUserInfoEndpoint("/connect/userinfo"),
		provider.WithTokenIntrospectionEndpoint("/connect/introspect"),
		provider.WithTokenRevocationEndpoint("/connect/revocation"),
		provider.WithPAREndpoint("/connect/par"),
		provider.WithLogoutEndpoint("/connect/endsession"),
		provider.WithJWKSEndpoint(jwksPath),
		provider.WithDCR(source{p}), // how the library looks clients up; its address is not mounted
		provider.WithScopes(known...),
		provider.WithOpenIDScopeRequired(),
		provider.WithClaims("sub", claimNames...),
		provider.WithClaimsParameter(),
		provider.WithIDTokenSignatureAlgs(algorithms[0], algorithms[1:]...),
		provider.WithIDTokenLifetime(seconds(p.lives.idToken)),
		provider.WithTokenOptions(p.tokenOptions),
		provider.WithOpaqueTokens(p.grants),
		provider.WithOpaqueTokenFunc(func(context.Context, *goidc.Grant) string { return id.Secret() }),
		provider.WithAuthCodeGrant(p.flows, goidc.ResponseTypeCode),
		provider.WithAuthCodeFunc(random),
		provider.WithAuthCodeLifetime(seconds(p.lives.code)),
		provider.WithAuthSessionLifetime(seconds(p.lives.flow)),
		provider.WithAuthnSessionIDFunc(random),
		provider.WithPAR(p.flows),
		provider.WithPARIDFunc(random),
		provider.WithPARLifetime(seconds(p.lives.pushed)),
		provider.WithPARSessionHandler(p.pushed),
		provider.WithPKCERequired(goidc.CodeChallengeMethodSHA256),
		provider.WithRefreshTokenGrant(p.flows),
		provider.WithRefreshTokenFunc(p.refreshToken),
		provider.WithRefreshTokenRotation(),
		provider.WithRefreshTokenLifetime(seconds(p.lives.refreshIdle)),
		provider.WithRefreshTokenShouldIssue(func(_ context.Context, _ *goidc.Client, g *goidc.Grant) bool {
			return slices.Contains(strings.Fields(g.Scopes), ScopeOffline)
		}),
		provider.WithClientCredentialsGrant(),
		provider.WithDeviceGrant(devices{p.flows}, p.promptDevice, p.deviceDone),
		provider.WithDeviceCodeFunc(random),
		provider.WithDPoP(proofAlgorithms[0], proofAlgorithms[1:]...),
		provider.WithJWTLifetime(seconds(p.lives.proof)),
		provider.WithJWTLeewayTime(seconds(p.lives.leeway)),
		provider.WithJTIConsumer(p.consume),
		provider.WithSecretBasicAuthn(),
		provider.WithSecretPostAuthn(),
		provider.WithPrivateKeyJWTAuthn(goidc.ES256, goidc.PS256, EdDSA, goidc.RS256, goidc.ES384, goidc.RS384),
		provider.WithNoneAuthn(),
		provider.WithClientSecretVerifier(p.verifySecret),
		provider.WithTokenIntrospection(func(ctx context.Context, c *goidc.Client, info goidc.TokenInfo) bool {
			asking, _, err := p.client(ctx, c.ID)
			return err == nil && (c.ID == info.ClientID || asking.Introspects)
		}),
		provider.WithTokenRevocation(func(context.Context, *goidc.Client) bool { return true }),
		provider.WithTokenRevocationRevokeGrantOnAccessToken(),
		provider.WithIssuerResponseParameter(),
		provider.WithFormPostResponseMode(),
		provider.WithACRs(acrs[0], acrs[1:]...),
		provider.WithDisplayValues(goidc.DisplayValuePage, goidc.DisplayValuePopup, goidc.DisplayValueTouch),
		provider.WithSubIdentifierTypes(goidc.SubIdentifierPublic, goidc.SubIdentifierPairwise),
		provider.WithPairwiseSubject(func(ctx context.Context, sub string, c *goidc.Client) string { return p.subjectAt(ctx, sub, c.ID) }),
		provider.WithIDTokenClaims(p.idTokenClaims),
		provider.WithUserInfoClaims(p.userInfo),
		provider.WithTokenClaims(func(context.Context, *goidc.Token, *goidc.Grant) map[string]any {
			return map[string]any{"aud": p.config.Issuer} // RFC 9068: an access token names its audience
		}),
		provider.WithPolicies(goidc.NewPolicy("person", p.begin, p.authenticate)),
		provider.WithLogout(p.flows, func(w http.ResponseWriter, r *http.Request, _ *goidc.LogoutSession) error {
			return page.Redirect(w, r, "/")
		}),
		provider.WithLogoutPolicies(goidc.NewLogoutPolicy("person", func(*http.Request, *goidc.LogoutSession) bool { return true }, p.logout)),
		provider.WithErrorRenderer(p.renderError),
		provider.WithErrorHandler(p.noteRefusal),
	}
}

// noteRefusal keeps why a request is refused, and logs it.
func (p *Provider) noteRefusal(ctx context.Context, err error) {
	callOf(ctx).refused = err
	level := slog.LevelError
	if _, ours := errors.AsType[goidc.Error](err); ours || errors.Is(err, goidc.ErrNotFound) {
		level = slog.LevelInfo // the client's or the person's doing
	}
	code, description := refusal(err)
	if level == slog.LevelError {
		description = err.Error()
	}
	p.config.Log.Log(ctx, level, "openid request refused", "system", "identity", "code", code, "description", description)
}

func seconds(d time.Duration) int { return int(d.Seconds()) }

func (p *Provider) tokenOptions(ctx context.Context, g *goidc.Grant, c *goidc.Client) goidc.TokenOptions {
	ours, _, err := p.client(ctx, c.ID)
	if err != nil {
		note(ctx, err)
	}
	if g != nil {
		callOf(ctx).patient, _ = g.Store[storePatient].(string)
	}
	if ours.Opaque {
		return goidc.NewOpaqueTokenOptions(seconds(ours.within(p.lives.token)))
	}
	return goidc.NewJWTTokenOptions(ours.alg(), seconds(ours.within(p.lives.token)))
}

// refreshToken follows the one that is being used: the same one always has the
// same follower, so that a client that lost the answer gets it again. Only who
// holds the box can tell it.
func (p *Provider) refreshToken(ctx context.Context) string {
	call := callOf(ctx)
	switch {
	case call.presented == "":
		return id.Secret()
	case call.keep:
		return call.presented
	}
	next, err := p.grants.follower(call.presented)
	if err != nil {
		note(ctx, err)
	}
	return next
}

// subjectAt is who the person is for the client: the account's id, or for a
// client that asked for it a name that no other one knows (OpenID Connect Core
// 1.0, 8.1).
func (p *Provider) subjectAt(ctx context.Context, accountID, clientID string) string {
	c, _, err := p.client(ctx, clientID)
	if err != nil {
		note(ctx, err)
	}
	if !c.Pairwise {
		return accountID
	}
	subject, err := p.config.Box.Token("pairwise "+c.sector(), accountID)
	if err != nil {
		note(ctx, err)
	}
	return subject
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
	if err := p.grants.revokeSession(ctx, tx, s.AccountID, s.SID); err != nil {
		return err
	}
	for _, client := range clients {
		if err := p.tell(ctx, tx, client, s.SID, s.AccountID); err != nil {
			return err
		}
	}
	return p.frame(ctx, tx, s.SID, clients)
}

// Sweep deletes what has run out.
func (p *Provider) Sweep(ctx context.Context, tx db.Querier) error {
	if err := p.grants.sweep(ctx, tx); err != nil {
		return err
	}
	if err := p.requests.sweep(ctx, tx); err != nil {
		return err
	}
	return p.flows.sweep(ctx, tx)
}
