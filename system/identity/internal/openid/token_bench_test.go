package openid

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/migration"
)

const (
	benchVerifier = "a-verifier-of-more-than-forty-three-characters-0123"
	benchCallback = "http://127.0.0.1:9400/callback"
	benchSecret   = "secret-of-the-benchmark"
)

// providerOf is a provider on the database, with clients of every kind.
func providerOf(b testing.TB, d *db.DB) (*Provider, http.Handler) {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	box, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		b.Fatal(err)
	}
	keys := &Keys{DB: d, Clock: clock.System{}, Box: box}
	if err := keys.RotateAged(b.Context()); err != nil {
		b.Fatal(err)
	}
	p, err := New(Config{
		Issuer: "http://esi.localhost", DB: d, Clock: clock.System{}, Log: log, HTTP: http.DefaultClient, Box: box, Keys: keys,
		Queue: job.New(d, clock.System{}, log, job.Config{}), Sessions: &sso.Sessions{DB: d, Clock: clock.System{}},
		Site: &page.Site{System: "identity", Texts: text.MustLoad(), Log: log, ErrorPage: func(v page.ErrorView) templ.Component { return templ.Raw(v.Message) }},
		Claims: func(context.Context, string, []string) (map[string]any, error) {
			return map[string]any{"name": "Асанова Айгүл"}, nil
		},
		Remembered: func(_ context.Context, _, _ string, asked []string) ([]string, time.Time, error) {
			return asked, time.Unix(1, 0), nil
		},
		Allows: func(context.Context, *sql.Tx, string, string, time.Time) (bool, error) { return true, nil },
		Handed: func(context.Context, *sql.Tx, string, Client) error { return nil },
		Lives:  setting.Values{codeLife.Name: int64(time.Hour)},
		Clients: []Client{
			{ID: "machine", Secret: benchSecret, Scopes: []string{ScopeSystemRead}, Machine: true},
			{ID: "machine-eddsa", Secret: benchSecret, Scopes: []string{ScopeSystemRead}, Machine: true, Alg: "EdDSA"},
			{ID: "machine-es256", Secret: benchSecret, Scopes: []string{ScopeSystemRead}, Machine: true, Alg: "ES256"},
			{ID: "machine-opaque", Secret: benchSecret, Scopes: []string{ScopeSystemRead}, Machine: true, Opaque: true},
			{ID: "system", Secret: benchSecret, Scopes: PersonScopes, Redirects: []string{benchCallback}},
			{ID: "system-es256", Secret: benchSecret, Scopes: PersonScopes, Redirects: []string{benchCallback}, Alg: "ES256"},
			{ID: "system-pairwise", Secret: benchSecret, Scopes: PersonScopes, Redirects: []string{benchCallback}, Pairwise: true},
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Mount(mux)
	return p, mux
}

// engines runs the benchmark against a provider on each engine, called as its
// clients call it but for the network.
func engines(b *testing.B, run func(b *testing.B, p *Provider, mux http.Handler)) {
	each := func(d *db.DB) {
		p, mux := providerOf(b, d)
		b.Run(string(d.Dialect), func(b *testing.B) { run(b, p, mux) })
	}
	each(dbtest.SQLite(b, "identity", migration.Sets...))
	each(dbtest.Open(b, dbtest.Postgres(b), "identity", migration.Sets...)) // skips what follows where there is none
}

func tokenRequest(client string, pairs ...string) *http.Request {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/connect/token", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, benchSecret)
	return r
}

func redeem(b *testing.B, mux http.Handler, client string, pairs ...string) {
	w := httptest.NewRecorder()
	if mux.ServeHTTP(w, tokenRequest(client, pairs...)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "access_token") {
		b.Fatal(w.Code, w.Body)
	}
}

// A machine's token: its secret checked, one signature; nothing is written.
func BenchmarkTokenForMachine(b *testing.B) {
	engines(b, func(b *testing.B, _ *Provider, mux http.Handler) {
		for b.Loop() {
			redeem(b, mux, "machine", "grant_type", "client_credentials", "scope", ScopeSystemRead)
		}
	})
}

func BenchmarkTokenForMachineReference(b *testing.B) {
	engines(b, func(b *testing.B, p *Provider, _ http.Handler) {
		sign := signer(b, p)
		for b.Loop() {
			sign(b)
		}
	})
}

// The same, signed with EdDSA and ES256, and as an opaque token, which is written.
func BenchmarkTokenForMachineByWish(b *testing.B) {
	engines(b, func(b *testing.B, _ *Provider, mux http.Handler) {
		for _, client := range []string{"machine-eddsa", "machine-es256", "machine-opaque"} {
			b.Run(client, func(b *testing.B) {
				for b.Loop() {
					redeem(b, mux, client, "grant_type", "client_credentials", "scope", ScopeSystemRead)
				}
			})
		}
	})
}

// What everybody reads: made once.
func BenchmarkDiscoveryAndKeys(b *testing.B) {
	engines(b, func(b *testing.B, _ *Provider, mux http.Handler) {
		for _, path := range []string{"/.well-known/openid-configuration", jwksPath} {
			b.Run(path[1:], func(b *testing.B) {
				for b.Loop() {
					w := httptest.NewRecorder()
					if mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil)); w.Code != http.StatusOK {
						b.Fatal(w.Code)
					}
				}
			})
		}
	})
}

