package node

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
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
