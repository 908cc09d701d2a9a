package node

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
)

// taken are the numbers of series that somebody was shown.
type taken struct {
	t  *testing.T
	mu sync.Mutex
	by map[string]string // side by number
}

// next takes a number on the side and fails if either has given it before.
func (k *taken) next(w formtest.World, side string, s number.Series) error {
	year, n := clock.DateOf(w.Clock.Now()).Year, 0
	err := w.Desk.DB.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) (err error) {
		n, err = number.NextOf(ctx, tx, s, formtest.Hospital, year)
		return err
	})
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	written := fmt.Sprintf("%s %d of %d", s, n, year)
	if before, twice := k.by[written]; twice {
		k.t.Errorf("%s: given by the %s, and before by the %s", written, side, before)
	}
	k.by[written] = side
	return nil
}

// Referrals, refusals and exchange cards are numbered on both sides at once, with
// the line and without, over the new year: no number comes twice, and nothing is
// held or in conflict for it.
func TestBothSidesNumberSeriesApart(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		k := &taken{t: t, by: map[string]string{}}
		shift := func(each int) {
			var hands sync.WaitGroup
			for side, w := range map[string]formtest.World{"node": p.node, "centre": p.centre} {
				for range 2 {
					hands.Go(func() {
						for i := range each {
							if err := k.next(w, side, number.AllSeries[i%len(number.AllSeries)]); err != nil {
								t.Errorf("%s: %v", side, err)
							}
						}
					})
				}
			}
			hands.Wait()
		}
		shift(30)
		p.meet()
		p.wire.cut.Store(true)
		shift(30)
		p.node.Clock.Advance(25 * time.Hour) // nothing is fetched, and work goes on
		shift(30)
		p.wire.cut.Store(false)
		p.meet()
		p.node.Clock.Advance(time.Duration(365-p.node.Clock.Now().YearDay()+1) * 24 * time.Hour)
		p.meet()
		shift(30)
		p.meet()
		p.alike()
		if got := p.centre.Int(`SELECT COUNT(*) FROM change_conflict`); got != 0 {
			t.Errorf("%d conflicts", got)
		}
		if want := 4 * 4 * 30; len(k.by) != want {
			t.Errorf("%d numbers, want %d", len(k.by), want)
		}
	})
}

// A node whose first days are those of a new year has numbers of the year that
// ended too, and gets more: what ended in December is written in January.
func TestNumbersOfTheYearThatEndedAreKept(t *testing.T) {
	for day, want := range map[string][]int{
		"2026-11-29": {2026}, "2026-12-02": {2026, 2027}, "2026-12-31": {2026, 2027}, "2027-01-01": {2027, 2026}, "2027-01-30": {2027, 2026}, "2027-02-02": {2027},
	} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := years(at); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", day, got, want)
		}
	}
	eachPair(t, func(t *testing.T, p *pair) {
		newYear := time.Date(2027, time.January, 1, 0, 0, 0, 0, clock.Bishkek)
		p.node.Clock.Advance(newYear.Add(2 * time.Hour).Sub(p.node.Clock.Now()))
		p.meet()
		p.wire.cut.Store(true)
		stayID := p.node.Ready(formtest.PIN(0))
		n, err := discharge.Discharge(formtest.Doctor(t.Context()), p.node.Desk, stayID, form.Ending{At: newYear.Add(-10 * time.Minute), Outcome: "discharged", Result: "improved"})
		if err != nil || n.Year != 26 {
			t.Errorf("%s %v", n, err)
		}
		if number := dischargeOne(t, p.node, formtest.PIN(1)); number[len(number)-2:] != "27" {
			t.Errorf("%s is not of the new year", number)
		}
	})
}

// A node that hands over more than it has numbers for stops, and says of what.
func TestASeriesThatIsUsedUpStops(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		p.wire.cut.Store(true)
		k := &taken{t: t, by: map[string]string{}}
		var err error
		for range 3*p.n.Settings.Numbers + 1 {
			if err = k.next(p.node, "node", number.Referrals); err != nil {
				break
			}
		}
		if err == nil || errKey(err) != "card.node.out.referral" {
			t.Fatalf("after %d numbers: %v", len(k.by), err)
		}
		p.wire.cut.Store(false)
		p.meet()
		if err := k.next(p.node, "node", number.Referrals); err != nil {
			t.Fatal(err)
		}
	})
}

