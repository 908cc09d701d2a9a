// Package access shows a person who looked at their data: in every system of
// the state that keeps some (PT-16).
package access

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
)

// systems are those that keep data of persons, in the order of the filter.
var systems = []string{"card", "insurance", "population", "identity", "portal", "message", "payment"}

const (
	limit   = 200             // newest records of each system
	patient = 5 * time.Second // how long one system may take
)

// Desk collects.
type Desk struct{ *cabinet.Cabinet }

// answer is what one system said.
type answer struct {
	system  string
	records []audit.Record
	err     error
}

// collect asks the systems side by side. Those that did not answer are named.
func (d *Desk) collect(ctx context.Context, pin string, only string) (records []audit.Record, silent []string) {
	var asked []string
	for _, s := range systems {
		if only == "" || only == s {
			asked = append(asked, s)
		}
	}
	answers := make([]answer, len(asked))
	var group sync.WaitGroup
	for i, s := range asked {
		group.Go(func() {
			quick, cancel := context.WithTimeout(ctx, patient)
			defer cancel()
			got, err := d.Exchange.Accesses(quick, exchangeapi.Systems[s], pin, limit)
			answers[i] = answer{s, got, err}
		})
	}
	group.Wait()
	for _, a := range answers {
		if a.err != nil {
			d.Log.InfoContext(ctx, "a system did not say who looked", "system", "portal", "asked", a.system, "error", a.err.Error())
			silent = append(silent, a.system)
			continue
		}
		for _, r := range a.records {
			if r.Subject == pin { // whatever a neighbour says, only the person's own is shown
				r.Via = a.system
				records = append(records, r)
			}
		}
	}
	slices.SortFunc(records, func(a, b audit.Record) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return records[:min(len(records), limit)], silent
}
