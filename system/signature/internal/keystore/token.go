//go:build pkcs11

package keystore

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ThalesGroup/crypto11"
)

// Token keeps keys in a hardware module, reached by PKCS #11. They are made
// there, sign there, and cannot be taken out; the handle is the key's id.
type Token struct{ context *crypto11.Context }

var _ Store = (*Token)(nil)

// label of our keys, for whoever looks at the token with its own tools.
const label = "sanarip"

func openToken(settings Settings) (Store, error) {
	if settings["pkcs11_module"] == "" || settings["pkcs11_token"] == "" {
		return nil, errors.New("keystore = pkcs11 needs pkcs11_module, pkcs11_token and pkcs11_pin")
	}
	context, err := crypto11.Configure(&crypto11.Config{
		Path: settings["pkcs11_module"], TokenLabel: settings["pkcs11_token"], Pin: settings["pkcs11_pin"], PoolWaitTimeout: 10 * time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("the PKCS #11 module %s: %w", settings["pkcs11_module"], err)
	}
	return &Token{context}, nil
}

// Make implements Store.
func (t *Token) Make(a Algorithm) (string, crypto.PublicKey, error) {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails since Go 1.24
	var key crypto.Signer
	var err error
	switch a {
	case P256:
		key, err = t.context.GenerateECDSAKeyPairWithLabel(id[:], []byte(label), elliptic.P256())
	case RSA2048:
		key, err = t.context.GenerateRSAKeyPairWithLabel(id[:], []byte(label), 2048)
	default:
		err = fmt.Errorf("a key of kind %q cannot be made", a)
	}
	if err != nil {
		return "", nil, err
	}
	return tokenPrefix + hex.EncodeToString(id[:]), key.Public(), nil
}

// Open implements Store.
func (t *Token) Open(handle string) (crypto.Signer, error) {
	return t.find(handle)
}

func (t *Token) find(handle string) (crypto11.Signer, error) {
	text, ok := strings.CutPrefix(handle, tokenPrefix)
	id, err := hex.DecodeString(text)
	if !ok || err != nil {
		return nil, errors.New("a handle that is not of the module")
	}
	key, err := t.context.FindKeyPair(id, nil)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, errors.New("the module does not hold the key: it is not the one in which it was made")
	}
	return key, nil
}

// Forget implements Store.
func (t *Token) Forget(handle string) error {
	key, err := t.find(handle)
	if err != nil {
		return err
	}
	return key.Delete()
}

// Close implements Store.
func (t *Token) Close() error { return t.context.Close() }
