package main

import (
	"net/http/httptest"
	"testing"
)

func TestWhoAsksBehindAProxy(t *testing.T) {
	p, err := readProxies(" 10.0.0.0/8, 127.0.0.1,::1 ")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"no proxy":                  {"192.0.2.7:1", nil, "192.0.2.7:1"},
		"a stranger speaks for one": {"192.0.2.7:1", []string{"198.51.100.1"}, "192.0.2.7:1"},
		"one proxy":                 {"10.1.2.3:1", []string{"198.51.100.1"}, "198.51.100.1:0"},
		"two proxies":               {"127.0.0.1:1", []string{"198.51.100.1, 10.1.2.3"}, "198.51.100.1:0"},
		"two headers":               {"127.0.0.1:1", []string{"198.51.100.1", "10.1.2.3"}, "198.51.100.1:0"},
		"what a client wrote":       {"10.1.2.3:1", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1:0"},
		"garbage":                   {"10.1.2.3:1", []string{"x"}, "10.1.2.3:1"},
		"nothing":                   {"10.1.2.3:1", nil, "10.1.2.3:1"},
		"IPv6":                      {"[::1]:1", []string{"2001:db8::1"}, "[2001:db8::1]:0"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := p.client(r).RemoteAddr; got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
	for _, wrong := range []string{"10.0.0.0/99", "proxy.example.kg"} {
		if _, err := readProxies(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}
