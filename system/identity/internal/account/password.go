package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/sanarip/sanarip/kit/fail"
)

// Rule is a condition that a password must meet; its words are
// identity.password.<rule>.
type Rule struct {
	Key string
	Met func(password string) bool
}

// Rules are those of the documents (ID-14): at least 10 characters, a digit, a
// small and a capital Latin letter, one of -_!@#%*.
var Rules = []Rule{
	{"identity.password.short", func(p string) bool { return utf8.RuneCountInString(p) >= 10 }},
	{"identity.password.digit", func(p string) bool { return strings.ContainsAny(p, "0123456789") }},
	{"identity.password.letter", func(p string) bool {
		return strings.ContainsAny(p, "abcdefghijklmnopqrstuvwxyz") && strings.ContainsAny(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}},
	{"identity.password.sign", func(p string) bool { return strings.ContainsAny(p, "-_!@#%*") }},
}

// Weaknesses is what keeps a password from being taken: the Rules, and that
// guessers would not try it among the first (NIST SP 800-63B, 3.1.1.2).
func Weaknesses(field, password string) []fail.Finding {
	var findings []fail.Finding
	for _, rule := range Rules {
		if !rule.Met(password) {
			findings = append(findings, fail.Finding{Field: field, Key: rule.Key})
		}
	}
	if len(password) > maxPassword {
		findings = append(findings, fail.Finding{Field: field, Key: "identity.password.long"})
	}
	if len(findings) == 0 {
		if key := Guessable(password); key != "" { // text: identity.password.*
			findings = append(findings, fail.Finding{Field: field, Key: key})
		}
	}
	return findings
}

const (
	maxPassword = 256   // bytes
	memory      = 19456 // KiB: 19 MiB
	passes      = 2
	keyLength   = 32 // bytes: 256 bits
)

// nobody is verified against for an unknown ПИН: a salt and a key at random, to
// which no password is known.
var nobody = func() string {
	random := make([]byte, 16+keyLength)
	_, _ = rand.Read(random) // never fails since Go 1.24
	return phc(random[:16], random[16:])
}()

// hasher lets only as many hashes run at once as there are cores: more would
// only take memory, 19 MiB each. What they took goes back to the machine when
// nobody has signed in for a while, which the garbage collector would do in its
// own time.
type hasher struct {
	slots chan struct{}
	quiet *time.Timer
}

// quietAfter is how long no password was asked about when the memory of hashing is
// given back: the next of a morning's sign-ins comes sooner.
const quietAfter = 2 * time.Second

func newHasher() *hasher {
	h := &hasher{slots: make(chan struct{}, runtime.NumCPU()), quiet: time.AfterFunc(quietAfter, debug.FreeOSMemory)}
	h.quiet.Stop()
	return h
}

func (h *hasher) key(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		<-h.slots
		h.quiet.Reset(quietAfter)
	}()
	return argon2.IDKey([]byte(password), salt, passes, memory, 1, keyLength), nil
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	key, err := h.key(ctx, password, salt)
	if err != nil {
		return "", err
	}
	return phc(salt, key), nil
}

func (h *hasher) verify(ctx context.Context, stored, password string) (bool, error) {
	if len(password) > maxPassword {
		password = password[:maxPassword+1] // no password is that long: work for it, but not more
	}
	var m, t, p int
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("account: a stored password is not argon2id")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &m, &t, &p); err != nil || m != memory || t != passes || p != 1 {
		return false, fmt.Errorf("account: a stored password has unknown parameters")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("account: a stored password is broken")
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("account: a stored password is broken")
	}
	got, err := h.key(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

func phc(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, memory, passes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}
