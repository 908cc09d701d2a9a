package node

import (
	"context"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
)

// Words of the figures, alike at a node and at the centre.
var figures = map[string]string{
	"waiting_changes":                 "Changes that the node has not handed over.",
	"waiting_oldest_seconds":          "Age of the oldest of them, 0 for none.",
	"line_down_seconds":               "At the node: since when the centre does not answer, 0 while it does.",
	"silent_seconds":                  "At the centre: since when the node was not heard, -1 for never.",
	"last_handover_timestamp_seconds": "When changes were last handed over, 0 for never.",
	"held_changes":                    "Changes that wait for something that is in their way.",
	"conflicts":                       "Values that both sides changed and nobody has decided on.",
	"halted":                          "1 while the node gives no numbers because its database is an older one, or another machine bears its name.",
	"other_machine":                   "At the centre: 1 while another machine under the node's name is stopped and asks to go on.",
	"numbers_left":                    "Numbers the node may still give, by department of form 066/у or series.",
}

func figure(name, node string, value float64, more ...string) observe.Gauge {
	g := observe.Gauge{Name: "sanarip_node_" + name, Help: figures[name], Labels: map[string]string{"node": node}, Value: value}
	for i := 0; i+1 < len(more); i += 2 {
		g.Labels[more[i]] = more[i+1]
	}
	return g
}

func since(now, then time.Time) float64 {
	if then.IsZero() {
		return 0
	}
	return max(0, now.Sub(then).Seconds())
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func stamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// Gauges are the figures of a node, or of each node at the centre, for /metrics;
// none of a card that has neither.
func (p Pages) Gauges(ctx context.Context) ([]observe.Gauge, error) {
	if p.Desk == nil {
		return nil, nil
	}
	q, now := p.Desk.DB.Read, p.Desk.Clock.Now()
	open, err := openConflicts(ctx, q, "")
	if err != nil {
		return nil, err
	}
	if p.Centre != nil {
		return p.ofPeers(ctx, q, now, open)
	}
	self, ok, err := loadSelf(ctx, q, "")
	if err != nil || !ok {
		return nil, err
	}
	waiting, oldest, err := capture.Waiting(ctx, q, self.Acked)
	if err != nil {
		return nil, err
	}
	held, err := countHeld(ctx, q, merge.Centre)
	if err != nil {
		return nil, err
	}
	all := []observe.Gauge{
		figure("waiting_changes", self.Name, float64(waiting)),
		figure("waiting_oldest_seconds", self.Name, since(now, db.Time(oldest))),
		figure("line_down_seconds", self.Name, since(now, self.DownSince)),
		figure("last_handover_timestamp_seconds", self.Name, stamp(self.Handed)),
		figure("held_changes", self.Name, float64(held+self.HeldThere)),
		figure("conflicts", self.Name, float64(open[self.Name])),
		figure("halted", self.Name, truth(self.Halted())),
	}
	left, err := places(ctx, q)
	for _, place := range left {
		all = append(all, figure("numbers_left", self.Name, float64(place.Left),
			"organisation", place.Organisation, "series", place.Department, "year", strconv.Itoa(place.Year)))
	}
	return all, err
}

func (p Pages) ofPeers(ctx context.Context, q db.Querier, now time.Time, open map[string]int) ([]observe.Gauge, error) {
	known, err := peers(ctx, q)
	if err != nil {
		return nil, err
	}
	var all []observe.Gauge
	for _, one := range known {
		if len(one.organisations) == 0 { // let in no more
			continue
		}
		held, err := countHeld(ctx, q, one.name)
		if err != nil {
			return nil, err
		}
		silent := -1.0
		if !one.contact.IsZero() {
			silent = since(now, one.contact)
		}
		all = append(all,
			figure("waiting_changes", one.name, float64(one.waiting)),
			figure("waiting_oldest_seconds", one.name, since(now, one.oldest)),
			figure("silent_seconds", one.name, silent),
			figure("other_machine", one.name, truth(one.asked(now))),
			figure("last_handover_timestamp_seconds", one.name, stamp(one.handed)),
			figure("held_changes", one.name, float64(held)),
			figure("conflicts", one.name, float64(open[one.name])))
	}
	return all, nil
}
