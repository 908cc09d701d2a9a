// Package authority is the certification authority: it issues people's
// certificates, revokes them, and tells of it by lists (RFC 5280) and OCSP
// (RFC 6960); it stamps the time (RFC 3161).
//
//	root 20 years ── issuing 10 years ─┬─ people's certificates, 3 years
//	                                   ├─ ocsp: signs answers, 60 days
//	                                   └─ tsa: stamps the time, 6 years, the key 1 year
//
// The root's key signs issuing authorities and its own list and nothing else.
package authority

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/asn1"
	"fmt"
	"log/slog"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Service is the authority.
type Service struct {
	DB        *db.DB
	Clock     clock.Clock
	Log       *slog.Logger
	Keys      keystore.Store
	Algorithm keystore.Algorithm // of its own keys
	BaseURL   string             // public address, which certificates name
	// Tell has the person told, in the transaction, that certificates were issued
	// in their name or that one was revoked; nil tells nobody.
	Tell   func(ctx context.Context, tx *sql.Tx, t Told) error
	Policy asn1.ObjectIdentifier // under which certificates are issued and the time is stamped: Policy.1 and Policy.2
}

// DefaultPolicy is under the number for examples (RFC 5612): an authority that
// is in earnest sets its own.
var DefaultPolicy = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 1}

// The authority's own certificates by name.
const (
	root    = "root"
	issuing = "issuing"
	ocsp    = "ocsp"
	tsa     = "tsa"
)

// profile says how long a certificate of the authority's own holds and when its
// key is replaced.
type profile struct {
	common string        // CN
	issuer string        // name of who certifies it
	holds  time.Duration // of the certificate
	used   time.Duration // then the next key takes over
}

const (
	day  = 24 * time.Hour
	year = 365 * day
	// personHolds is the life of a person's certificate.
	personHolds = 3 * year
	// backdate forgives clocks that are a little slow.
	backdate = 5 * time.Minute
)

// profiles: what is certified outlives the use of the key by the life of what
// the key certifies, so that no certificate outlives its issuer's.
var profiles = map[string]profile{
	root:    {"Sanarip Root CA", root, 20 * year, 10 * year},
	issuing: {"Sanarip Issuing CA", root, 10 * year, 4 * year},
	ocsp:    {"Sanarip OCSP responder", issuing, 60 * day, 30 * day},
	tsa:     {"Sanarip time-stamping unit", issuing, 5 * year, year},
}

// own is a key of the authority's own with its certificate.
type own struct {
	name        string
	number      int64
	issuer      string // name-number
	certificate *x509.Certificate
	handle      string
	created     time.Time
}

func (o own) id() string { return fmt.Sprintf("%s-%d", o.name, o.number) }

// issued is a row of the certificates.
type issued struct {
	serial, issuer, pin string
	usage               signatureapi.Usage
	medium              string
	der                 []byte
	notBefore, notAfter time.Time
	revoked             time.Time
	reason              int
}

// Told is what a person is told of their certificates.
type Told struct {
	PIN     string              `json:"pin"`
	Serial  string              `json:"serial"` // of a card, of the one for signing in
	Medium  string              `json:"medium"`
	Usage   signatureapi.Usage  `json:"usage,omitempty"` // "" for a whole card
	Revoked bool                `json:"revoked,omitempty"`
	At      time.Time           `json:"at"`
	Reason  signatureapi.Reason `json:"reason,omitempty"`
}

type silently struct{}

// Silently is a context in which nobody is told: the demo's people are given
// their signatures before the story begins.
func Silently(ctx context.Context) context.Context { return context.WithValue(ctx, silently{}, true) }

func (s *Service) tell(ctx context.Context, tx *sql.Tx, t Told) error {
	if s.Tell == nil || ctx.Value(silently{}) != nil {
		return nil
	}
	t.At = s.Clock.Now()
	return s.Tell(ctx, tx, t)
}

// Person is whom a certificate names.
type Person struct {
	PIN        string
	FamilyName string
	GivenName  string // with the patronymic, as passports have it
}

// serial is 127 random bits: more than the 64 that RFC 5280 and the CA/Browser
// Forum ask for, and a positive number of at most 16 bytes.
func serial() *big.Int {
	for {
		n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // never fails since Go 1.24
		if n.BitLen() > 64 {
			return n
		}
	}
}

// Serial is a serial number as this package writes it.
func Serial(n *big.Int) string { return n.Text(16) }

// address is a public address of the authority.
func (s *Service) address(path string) string { return s.BaseURL + path }

func (s *Service) policy(n int) asn1.ObjectIdentifier {
	base := s.Policy
	if len(base) == 0 {
		base = DefaultPolicy
	}
	return append(append(asn1.ObjectIdentifier{}, base...), n)
}

func (s *Service) policies() []x509.OID {
	parts := s.policy(1)
	ints := make([]uint64, len(parts))
	for i, p := range parts {
		ints[i] = uint64(p) //nolint:gosec // parts of an object identifier are not negative
	}
	oid, err := x509.OIDFromInts(ints)
	if err != nil {
		return nil
	}
	return []x509.OID{oid}
}

func (s *Service) sign(template *x509.Certificate, public crypto.PublicKey, by own) (*x509.Certificate, error) {
	key, err := s.Keys.Open(by.handle)
	if err != nil {
		return nil, err
	}
	parent := by.certificate
	if parent == nil { // the root certifies itself
		parent = template
	}
	if template.SubjectKeyId, err = keyID(public); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// keyID is the left 160 bits of the SHA-256 of the key (RFC 7093, 2, method 1).
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(info.Key.RightAlign())
	return sum[:20], nil
}

func name(common string) pkix.Name {
	return pkix.Name{CommonName: common, Organization: []string{"Sanarip"}, Country: []string{"KG"}}
}

// subjectOf is the name of an own certificate; from the second on with its number.
func subjectOf(common string, number int64) pkix.Name {
	if number > 1 {
		common = fmt.Sprintf("%s %d", common, number)
	}
	return name(common)
}

func usageOf(name string) signatureapi.Usage { return signatureapi.Usage(name) }

// ParsePolicy reads an object identifier: 1.2.3 and so on.
func ParsePolicy(s string) (asn1.ObjectIdentifier, error) {
	var oid asn1.ObjectIdentifier
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("a policy is an object identifier such as 1.3.6.1.4.1.1, not %q", s)
		}
		oid = append(oid, int(n))
	}
	if _, err := asn1.Marshal(oid); err != nil {
		return nil, fmt.Errorf("a policy is an object identifier such as 1.3.6.1.4.1.1, not %q", s)
	}
	return oid, nil
}
