package number

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
)

// Code is a range for every department of a node at once, short enough to be
// read out over the phone: for a node that has lost its numbers and has no line.
type Code struct {
	First int64
	Count int // a multiple of ten, at most 2,550
	Year  int
}

// macLength is how much of the HMAC a code carries: 40 bits, of which a wrong
// guess is one of a million million, and each is recorded.
const macLength = 5

var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding) // Crockford's: none is taken for another

// Write makes the code for the node of the key and the challenge that it shows.
func (c Code) Write(key []byte, challenge string) string {
	data := binary.BigEndian.AppendUint32(nil, uint32(c.First)) //nolint:gosec // below 2^24
	data = append(data[1:], byte(c.Count/10), byte(c.Year%100)) //nolint:gosec // as the type says
	written := letters.EncodeToString(append(data, c.mac(key, challenge)...))
	return strings.Join([]string{written[:4], written[4:8], written[8:12], written[12:]}, "-")
}

func (c Code) mac(key []byte, challenge string) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "numbers by phone\n%s\n%d\n%d\n%d", strings.ToUpper(challenge), c.First, c.Count, c.Year%100)
	return mac.Sum(nil)[:macLength]
}

// ReadCode reads what Write made, as a person has typed it. century is the
// first year of the present one: 2000.
func ReadCode(typed string, key []byte, challenge string, century int) (Code, error) {
	plain := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\u00a0':
			return -1
		case 'O', 'o':
			return '0'
		case 'I', 'i', 'L', 'l':
			return '1'
		}
		return r
	}, typed)
	data, err := letters.DecodeString(strings.ToUpper(plain))
	if err != nil || len(data) != 5+macLength {
		return Code{}, fail.Fields(fail.Finding{Field: "code", Key: "card.node.code_wrong"})
	}
	c := Code{First: int64(binary.BigEndian.Uint32(append([]byte{0}, data[:3]...))), Count: 10 * int(data[3]), Year: century + int(data[4])}
	if !hmac.Equal(c.mac(key, challenge), data[5:]) || c.First < 1 || c.Count < 1 || c.First+int64(c.Count)-1 > Last {
		return Code{}, fail.Fields(fail.Finding{Field: "code", Key: "card.node.code_wrong"})
	}
	return c, nil
}
