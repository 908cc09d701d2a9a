package sealing

import (
	"regexp"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

var secret = []byte("a secret of the installation, 32+")

// The ids that stand in URLs are no ПИН, and differ between installations.
func TestSealedIDs(t *testing.T) {
	s, other := New(secret), New([]byte("another secret of 32 bytes......"))
	pin := demo.Doctor.PIN
	id := s.Staff(pin)
	if !regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`).MatchString(id) || strings.Contains(id, pin) || id == other.Staff(pin) || id != New(secret).Staff(pin) {
		t.Errorf("%s", id)
	}
	if back, ok := s.StaffPIN(id); !ok || back != pin {
		t.Errorf("%s %v", back, ok)
	}
	if number, revision, ok := s.ClaimKey(s.Claim("00000011895017426", 3)); !ok || number != "00000011895017426" || revision != 3 {
		t.Errorf("%s %d %v", number, revision, ok)
	}
	if p, o, d, ok := s.RoleKey(s.Role(pin, "000174", "05")); !ok || p != pin || o != "000174" || d != "05" {
		t.Errorf("%s %s %s %v", p, o, d, ok)
	}
	for _, bad := range []string{"", "x", other.Staff(pin), strings.ToUpper(id), s.Claim("00000011895017426", 3), s.Role(pin, "950174", "05"), id[:30] + "00"} {
		if _, ok := s.StaffPIN(bad); ok && bad != id {
			t.Errorf("%q is taken for a member of staff", bad)
		}
	}
	if s.Staff("") != "" || s.Staff("abc") != "" || s.Claim("12", 1) != "" || s.Role(pin, "x", "05") != "" {
		t.Error("an id of no number")
	}
}
