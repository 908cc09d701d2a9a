package keystore

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Software keeps a key in its handle: PKCS #8 sealed with AES-256-GCM.
type Software struct{ box cipher.AEAD }

var _ Store = (*Software)(nil)

// purpose binds the box to what is in it: a handle of another kind does not open.
var purpose = []byte("sanarip private key v1")

// NewSoftware makes the store; the secret has 32 bytes.
func NewSoftware(secret []byte) (*Software, error) {
	if len(secret) != 32 {
		return nil, errors.New("the signature service needs a secret of 32 bytes")
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	return &Software{box: box}, err
}

// Make implements Store.
func (s *Software) Make(a Algorithm) (string, crypto.PublicKey, error) {
	var private crypto.Signer
	var err error
	switch a {
	case P256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA2048:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		err = fmt.Errorf("a key of kind %q cannot be made", a)
	}
	if err != nil {
		return "", nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", nil, err
	}
	return softwarePrefix + base64.StdEncoding.EncodeToString(s.box.Seal(nil, nil, der, purpose)), private.Public(), nil
}

// Open implements Store.
func (s *Software) Open(handle string) (crypto.Signer, error) {
	sealed, ok := strings.CutPrefix(handle, softwarePrefix)
	if !ok {
		return nil, errors.New("the key lies in a module (keystore = pkcs11) that is not configured here")
	}
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, err
	}
	der, err := s.box.Open(nil, nil, data, purpose)
	if err != nil {
		return nil, errors.New("the private key cannot be opened: the system's secret is not the one it was sealed with")
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key that does not sign")
	}
	return signer, nil
}

// Forget implements Store: the key is gone with its handle.
func (s *Software) Forget(string) error { return nil }

// Close implements Store.
func (s *Software) Close() error { return nil }
