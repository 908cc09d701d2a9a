package node

import (
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Line is the way from a node to everybody else. While it is known to be down
// nobody waits for it: only the node's own attempts, which find out when it is up
// again, go out.
type Line struct {
	base http.RoundTripper
	down atomic.Bool
}

// NewLine makes the line over the client's own way.
func NewLine(base http.RoundTripper) *Line {
	if base == nil {
		base = http.DefaultTransport
	}
	return &Line{base: base}
}

var errNoLine = errors.New("the node has no line")

// ownIssue marks the node's own calls.
const ownIssue = "node"

// RoundTrip implements http.RoundTripper.
func (l *Line) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.down.Load() && r.Header.Get(exchangeapi.HeaderIssue) != ownIssue {
		return nil, errNoLine
	}
	return l.base.RoundTrip(r)
}

// Down says whether the line is known to be down.
func (l *Line) Down() bool { return l.down.Load() }

// Set notes what the node has found.
func (l *Line) Set(down bool) { l.down.Store(down) }
