package openid

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
)

const backChannelJob = "back-channel-logout"

type ended struct {
	Client  string `json:"client"`
	SID     string `json:"sid"`
	Subject string `json:"sub"`
}

// tell writes the job of a logout token beside the end of the session.
func (p *Provider) tell(ctx context.Context, tx *sql.Tx, client, sid, subject string) error {
	c, _, err := p.clientIn(ctx, tx, client)
	if err != nil || c.BackChannel == "" || c.State == StateBlocked {
		return err
	}
	_, err = p.config.Queue.Add(ctx, tx, backChannelJob, ended{client, sid, subject}, job.Options{Subject: client})
	return err
}

// sendLogout sends a logout token (OpenID Connect Back-Channel Logout 1.0). A
// repetition has a new jti: a client that took the first and whose answer was
// lost would refuse the same one.
func (p *Provider) sendLogout(ctx context.Context, j job.Job) error {
	var e ended
	if err := j.Bind(&e); err != nil {
		return err
	}
	client, found, err := p.client(ctx, e.Client)
	if err != nil {
		return err
	}
	if !found || client.BackChannel == "" {
		return nil // disconnected meanwhile
	}
	now := time.Now() // clients compare with the time of the world
	token, err := p.sign(ctx, map[string]any{
		"iss": p.config.Issuer, "sub": p.subjectAt(ctx, e.Subject, e.Client), "aud": e.Client, "iat": now.Unix(), "exp": now.Add(p.lives.logout).Unix(), "jti": id.New(), "sid": e.SID,
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}, client.alg(), "logout+jwt")
	if err != nil {
		return err
	}
	// A client that is slower is told again later; others wait in the queue.
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, client.BackChannel, strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	caller := p.config.HTTP
	if client.Registered() && !local(p.config.Issuer) {
		caller = outward
	}
	response, err := caller.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // so that the connection can be used again
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("client %s answered %d to a logout token", e.Client, response.StatusCode)
	}
	return nil
}

// outward calls addresses that engineers have registered: in the world outside
// alone, never this machine or its network, whatever a name resolves to.
var outward = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport: &http.Transport{
		DialContext:  (&net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error { return outside(address) }}).DialContext,
		MaxIdleConns: 20, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second,
	},
}

// outside is an error for an address that is not one of the public network.
func outside(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap()
	inward := slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) })
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || inward {
		return errors.New("openid: the address is not in the public network")
	}
	return nil
}

// notPublic is what looks like the public network and is not (RFC 6890): "this"
// network, providers' own, the protocols', those that are kept back, and the IPv6
// addresses behind which a translator finds an IPv4 address of our own network.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), // RFC 6052, RFC 8215
	netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"), // Teredo, 6to4
}

func (p *Provider) sign(ctx context.Context, claims map[string]any, alg goidc.SignatureAlgorithm, typ jose.ContentType) (string, error) {
	set, err := p.config.Keys.JWKS(ctx)
	if err != nil {
		return "", err
	}
	key, err := set.KeyByAlg(string(alg))
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(typ))
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