// A resource server asks about a token; a client asks for the person's claims.
func BenchmarkUseOfAToken(b *testing.B) {
	engines(b, func(b *testing.B, p *Provider, mux http.Handler) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, tokenRequest("system", "grant_type", "authorization_code", "code", grantCode(b, p), "redirect_uri", benchCallback, "code_verifier", benchVerifier))
		var got struct {
			Access string `json:"access_token"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Access == "" {
			b.Fatal(err, w.Body)
		}
		b.Run("introspection", func(b *testing.B) {
			for b.Loop() {
				r := tokenRequest("system", "token", got.Access)
				r.URL.Path = "/connect/introspect"
				w := httptest.NewRecorder()
				if mux.ServeHTTP(w, r); !strings.Contains(w.Body.String(), `"active":true`) {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
		b.Run("userinfo", func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "/connect/userinfo", nil)
				r.Header.Set("Authorization", "Bearer "+got.Access)
				w := httptest.NewRecorder()
				if mux.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	})
}

// A person's tokens for a code with PKCE: the code found and spent, two signatures.
func BenchmarkTokenForCode(b *testing.B) {
	engines(b, func(b *testing.B, p *Provider, mux http.Handler) {
		codes := make([]string, b.N)
		for i := range codes {
			codes[i] = grantCode(b, p)
		}
		b.ResetTimer()
		for _, code := range codes {
			redeem(b, mux, "system", "grant_type", "authorization_code", "code", code, "redirect_uri", benchCallback, "code_verifier", benchVerifier)
		}
	})
}

func BenchmarkTokenForCodeReference(b *testing.B) {
	engines(b, func(b *testing.B, p *Provider, _ http.Handler) {
		sign := signer(b, p)
		grants := make([]string, b.N)
		for i := range grants {
			grants[i] = id.New()
			insert(b, p, grants[i], "system", id.Hash(id.New()), "{}")
		}
		data := strings.Repeat("g", 900)
		b.ResetTimer()
		for _, grant := range grants {
			err := p.config.DB.Tx(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `UPDATE permission SET data = $2, version = version + 1, expires_at = $3 WHERE id = $1`,
					grant, data, db.Micros(time.Now()))
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			sign(b) // the access token
			sign(b) // the ID token
		}
	})
}

// grantCode is a code as the person's consent leaves it.
func grantCode(b *testing.B, p *Provider) string {
	b.Helper()
	challenge := sha256.Sum256([]byte(benchVerifier))
	code, now := id.Secret(), int(time.Now().Unix())
	err := p.grants.SaveGrant(b.Context(), &goidc.Grant{
		ID: id.New(), CreatedAt: now, Subject: "11111111-2222-3333-4444-555555555555", ClientID: "system", Scopes: "openid profile",
		AuthCode: code, AuthCodeExpiresAt: now + 3600,
		AuthParams: goidc.AuthorizationParameters{
			RedirectURI: benchCallback, ResponseType: goidc.ResponseTypeCode, Scopes: "openid profile", State: "state", Nonce: "nonce",
			CodeChallenge: base64.RawURLEncoding.EncodeToString(challenge[:]), CodeChallengeMethod: goidc.CodeChallengeMethodSHA256,
		},
		Store: map[string]any{storeSID: id.New(), storeAMR: "pwd otp", storeAuthTime: strconv.Itoa(now)},
	})
	if err != nil {
		b.Fatal(err)
	}
	return code
}

func insert(b *testing.B, p *Provider, grantID, client string, code any, data string) {
	err := p.config.DB.Tx(b.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO permission (id, account_id, client_id, sid, offline, version, code_hash, refresh_hash, data, expires_at)
			VALUES ($1, '', $2, '', 0, 1, $3, NULL, $4, $5)`, grantID, client, code, data, db.Micros(time.Now().Add(time.Hour)))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// signer signs what a token says with the key that the provider signs with.
func signer(b *testing.B, p *Provider) func(b *testing.B) {
	b.Helper()
	set, err := p.config.Keys.JWKS(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	key, err := set.KeyByAlg(string(goidc.RS256))
	if err != nil {
		b.Fatal(err)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.Key}, (&jose.SignerOptions{}).WithType("at+jwt").WithHeader("kid", key.KeyID))
	if err != nil {
		b.Fatal(err)
	}
	return func(b *testing.B) {
		now := time.Now().Unix()
		token, err := jwt.Signed(s).Claims(map[string]any{
			"iss": p.config.Issuer, "aud": p.config.Issuer, "sub": "machine", "client_id": "machine", "jti": id.New(),
			"scope": ScopeSystemRead, "iat": now, "exp": now + 600,
		}).Serialize()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := json.Marshal(map[string]any{"access_token": token, "expires_in": 600, "token_type": "Bearer"}); err != nil {
			b.Fatal(err)
		}
	}
}
