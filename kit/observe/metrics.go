package observe

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sanarip/sanarip/kit/job"
)

// Metrics are the process's own, in a registry of their own.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	active   *prometheus.GaugeVec
	jobs     *prometheus.GaugeVec
	oldest   *prometheus.GaugeVec
	exchange *prometheus.HistogramVec
	gauges   *gauges
}

// NewMetrics makes an empty set.
func NewMetrics(version string) *Metrics {
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		gauges:   &gauges{all: map[string][]Gauge{}},
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sanarip_http_request_seconds", Help: "Requests by system, route pattern and class of status.", Buckets: buckets,
		}, []string{"system", "route", "status"}),
		active: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sanarip_http_active", Help: "Requests being answered."}, []string{"system"}),
		jobs:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sanarip_jobs", Help: "Jobs by kind and state."}, []string{"system", "kind", "state"}),
		oldest: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sanarip_job_oldest_seconds", Help: "Age of the oldest job that is not done."}, []string{"system", "kind"}),
		exchange: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sanarip_exchange_message_seconds", Help: "Messages through the exchange; outcome is answered or the X-Road error.", Buckets: buckets,
		}, []string{"client", "provider", "service", "outcome"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sanarip_build_info", Help: "1; the version is a label.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.active, m.jobs, m.oldest, m.exchange, m.gauges, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 5 * time.Second})
}

// Message counts a message through the exchange.
func (m *Metrics) Message(client, provider, service, outcome string, took time.Duration) {
	m.exchange.WithLabelValues(client, provider, service, outcome).Observe(took.Seconds())
}

// Queue sets the state of a system's queue.
func (m *Metrics) Queue(system string, counts []job.Count, now time.Time) {
	m.jobs.DeletePartialMatch(prometheus.Labels{"system": system})
	m.oldest.DeletePartialMatch(prometheus.Labels{"system": system})
	for _, c := range counts {
		m.jobs.WithLabelValues(system, c.Kind, string(c.State)).Set(float64(c.Number))
		if c.State != job.Done {
			m.oldest.WithLabelValues(system, c.Kind).Set(now.Sub(c.Oldest).Seconds())
		}
	}
}
