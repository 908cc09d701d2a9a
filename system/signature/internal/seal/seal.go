// Package seal makes and checks the seals of state systems.
package seal

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Algorithm of our seals: ECDSA P-256 with SHA-256.
const Algorithm = "ES256"

// Service makes and checks seals.
type Service struct {
	DB     *db.DB
	Clock  clock.Clock
	Log    *slog.Logger
	Secret []byte        // 32 bytes: seals the private keys at rest
	Rotate time.Duration // age at which a key is replaced
}

var _ signatureapi.API = (*Service)(nil)

// Seal implements signatureapi.API. The same document asked for again gets the
// seal there is.
func (s *Service) Seal(ctx context.Context, r signatureapi.Request) (signatureapi.Seal, error) {
	caller := exchangeapi.CallerOf(ctx)
	if caller.Client == (exchangeapi.Subsystem{}) {
		return signatureapi.Seal{}, fail.New(fail.Forbidden, "kit.exchange_only")
	}
	if sum, err := hex.DecodeString(r.SHA256); err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != r.SHA256 {
		return signatureapi.Seal{}, fail.Fields(fail.Finding{Field: "sha256", Key: "signature.bad_hash"})
	}
	if r.Document == "" || len(r.Document) > 100 || hasControl(r.Document) {
		return signatureapi.Seal{}, fail.Fields(fail.Finding{Field: "document", Key: "signature.bad_document"})
	}
	if err := s.Ensure(ctx); err != nil {
		return signatureapi.Seal{}, err
	}
	key, err := current(ctx, s.DB.Read)
	if err != nil {
		return signatureapi.Seal{}, err
	}
	made, err := s.sign(key, signatureapi.Seal{
		KeyID: key.id, Algorithm: Algorithm, Holder: caller.Client.String(), Document: r.Document, SHA256: r.SHA256,
		At: s.Clock.Now(), Certificate: key.certificate,
	})
	if err != nil {
		return signatureapi.Seal{}, err
	}
	var kept signatureapi.Seal
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		kept, err = keep(ctx, tx, id.New(), caller.ID, made)
		return err
	})
	return kept, err
}

// hasControl: a line end in a name would let one seal be read as another.
func hasControl(s string) bool {
	if !utf8.ValidString(s) {
		return true
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return true
		}
	}
	return false
}

func (s *Service) sign(key signingKey, made signatureapi.Seal) (signatureapi.Seal, error) {
	private, err := s.open(key.private)
	if err != nil {
		return made, err
	}
	sum := sha256.Sum256(made.Signed())
	value, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
	if err != nil {
		return made, err
	}
	made.Value = base64.StdEncoding.EncodeToString(value)
	return made, nil
}

// Check implements signatureapi.API. The key is ours by its id; a certificate
// that comes along proves nothing, but must not contradict.
func (s *Service) Check(ctx context.Context, in signatureapi.Seal) (signatureapi.Verdict, error) {
	if _, err := hex.DecodeString(in.SHA256); err != nil || len(in.SHA256) != hex.EncodedLen(sha256.Size) {
		return signatureapi.Verdict{Reason: "hash"}, nil //nolint:nilerr // the verdict is the answer
	}
	if uuid.Validate(in.KeyID) != nil {
		return signatureapi.Verdict{Reason: "unknown-key"}, nil //nolint:nilerr // the verdict is the answer
	}
	key, err := byID(ctx, s.DB.Read, in.KeyID)
	if errors.Is(err, sql.ErrNoRows) {
		return signatureapi.Verdict{Reason: "unknown-key"}, nil
	}
	if err != nil {
		return signatureapi.Verdict{}, db.Explain(err)
	}
	certificate, err := parse(key.certificate)
	if err != nil {
		return signatureapi.Verdict{}, err
	}
	public, ok := certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return signatureapi.Verdict{}, errors.New("a key that is no ECDSA key")
	}
	value, err := base64.StdEncoding.Strict().DecodeString(in.Value)
	sum := sha256.Sum256(in.Signed())
	fits := err == nil && ecdsa.VerifyASN1(public, sum[:], value) && in.Algorithm == Algorithm &&
		(in.Certificate == "" || in.Certificate == key.certificate) &&
		!in.At.Before(certificate.NotBefore) && !in.At.After(certificate.NotAfter)
	if !fits {
		return signatureapi.Verdict{Reason: "signature"}, nil
	}
	return signatureapi.Verdict{Valid: true}, nil
}

func parse(certificate string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(certificate))
	if block == nil {
		return nil, errors.New("a certificate that is no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}
