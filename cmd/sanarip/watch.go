package main

import (
	"context"
	"net/http"
	"time"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/observe"
)

// messageWatcher is a system that tells of each message it passes on: the exchange.
type messageWatcher interface {
	ObserveMessages(func(client, provider, service, outcome string, took time.Duration))
}

// queueWatcher is a system that can ask all others for their queues: the exchange.
type queueWatcher interface {
	Queues(ctx context.Context, each func(system string, counts []job.Count))
}

// gaugeTeller is a system with figures of its own: the card of nodes.
type gaugeTeller interface {
	Gauges(ctx context.Context) ([]observe.Gauge, error)
}

// withGauges asks the system for its figures just before the metrics are read.
func (h *house) withGauges(name string, s gaugeTeller, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		told, err := s.Gauges(ctx)
		if err != nil { // better none than old ones
			h.log.Warn("no figures of the system's own", "system", name, "error", err.Error())
		}
		h.metrics.Gauges(name, told)
		next.ServeHTTP(w, r)
	})
}

// withQueues asks for the queues just before the metrics are read: nobody is
// asked when nobody looks.
func (h *house) withQueues(s queueWatcher, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		s.Queues(ctx, func(system string, counts []job.Count) { h.metrics.Queue(system, counts, time.Now()) })
		next.ServeHTTP(w, r)
	})
}
