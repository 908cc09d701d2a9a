package openid

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// How keys change is in life.go.
const (
	keyBits = 2048
	cached  = 30 * time.Second // far below keyOverlap: processes may differ that long
)

// EdDSA is Ed25519 (RFC 8037).
const EdDSA goidc.SignatureAlgorithm = jose.EdDSA

// algorithms sign tokens; the first where a client wishes nothing else.
var algorithms = []goidc.SignatureAlgorithm{goidc.RS256, goidc.ES256, EdDSA}

// Keys are the keys that sign tokens. They lie sealed in the database.
type Keys struct {
	DB    *db.DB
	Clock clock.Clock
	Box   *seal.Box
	Lives setting.Values

	mu     sync.Mutex
	set    []jose.JSONWebKey
	public []byte // the published part of set as JSON
	read   time.Time
}

type key struct {
	kid     string
	alg     goidc.SignatureAlgorithm
	private []byte // PKCS#8
	sealed  string
	created time.Time
	useFrom time.Time
}

// JWKS is every key still published, with the one in use before the others of
// its algorithm: the library signs with the first.
func (k *Keys) JWKS(ctx context.Context) (goidc.JSONWebKeySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Clock.Now()
	if k.set != nil && now.Sub(k.read) < cached && !now.Before(k.read) {
		return goidc.JSONWebKeySet{Keys: k.set}, nil
	}
	keys, err := k.published(ctx, now)
	if err != nil {
		return goidc.JSONWebKeySet{}, err
	}
	slices.SortStableFunc(keys, func(a, b key) int { return rank(a, now).Compare(rank(b, now)) * -1 })
	set := make([]jose.JSONWebKey, 0, len(keys))
	for _, each := range keys {
		web, err := k.open(each)
		if err != nil {
			return goidc.JSONWebKeySet{}, err
		}
		set = append(set, web)
	}
	public, err := json.Marshal(goidc.JSONWebKeySet{Keys: set}.Public())
	if err != nil {
		return goidc.JSONWebKeySet{}, err
	}
	k.set, k.public, k.read = set, public, now
	return goidc.JSONWebKeySet{Keys: set}, nil
}

// Public is what is published of the keys, as JSON.
func (k *Keys) Public(ctx context.Context) ([]byte, error) {
	if _, err := k.JWKS(ctx); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.public, nil
}

// rank sorts the newest key that may be used first, those to come last.
func rank(each key, now time.Time) time.Time {
	if each.useFrom.After(now) {
		return time.Time{}
	}
	return each.useFrom
}

func (k *Keys) open(each key) (jose.JSONWebKey, error) {
	plain, err := k.Box.Open("signing key", each.kid, each.sealed)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	private, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return jose.JSONWebKey{}, fmt.Errorf("openid: key %s cannot be read", each.kid)
	}
	return jose.JSONWebKey{Key: private, KeyID: each.kid, Algorithm: string(each.alg), Use: "sig"}, nil
}

// Rotate makes the next key of each algorithm. The first one is used at once.
func (k *Keys) Rotate(ctx context.Context) error {
	for _, alg := range algorithms {
		if err := k.rotate(ctx, alg, 0); err != nil {
			return err
		}
	}
	return nil
}

// RotateAged makes the next key where there is none, or the newest is of the age.
func (k *Keys) RotateAged(ctx context.Context) error {
	for _, alg := range algorithms {
		if err := k.rotate(ctx, alg, k.Lives.Time(keyAge)); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keys) rotate(ctx context.Context, alg goidc.SignatureAlgorithm, age time.Duration) error {
	now := k.Clock.Now()
	number, newest, err := k.newest(ctx, alg)
	if err != nil || number > 0 && now.Sub(newest) < age {
		return err
	}
	next := key{kid: id.New(), alg: alg, created: now, useFrom: now}
	if number > 0 {
		next.useFrom = now.Add(k.Lives.Time(keyOverlap))
	}
	if next.private, err = generate(alg); err != nil {
		return err
	}
	if next.sealed, err = k.Box.Seal("signing key", next.kid, next.private); err != nil {
		return err
	}
	if err := k.insert(ctx, next, number+1); err != nil {
		return err
	}
	k.mu.Lock()
	k.set = nil
	k.mu.Unlock()
	return nil
}

// Change is after how long keys are replaced, and how long they stand side by side.
func (k *Keys) Change() (age, overlap time.Duration) {
	return k.Lives.Time(keyAge), k.Lives.Time(keyOverlap)
}

func generate(alg goidc.SignatureAlgorithm) ([]byte, error) {
	var private crypto.PrivateKey
	var err error
	switch alg {
	case goidc.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, keyBits)
	}
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(private)
}
