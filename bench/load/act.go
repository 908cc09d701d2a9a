package main

import (
	"bufio"
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
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
)

// The demo's clients for tests of the provider: one has its tokens signed with
// RS256, the other with ES256.
var (
	rs256 = connected{"conformance", "conformance-secret-demo"}
	es256 = connected{"conformance-es256", "conformance-es256-secret-demo"}
)

type connected struct{ id, secret string }

const (
	callback = "http://127.0.0.1:9400/callback"
	verifier = "a-verifier-of-more-than-forty-three-characters-0123"
)

// line is one connection that is kept open.
type line struct {
	conn   net.Conn
	reader *bufio.Reader
}

func open(ctx context.Context, address string) (*line, error) {
	conn, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return &line{conn, bufio.NewReaderSize(conn, 16<<10)}, nil
}

// answer is what came back.
type answer struct {
	status   int
	location string
	body     []byte
}

// ask sends the request as it is and reads the answer.
func (l *line) ask(request []byte) (answer, error) {
	if _, err := l.conn.Write(request); err != nil {
		return answer{}, err
	}
	response, err := http.ReadResponse(l.reader, nil)
	if err != nil {
		return answer{}, err
	}
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header.Get("Location"), body}, errors.Join(err, response.Body.Close())
}

// raw is a request as bytes.
func raw(method, host, path string, header map[string]string, form url.Values) []byte {
	var b bytes.Buffer
	_, _ = fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, host)
	for name, value := range header {
		_, _ = fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	body := form.Encode()
	if form != nil {
		_, _ = fmt.Fprintf(&b, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n", len(body))
	}
	_, _ = fmt.Fprintf(&b, "\r\n%s", body)
	return b.Bytes()
}

func (s settings) host() string { return strings.TrimPrefix(s.base, "http://") }

// network is where the name leads: everything is on this machine.
func (s settings) network() string {
	_, port, _ := net.SplitHostPort(s.host())
	return "127.0.0.1:" + port
}

func (s settings) greet() act {
	return s.simple("hello", "", s.hello, raw("GET", s.hello, "/", nil, nil))
}

// simple is an act of one request that is the same each time.
func (s settings) simple(name, goal, address string, request []byte) act {
	return act{name, goal, func(ctx context.Context) (func() (int, error), error) {
		l, err := open(ctx, address)
		if err != nil {
			return nil, err
		}
		return func() (int, error) {
			got, err := l.ask(request)
			if err == nil && got.status != http.StatusOK {
				err = fmt.Errorf("answered %d: %s", got.status, got.body)
			}
			return 1, err
		}, nil
	}}
}

func basic(id, secret string) map[string]string {
	return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}
}

func (s settings) acts(ctx context.Context) ([]act, error) {
	at, host := s.network(), s.host()
	cookies, err := s.signIn(ctx)
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	l, err := open(ctx, at)
	if err != nil {
		return nil, err
	}
	token, _, err := s.flow(l, cookies, rs256)
	if err != nil {
		return nil, err
	}
	machine, machineSecret, _ := strings.Cut(s.machine, ":")
	ask := raw("POST", host, "/connect/token", basic(machine, machineSecret), url.Values{"grant_type": {"client_credentials"}})
	got, err := l.ask(ask)
	if err != nil {
		return nil, err
	}
	acts := []act{
		s.simple("discovery", "0.80", at, raw("GET", host, "/.well-known/openid-configuration", nil, nil)),
		s.simple("keys (JWKS)", "0.80", at, raw("GET", host, "/.well-known/openid-configuration/jwks", nil, nil)),
		s.simple("userinfo", "0.55", at, raw("GET", host, "/connect/userinfo", map[string]string{"Authorization": "Bearer " + token}, nil)),
		s.simple("introspection", "0.55", at, raw("POST", host, "/connect/introspect", basic(rs256.id, rs256.secret), url.Values{"token": {token}})),
		s.simple("token of a machine (client credentials, "+algorithm(accessToken(got.body))+")", "0.22", at, ask),
	}
	for _, c := range []connected{es256, rs256} {
		if token, _, err = s.flow(l, cookies, c); err != nil {
			return nil, err
		}
		acts = append(acts, act{"code with PKCE to tokens, signed in, " + algorithm(token), "0.20, ≤ 650 µs", func(ctx context.Context) (func() (int, error), error) {
			l, err := open(ctx, at)
			if err != nil {
				return nil, err
			}
			return func() (int, error) {
				_, n, err := s.flow(l, cookies, c)
				return n, err
			}, nil
		}})
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

func authorize(c connected) string {
	challenge := sha256.Sum256([]byte(verifier))
	return "/connect/authorize?" + url.Values{
		"client_id": {c.id}, "response_type": {"code"}, "scope": {"openid profile"}, "redirect_uri": {callback}, "state": {"state"}, "nonce": {"nonce"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode()
}

// flow goes from the authorization request to the tokens, as a signed-in
// person's browser and the client's server do.
func (s settings) flow(l *line, cookies string, c connected) (token string, requests int, err error) {
	path := authorize(c)
	for requests = 1; requests <= 5; requests++ {
		got, err := l.ask(raw("GET", s.host(), path, map[string]string{"Cookie": cookies}, nil))
		if err != nil {
			return "", requests, err
		}
		target, err := url.Parse(got.location)
		if err != nil || target.String() == "" {
			return "", requests, fmt.Errorf("%s answered %d: %.200s", path, got.status, got.body)
		}
		code := target.Query().Get("code")
		if code == "" {
			path = target.RequestURI()
			continue
		}
		got, err = l.ask(raw("POST", s.host(), "/connect/token", basic(c.id, c.secret), url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
		}))
		if token = accessToken(got.body); err == nil && (got.status != http.StatusOK || token == "") {
			err = fmt.Errorf("token answered %d: %s", got.status, got.body)
		}
		return token, requests + 1, err
	}
	return "", requests, errors.New("no code after five redirects")
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
	if page, err = send(http.MethodGet, s.base+authorize(es256), nil); err != nil {
		return "", err
	}
	if _, err = send(http.MethodPost, page.String(), url.Values{"decision": {"allow"}, "remember": {"1"}}); err != nil {
		return "", err
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
