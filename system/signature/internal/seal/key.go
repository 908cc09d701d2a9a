package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

// How long certificates hold. A seal's certificate outlives its key's time of
// sealing: the key is replaced after Rotate, what it sealed stays checkable.
const (
	authorityYears = 20
	keyYears       = 5
)

// signingKey is a row of the table.
type signingKey struct {
	number      int64
	id          string
	certificate string // PEM
	private     string // sealed PKCS #8
	created     time.Time
}

// Ensure makes the authority and the first key if there is none, and the next
// key if the newest is too old. Processes that do it at once agree by the
// primary key on whose is kept.
func (s *Service) Ensure(ctx context.Context) error {
	newest, err := current(ctx, s.DB.Read)
	switch {
	case err == nil && s.Clock.Now().Sub(newest.created) < s.Rotate:
		return nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return db.Explain(err)
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		certificate, private, err := s.authority(ctx, tx)
		if err != nil {
			return err
		}
		next, err := s.make(certificate, private, newest.number+1)
		if err != nil {
			return err
		}
		return insertKey(ctx, tx, next)
	})
}

// authority gives the certificate authority, made on first use.
func (s *Service) authority(ctx context.Context, tx *sql.Tx) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certificate, sealed, err := findAuthority(ctx, tx)
	if errors.Is(err, sql.ErrNoRows) {
		if certificate, sealed, err = s.makeAuthority(); err != nil {
			return nil, nil, err
		}
		if err := insertAuthority(ctx, tx, certificate, sealed, s.Clock.Now()); err != nil {
			return nil, nil, err
		}
		certificate, sealed, err = findAuthority(ctx, tx) // another process may have been first
	}
	if err != nil {
		return nil, nil, err
	}
	parsed, err := parse(certificate)
	if err != nil {
		return nil, nil, err
	}
	private, err := s.open(sealed)
	return parsed, private, err
}

func (s *Service) makeAuthority() (certificate, sealed string, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	now := s.Clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Sanarip seal authority", Country: []string{"KG"}},
		NotBefore: now.Add(-time.Minute), NotAfter: now.AddDate(authorityYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return "", "", err
	}
	sealed, err = s.close(private)
	return encode(der), sealed, err
}

func (s *Service) make(authority *x509.Certificate, signer *ecdsa.PrivateKey, number int64) (signingKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return signingKey{}, err
	}
	now := s.Clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: fmt.Sprintf("Sanarip seal key %d", number), Country: []string{"KG"}},
		NotBefore: now.Add(-time.Minute), NotAfter: now.AddDate(keyYears, 0, 0),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, &private.PublicKey, signer)
	if err != nil {
		return signingKey{}, err
	}
	sealed, err := s.close(private)
	return signingKey{number: number, id: id.New(), certificate: encode(der), private: sealed, created: now}, err
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // never fails since Go 1.24
	return n
}

func encode(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (s *Service) box() (cipher.AEAD, error) {
	if len(s.Secret) != 32 {
		return nil, errors.New("the signature service needs a secret of 32 bytes")
	}
	block, err := aes.NewCipher(s.Secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// purpose binds the box to what is in it.
var purpose = []byte("sanarip seal key v1")

func (s *Service) close(private *ecdsa.PrivateKey) (string, error) {
	box, err := s.box()
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(box.Seal(nil, nil, der, purpose)), nil
}

func (s *Service) open(sealed string) (*ecdsa.PrivateKey, error) {
	box, err := s.box()
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, err
	}
	der, err := box.Open(nil, nil, data, purpose)
	if err != nil {
		return nil, errors.New("the private key cannot be opened: the system's secret is not the one it was sealed with")
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("a key that is no ECDSA key")
	}
	return private, nil
}
