package authority

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6960 names certificates by it
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	_ "crypto/sha512" // the other hashes that may name a certificate

	"github.com/sanarip/sanarip/kit/cms"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Limits of a question (RFC 6960, RFC 9654).
const (
	maxQuestion = 4 << 10 // bytes
	maxAsked    = 16      // certificates in one question
	maxNonce    = 128     // bytes
	answerHolds = time.Hour
)

// The answers without a signature (RFC 6960, 4.2.1).
const (
	malformed = 1
	ourFault  = 2
)

var (
	oidBasic = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
)

var hashes = []struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
}

type certID struct {
	Hash      pkix.AlgorithmIdentifier
	NameHash  []byte
	KeyHash   []byte
	SerialNum *big.Int
}

type question struct {
	TBS struct {
		Version    int           `asn1:"explicit,tag:0,default:0,optional"`
		Requestor  asn1.RawValue `asn1:"explicit,tag:1,optional"`
		Asked      []asked
		Extensions []pkix.Extension `asn1:"explicit,tag:2,optional"`
	}
	Signature asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

type asked struct {
	ID         certID
	Extensions []pkix.Extension `asn1:"explicit,tag:0,optional"`
}

type single struct {
	ID      certID
	Good    asn1.Flag   `asn1:"tag:0,optional"`
	Revoked revokedInfo `asn1:"tag:1,optional"`
	Unknown asn1.Flag   `asn1:"tag:2,optional"`
	This    time.Time   `asn1:"generalized"`
	Next    time.Time   `asn1:"generalized,explicit,tag:0,optional"`
}

type revokedInfo struct {
	At     time.Time       `asn1:"generalized"`
	Reason asn1.Enumerated `asn1:"explicit,tag:0,optional"`
}

type answerData struct {
	Responder  asn1.RawValue
	Produced   time.Time `asn1:"generalized"`
	Answers    []single
	Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
}

type basicAnswer struct {
	Data         asn1.RawValue
	Algorithm    pkix.AlgorithmIdentifier
	Signature    asn1.BitString
	Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

type answerBytes struct {
	Type  asn1.ObjectIdentifier
	Bytes []byte
}

type answer struct {
	Status asn1.Enumerated
	Bytes  answerBytes `asn1:"explicit,tag:0,optional"`
}

// refusal is an answer without a signature.
func refusal(status int) []byte {
	return []byte{0x30, 0x03, 0x0a, 0x01, byte(status)}
}

// readQuestion parses a question and gives its nonce's extension, if any.
func readQuestion(der []byte) (question, *pkix.Extension, error) {
	var q question
	if len(der) > maxQuestion {
		return q, nil, errors.New("a question that is too long")
	}
	rest, err := asn1.Unmarshal(der, &q)
	if err != nil {
		return q, nil, err
	}
	if len(rest) > 0 || q.TBS.Version != 0 || len(q.TBS.Asked) == 0 || len(q.TBS.Asked) > maxAsked {
		return q, nil, errors.New("a question of another shape")
	}
	var nonce *pkix.Extension
	for _, e := range q.TBS.Extensions {
		switch {
		case e.Id.Equal(oidNonce) && nonce == nil:
			var value []byte
			if rest, err := asn1.Unmarshal(e.Value, &value); err != nil || len(rest) > 0 || len(value) == 0 || len(value) > maxNonce {
				return q, nil, errors.New("a nonce that is none")
			}
			nonce = &pkix.Extension{Id: oidNonce, Value: e.Value}
		case e.Critical || e.Id.Equal(oidNonce):
			return q, nil, errors.New("an extension that is not known")
		}
	}
	for _, a := range q.TBS.Asked {
		if a.ID.SerialNum == nil || a.ID.SerialNum.BitLen() > 160 {
			return q, nil, errors.New("a serial number that is none")
		}
		for _, e := range a.Extensions {
			if e.Critical {
				return q, nil, errors.New("an extension that is not known")
			}
		}
	}
	return q, nonce, nil
}

// OCSP implements signatureapi.Authority.
func (s *Service) OCSP(ctx context.Context, request signatureapi.OCSP) (signatureapi.OCSP, error) {
	if len(request.DER) > maxQuestion {
		return signatureapi.OCSP{}, fail.New(fail.TooLarge, "kit.too_large")
	}
	return signatureapi.OCSP{DER: s.answer(ctx, request.DER)}, nil
}

// answer answers a question, always.
func (s *Service) answer(ctx context.Context, der []byte) []byte {
	q, nonce, err := readQuestion(der)
	if err != nil {
		return refusal(malformed)
	}
	out, err := s.signed(ctx, q, nonce)
	if err != nil {
		s.Log.ErrorContext(ctx, "no answer about a certificate", "system", "signature", "error", err.Error())
		return refusal(ourFault)
	}
	return out
}

func (s *Service) signed(ctx context.Context, q question, nonce *pkix.Extension) ([]byte, error) {
	issuers, err := allOwn(ctx, s.DB.Read, issuing)
	if err != nil {
		return nil, err
	}
	responder, delegated, err := s.responder(ctx, issuers, q)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now().Truncate(time.Second)
	data := answerData{Produced: now}
	if data.Responder, err = byKey(responder.certificate); err != nil {
		return nil, err
	}
	if nonce != nil {
		data.Extensions = []pkix.Extension{*nonce}
	}
	for _, a := range q.TBS.Asked {
		one, err := s.status(ctx, issuers, a.ID)
		if err != nil {
			return nil, err
		}
		one.This, one.Next = now, now.Add(answerHolds)
		data.Answers = append(data.Answers, one)
	}
	tbs, err := asn1.Marshal(data)
	if err != nil {
		return nil, err
	}
	key, err := s.Keys.Open(responder.handle)
	if err != nil {
		return nil, err
	}
	basic := basicAnswer{Data: asn1.RawValue{FullBytes: tbs}}
	if delegated {
		basic.Certificates = []asn1.RawValue{{FullBytes: responder.certificate.Raw}}
	}
	if basic.Algorithm, err = cms.Algorithm(key.Public()); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(tbs)
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	basic.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	inner, err := asn1.Marshal(basic)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(answer{Bytes: answerBytes{oidBasic, inner}})
}

// responder signs the answer: the delegated one where the authority asked about
// has certified it, else that authority itself (RFC 6960, 4.2.2.2). So it is
// with authorities that issue no longer.
func (s *Service) responder(ctx context.Context, issuers []own, q question) (k own, delegated bool, err error) {
	k, err = s.current(ctx, ocsp)
	if err != nil {
		return own{}, false, err
	}
	for _, a := range q.TBS.Asked {
		if by, ours := issuerOf(issuers, a.ID); ours {
			if by.id() != k.issuer {
				return by, false, nil
			}
			break
		}
	}
	return k, true, nil
}

// status is what we know of one certificate. Of what another issued, and of
// what we never issued, nothing.
func (s *Service) status(ctx context.Context, issuers []own, id certID) (single, error) {
	one := single{ID: id}
	by, known := issuerOf(issuers, id)
	if !known || id.SerialNum.Sign() <= 0 {
		one.Unknown = true
		return one, nil
	}
	c, err := findCertificate(ctx, s.DB.Read, Serial(id.SerialNum), "")
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && c.issuer != by.id():
		one.Unknown = true
		return one, nil
	case err != nil:
		return one, err
	case c.revoked.IsZero():
		one.Good = true
	default:
		one.Revoked = revokedInfo{At: c.revoked.Truncate(time.Second), Reason: asn1.Enumerated(c.reason)}
	}
	return one, nil
}

func issuerOf(issuers []own, id certID) (own, bool) {
	for _, h := range hashes {
		if !id.Hash.Algorithm.Equal(h.oid) {
			continue
		}
		for _, by := range issuers {
			key, err := keyBits(by.certificate)
			if err == nil && bytes.Equal(digest(h.hash, by.certificate.RawSubject), id.NameHash) && bytes.Equal(digest(h.hash, key), id.KeyHash) {
				return by, true
			}
		}
	}
	return own{}, false
}

func digest(h crypto.Hash, data []byte) []byte {
	sum := h.New()
	sum.Write(data)
	return sum.Sum(nil)
}

// keyBits is the value of the subject's public key without tag and length.
func keyBits(c *x509.Certificate) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	_, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &info)
	return info.Key.RightAlign(), err
}

// byKey names the responder by the SHA-1 of its key (RFC 6960, 4.2.1).
func byKey(c *x509.Certificate) (asn1.RawValue, error) {
	key, err := keyBits(c)
	if err != nil {
		return asn1.RawValue{}, err
	}
	sum := sha1.Sum(key) //nolint:gosec // as the RFC names it
	inner, err := asn1.Marshal(sum[:])
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2, IsCompound: true, Bytes: inner}, err
}
