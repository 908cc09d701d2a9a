package porttest_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/sanarip/sanarip/kit/porttest"
)

func TestEachPortIsGivenOnceAndIsFree(t *testing.T) {
	seen := map[int]bool{}
	for range 50 {
		port := porttest.Free(t)
		if seen[port] {
			t.Fatalf("%d was given twice", port)
		}
		seen[port] = true
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		if dynamic := 32768; port >= dynamic || port < 1024 {
			t.Errorf("%d is none of those meant", port)
		}
	}
}
