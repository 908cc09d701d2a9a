package access

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
	Issuer   string // ЕСИ's address
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

// ask introspects, and for a person whose ПИН the answer does not name asks
// ЕСИ for the profile that the token opens.
func (i *Introspection) ask(ctx context.Context, token string) (Token, error) {
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	var said struct {
		Active   bool   `json:"active"`
		Scope    string `json:"scope"`
		ClientID string `json:"client_id"`
		Subject  string `json:"sub"`
		PIN      string `json:"pin"`
		Name     string `json:"name"`
		Issuer   string `json:"iss"`
		Expires  int64  `json:"exp"`
		Kind     string `json:"token_type"`
	}
	status, err := i.call(ctx, http.MethodPost, "/connect/introspect", form, func(r *http.Request) {
		r.SetBasicAuth(url.QueryEscape(i.ClientID), url.QueryEscape(i.Secret)) // RFC 6749 2.3.1
	}, &said)
	if err != nil {
		return Token{}, err
	}
	if status != http.StatusOK {
		return Token{}, fail.Wrap(fmt.Errorf("introspection answered %d", status), fail.Unavailable, "kit.identity_away")
	}
	t := Token{
		Active: said.Active, Scopes: strings.Fields(said.Scope), ClientID: said.ClientID, PIN: said.PIN, Name: said.Name,
		Machine: said.PIN == "" && said.ClientID != "" && (said.Subject == "" || said.Subject == said.ClientID),
	}
	if said.Expires > 0 {
		t.Expires = time.Unix(said.Expires, 0).UTC()
	}
	// A refresh token is active as well, but opens nothing by itself.
	if said.Issuer != "" && said.Issuer != i.Issuer || strings.Contains(said.Kind, "refresh") {
		t.Active = false
	}
	if t.Active && !t.Machine && t.PIN == "" {
		err = i.person(ctx, token, said.Subject, &t)
	}
	return t, err
}

// person fills in who the user is. A token that does not open the profile
// leaves the ПИН empty, and so opens nothing here.
func (i *Introspection) person(ctx context.Context, token, subject string, t *Token) error {
	var info struct {
		Subject string `json:"sub"`
		PIN     string `json:"pin"`
		Name    string `json:"name"`
	}
	status, err := i.call(ctx, http.MethodGet, "/connect/userinfo", nil, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
	}, &info)
	switch {
	case err != nil:
		return err
	case status >= http.StatusInternalServerError:
		return fail.Wrap(fmt.Errorf("userinfo answered %d", status), fail.Unavailable, "kit.identity_away")
	case status == http.StatusOK && info.Subject == subject:
		t.PIN, t.Name = info.PIN, info.Name
	}
	return nil
}

// call asks ЕСИ and reads the answer if it is 200.
func (i *Introspection) call(ctx context.Context, method, path string, form url.Values, prepare func(*http.Request), into any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, i.Issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "application/json")
	prepare(r)
	answer, err := i.HTTP.Do(r)
	if err != nil {
		return 0, fail.Wrap(err, fail.Unavailable, "kit.identity_away")
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return answer.StatusCode, nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return 0, fail.Wrap(err, fail.Unavailable, "kit.identity_away")
	}
	if err := json.Unmarshal(body, into); err != nil {
		return 0, fail.Wrap(errors.New("ЕСИ answered no JSON to "+path), fail.BadNeighbor, "kit.bad_neighbor")
	}
	return answer.StatusCode, nil
}
