package openid

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

// Bounds of what is kept of clients' requests.
const (
	requestsKept   = 200 // of one client
	requestsMinute = 30  // written of one client in a minute by one process
)

// Request is a request of a client, kept for its engineers: each that was refused,
// and while the client is on trial also those that were answered.
type Request struct {
	At          time.Time
	Endpoint    string // "token"
	Code        string // of the protocol: "invalid_grant"; "" when it was answered
	Description string // in English, as engineers read it; "" when the code says all
}

type requests struct {
	db    *db.DB
	clock clock.Clock
	life  time.Duration

	mu     sync.Mutex
	minute int64
	counts map[string]int
}

// Requests lists the client's requests that were kept, the latest first.
func (p *Provider) Requests(ctx context.Context, clientID string, limit int) ([]Request, error) {
	return p.requests.list(ctx, clientID, min(limit, requestsKept))
}

// remember keeps why the call was refused, or that it was answered, for the client
// that it names: in bounds, since who it names is not proven.
func (p *Provider) remember(ctx context.Context, call *call, answered bool) {
	if call.client == "" || call.hurried || call.refused == nil && !answered {
		return
	}
	c, found, err := p.client(ctx, call.client)
	if err != nil || !found || call.refused == nil && (c.Approved() || c.State == StateBlocked) {
		return
	}
	r := Request{At: p.config.Clock.Now(), Endpoint: call.endpoint}
	if call.refused != nil {
		r.Code, r.Description = refusal(call.refused)
	}
	if slices.Contains([]string{string(goidc.ErrorCodeAuthPending), string(goidc.ErrorCodeSlowDown)}, r.Code) || !p.requests.room(call.client) {
		return
	}
	err = p.config.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *sql.Tx) error { return p.requests.add(ctx, tx, id.New(), call.client, r) })
	if err != nil {
		p.config.Log.ErrorContext(ctx, "a client's request was not kept", "system", "identity", "error", err.Error())
	}
}

// room counts, and says whether one more may be written.
func (r *requests) room(clientID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if minute := r.clock.Now().Unix() / 60; minute != r.minute || r.counts == nil {
		r.minute, r.counts = minute, map[string]int{}
	}
	if len(r.counts) >= maxCached {
		return false
	}
	r.counts[clientID]++
	return r.counts[clientID] <= requestsMinute
}
