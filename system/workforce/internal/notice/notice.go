// Package notice tells the systems that let people in by their posts whose posts
// have changed (NR-2: who leaves is out at once). The word is a job written with
// the change, so that neither is without the other.
package notice

import (
	"context"
	"log/slog"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Tell writes, in the transaction of the change, that the person's posts changed.
type Tell func(ctx context.Context, tx db.Querier, pin string) error

const jobKind = "staff-change"

// useful is for how long the word is worth saying again: by then every listener
// has asked by itself.
const useful = 2 * time.Minute

// policy tries again soon: a listener may only be starting anew.
var policy = job.Policy{FirstDelay: time.Second, MaxDelay: 10 * time.Second}

type told struct {
	To  string `json:"to"` // name of the listener, as exchangeapi.Systems has it
	PIN string `json:"pin"`
}

// Mount registers who does the telling with the queue and gives Tell.
func Mount(q *job.Queue, exchange *exchangeapi.Client, now clock.Clock, log *slog.Logger) Tell {
	q.Handle(jobKind, policy, func(ctx context.Context, j job.Job) error {
		var t told
		if err := j.Bind(&t); err != nil {
			return err
		}
		err := workforceapi.TellChange(ctx, exchange, exchangeapi.Systems[t.To], t.PIN)
		if err != nil && now.Now().Sub(j.CreatedAt) > useful {
			// A listener that is not there, or whose exchange gives no right, asks by itself.
			log.WarnContext(ctx, "a listener was not told of a change of posts", "system", "workforce", "listener", t.To, "error", err.Error())
			return nil
		}
		return err
	})
	return func(ctx context.Context, tx db.Querier, pin string) error {
		for _, l := range workforceapi.Listeners {
			if _, err := q.Add(ctx, tx, jobKind, told{exchangeapi.NameOf(l), pin}, job.Options{Subject: exchangeapi.NameOf(l)}); err != nil {
				return err
			}
		}
		return nil
	}
}
