// Package cardagent stands in for CryptoSocket and TumarCSP on a developer's
// machine: a software e-ID card in a file, and the agent that pages reach by
// WebSocket. It protects nothing in earnest: who has the file has its counters
// too, and four digits are soon tried. docs/card.md says what it speaks.
package cardagent

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/smallstep/pkcs7"
	"golang.org/x/crypto/argon2"

	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Tries is how many wrong PINs in a row block a card, and how many wrong PUKs
// end it.
const (
	Tries    = 3
	PUKTries = 10
)

// Errors of a card.
var (
	ErrPIN     = errors.New("wrong PIN")
	ErrBlocked = errors.New("the card is blocked")
	ErrNoCard  = errors.New("there is no card in the reader")
)

// file is the card as it lies on the disk. The keys lie under a key of the
// card's own, and that under the PIN and under the PUK.
type file struct {
	Version int    `json:"version"`
	Number  string `json:"number"` // of the card, as on its face
	PIN     lock   `json:"pin"`
	PUK     lock   `json:"puk"`
	Keys    []key  `json:"keys"`
	Issuing []byte `json:"issuing"` // certificate, DER
	Root    []byte `json:"root"`    // certificate, DER
}

type lock struct {
	Left int    `json:"left"` // tries
	Salt []byte `json:"salt"`
	Box  []byte `json:"box"`
}

type key struct {
	Usage       signatureapi.Usage `json:"usage"`
	Certificate []byte             `json:"certificate"` // DER
	Box         []byte             `json:"box"`         // PKCS #8
}

// Card is a card in a file.
type Card struct {
	Path string
	mu   sync.Mutex
}

// secretKey is argon2id at the setting of RFC 9106, 4 (second recommended).
func secretKey(secret string, salt []byte) []byte {
	return argon2.IDKey([]byte(secret), salt, 3, 64<<10, 2, 32)
}

func box(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(secret, plain []byte, what string) ([]byte, error) {
	b, err := box(secret)
	if err != nil {
		return nil, err
	}
	return b.Seal(nil, nil, plain, []byte(what)), nil
}

func unseal(secret, sealed []byte, what string) ([]byte, error) {
	b, err := box(secret)
	if err != nil {
		return nil, err
	}
	return b.Open(nil, nil, sealed, []byte(what))
}

func newLock(secret string, tries int, inner []byte, what string) (lock, error) {
	l := lock{Left: tries, Salt: make([]byte, 16)}
	_, _ = rand.Read(l.Salt) // never fails since Go 1.24
	var err error
	l.Box, err = seal(secretKey(secret, l.Salt), inner, what)
	return l, err
}

// CheckPIN says whether the text may be a card's PIN.
func CheckPIN(pin string) error {
	if len(pin) != 4 || strings.Trim(pin, "0123456789") != "" {
		return errors.New("the card's PIN has four digits")
	}
	return nil
}

// newKey makes a key: rsa or p256.
func newKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "p256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "rsa":
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("a key is p256 or rsa, not %q", algorithm)
}

// digits is a random number of so many digits.
func digits(n int) string {
	most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	number, _ := rand.Int(rand.Reader, most) // never fails since Go 1.24
	return fmt.Sprintf("%0*d", n, number)
}

// Issue asks an authority for the certificates of a card.
type Issue func(r signatureapi.CardRequest) (signatureapi.CardCertificates, error)

// Make makes a card for the person of the ПИН and writes it to the path, where
// there must be none yet. It gives the PUK.
func Make(path, person, pin, algorithm string, issue Issue) (puk string, err error) {
	if err := CheckPIN(pin); err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return "", fmt.Errorf("%s is there already", path)
	}
	auth, err := newKey(algorithm)
	if err != nil {
		return "", err
	}
	sign, err := newKey(algorithm)
	if err != nil {
		return "", err
	}
	request := signatureapi.CardRequest{PIN: person}
	if request.AuthCSR, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, auth); err != nil {
		return "", err
	}
	if request.SignCSR, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, sign); err != nil {
		return "", err
	}
	certificates, err := issue(request)
	if err != nil {
		return "", err
	}
	inner := make([]byte, 32)
	_, _ = rand.Read(inner) // never fails since Go 1.24
	f := file{Version: 1, Number: "ID" + digits(7), Issuing: certificates.Issuing, Root: certificates.Root}
	for _, each := range []struct {
		usage       signatureapi.Usage
		signer      crypto.Signer
		certificate []byte
	}{{signatureapi.Authentication, auth, certificates.Auth}, {signatureapi.Signature, sign, certificates.Sign}} {
		der, err := x509.MarshalPKCS8PrivateKey(each.signer)
		if err != nil {
			return "", err
		}
		k := key{Usage: each.usage, Certificate: each.certificate}
		if k.Box, err = seal(inner, der, string(each.usage)); err != nil {
			return "", err
		}
		f.Keys = append(f.Keys, k)
	}
	puk = digits(8)
	if f.PIN, err = newLock(pin, Tries, inner, "pin"); err != nil {
		return "", err
	}
	if f.PUK, err = newLock(puk, PUKTries, inner, "puk"); err != nil {
		return "", err
	}
	return puk, f.write(path)
}

