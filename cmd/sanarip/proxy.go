package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are the networks of the proxies that stand before us. Without them
// every person would have the proxy's address, and the limits that count wrong
// passwords and codes by address would be one limit for the whole country.
type proxies []netip.Prefix

func readProxies(written string) (proxies, error) {
	var all proxies
	for one := range strings.SplitSeq(written, ",") {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		network, err := netip.ParsePrefix(one)
		if err != nil {
			address, addressErr := netip.ParseAddr(one)
			if addressErr != nil {
				return nil, fmt.Errorf("trusted_proxies: %q is no address or network such as 10.0.0.0/8", one)
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		all = append(all, network.Masked())
	}
	return all, nil
}

func (p proxies) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(ip) })
}

// client gives the request the address of who made it. X-Forwarded-For is read
// from its end, where our own proxies write: what stands further left anybody
// may have written.
func (p proxies) client(r *http.Request) *http.Request {
	if len(p) == 0 {
		return r
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !p.trusts(peer.Addr().Unmap()) {
		return r
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(hop), "[]"))
		if err != nil {
			return r // not of our proxies' making
		}
		if ip = ip.Unmap(); !p.trusts(ip) {
			r = r.WithContext(r.Context()) // the request itself is not ours to change
			r.RemoteAddr = net.JoinHostPort(ip.String(), "0")
			return r
		}
	}
	return r
}
