package node

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// turnOfYear is for how long before and after the new year numbers of both years
// are kept: a line may be cut over the holidays, and a discharge of December is
// often written in January, with a number of its own year.
const turnOfYear = 31 * 24 * time.Hour

// years that numbers are kept for.
func years(now time.Time) []int {
	all := []int{clock.DateOf(now).Year}
	for _, near := range []time.Duration{turnOfYear, -turnOfYear} {
		if year := clock.DateOf(now.Add(near)).Year; year != all[0] {
			all = append(all, year)
		}
	}
	return all
}

// numbered are what the organisation has numbers for: its departments, and the
// series that run over all of it.
func numbered(o workforceapi.Organisation) []string {
	var all []string
	for _, department := range o.Departments {
		all = append(all, department.Code)
	}
	for _, s := range number.AllSeries {
		all = append(all, string(s))
	}
	return all
}

// renew fetches numbers for every department and series that has fewer left than half a
// range. The same lack asks by the same request, so that an answer that was lost
// gives the same range again.
func (n *Node) renew(ctx context.Context, self Self) error {
	if self.Phase == isHalted || self.Epoch == 0 {
		return nil
	}
	now := n.Desk.Clock.Now()
	for _, code := range self.Organisations {
		o, err := n.Desk.Directory.Organisation(ctx, code)
		if err != nil {
			if fail.Is(err, fail.NotFound) {
				continue
			}
			return err
		}
		for _, place := range numbered(o) {
			for _, year := range years(now) {
				if err := n.renewOne(ctx, self, code, place, year, now); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (n *Node) renewOne(ctx context.Context, self Self, organisation, department string, year int, now time.Time) error {
	left, err := number.Left(ctx, n.Desk.DB.Read, organisation, department, year)
	if err != nil || left >= int64(n.Settings.Numbers+1)/2 {
		return err
	}
	ranges, err := countRanges(ctx, n.Desk.DB.Read, self.Epoch, organisation, department, year)
	if err != nil {
		return err
	}
	above, err := highest(ctx, n.Desk.DB.Read, organisation, department, year)
	if err != nil {
		return err
	}
	request := fmt.Sprintf("%s-%d-%s-%s-%d-%d", n.Settings.Name, self.Epoch, organisation, department, year, ranges+1)
	lease, err := n.Centre.Lease(ctx, cardapi.LeaseCall{
		NodeHead: n.head(self), Request: request, Organisation: organisation, Department: department, Year: year, Count: n.Settings.Numbers, Above: above,
	})
	if err != nil {
		return err
	}
	return n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now2, _, err := loadSelf(ctx, tx, n.Desk.DB.ForUpdate())
		if err != nil || now2.Epoch != self.Epoch || now2.Phase == isHalted {
			return err
		}
		return addRange(ctx, tx, request, self.Epoch, organisation, department, year, lease, now)
	})
}

// codeRequest is how the requests of ranges begin that the present challenge opens.
func codeRequest(name string, self Self) string {
	return fmt.Sprintf("%s-code-%s-", name, self.Challenge())
}

// EnterCode opens the numbers that the centre's operator has read out over the
// phone, for a node whose database is an older one and that has no line.
func (n *Node) EnterCode(ctx context.Context, typed string) error {
	now := n.Desk.Clock.Now()
	self, ok, err := loadSelf(ctx, n.Desk.DB.Read, "")
	if err != nil {
		return err
	}
	if !ok || !self.Halted() {
		return fail.New(fail.Conflict, "card.node.code_not_asked")
	}
	code, err := number.ReadCode(typed, n.Settings.Key, self.Challenge(), clock.DateOf(now).Year/100*100)
	if err != nil {
		return err
	}
	var organisations []workforceapi.Organisation
	for _, one := range self.Organisations {
		o, err := n.Desk.Directory.Organisation(ctx, one)
		if err != nil {
			return err
		}
		organisations = append(organisations, o)
	}
	seen, err := number.Witness(n.Settings.Witness).Read()
	if err != nil {
		return err
	}
	return n.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, o := range organisations {
			for _, place := range numbered(o) {
				request := codeRequest(n.Settings.Name, self) + fmt.Sprintf("%s-%s-%d-%d", o.Code, place, code.Year, code.First)
				err := addRange(ctx, tx, request, self.Epoch, o.Code, place, code.Year, cardapi.Lease{First: code.First, Last: code.First + int64(code.Count) - 1}, now)
				if err == nil {
					err = openRange(ctx, tx, request, seen.Given[request])
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}
