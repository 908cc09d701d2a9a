package openid

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// An engineer's address must not lead ЕСИ to its own neighbours.
func TestRegisteredAddressesAreOutside(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1:80", "[::1]:80", "10.1.2.3:443", "192.168.0.1:443", "172.16.5.5:443", "169.254.169.254:80", "100.64.1.1:443", "0.0.0.0:80", "[fe80::1]:80",
		"[fd00::1]:443", "[::ffff:127.0.0.1]:80", "224.0.0.1:80",
		"0.1.2.3:80", "192.0.0.8:80", "198.18.0.1:80", "240.0.0.1:80", "[64:ff9b::a9fe:a9fe]:80", "[64:ff9b:1::a01:203]:80", "[2002:7f00:1::]:80", "[::7f00:1]:80",
	} {
		if outside(address) == nil {
			t.Errorf("%s is outside", address)
		}
	}
	for _, address := range []string{"212.112.96.1:443", "[2a02:6b8::1]:443"} {
		if err := outside(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	here := httptest.NewServer(http.NotFoundHandler())
	defer here.Close()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, here.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := outward.Do(request); err == nil {
		_ = response.Body.Close()
		t.Fatal("this machine was called")
	}
}
