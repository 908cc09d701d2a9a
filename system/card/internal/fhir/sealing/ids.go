package sealing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// Ids stand in URLs, so a ПИН or the number of a form must not be one. A sealed
// id is one block of AES under a key of this installation: the same number
// gives the same id for ever, nobody without the key can tell the number, and
// the card itself finds the row again without a table.
type Sealer struct {
	block cipher.Block
	aead  cipher.AEAD
}

func New(secret []byte) *Sealer {
	// Keys of 32 bytes and AES's own block: neither can fail.
	block, _ := aes.NewCipher(derive(secret, "fhir resource id"))
	cursor, _ := aes.NewCipher(derive(secret, "fhir cursor"))
	aead, _ := cipher.NewGCM(cursor)
	return &Sealer{block: block, aead: aead}
}

func derive(secret []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// A tag in the last four bytes keeps the ids of different kinds apart and lets
// an invented id be told.
const (
	tagStaff = 0x73746166
	tagClaim = 0x636c6169
	tagRole  = 0x726f6c65
)

func (s *Sealer) seal(tag uint32, number uint64, more uint32) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[0:], number)
	binary.BigEndian.PutUint32(b[8:], more)
	binary.BigEndian.PutUint32(b[12:], tag)
	s.block.Encrypt(b[:], b[:])
	return hex.EncodeToString(b[:])
}

func (s *Sealer) open(tag uint32, id string) (number uint64, more uint32, ok bool) {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != 16 || hex.EncodeToString(b) != id {
		return 0, 0, false
	}
	s.block.Decrypt(b, b)
	return binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:]) == tag
}

// digits reads a number of exactly n digits.
func digits(s string, n int) (uint64, bool) {
	if len(s) != n {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	v, err := strconv.ParseUint(s, 10, 64)
	return v, err == nil
}

func padded(v uint64, n int) string {
	s := strconv.FormatUint(v, 10)
	for len(s) < n {
		s = "0" + s
	}
	return s
}

// Staff is the id of a practitioner, "" if the ПИН is none.
func (s *Sealer) Staff(pin string) string {
	n, ok := digits(pin, 14)
	if !ok {
		return ""
	}
	return s.seal(tagStaff, n, 0)
}

func (s *Sealer) StaffPIN(id string) (string, bool) {
	n, more, ok := s.open(tagStaff, id)
	if !ok || more != 0 || n > 99_999_999_999_999 {
		return "", false
	}
	return padded(n, 14), true
}

// Claim is the id of a treated case's revision.
func (s *Sealer) Claim(number string, revision int64) string {
	n, ok := digits(number, 17)
	if !ok || revision < 1 || revision > 1<<31 {
		return ""
	}
	return s.seal(tagClaim, n, uint32(revision))
}

func (s *Sealer) ClaimKey(id string) (number string, revision int64, ok bool) {
	n, more, ok := s.open(tagClaim, id)
	if !ok || n > 99_999_999_999_999_999 {
		return "", 0, false
	}
	return padded(n, 17), int64(more), true
}

// Role is the id of what a practitioner is in a department; "" if the register
// has codes of another form.
func (s *Sealer) Role(pin, organisation, department string) string {
	p, ok := digits(pin, 14)
	if !ok {
		return ""
	}
	o, ok := digits(organisation, 6)
	if !ok {
		return ""
	}
	d, ok := digits(department, 2)
	if !ok {
		return ""
	}
	// Organisation and department together are 8 digits: they fit into 32 bits.
	return s.seal(tagRole, p, uint32(o)*100+uint32(d))
}

func (s *Sealer) RoleKey(id string) (pin, organisation, department string, ok bool) {
	p, more, ok := s.open(tagRole, id)
	if !ok || p > 99_999_999_999_999 || more > 99_999_999 {
		return "", "", "", false
	}
	return padded(p, 14), padded(uint64(more/100), 6), padded(uint64(more%100), 2), true
}

// Hide makes a text that only this installation can read and nobody can change.
func (s *Sealer) Hide(plain []byte) string {
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, nil))
}

func (s *Sealer) Reveal(hidden string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.DecodeString(hidden)
	if err != nil || len(b) < s.aead.NonceSize() {
		return nil, false
	}
	plain, err := s.aead.Open(nil, b[:s.aead.NonceSize()], b[s.aead.NonceSize():], nil)
	return plain, err == nil
}
