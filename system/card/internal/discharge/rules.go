package discharge

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// How long a copy of the fund's catalogue is good, how soon the fund is asked
// again after a failure, and how long a page waits for it.
const rulesFresh, rulesRetry, rulesWait = 10 * time.Minute, time.Minute, time.Second

// Rules is the card's copy of the fund's catalogue: the newest that it could
// fetch, at first the one that came with the program. By it the card checks a
// case itself, also while the fund is away.
type Rules struct {
	Ask   func(ctx context.Context, on clock.Date) ([]insuranceapi.Rule, error)
	Clock clock.Clock
	Log   *slog.Logger
	Books rule.Books // the card's own

	mu      sync.Mutex
	k       rule.Catalogue
	loaded  bool
	unknown []string
	at      time.Time // when it was fetched; zero: it came with the program
	due     time.Time
}

// Opinion is what the rules say of a case without the fund: no prices, no other
// cases of the person.
type Opinion struct {
	Findings []insuranceapi.Finding
	Rules    int       // that were run
	Unknown  []string  // rules of the fund that this program is too old for
	At       time.Time // of the catalogue; zero: it came with the program
}

// Returned says whether the fund would send the case back.
func (o Opinion) Returned() bool { return rule.Returned(o.Findings) }

// Of runs the rules on the case.
func (r *Rules) Of(ctx context.Context, c insuranceapi.Case) (Opinion, error) {
	if err := r.refresh(ctx); err != nil {
		return Opinion{}, err
	}
	facts, err := rule.Facts{Now: r.Clock.Now()}.Classified(ctx, r.Books, c)
	if err != nil {
		return Opinion{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return Opinion{Findings: r.k.Check(c, facts), Rules: len(r.k.Of(c, facts)), Unknown: r.unknown, At: r.at}, nil
}

// refresh asks the fund when the copy is old. The fund's being away is no error:
// the copy there is goes on.
func (r *Rules) refresh(ctx context.Context) error {
	r.mu.Lock()
	if !r.loaded {
		k, err := rule.Load()
		if err != nil {
			r.mu.Unlock()
			return err
		}
		r.k, r.loaded = k, true
	}
	now := r.Clock.Now()
	due := !now.Before(r.due)
	if due {
		r.due = now.Add(rulesRetry) // one asks, the others go on with the copy
	}
	r.mu.Unlock()
	if !due {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, rulesWait)
	defer cancel()
	published, err := r.Ask(waiting, clock.Date{})
	if err == nil && len(published) > 0 {
		var k rule.Catalogue
		var unknown []string
		if k, unknown, err = rule.From(published); err == nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.k, r.unknown, r.at, r.due = k, unknown, now, now.Add(rulesFresh)
			return nil
		}
	}
	if err != nil {
		r.Log.WarnContext(ctx, "the fund's rules could not be fetched", "system", "card", "error", err.Error())
	}
	return nil
}
