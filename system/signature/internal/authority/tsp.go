package authority

import (
	"context"
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/sanarip/sanarip/kit/cms"
)

const (
	maxStampQuery = 1 << 10 // bytes; one with SHA-512, a nonce and a policy has 150
	// accuracy of the machine's clock in seconds, kept by NTP.
	accuracySeconds = 1
)

var (
	oidTSTInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSHA256  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
)

// tstInfo is what a time-stamp says (RFC 3161, 2.4.2).
type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  imprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy accuracy  `asn1:"optional"`
	Ordering bool      `asn1:"optional"`
	Nonce    *big.Int  `asn1:"optional"`
}

type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

type accuracy struct {
	Seconds int64 `asn1:"optional"`
}

type stampReply struct {
	Status struct{ Status int }
	Token  asn1.RawValue
}

// reply answers a query of RFC 3161, always.
func (s *Service) reply(ctx context.Context, query []byte) []byte {
	out, refused, err := s.replyTo(ctx, query)
	if err != nil {
		s.Log.ErrorContext(ctx, "no time-stamp", "system", "signature", "error", err.Error())
		refused = timestamp.SystemFailure
	}
	if out != nil {
		return out
	}
	out, err = timestamp.CreateErrorResponse(timestamp.Rejection, refused)
	if err != nil {
		s.Log.ErrorContext(ctx, "no refusal of a time-stamp", "system", "signature", "error", err.Error())
	}
	return out
}

func (s *Service) replyTo(ctx context.Context, query []byte) ([]byte, timestamp.FailureInfo, error) {
	q, refused, ok := s.readStampQuery(query)
	if !ok {
		return nil, refused, nil
	}
	out, err := s.stamp(ctx, q)
	return out, 0, err
}

// readStampQuery reads a query, or says by the RFC's code why not.
func (s *Service) readStampQuery(query []byte) (*timestamp.Request, timestamp.FailureInfo, bool) {
	q, err := timestamp.ParseRequest(query)
	if err != nil {
		if unknownHash(err) {
			return nil, timestamp.BadAlgorithm, false
		}
		return nil, timestamp.BadDataFormat, false
	}
	switch {
	case q.HashAlgorithm != crypto.SHA256 && q.HashAlgorithm != crypto.SHA384 && q.HashAlgorithm != crypto.SHA512:
		return nil, timestamp.BadAlgorithm, false
	case len(q.HashedMessage) != q.HashAlgorithm.Size():
		return nil, timestamp.BadDataFormat, false
	case len(q.TSAPolicyOID) > 0 && !q.TSAPolicyOID.Equal(s.policy(2)):
		return nil, timestamp.UnacceptedPolicy, false
	case len(q.Extensions) > 0:
		return nil, timestamp.UnacceptedExtension, false
	case q.Nonce != nil && q.Nonce.BitLen() > 512:
		return nil, timestamp.BadDataFormat, false
	}
	return q, 0, true
}

func unknownHash(err error) bool {
	return err == timestamp.ParseError("Time-Stamp request uses unknown hash function") //nolint:errorlint // a value of the library's, compared as it gives it
}

// stamp makes the reply with the token.
func (s *Service) stamp(ctx context.Context, q *timestamp.Request) ([]byte, error) {
	token, err := s.token(ctx, q)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(stampReply{Token: asn1.RawValue{FullBytes: token}})
}

func (s *Service) token(ctx context.Context, q *timestamp.Request) ([]byte, error) {
	unit, err := s.current(ctx, tsa)
	if err != nil {
		return nil, err
	}
	by, err := ownByID(ctx, s.DB.Read, unit.issuer)
	if err != nil {
		return nil, err
	}
	key, err := s.Keys.Open(unit.handle)
	if err != nil {
		return nil, err
	}
	info := tstInfo{
		Version: 1, Policy: s.policy(2), Serial: serial(), Time: s.Clock.Now().UTC().Truncate(time.Second), Accuracy: accuracy{accuracySeconds}, Nonce: q.Nonce,
		Imprint: imprint{Hash: q.HashedMessage},
	}
	for _, h := range hashes {
		if h.hash == q.HashAlgorithm {
			info.Imprint.Algorithm = pkix.AlgorithmIdentifier{Algorithm: h.oid, Parameters: asn1.NullRawValue}
		}
	}
	content, err := asn1.Marshal(info)
	if err != nil {
		return nil, err
	}
	return cms.Signer{Key: key, Certificate: unit.certificate, Issuer: by.certificate}.Token(oidTSTInfo, content, q.Certificates)
}

// Stamp gives the time-stamp token (CMS, DER) over a SHA-256, with certificates.
func (s *Service) Stamp(ctx context.Context, sha256 []byte) ([]byte, error) {
	return s.token(ctx, &timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sha256, Certificates: true})
}
