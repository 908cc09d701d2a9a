package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
)

// The demo's clients for tests of the provider, each with another signature.
var (
	rs256 = connected{"conformance", "conformance-secret-demo"}
	es256 = connected{"conformance-es256", "conformance-es256-secret-demo"}
	eddsa = connected{"conformance-eddsa", "conformance-eddsa-secret-demo"}
)

type connected struct{ id, secret string }

const (
	callback = "http://127.0.0.1:9400/callback"
	verifier = "a-verifier-of-more-than-forty-three-characters-0123"
)

// line is net/http's own client, as a system written in Go would ask. Its
// connections are kept open, one for each that asks at the same time.
type line struct{ client *http.Client }

func (s settings) line() *line {
	return &line{&http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			MaxIdleConnsPerHost: s.connections, DisableCompression: true,
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				_, port, err := net.SplitHostPort(address)
				if err != nil {
					return nil, err
				}
				return dial(ctx, "127.0.0.1:"+port) // everything is on this machine
			},
		},
	}}
}

// request is what is asked.
type request struct {
	method, address string
	header          map[string]string
	form            url.Values
}

// prepared is a request that is the same each time but for what follows its
// body's beginning: made once, so that the one that asks is busy with asking alone.
type prepared struct {
	request *http.Request // without a body; never changed
	body    string
}

func (q request) prepare() (prepared, error) {
	var body string
	r, err := http.NewRequestWithContext(context.Background(), q.method, q.address, nil)
	if err != nil {
		return prepared{}, err
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	if q.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		body = q.form.Encode()
	}
	return prepared{r, body}, nil
}

// with is the request once more, its body ended with the rest.
func (p prepared) with(ctx context.Context, rest string) *http.Request {
	r := p.request.WithContext(ctx)
	if p.body != "" {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(p.body+rest)), int64(len(p.body)+len(rest))
	}
	return r
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     []byte
}

// ask asks once and keeps what came back.
func (l *line) ask(ctx context.Context, q request) (answer, error) {
	p, err := q.prepare()
	if err != nil {
		return answer{}, err
	}
	return l.send(p.with(ctx, ""), true)
}

// send asks; the body is kept where it is wanted, or the answer no success: what
// is measured is who answers, not how the one that asks collects its garbage.
func (l *line) send(r *http.Request, wanted bool) (answer, error) {
	response, err := l.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	_, err = buffer.ReadFrom(response.Body)
	got := answer{status: response.StatusCode, location: response.Header.Get("Location")}
	if wanted || got.status != http.StatusOK {
		got.body = bytes.Clone(buffer.Bytes())
	}
	return got, errors.Join(err, response.Body.Close())
}

// buffers are read into again and again: what is measured is who answers.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (s settings) host() string { return strings.TrimPrefix(s.base, "http://") }

// network is where the name leads: everything is on this machine.
func (s settings) network() string {
	_, port, _ := net.SplitHostPort(s.host())
	return "127.0.0.1:" + port
}

func (s settings) greet(l *line) act {
	return simple("hello", "", l, request{method: http.MethodGet, address: "http://" + s.hello + "/"})
}

// simple is an act of requests that are the same each time, one after the other.
func simple(name, goal string, l *line, all ...request) act {
	ready := make([]prepared, len(all))
	var wrong error
	for i, q := range all {
		var err error
		ready[i], err = q.prepare()
		wrong = errors.Join(wrong, err)
	}
	return act{name: name, goal: goal, do: func(ctx context.Context) (int, error) {
		if wrong != nil {
			return 0, wrong
		}
		for i, p := range ready {
			got, err := l.send(p.with(ctx, ""), false)
			if err == nil && got.status != http.StatusOK {
				err = fmt.Errorf("answered %d: %s", got.status, got.body)
			}
			if err != nil {
				return i, err
			}
		}
		return len(ready), nil
	}}
}

func basic(id, secret string) map[string]string {
	return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}
}

