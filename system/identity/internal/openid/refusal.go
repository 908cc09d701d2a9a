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

// Bounds of what is kept of refused requests.
const (
	refusalsKept   = 200 // of one client
	refusalsMinute = 30  // written of one client in a minute by one process
)

// Refusal is a request of a client that was refused.
type Refusal struct {
	At          time.Time
	Endpoint    string // "token"
	Code        string // of the protocol: "invalid_grant"
	Description string // in English, as engineers read it; "" when the code says all
}

type refusals struct {
	db    *db.DB
	clock clock.Clock
	life  time.Duration

	mu     sync.Mutex
	minute int64
	counts map[string]int
}

// Refusals lists what was refused to the client, the latest first.
func (p *Provider) Refusals(ctx context.Context, clientID string, limit int) ([]Refusal, error) {
	return p.refused.list(ctx, clientID, min(limit, refusalsKept))
}

// remember keeps why the call was refused, if it was: for the client that it
// names, and in bounds, since who it names is not proven.
func (p *Provider) remember(ctx context.Context, call *call) {
	if call.refused == nil || call.client == "" || call.hurried {
		return
	}
	code, description := refusal(call.refused)
	if slices.Contains([]string{string(goidc.ErrorCodeAuthPending), string(goidc.ErrorCodeSlowDown)}, code) || !p.refused.room(call.client) {
		return
	}
	if _, found, err := p.client(ctx, call.client); err != nil || !found {
		return
	}
	r := Refusal{At: p.config.Clock.Now(), Endpoint: call.endpoint, Code: code, Description: description}
	err := p.config.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *sql.Tx) error { return p.refused.add(ctx, tx, id.New(), call.client, r) })
	if err != nil {
		p.config.Log.ErrorContext(ctx, "a refusal was not kept", "system", "identity", "error", err.Error())
	}
}

// room counts, and says whether one more may be written.
func (r *refusals) room(clientID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if minute := r.clock.Now().Unix() / 60; minute != r.minute || r.counts == nil {
		r.minute, r.counts = minute, map[string]int{}
	}
	if len(r.counts) >= maxCached {
		return false
	}
	r.counts[clientID]++
	return r.counts[clientID] <= refusalsMinute
}
