package openid

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/pace"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// How fast may be asked what needs no proof of who asks. What a client asks with
// its proof is not limited here.
var (
	paceAddress = setting.Number("pace_address", 50, 5, 1_000_000, "requests a second that one network address may begin, and client authentications that it may fail, for all systems together; twenty seconds' worth at once", "a hospital's morning behind one address, and a twentieth of a processor; counted in each process")
	paceClient  = setting.Number("pace_client", 25, 5, 1_000_000, "the same in the name of one system", "one system's flood leaves room for the others behind the address; elsewhere nobody notices it")
)

// pacing counts requests by address, and by address and client.
type pacing struct {
	clock           clock.Clock
	address, client *pace.Pace

	mu     sync.RWMutex
	proved map[pace.Key]time.Time // which client was proven from which address, and when last
}

func newPacing(c clock.Clock, v setting.Values) *pacing {
	return &pacing{clock: c, address: pace.New(v.Number(paceAddress)), client: pace.New(v.Number(paceClient)), proved: map[pace.Key]time.Time{}}
}

// provedFor is how long a client that has proven itself from an address goes on
// there whatever others behind the same address do in its name.
const provedFor = 10 * time.Minute

func (p *pacing) take(k pace.Key) bool {
	now := p.clock.Now()
	return p.client.Take(k, now) && p.address.Take(pace.Key{Address: k.Address}, now)
}

func (p *pacing) spent(k pace.Key) bool {
	now := p.clock.Now()
	if !p.client.Spent(k, now) && !p.address.Spent(pace.Key{Address: k.Address}, now) {
		return false
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return now.Sub(p.proved[k]) > provedFor
}

// prove notes that the client was proven; once a minute is enough.
func (p *pacing) prove(k pace.Key) {
	now := p.clock.Now()
	p.mu.RLock()
	// Once a minute is enough to know who proved themselves within provedFor.
	known := now.Sub(p.proved[k]) < time.Minute
	p.mu.RUnlock()
	if known {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.proved) >= maxCached {
		clear(p.proved) // those that are at work come back by themselves
	}
	p.proved[k] = now
}

// hurried refuses a browser's request when too many came from its address.
func (p *Provider) hurried(w http.ResponseWriter, r *http.Request, call *call) error {
	if r.PathValue("id") != "" || p.pacing.take(pace.Key{Address: page.Address(r), Name: call.client}) {
		return nil
	}
	w.Header().Set("Retry-After", "1")
	return fail.New(fail.TooMany, "identity.too_many", "Count", 1)
}

// errHurried is what a machine is told.
var errHurried = goidc.NewError("temporarily_unavailable", "too many requests without proof of who asks").WithStatusCode(http.StatusTooManyRequests)

// barred refuses a machine's request, before anything is looked up, when too many
// from its address have failed to prove who asks.
func (p *Provider) barred(call *call) error {
	if !p.pacing.spent(call.caller) {
		return nil
	}
	call.hurried = true
	return errHurried
}

// counted notes how a machine's request ended. A client that proves itself counts
// nothing; one that has nothing to prove by counts where it makes us keep something.
func (p *Provider) counted(ctx context.Context, call *call) {
	if call.caller.Address == "" || call.hurried || call.trouble != nil {
		return
	}
	code, _ := refusal(call.refused)
	c, found, err := p.client(ctx, call.client)
	switch {
	case err != nil:
	case !found || call.refused != nil && code == string(goidc.ErrorCodeInvalidClient),
		c.Method == MethodPublic && (call.endpoint == "par" || call.endpoint == "deviceauthorization"):
		p.pacing.take(call.caller)
	case call.refused == nil && c.Method != MethodPublic:
		p.pacing.prove(call.caller)
	}
}
