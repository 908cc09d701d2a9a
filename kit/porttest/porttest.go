// Package porttest finds ports for programs that tests start, kill and start again.
package porttest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
)

// The range lies above what services of a machine use and browsers refuse (10080
// is the last), and below PostgreSQL of .ci/with-postgres.
const first, end = 11_000, 20_000

// given are the ports given so far: tests go on beside each other.
var given sync.Map

// Free is a TCP port where nobody on this machine listens and which the kernel
// gives to no outgoing connection. One of those that it gives ("127.0.0.1:0") may
// belong to anybody's connection, even to one with itself, before the program
// listens, or while it is down between kill and start.
func Free(t testing.TB) int {
	t.Helper()
	low := lowest()
	for range 1000 {
		port := first + rand.IntN(min(end, low)-first)
		if _, taken := given.LoadOrStore(port, true); taken {
			continue
		}
		if listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = listener.Close()
			return port
		}
	}
	t.Fatalf("no port is free between %d and %d", first, min(end, low))
	return 0
}

// lowest is the first port that the kernel gives to outgoing connections. Where it
// does not say, or begins so low that nothing is left, there is none to keep to.
func lowest() int {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range") // of Linux
	if err != nil {
		return end
	}
	low := 0
	if _, err := fmt.Sscan(string(text), &low); err != nil || low < first+1000 {
		return end
	}
	return low
}
