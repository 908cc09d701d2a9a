package e2e_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// wire is a line of TCP that can be cut.
type wire struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	whole    bool
	torn     int64 // each way of a connection ends after at most so many bytes; 0: it does not
	open     map[net.Conn]bool
}

// newWire leads from an address of its own to the port.
func newWire(t *testing.T, to int) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, to: fmt.Sprintf("127.0.0.1:%d", to), whole: true, open: map[net.Conn]bool{}}
	go w.serve()
	t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
	})
	return w
}

func (w *wire) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

func (w *wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.DialTimeout("tcp", w.to, 10*time.Second)
		if err != nil || !w.hold(near, far) {
			_ = near.Close()
			if far != nil {
				_ = far.Close()
			}
			continue
		}
		go w.pass(near, far)
		go w.pass(far, near)
	}
}

func (w *wire) hold(ends ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, end := range ends {
		w.open[end] = w.whole
	}
	return w.whole
}

func (w *wire) pass(from, to net.Conn) {
	w.mu.Lock()
	var what io.Reader = from
	if w.torn > 0 {
		what = io.LimitReader(from, 1+rand.Int64N(w.torn))
	}
	w.mu.Unlock()
	_, _ = io.Copy(to, what)
	_, _ = from.Close(), to.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, from)
	delete(w.open, to)
}

// tear lets each connection from now on end within so many bytes, wherever that is.
func (w *wire) tear(bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.torn = bytes
}

// cut ends what is under way, wherever it is, and lets nothing through.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whole = false
	for end := range w.open {
		_ = end.Close()
	}
	clear(w.open)
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.whole = true
}
