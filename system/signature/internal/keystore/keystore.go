// Package keystore makes private keys and signs with them. A key never leaves
// its store: who uses it holds a handle, which the database keeps.
//
//	software   the key lies in the handle, sealed under the system's secret
//	token      the key lies in a hardware module, reached by PKCS #11 (build tag pkcs11)
package keystore

import (
	"crypto"
	"fmt"
	"strings"
)

// Algorithm is a kind of key.
type Algorithm string

// The kinds of keys that Kyrgyz certificates of ours have (FACTS: GOST stays
// behind the same interface, in a store of its own).
const (
	P256    Algorithm = "ecdsa-p256"
	RSA2048 Algorithm = "rsa-2048"
)

// Store makes and opens keys.
type Store interface {
	// Make makes a key. The handle is text for the database.
	Make(a Algorithm) (handle string, public crypto.PublicKey, err error)
	// Open gives the key of a handle that Make gave.
	Open(handle string) (crypto.Signer, error)
	// Forget deletes a key that will never sign, so that a module does not fill up.
	Forget(handle string) error
	// Close gives back what the store holds.
	Close() error
}

// Settings are the configuration keys of the signature service that choose the store.
type Settings map[string]string

// Open opens the store that the settings name. Keys of the software store stay
// usable beside a module, so that an installation may move to one.
func Open(settings Settings, secret []byte) (Store, error) {
	software, err := NewSoftware(secret)
	if err != nil {
		return nil, err
	}
	switch settings["keystore"] {
	case "", "software":
		return software, nil
	case "pkcs11":
		token, err := openToken(settings)
		if err != nil {
			return nil, err
		}
		return &both{token: token, software: software}, nil
	}
	return nil, fmt.Errorf("keystore is software or pkcs11, not %q", settings["keystore"])
}

// ParseAlgorithm reads a kind of key; empty is ECDSA P-256.
func ParseAlgorithm(s string) (Algorithm, error) {
	switch a := Algorithm(s); a {
	case "":
		return P256, nil
	case P256, RSA2048:
		return a, nil
	}
	return "", fmt.Errorf("a key is %s or %s, not %q", P256, RSA2048, s)
}

// both makes keys in the module and opens those of either store.
type both struct{ token, software Store }

func (b *both) Make(a Algorithm) (string, crypto.PublicKey, error) { return b.token.Make(a) }

func (b *both) Open(handle string) (crypto.Signer, error) {
	if strings.HasPrefix(handle, tokenPrefix) {
		return b.token.Open(handle)
	}
	return b.software.Open(handle)
}

func (b *both) Forget(handle string) error {
	if strings.HasPrefix(handle, tokenPrefix) {
		return b.token.Forget(handle)
	}
	return b.software.Forget(handle)
}

func (b *both) Close() error { return b.token.Close() }

// The handle says whose it is.
const (
	softwarePrefix = "aes256gcm:"
	tokenPrefix    = "pkcs11:"
)
