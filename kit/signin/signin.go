// Package signin makes a system a client of ЕСИ (OpenID Connect, authorization
// code with PKCE S256). It is the only way into a system: none has a password
// form of its own (ID-1).
package signin

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/text"
)

// Claims is what ЕСИ hands over about the person.
type Claims struct {
	Subject     string `json:"sub"`
	PIN         string `json:"pin"`
	Name        string `json:"name"`
	FamilyName  string `json:"family_name"`
	GivenName   string `json:"given_name"`
	MiddleName  string `json:"middle_name"`
	Gender      string `json:"gender"`
	BirthDate   string `json:"birthdate"`
	Email       string `json:"email"`
	EmailOK     bool   `json:"email_verified"`
	Phone       string `json:"phone_number"`
	PhoneOK     bool   `json:"phone_number_verified"`
	ACR         string `json:"acr"`
	SessionID   string `json:"sid"`
	AccessToken string `json:"-"`
}

// Config of a client.
type Config struct {
	Issuer   string // ЕСИ's address, the same for browsers and for us
	ClientID string
	Secret   string
	BaseURL  string // public address of this system
	Scopes   []string
	HTTP     *http.Client
	Sessions *session.Store
	// Admit decides whether the person may in and gives what the session keeps.
	// Its *fail.Error is shown to the person.
	Admit func(ctx context.Context, c Claims) (data any, err error)
	Home  string // where to go without a wish; "" is "/"
}

// Client is one system's sign-in.
type Client struct {
	config Config
	found  atomic.Pointer[oidc.Provider]
}

// New makes the client. ЕСИ is not asked before somebody signs in, so systems
// may start in any order.
func New(config Config) *Client {
	if config.Home == "" {
		config.Home = "/"
	}
	return &Client{config: config}
}

// Mount puts the sign-in's addresses into the mux.
func (c *Client) Mount(mux *http.ServeMux, site *page.Site) {
	site.Handle(mux, "GET /sign-in", c.begin)
	site.Handle(mux, "GET /sign-in/callback", c.callback)
	site.Handle(mux, "POST /sign-out", c.signOut)
	mux.HandleFunc("POST /sign-in/backchannel", c.backChannel)
	mux.HandleFunc("/sign-in/backchannel", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, `{"error":"invalid_request"}`, http.StatusMethodNotAllowed)
	})
}

// Require lets only those through who are signed in. A GET is led to the
// sign-in and comes back; anything else is told that the session has ended.
func (c *Client) Require(next page.Handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, ok, err := c.config.Sessions.Of(r)
		if err != nil {
			return err
		}
		if ok {
			return next(w, r)
		}
		if page.Reads(r) && !page.IsPartial(r) {
			http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(page.Of(r.Context()).Path), http.StatusSeeOther)
			return nil
		}
		return fail.New(fail.SignedOut, "kit.session_ended")
	}
}

// findWithin bounds how long ЕСИ may take to say what it offers. Nobody waits for
// another's question: ЕСИ that hangs must not make a queue of all who sign in.
const findWithin = 10 * time.Second

func (c *Client) provider(ctx context.Context) (*oidc.Provider, error) {
	if p := c.found.Load(); p != nil {
		return p, nil
	}
	ctx, cancel := context.WithTimeout(ctx, findWithin)
	defer cancel()
	p, err := oidc.NewProvider(oidc.ClientContext(ctx, c.config.HTTP), c.config.Issuer) // keeps the client alone, not the context
	if err != nil {
		return nil, fail.Wrap(err, fail.Unavailable, "kit.identity_away")
	}
	c.found.Store(p)
	return p, nil
}

func (c *Client) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: c.config.ClientID, ClientSecret: c.config.Secret, Endpoint: p.Endpoint(),
		RedirectURL: c.config.BaseURL + "/sign-in/callback",
		Scopes:      append([]string{oidc.ScopeOpenID}, c.config.Scopes...),
	}
}