// A range is asked for again when its answer was lost: it is the same one, and
// nothing is taken twice. What is past the seven digits is not given away.
func TestALeaseIsGivenOnceAndEndsWithTheSevenDigits(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		lease := func(request, place string, count int) (cardapi.Lease, error) {
			year := clock.DateOf(p.node.Clock.Now()).Year
			return p.n.Centre.Lease(t.Context(), cardapi.LeaseCall{
				NodeHead: p.n.head(p.self()), Request: fmt.Sprintf("%s-1-%s-%s-%d-%s", nodeName, formtest.Hospital, place, year, request),
				Organisation: formtest.Hospital, Department: place, Year: year, Count: count,
			})
		}
		last := map[string]string{
			formtest.Department: `form_sequence SET last = $1 WHERE department = '` + formtest.Department + `' AND $1 > 0`, string(number.Referrals): `referral_sequence SET last = $1`,
		}
		for place, key := range map[string]string{formtest.Department: "card.form.number_overflow", string(number.Referrals): "card.node.out.referral"} {
			one, err := lease("once-"+place, place, 10)
			if err != nil || one.Last-one.First != 9 {
				t.Fatal(one, err)
			}
			if again, err := lease("once-"+place, place, 10); err != nil || again != one {
				t.Errorf("%s: %+v, and again %+v, %v", place, one, again, err)
			}
			if next, err := lease("next-"+place, place, 10); err != nil || next.First != one.Last+1 {
				t.Errorf("%s: after %+v comes %+v, %v", place, one, next, err)
			}
			p.centre.Exec(`UPDATE `+last[place], number.Last-10)
			if _, err := lease("over-"+place, place, 11); errKey(err) != key {
				t.Errorf("%s: eleven of ten: %v", place, err)
			}
			if end, err := lease("end-"+place, place, 10); err != nil || end.Last != number.Last {
				t.Errorf("%s: the last ten: %+v, %v", place, end, err)
			}
		}
	})
}

// The figures of /metrics tell how a node stands, on its own side and at the
// centre, while the line is cut and after.
func TestFiguresOfANode(t *testing.T) {
	eachPair(t, func(t *testing.T, p *pair) {
		p.meet()
		sides := map[string]Pages{"node": {Desk: p.node.Desk, Node: p.n}, "centre": {Desk: p.centre.Desk, Centre: p.c}}
		read := func(side, name string) float64 {
			t.Helper()
			all, err := sides[side].Gauges(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range all {
				if g.Name == "sanarip_node_"+name && g.Labels["node"] == nodeName && g.Help != "" {
					return g.Value
				}
			}
			t.Fatalf("%s tells no %s: %v", side, name, all)
			return 0
		}
		p.wire.cut.Store(true)
		number := dischargeOne(t, p.node, formtest.PIN(61))
		if err := p.n.Step(t.Context()); err == nil {
			t.Fatal("a step without a line")
		} else if _, err := p.n.down(t.Context(), err); err != nil {
			t.Fatal(err)
		}
		p.node.Clock.Advance(3 * time.Hour)
		if read("node", "waiting_changes") < 5 || read("node", "line_down_seconds") != 3*3600 || read("centre", "silent_seconds") != 3*3600 || read("node", "numbers_left") < 1 {
			t.Errorf("%s was written without a line; waiting %v, down %v, silent %v", number, read("node", "waiting_changes"), read("node", "line_down_seconds"), read("centre", "silent_seconds"))
		}
		p.wire.cut.Store(false)
		p.meet()
		now := stamp(p.node.Clock.Now())
		for side := range sides {
			if read(side, "waiting_changes") != 0 || read(side, "last_handover_timestamp_seconds") != now || read(side, "held_changes") != 0 || read(side, "conflicts") != 0 {
				t.Errorf("%s: waiting %v, handed over %v, now %v", side, read(side, "waiting_changes"), read(side, "last_handover_timestamp_seconds"), now)
			}
		}
		if read("node", "line_down_seconds") != 0 || read("node", "halted") != 0 || read("centre", "silent_seconds") != 0 {
			t.Error("the line is up, and the figures say it is not")
		}
		plain := Pages{}
		if all, err := plain.Gauges(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("a card without nodes tells %v, %v", all, err)
		}
	})
}