// read opens the card's file; ErrNoCard when there is none.
func (c *Card) read() (file, error) {
	var f file
	data, err := os.ReadFile(c.Path)
	if errors.Is(err, os.ErrNotExist) {
		return f, ErrNoCard
	}
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, fmt.Errorf("%s is no card: %w", c.Path, err)
	}
	if f.Version != 1 || len(f.Keys) != 2 {
		return f, fmt.Errorf("%s is a card of another kind", c.Path)
	}
	return f, nil
}

// write replaces the file as a whole and waits until it lies on the disk.
func (f file) write(path string) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), ".card-*") // made for its owner alone
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(next.Name()) }()
	_, err = next.Write(data)
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}

// open takes a lock. The try is counted on the disk before it is made, so that
// pulling the plug gives none back.
func (c *Card) open(f *file, l *lock, secret, what string, tries int) ([]byte, error) {
	if l.Left <= 0 {
		return nil, ErrBlocked
	}
	l.Left--
	if err := f.write(c.Path); err != nil {
		return nil, err
	}
	inner, err := unseal(secretKey(secret, l.Salt), l.Box, what)
	if err != nil {
		if l.Left == 0 {
			return nil, ErrBlocked
		}
		return nil, ErrPIN
	}
	l.Left = tries
	return inner, f.write(c.Path)
}

// Unlocked is a card whose PIN was given.
type Unlocked struct {
	file  file
	inner []byte
}

// Unlock opens the card by its PIN. left is how many tries remain.
func (c *Card) Unlock(pin string) (u *Unlocked, left int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.read()
	if err != nil {
		return nil, 0, err
	}
	if CheckPIN(pin) != nil {
		pin = "" // counts as a wrong one, as on a card
	}
	inner, err := c.open(&f, &f.PIN, pin, "pin", Tries)
	if err != nil {
		return nil, f.PIN.Left, err
	}
	return &Unlocked{f, inner}, f.PIN.Left, nil
}

// Unblock sets a new PIN by the PUK.
func (c *Card) Unblock(puk, pin string) error {
	if err := CheckPIN(pin); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.read()
	if err != nil {
		return err
	}
	inner, err := c.open(&f, &f.PUK, puk, "puk", PUKTries)
	if err != nil {
		return err
	}
	if f.PIN, err = newLock(pin, Tries, inner, "pin"); err != nil {
		return err
	}
	return f.write(c.Path)
}

// Number is what stands on the card's face; ErrNoCard without one.
func (c *Card) Number() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.read()
	return f.Number, err
}

// Certificates are the card's, by usage.
func (u *Unlocked) Certificates() ([]*x509.Certificate, error) {
	all := make([]*x509.Certificate, 0, len(u.file.Keys))
	for _, k := range u.file.Keys {
		c, err := x509.ParseCertificate(k.Certificate)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// usage is the number by which the agent calls the usage of the i-th key.
func (u *Unlocked) usage(i int) int { return u.file.Keys[i].Usage.TumarCSP() }

// signer is the i-th key.
func (u *Unlocked) signer(i int) (crypto.Signer, error) {
	k := u.file.Keys[i]
	der, err := unseal(u.inner, k.Box, string(k.Usage))
	if err != nil {
		return nil, err
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, errors.New("a key that does not sign")
	}
	return signer, nil
}

// addIssuing puts the authority's certificate into the message.
func (u *Unlocked) addIssuing(message *pkcs7.SignedData) error {
	c, err := x509.ParseCertificate(u.file.Issuing)
	if err == nil {
		message.AddCertificate(c)
	}
	return err
}
