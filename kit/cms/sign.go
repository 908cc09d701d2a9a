package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"
)

var sha256ID = pkix.AlgorithmIdentifier{Algorithm: oidSHA256}

type essCertificate struct {
	Hash   []byte
	Issuer struct {
		Names  []asn1.RawValue
		Serial *big.Int
	}
}

// Algorithm is the signature of a key with SHA-256.
func Algorithm(public crypto.PublicKey) (pkix.AlgorithmIdentifier, error) {
	switch public.(type) {
	case *ecdsa.PublicKey:
		return pkix.AlgorithmIdentifier{Algorithm: oidECDSASHA256}, nil
	case *rsa.PublicKey:
		return pkix.AlgorithmIdentifier{Algorithm: oidRSASHA256, Parameters: asn1.NullRawValue}, nil
	}
	return pkix.AlgorithmIdentifier{}, fmt.Errorf("no signature with a %T", public)
}

// Signer is who signs.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	Issuer      *x509.Certificate
	// Stamp gives a time-stamp token over a SHA-256; nil for none.
	Stamp func(sha256 []byte) ([]byte, error)
}

// Sign signs the SHA-256 of a document at the moment given; the document stays
// outside (detached).
func (s Signer) Sign(hash []byte, at time.Time) ([]byte, error) {
	if len(hash) != sha256.Size {
		return nil, errors.New("a hash that is no SHA-256")
	}
	info, err := s.info(oidData, hash, at)
	if err != nil {
		return nil, err
	}
	if s.Stamp != nil {
		sum := sha256.Sum256(info.Signature)
		token, err := s.Stamp(sum[:])
		if err != nil {
			return nil, err
		}
		unsigned, err := asn1.Marshal(attribute{oidTimeStamp, asn1.RawValue{FullBytes: element(asn1.ClassUniversal, asn1.TagSet, token)}})
		if err != nil {
			return nil, err
		}
		info.Unsigned = asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 1, unsigned)}
	}
	return s.wrap(1, contentInfo{Type: oidData}, info, true)
}

// Token signs content of the kind that goes along, as time-stamps are: without
// a signing time, with certificates if they are wanted (RFC 3161, 2.4.2).
func (s Signer) Token(kind asn1.ObjectIdentifier, content []byte, certificates bool) ([]byte, error) {
	sum := sha256.Sum256(content)
	info, err := s.info(kind, sum[:], time.Time{})
	if err != nil {
		return nil, err
	}
	octets, err := asn1.Marshal(content)
	if err != nil {
		return nil, err
	}
	return s.wrap(3, contentInfo{kind, asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, octets)}}, info, certificates)
}

// info is the signature over the signed attributes.
func (s Signer) info(kind asn1.ObjectIdentifier, hash []byte, at time.Time) (signerInfo, error) {
	attributes, err := s.attributes(kind, hash, at)
	if err != nil {
		return signerInfo{}, err
	}
	sum := sha256.Sum256(element(asn1.ClassUniversal, asn1.TagSet, attributes))
	signature, err := s.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return signerInfo{}, err
	}
	algorithm, err := Algorithm(s.Key.Public())
	if err != nil {
		return signerInfo{}, err
	}
	signer, err := asn1.Marshal(issuerAndSerial{asn1.RawValue{FullBytes: s.Certificate.RawIssuer}, s.Certificate.SerialNumber})
	return signerInfo{
		Version: 1, Signer: asn1.RawValue{FullBytes: signer}, Digest: sha256ID,
		Signed: asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, attributes)}, Algorithm: algorithm, Signature: signature,
	}, err
}

func (s Signer) wrap(version int, content contentInfo, info signerInfo, certificates bool) ([]byte, error) {
	data := signedData{Version: version, Digests: []pkix.AlgorithmIdentifier{sha256ID}, Content: content, Signers: []signerInfo{info}}
	if certificates {
		data.Certificates = asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, sorted([][]byte{s.Certificate.Raw, s.Issuer.Raw}))}
	}
	inner, err := asn1.Marshal(data)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(contentInfo{oidSignedData, asn1.RawValue{FullBytes: element(asn1.ClassContextSpecific, 0, inner)}})
}

// attributes are the signed ones in the order of DER, without the SET around.
func (s Signer) attributes(kind asn1.ObjectIdentifier, hash []byte, at time.Time) ([]byte, error) {
	var ess essCertificate
	sum := sha256.Sum256(s.Certificate.Raw)
	ess.Hash = sum[:]
	ess.Issuer.Names = []asn1.RawValue{{FullBytes: element(asn1.ClassContextSpecific, 4, s.Certificate.RawIssuer)}}
	ess.Issuer.Serial = s.Certificate.SerialNumber
	type pair struct {
		oid   asn1.ObjectIdentifier
		value any
	}
	pairs := []pair{
		{oidContentType, kind}, {oidDigest, hash}, {oidCertificate2, struct{ Certificates []essCertificate }{[]essCertificate{ess}}},
	}
	if !at.IsZero() {
		pairs = append(pairs, pair{oidSigningTime, at.UTC().Truncate(time.Second)})
	}
	all := make([][]byte, 0, len(pairs))
	for _, a := range pairs {
		value, err := asn1.Marshal(a.value)
		if err != nil {
			return nil, err
		}
		one, err := asn1.Marshal(attribute{a.oid, asn1.RawValue{FullBytes: element(asn1.ClassUniversal, asn1.TagSet, value)}})
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return sorted(all), nil
}

// sorted puts the members of a SET into the order of DER.
func sorted(members [][]byte) []byte {
	slices.SortFunc(members, bytes.Compare)
	return slices.Concat(members...)
}

// element is a constructed element with the content.
func element(class, tag int, content []byte) []byte {
	out, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: content})
	if err != nil {
		return nil // a raw value of these always marshals
	}
	return out
}
