package fhir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

// How long an answer of ЕСИ is believed: a token that was taken back works for
// so long at most.
const (
	believed  = 30 * time.Second
	mostKept  = 10_000
	maxToken  = 4096    // bytes of a token
	maxAnswer = 1 << 20 // bytes of ЕСИ's answer
)

// Introspection asks ЕСИ about tokens (RFC 7662). What it keeps, it keeps under
// the digest of the token.
type Introspection struct {
	Endpoint string // ЕСИ's address of introspection
	Issuer   string
	ClientID string
	Secret   string
	HTTP     *http.Client
	Clock    clock.Clock

	mu   sync.Mutex
	kept map[string]keptToken
}

type keptToken struct {
	token Token
	until time.Time
}

// Introspect implements Tokens. Only what is active is kept: a token may become
// active, but a refusal should cost the one who sends it.
func (i *Introspection) Introspect(ctx context.Context, token string) (Token, error) {
	if token == "" || len(token) > maxToken {
		return Token{}, nil
	}
	key, now := id.Hash(token), i.Clock.Now()
	i.mu.Lock()
	k, ok := i.kept[key]
	i.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.token, nil
	}
	t, err := i.ask(ctx, token)
	if err != nil {
		return Token{}, err
	}
	if t.Active {
		i.keep(key, t, now)
	}
	return t, nil
}

func (i *Introspection) keep(key string, t Token, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.kept) >= mostKept {
		for k, v := range i.kept {
			if !now.Before(v.until) {
				delete(i.kept, k)
			}
		}
	}
	if i.kept == nil || len(i.kept) >= mostKept {
		i.kept = map[string]keptToken{}
	}
	i.kept[key] = keptToken{t, now.Add(believed)}
}

func (i *Introspection) ask(ctx context.Context, token string) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, i.Endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return Token{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.SetBasicAuth(url.QueryEscape(i.ClientID), url.QueryEscape(i.Secret)) // RFC 6749 2.3.1
	answer, err := i.HTTP.Do(r)
	if err != nil {
		return Token{}, fail.Wrap(err, fail.Unavailable, "kit.identity_away")
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return Token{}, fail.Wrap(err, fail.Unavailable, "kit.identity_away")
	}
	if answer.StatusCode != http.StatusOK {
		return Token{}, fail.Wrap(fmt.Errorf("introspection answered %d", answer.StatusCode), fail.Unavailable, "kit.identity_away")
	}
	var said struct {
		Active   bool   `json:"active"`
		Scope    string `json:"scope"`
		ClientID string `json:"client_id"`
		PIN      string `json:"pin"`
		Name     string `json:"name"`
		Issuer   string `json:"iss"`
		Expires  int64  `json:"exp"`
		Kind     string `json:"token_type"`
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return Token{}, fail.Wrap(errors.New("introspection answered no JSON"), fail.BadNeighbor, "kit.bad_neighbor")
	}
	t := Token{
		Active: said.Active, Scopes: strings.Fields(said.Scope), ClientID: said.ClientID, PIN: said.PIN, Name: said.Name,
	}
	if said.Expires > 0 {
		t.Expires = time.Unix(said.Expires, 0).UTC()
	}
	// A refresh token is active as well, but opens nothing by itself.
	if said.Issuer != "" && said.Issuer != i.Issuer || strings.Contains(said.Kind, "refresh") {
		t.Active = false
	}
	return t, nil
}

// bearer is the token of the request: RFC 6750, in the header alone.
func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
