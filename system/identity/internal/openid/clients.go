package openid

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

// connected is a client in both shapes.
type connected struct {
	Client
	library *goidc.Client
	digest  [sha256.Size]byte // of a secret that is known
}

func connect(c Client) connected {
	return connected{Client: c, library: c.library(), digest: sha256.Sum256([]byte(c.Secret))}
}

// client is the client of the id: one of the product's own or a registered one.
func (p *Provider) client(ctx context.Context, clientID string) (connected, bool, error) {
	return p.clientIn(ctx, p.config.DB.Read, clientID)
}

// clientIn is client for who is in a transaction.
func (p *Provider) clientIn(ctx context.Context, q db.Querier, clientID string) (connected, bool, error) {
	if c, ok := p.own[clientID]; ok {
		return c, true, nil
	}
	if p.config.Registry == nil || clientID == "" || len(clientID) > 100 {
		return connected{}, false, nil
	}
	return p.config.Registry.current(ctx, q, clientID)
}

// Client is the client of the id.
func (p *Provider) Client(clientID string) (Client, bool) {
	// One row by its key: a database that takes longer is away.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, found, err := p.client(ctx, clientID)
	return c.Client, found && err == nil
}

// Own are the clients that are set by the installation itself, by id; nobody
// registers them, and nobody decides about them.
func (p *Provider) Own() []Client {
	all := make([]Client, 0, len(p.own))
	for _, id := range slices.Sorted(maps.Keys(p.own)) {
		all = append(all, p.own[id].Client)
	}
	return all
}

// alive says whether what was granted to the client is still good.
func (p *Provider) alive(ctx context.Context, clientID string) (bool, error) {
	c, found, err := p.client(ctx, clientID)
	return found && c.State != StateBlocked, err
}

// source gives the library its clients. It is made for dynamic registration,
// which is not offered: the library asks it for each client.
type source struct{ p *Provider }

var _ goidc.DCRManager = source{}

// Client implements goidc.DCRManager.
func (s source) Client(ctx context.Context, clientID string) (*goidc.Client, error) {
	c, found, err := s.p.client(ctx, clientID)
	if err != nil {
		note(ctx, err)
		return nil, err
	}
	if !found || c.State == StateBlocked {
		return nil, goidc.ErrNotFound
	}
	return c.library, nil
}

var errNotOffered = errors.New("openid: clients are not registered by the protocol")

// SaveClient implements goidc.DCRManager.
func (source) SaveClient(context.Context, *goidc.Client) error { return errNotOffered }

// DeleteClient implements goidc.DCRManager.
func (source) DeleteClient(context.Context, string) error { return errNotOffered }

// verifySecret compares what a client presents; known is its id.
func (p *Provider) verifySecret(ctx context.Context, known, presented string) error {
	c, found, err := p.client(ctx, known)
	if err != nil {
		note(ctx, err)
		return err
	}
	wrong := errors.New("wrong client secret")
	if !found || presented == "" {
		return wrong
	}
	if c.Secret != "" {
		digest := sha256.Sum256([]byte(presented))
		if subtle.ConstantTimeCompare(digest[:], c.digest[:]) != 1 {
			return wrong
		}
		return nil
	}
	hash := []byte(id.Hash(presented))
	now := subtle.ConstantTimeCompare(hash, []byte(c.hash))
	before := subtle.ConstantTimeCompare(hash, []byte(c.previous))
	if c.previous == "" || !p.config.Clock.Now().Before(c.previousUntil) {
		before = 0
	}
	if now|before != 1 {
		return wrong
	}
	return nil
}