func (s settings) acts(ctx context.Context, l *line) ([]act, error) {
	cookies, err := s.signIn(ctx)
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	asks, err := s.sequence(cookies, rs256)
	if err != nil {
		return nil, err
	}
	told, _, err := s.flow(ctx, l, asks)
	if err != nil {
		return nil, err
	}
	token := accessToken(told)
	machine, machineSecret, _ := strings.Cut(s.machine, ":")
	ask := request{http.MethodPost, s.base + "/connect/token", basic(machine, machineSecret), url.Values{"grant_type": {"client_credentials"}}}
	got, err := l.ask(ctx, ask)
	if err != nil {
		return nil, err
	}
	acts := []act{
		simple("discovery", "0.80", l, request{method: http.MethodGet, address: s.base + "/.well-known/openid-configuration"}),
		simple("keys (JWKS)", "0.80", l, request{method: http.MethodGet, address: s.base + "/.well-known/openid-configuration/jwks"}),
		simple("userinfo", "0.55", l, request{http.MethodGet, s.base + "/connect/userinfo", map[string]string{"Authorization": "Bearer " + token}, nil}),
		simple("introspection", "0.55", l, request{http.MethodPost, s.base + "/connect/introspect", basic(rs256.id, rs256.secret), url.Values{"token": {token}}}),
		simple("token of a machine (client credentials, "+algorithm(accessToken(got.body))+")", "0.22", l, ask),
	}
	for i := range acts {
		acts[i].pid = s.pid
	}
	acts = append(acts, s.password(l))
	for _, c := range []connected{eddsa, es256, rs256} {
		asks, err := s.sequence(cookies, c)
		if err != nil {
			return nil, err
		}
		told, _, err := s.flow(ctx, l, asks)
		if err != nil {
			return nil, err
		}
		whole := act{name: "code with PKCE to tokens, signed in, " + algorithm(accessToken(told)), goal: "0.20, ≤ 650 µs", pid: s.pid, do: func(ctx context.Context) (int, error) {
			_, n, err := s.flow(ctx, l, asks)
			return n, err
		}}
		same := whole
		bare := s.greeted(l, cookies, c)
		same.name, same.goal, same.bare = whole.name+", against the same requests", "", &bare
		acts = append(acts, whole, same)
	}
	if s.floor != "" {
		least, err := s.least(l)
		if err != nil {
			return nil, err
		}
		least.pid = s.floorPID
		acts = append(acts, least)
	}
	if s.peer != "" {
		other := simple("npm's oidc-provider: token of a machine, ES256, nothing durable", "", l, request{
			http.MethodPost, "http://" + s.peer + "/token", basic("machine", "secret-of-the-comparison"), url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}},
		})
		acts = append(acts, other)
	}
	return acts, nil
}

func accessToken(body []byte) string {
	var tokens struct {
		Access string `json:"access_token"`
	}
	if json.Unmarshal(body, &tokens) != nil {
		return ""
	}
	return tokens.Access
}

// algorithm is what the token is signed with.
func algorithm(token string) string {
	head, _, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.DecodeString(head)
	var header struct {
		Alg string `json:"alg"`
	}
	if err != nil || json.Unmarshal(data, &header) != nil {
		return "opaque"
	}
	return header.Alg
}

func authorize(c connected) string { return "/connect/authorize?" + query(c) }

