package audit

import (
	"context"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
)

// How long names are good, how soon they are asked for again after a failure, and
// how long they are waited for: a record is shown without them, too.
const (
	namesFresh = 10 * time.Minute
	namesRetry = 20 * time.Second
	namesWait  = 5 * time.Second
)

// Naming gives records the names of their organisations in each language. A record
// keeps the name in Russian, as it was then; one that nobody bears today stays so.
type Naming struct {
	Clock clock.Clock
	// Names are those of all organisations, full and short.
	Names func(ctx context.Context) ([]text.Words, error)

	mu    sync.Mutex
	known map[string]text.Words // by the name in Russian; empty where two differ elsewhere
	due   time.Time
}

// Give fills the record's OrganisationWords where they are known.
func (n *Naming) Give(r *Record) {
	if r.Organisation != "" {
		r.OrganisationWords = n.names()[r.Organisation]
	}
}

func (n *Naming) names() map[string]text.Words {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := n.Clock.Now(); !now.Before(n.due) {
		ctx, cancel := context.WithTimeout(context.Background(), namesWait)
		defer cancel()
		all, err := n.Names(ctx)
		if err != nil || len(all) == 0 { // it is away, or is being filled just then
			n.due = now.Add(namesRetry)
			return n.known
		}
		n.known, n.due = byRussian(all), now.Add(namesFresh)
	}
	return n.known
}

func byRussian(all []text.Words) map[string]text.Words {
	names := make(map[string]text.Words, len(all))
	for _, name := range all {
		if other, known := names[name.RU]; known && other != name {
			names[name.RU] = text.Words{} // whose it was cannot be told
			continue
		}
		names[name.RU] = name
	}
	return names
}
