package observe

import (
	"maps"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Gauge is a figure of a system's own, told when the metrics are read. Labels
// name no person.
type Gauge struct {
	Name, Help string
	Labels     map[string]string
	Value      float64
}

// gauges are the systems' own figures.
type gauges struct {
	mu  sync.Mutex
	all map[string][]Gauge // by system
}

// Describe implements prometheus.Collector: which figures there are is not known
// before they are told.
func (g *gauges) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, told := range g.all {
		for _, one := range told {
			names := slices.Sorted(maps.Keys(one.Labels))
			values := make([]string, len(names))
			for i, name := range names {
				values[i] = one.Labels[name]
			}
			metric, err := prometheus.NewConstMetric(prometheus.NewDesc(one.Name, one.Help, names, nil), prometheus.GaugeValue, one.Value, values...)
			if err != nil {
				metric = prometheus.NewInvalidMetric(prometheus.NewDesc(one.Name, one.Help, names, nil), err)
			}
			out <- metric
		}
	}
}

// Gauges puts a system's own figures in the place of those that it told before.
func (m *Metrics) Gauges(system string, told []Gauge) {
	m.gauges.mu.Lock()
	defer m.gauges.mu.Unlock()
	m.gauges.all[system] = told
}