func query(c connected) string {
	challenge := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {c.id}, "response_type": {"code"}, "scope": {"openid profile"}, "redirect_uri": {callback}, "state": {"state"}, "nonce": {"nonce"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode()
}

// flow goes from the authorization request to the tokens, as a signed-in
// person's browser and the client's server do. It gives what the client was told.
func (s settings) flow(ctx context.Context, l *line, asks sequence) (told []byte, requests int, err error) {
	got, err := l.send(asks.authorize.with(ctx, ""), false)
	for requests = 1; requests <= 5; requests++ {
		if err != nil {
			return nil, requests, err
		}
		if got.location == "" {
			return nil, requests, fmt.Errorf("no way on, answered %d: %.200s", got.status, got.body)
		}
		code, ok := codeIn(got.location)
		if !ok {
			got, err = l.ask(ctx, request{http.MethodGet, s.base + got.location, asks.browser, nil})
			continue
		}
		got, err = l.send(asks.token.with(ctx, code), true)
		if err == nil && (got.status != http.StatusOK || !bytes.Contains(got.body, []byte(`"access_token":"`))) {
			err = fmt.Errorf("token answered %d: %s", got.status, got.body)
		}
		return got.body, requests + 1, err
	}
	return nil, requests, errors.New("no code after five redirects")
}

// sequence is what a flow of a client asks. The code ends the token's form.
type sequence struct {
	authorize, token prepared
	browser          map[string]string // headers of one who is signed in
}

// sequenceOf is the flow of the client at the addresses of a provider.
func sequenceOf(authorization, token, cookies string, c connected) (sequence, error) {
	browser := map[string]string{"Cookie": cookies}
	first, err := request{http.MethodGet, authorization + "?" + query(c), browser, nil}.prepare()
	if err != nil {
		return sequence{}, err
	}
	second, err := redemption(token, c).prepare()
	second.body += "&code="
	return sequence{first, second, browser}, err
}

// redemption asks for the tokens of a code, all but the code.
func redemption(token string, c connected) request {
	return request{http.MethodPost, token, basic(c.id, c.secret), url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {callback}, "code_verifier": {verifier}}}
}

func (s settings) sequence(cookies string, c connected) (sequence, error) {
	return sequenceOf(s.base+"/connect/authorize", s.base+"/connect/token", cookies, c)
}

// greeted sends the bare handler what a flow sends, of the same length, which it
// greets: the one that asks has the same work with both.
func (s settings) greeted(l *line, cookies string, c connected) act {
	token := redemption("http://"+s.hello+"/token", c)
	token.form.Set("code", strings.Repeat("c", sealedBytes))
	return simple("the same requests, greeted", "", l,
		request{http.MethodGet, "http://" + s.hello + "/authorize?" + query(c), map[string]string{"Cookie": cookies}, nil}, token)
}

// codeIn finds the code in the address that the browser is sent to, escaped as it
// stands there.
func codeIn(address string) (code string, ok bool) {
	_, query, _ := strings.Cut(address, "?")
	for part := range strings.SplitSeq(query, "&") {
		if code, ok = strings.CutPrefix(part, "code="); ok {
			return code, true
		}
	}
	return "", false
}

// signIn makes a session of a person of the demo who has an authenticator, and
// allows the client for good.
func (s settings) signIn(ctx context.Context) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host != s.host() {
			return http.ErrUseLastResponse
		}
		return nil
	}, Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, s.network()) }}}
	send := func(method, address string, form url.Values) (*url.URL, error) {
		r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := browser.Do(r)
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		return response.Request.URL, response.Body.Close()
	}
	page, err := send(http.MethodGet, s.base+authorize(rs256), nil)
	if err != nil {
		return "", err
	}
	if page, err = send(http.MethodPost, page.String(), url.Values{"pin": {demo.Head.PIN}, "password": {demo.Password}}); err != nil {
		return "", err
	}
	code, err := totp.GenerateCode(demo.Head.TOTP, time.Now())
	if err != nil {
		return "", err
	}
	if page, err = send(http.MethodPost, page.String(), url.Values{"code": {code}}); err != nil {
		return "", err
	}
	if page.Path != "/consent" {
		return "", fmt.Errorf("no consent is asked for: %s", page.Path)
	}
	if _, err = send(http.MethodPost, page.String(), url.Values{"decision": {"allow"}, "agreement": {"1"}, "remember": {"1"}}); err != nil {
		return "", err
	}
	for _, c := range []connected{es256, eddsa} {
		if page, err = send(http.MethodGet, s.base+authorize(c), nil); err != nil {
			return "", err
		}
		if _, err = send(http.MethodPost, page.String(), url.Values{"decision": {"allow"}, "remember": {"1"}}); err != nil {
			return "", err
		}
	}
	base, err := url.Parse(s.base)
	if err != nil {
		return "", err
	}
	var cookies []string
	for _, cookie := range jar.Cookies(base) {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(cookies, "; "), nil
}
