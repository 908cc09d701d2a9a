package operator

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
)

// hours is how far back the traffic is drawn.
const hours = 12

type overviewData struct {
	sightings []Sighting
	queues    []Queue
	traffic   []record.Hour
	failures  []record.Record
}

func (d *Desk) overview(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var data overviewData
	queues := make(chan []Queue, 1)
	go func() { queues <- d.Queues(ctx) }()
	var err error
	if data.sightings, err = d.Look(ctx); err != nil {
		return err
	}
	data.queues = <-queues
	if data.traffic, err = d.Log.Traffic(ctx, d.Clock.Now(), hours); err != nil {
		return err
	}
	if data.failures, err = d.Log.Search(ctx, record.Filter{Failed: true, Limit: 5}); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, overviewPage(data))
}

func (v overviewData) ready() int {
	n := 0
	for _, s := range v.sightings {
		if s.Ready {
			n++
		}
	}
	return n
}

func (v overviewData) chart(ctx context.Context) design.BarChart {
	c := design.BarChart{
		Caption: text.T(ctx, "exchange.traffic"), Unit: text.T(ctx, "exchange.messages"), Label: text.T(ctx, "exchange.hour"),
	}
	for i, h := range v.traffic {
		c.Bars = append(c.Bars, design.Bar{
			Label: h.Start.In(clock.Bishkek).Format("15:04"), Value: float64(h.All), Text: strconv.Itoa(h.All), Mark: i == len(v.traffic)-1,
		})
	}
	return c
}

// second is a moment to the second, as logs need it.
func second(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(clock.Bishkek).Format("02.01.2006 15:04:05")
}

// took is a duration as people read it.
func took(ctx context.Context, d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%.1f %s", d.Seconds(), text.T(ctx, "exchange.unit_s"))
	}
	return fmt.Sprintf("%d %s", max(1, d.Milliseconds()), text.T(ctx, "exchange.unit_ms"))
}

func count(n int) string { return strconv.Itoa(n) }

func stateKey(s job.State) string {
	switch s {
	case job.Ready:
		return "exchange.state.ready"
	case job.Running:
		return "exchange.state.running"
	case job.Done:
		return "exchange.state.done"
	case job.Failed:
		return "exchange.state.failed"
	}
	return "exchange.state.ready"
}

func stateTone(s job.State) string {
	switch s {
	case job.Done:
		return "done"
	case job.Failed:
		return "danger"
	case job.Ready:
		return "attention"
	case job.Running:
	}
	return "info"
}

// clean takes numbers out that may be a person's.
func clean(s string) string { return observe.Clean(s) }
