package openid

import (
	"context"
	"database/sql"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/kit/id"
)

// frame notes, with the end of a session, which systems are to be told of it in
// the browser (OpenID Connect Front-Channel Logout 1.0).
func (p *Provider) frame(ctx context.Context, tx *sql.Tx, sid string, clients []string) error {
	var told []string
	for _, each := range clients {
		c, _, err := p.clientIn(ctx, tx, each)
		if err != nil {
			return err
		}
		if c.FrontChannel != "" && c.State != StateBlocked {
			told = append(told, each)
		}
	}
	if len(told) == 0 {
		return nil
	}
	return p.flows.insertFrames(ctx, tx, id.Secret(), sid, told, p.config.Clock.Now().Add(p.lives.frame))
}

// SignedOut is where a browser goes whose session has just ended and that would
// go to next: systems that want to hear of it in the browser are told first.
func (p *Provider) SignedOut(ctx context.Context, sid, next string) (string, error) {
	handle, err := p.flows.frames(ctx, sid)
	if err != nil || handle == "" {
		return next, err
	}
	return "/connect/signed-out?" + url.Values{"of": {handle}, "next": {next}}.Encode(), nil
}

// frames are the addresses to open, and their origins.
func (p *Provider) told(ctx context.Context, handle string) (addresses, origins []string, err error) {
	sid, clients, err := p.flows.takeFrames(ctx, handle)
	if err != nil {
		return nil, nil, err
	}
	for _, each := range clients {
		c, _, err := p.client(ctx, each)
		if err != nil {
			return nil, nil, err
		}
		u, err := url.Parse(c.FrontChannel)
		if err != nil || c.FrontChannel == "" {
			continue
		}
		query := u.Query()
		query.Set("iss", p.config.Issuer)
		query.Set("sid", sid)
		u.RawQuery = query.Encode()
		addresses, origins = append(addresses, u.String()), append(origins, u.Scheme+"://"+u.Host)
	}
	slices.Sort(origins)
	return addresses, slices.Compact(origins), nil
}