func (c *Client) begin(w http.ResponseWriter, r *http.Request) error {
	p, err := c.provider(r.Context())
	if err != nil {
		return err
	}
	next := page.Local(r.URL.Query().Get("next"))
	if r.URL.Query().Get("next") == "" {
		next = c.config.Home
	}
	pending := session.Pending{Nonce: id.Secret(), Verifier: oauth2.GenerateVerifier(), Next: next}
	state, err := c.config.Sessions.Begin(r.Context(), w, pending)
	if err != nil {
		return err
	}
	target := c.oauth(p).AuthCodeURL(state, oidc.Nonce(pending.Nonce), oauth2.S256ChallengeOption(pending.Verifier),
		oauth2.SetAuthURLParam("ui_locales", string(text.LangOf(r.Context()))))
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

func (c *Client) callback(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	pending, ok, err := c.config.Sessions.Take(r, query.Get("state"))
	if err != nil {
		return err
	}
	if !ok {
		return fail.New(fail.BadRequest, "kit.sign_in_unknown")
	}
	if code := query.Get("error"); code != "" {
		if code == "access_denied" {
			return fail.New(fail.Forbidden, "kit.sign_in_declined")
		}
		return fail.Wrap(errors.New("authorization error "+code), fail.BadRequest, "kit.sign_in_failed")
	}
	claims, err := c.exchange(r.Context(), query.Get("code"), pending)
	if err != nil {
		return err
	}
	data, err := c.config.Admit(r.Context(), claims)
	if err != nil {
		return err
	}
	if err := c.config.Sessions.End(w, r); err != nil { // a session left over in this browser
		return err
	}
	if err := c.config.Sessions.Start(r.Context(), w, claims.PIN, claims.SessionID, data); err != nil {
		return err
	}
	return page.Redirect(w, r, pending.Next)
}

// exchange redeems the code and checks the ID token: signature, issuer,
// audience, expiry (by go-oidc) and nonce (here).
func (c *Client) exchange(ctx context.Context, code string, pending session.Pending) (Claims, error) {
	p, err := c.provider(ctx)
	if err != nil {
		return Claims{}, err
	}
	clientCtx := oidc.ClientContext(ctx, c.config.HTTP)
	token, err := c.oauth(p).Exchange(clientCtx, code, oauth2.VerifierOption(pending.Verifier))
	if err != nil {
		return Claims{}, fail.Wrap(err, fail.BadRequest, "kit.sign_in_failed")
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := p.Verifier(&oidc.Config{ClientID: c.config.ClientID}).Verify(clientCtx, raw)
	if err != nil {
		return Claims{}, fail.Wrap(err, fail.BadRequest, "kit.sign_in_failed")
	}
	if subtle.ConstantTimeCompare([]byte(idToken.Nonce), []byte(pending.Nonce)) != 1 {
		return Claims{}, fail.New(fail.BadRequest, "kit.sign_in_failed")
	}
	var claims Claims
	if err := idToken.Claims(&claims); err != nil {
		return Claims{}, fail.Wrap(err, fail.BadRequest, "kit.sign_in_failed")
	}
	info, err := p.UserInfo(clientCtx, oauth2.StaticTokenSource(token))
	if err != nil {
		return Claims{}, fail.Wrap(err, fail.Unavailable, "kit.identity_away")
	}
	if info.Subject != idToken.Subject {
		return Claims{}, fail.New(fail.BadRequest, "kit.sign_in_failed")
	}
	sid, acr := claims.SessionID, claims.ACR
	if err := info.Claims(&claims); err != nil {
		return Claims{}, fail.Wrap(err, fail.BadNeighbor, "kit.sign_in_failed")
	}
	claims.SessionID, claims.ACR, claims.AccessToken = sid, acr, token.AccessToken
	if claims.PIN == "" {
		return Claims{}, fail.New(fail.Forbidden, "kit.sign_in_no_pin")
	}
	return claims, nil
}

// signOut ends the session here and leads to ЕСИ's own sign-out (RP-initiated
// logout), which ends it everywhere.
func (c *Client) signOut(w http.ResponseWriter, r *http.Request) error {
	session, signedIn, err := c.config.Sessions.Of(r)
	if err != nil {
		return err
	}
	if err := c.config.Sessions.End(w, r); err != nil {
		return err
	}
	p, err := c.provider(r.Context())
	if err != nil {
		return page.Redirect(w, r, "/")
	}
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := p.Claims(&metadata); err != nil || metadata.EndSession == "" {
		return page.Redirect(w, r, "/") // ЕСИ offers no sign-out: signed out here
	}
	query := url.Values{"client_id": {c.config.ClientID}, "post_logout_redirect_uri": {c.config.BaseURL + "/"}}
	if signedIn {
		// ЕСИ's own id of the session, which nobody else can guess: it proves that
		// the wish comes from a system of this session, so the person is not asked
		// once more.
		query.Set("logout_hint", session.SID)
	}
	http.Redirect(w, r, metadata.EndSession+"?"+query.Encode(), http.StatusSeeOther)
	return nil
}

// backChannel takes a logout token (OpenID Connect Back-Channel Logout 1.0).
func (c *Client) backChannel(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, page.MaxBody)
	if err := c.logout(r); err != nil {
		http.Error(w, `{"error":"invalid_request"}`, http.StatusBadRequest)
	}
}

func (c *Client) logout(r *http.Request) error {
	ctx := r.Context()
	p, err := c.provider(ctx)
	if err != nil {
		return err
	}
	token, err := p.Verifier(&oidc.Config{ClientID: c.config.ClientID}).Verify(oidc.ClientContext(ctx, c.config.HTTP), r.PostFormValue("logout_token"))
	if err != nil {
		return err
	}
	var claims struct {
		SID    string         `json:"sid"`
		JTI    string         `json:"jti"`
		Nonce  *string        `json:"nonce"`
		Events map[string]any `json:"events"`
	}
	if err := token.Claims(&claims); err != nil {
		return err
	}
	if _, ok := claims.Events["http://schemas.openid.net/event/backchannel-logout"]; !ok || claims.Nonce != nil || claims.SID == "" || claims.JTI == "" {
		return errors.New("not a logout token")
	}
	fresh, err := c.config.Sessions.Fresh(ctx, claims.JTI, token.Expiry.Add(time.Hour))
	if err != nil {
		return err
	}
	if !fresh {
		return errors.New("a logout token used twice")
	}
	return c.config.Sessions.EndSID(ctx, claims.SID)
}
