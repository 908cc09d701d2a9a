package authority

import (
	"context"
	"crypto"
	"crypto/x509"
	"time"

	"github.com/digitorus/timestamp"
)

const (
	maxStampQuery = 1 << 10 // bytes; one with SHA-512, a nonce and a policy has 150
	// accuracy of the machine's clock, kept by NTP.
	accuracy = time.Second
)

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
	unit, err := s.current(ctx, tsa)
	if err != nil {
		return nil, err
	}
	key, err := s.Keys.Open(unit.handle)
	if err != nil {
		return nil, err
	}
	t := timestamp.Timestamp{
		HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: s.Clock.Now().UTC().Truncate(time.Second),
		Accuracy: accuracy, Policy: s.policy(2), Nonce: q.Nonce, AddTSACertificate: q.Certificates,
	}
	if q.Certificates {
		by, err := s.issuerOfOwn(ctx, unit)
		if err != nil {
			return nil, err
		}
		t.Certificates = []*x509.Certificate{by.certificate}
	}
	return t.CreateResponseWithOpts(unit.certificate, key, crypto.SHA256)
}

// Stamp gives the time-stamp token (CMS, DER) over a SHA-256, with certificates.
func (s *Service) Stamp(ctx context.Context, sha256 []byte) ([]byte, error) {
	reply, err := s.stamp(ctx, &timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: sha256, Certificates: true})
	if err != nil {
		return nil, err
	}
	t, err := timestamp.ParseResponse(reply)
	if err != nil {
		return nil, err
	}
	return t.RawToken, nil
}
