package page_test

import (
	"net/http/httptest"
	"testing"

	"github.com/sanarip/sanarip/kit/page"
)

func TestAddressIsTheHouseholdsNotThePorts(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:5000":           "192.0.2.7",
		"[2001:db8:1:2:a::1]:5000": "2001:db8:1:2::/64",
		"[2001:db8:1:2:b::2]:6000": "2001:db8:1:2::/64",
		"[::ffff:192.0.2.7]:5000":  "192.0.2.7",
		"[fe80::1%eth0]:5000":      "fe80::/64",
		"no address":               "no address",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		if got := page.Address(r); got != want {
			t.Errorf("%s: %s, not %s", remote, got, want)
		}
	}
}
