// Package cloud is the cloud signature: a person's signature key held by the
// service and used with a one-time PIN that goes to the person's e-mail (ID-12).
//
// A PIN serves once; its use makes the next one. It is derived from the system's
// secret and the job that mails it, so that a mail sent twice says the same and
// no PIN lies anywhere; the database keeps a keyed hash. Wrong PINs lock for
// longer and longer. Whoever guesses must not shut the owner out: a PIN asked for
// while the lock holds is long, and a long one works in spite of the lock.
package cloud

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/signature/internal/authority"
	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Service holds people's keys.
type Service struct {
	DB        *db.DB
	Clock     clock.Clock
	Log       *slog.Logger
	Queue     *job.Queue
	Keys      keystore.Store
	Authority *authority.Service
	Messages  messageapi.API
	Texts     *text.Catalogue
	Secret    []byte // 32 bytes
	// Organisations are those that may ask at the public address, by the
	// SHA-256 of their bearer.
	Organisations map[string]Organisation
}

var _ signatureapi.CloudAPI = (*Service)(nil)

// Organisation is one that signs with its people's cloud signatures.
type Organisation struct {
	INN  string
	Name string
}

const (
	// tokenLife is how long a spent PIN is good for: to look at the certificate
	// and to sign what lies before the person.
	tokenLife = 5 * time.Minute
	// maxSignatures of one token: a folder of documents, not an archive.
	maxSignatures = 100
	// codeLife bounds how long a PIN may lie in a mailbox.
	codeLife = 180 * 24 * time.Hour
	// keepTokens after their end, for questions about what was asked.
	keepTokens = 24 * time.Hour
)

// person is a row.
type person struct {
	pin, family, given, email string
	lang                      text.Lang
	handle, serial            string
}

func (p person) name() string { return strings.TrimSpace(p.family + " " + p.given) }

// Digits of a PIN. A long one has LongLetters letters and digits.
const (
	Digits      = 8
	LongLetters = 16
)

// crockford has no I, L, O, U: nobody mistakes a letter for a digit.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// key is a key of its own for the purpose.
func (s *Service) key(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, s.Secret, nil, "sanarip signature "+purpose, 32)
}

func (s *Service) mac(purpose string, parts ...string) ([]byte, error) {
	key, err := s.key(purpose)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		_ = binary.Write(h, binary.BigEndian, uint32(len(part))) //nolint:gosec // parts are short; a hash never fails
		h.Write([]byte(part))
	}
	return h.Sum(nil), nil
}

// code is the PIN of the job: the same whenever the job is done again.
func (s *Service) code(jobID string, long bool) (string, error) {
	sum, err := s.mac("one-time pin", jobID)
	if err != nil {
		return "", err
	}
	if long {
		return crockford.EncodeToString(sum)[:LongLetters], nil
	}
	n := binary.BigEndian.Uint64(sum) % 100_000_000 // of 2^64: the bias is beyond measure
	return fmt.Sprintf("%0*d", Digits, n), nil
}

// hash is what is kept of a PIN. Without the secret it cannot be searched for.
func (s *Service) hash(pin, code string) (string, error) {
	sum, err := s.mac("one-time pin at rest", pin, code)
	return hex.EncodeToString(sum), err
}

// typed is a PIN as people type it: spaces and dashes dropped, letters in
// capitals, I and L read as 1, O as 0. Not ok: it cannot be a PIN.
func typed(s string) (code string, long, ok bool) {
	if len(s) > 100 {
		return "", false, false
	}
	code = strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '\u00a0':
			return -1
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		switch r {
		case 'I', 'L':
			return '1'
		case 'O':
			return '0'
		}
		return r
	}, s)
	switch len(code) {
	case Digits:
		return code, false, strings.Trim(code, "0123456789") == ""
	case LongLetters:
		_, err := crockford.DecodeString(code)
		return code, true, err == nil
	}
	return "", false, false
}

// shown is a PIN as it is mailed: 1234 5678.
func shown(code string) string {
	var parts []string
	for i := 0; i < len(code); i += 4 {
		parts = append(parts, code[i:min(i+4, len(code))])
	}
	return strings.Join(parts, " ")
}

// maskEmail shows the first letter and the host: a•••@example.kg.
func maskEmail(address string) string {
	name, host, ok := strings.Cut(address, "@")
	if !ok || name == "" {
		return "•••"
	}
	return string([]rune(name)[:1]) + "•••@" + host
}

// Sweep deletes tokens, counts and PINs that are over. A PIN outlives the job
// that mails it, or a repetition would make it good again.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Clock.Now()
	return s.sweep(ctx, now.Add(-keepTokens), now.Add(-2*pinLimit.Window), now.Add(-2*codeLife))
}
