// Package seal keeps secrets at rest: AES-256-GCM under a key derived from the
// system's own secret, and codes that are derived instead of kept.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// Box seals and opens. Each purpose has a key of its own.
type Box struct {
	secret  []byte
	ciphers sync.Map // of purposes: they are few, and each takes a while to make
}

// New makes a box; secret is at least 32 bytes, stable over restarts.
func New(secret []byte) (*Box, error) {
	if len(secret) < 32 {
		return nil, errors.New("seal: the secret must have 32 bytes")
	}
	return &Box{secret: secret}, nil
}

func (b *Box) key(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, b.secret, nil, "sanarip identity "+purpose, 32)
}

func (b *Box) cipher(purpose string) (cipher.AEAD, error) {
	if made, ok := b.ciphers.Load(purpose); ok {
		return made.(cipher.AEAD), nil
	}
	key, err := b.key(purpose)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err == nil {
		b.ciphers.Store(purpose, aead)
	}
	return aead, err
}

// Envelope is what we hand out and want to have back unread and unchanged, not
// kept anywhere. 96 random bits of nonce: a key may seal 2^32 of them.
func (b *Box) Envelope(purpose string, plain []byte) ([]byte, error) {
	aead, err := b.cipher("envelope " + purpose)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return aead.Seal(nonce, nonce, plain, nil), nil
}

// Unfold opens what Envelope made for the same purpose.
func (b *Box) Unfold(purpose string, sealed []byte) ([]byte, error) {
	aead, err := b.cipher("envelope " + purpose)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errors.New("seal: not a sealed value")
	}
	return aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
}

// Seal encrypts; purpose and owner (a row's id) are bound in, so that a sealed
// value moved to another row does not open.
func (b *Box) Seal(purpose, owner string, plain []byte) (string, error) {
	aead, err := b.cipher(purpose)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return base64.RawStdEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(owner))), nil
}

// Open decrypts what Seal made for the same purpose and owner.
func (b *Box) Open(purpose, owner, sealed string) ([]byte, error) {
	aead, err := b.cipher(purpose)
	if err != nil {
		return nil, err
	}
	data, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(data) < aead.NonceSize() {
		return nil, errors.New("seal: not a sealed value")
	}
	plain, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], []byte(owner))
	if err != nil {
		return nil, fmt.Errorf("seal: %s does not open: wrong secret or changed value", purpose)
	}
	return plain, nil
}

// Code is a six-digit code that only who holds the secret can tell. It is kept
// nowhere: the number-th code of the owner is always the same.
func (b *Box) Code(owner string, number int64) (string, error) {
	key, err := b.key("code")
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s %d", owner, number) // a hash takes everything
	// 64 bits modulo a million: the bias is below 2^-44.
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(mac.Sum(nil))%1_000_000), nil
}

// Token is a secret of 43 characters that only who holds the secret can tell:
// what a link in a message carries is kept nowhere.
func (b *Box) Token(purpose, owner string) (string, error) {
	key, err := b.key("token " + purpose)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(owner)) // a hash takes everything
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}
