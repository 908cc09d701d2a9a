package rollout

import (
	"cmp"
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// What an organisation can be behind with, in the order of the way to go.
const (
	NoResponsible = "responsible" // nobody is responsible by an internal order
	Untrained     = "trained"     // too few of the staff came to a training
	Unconnected   = "connected"   // no stay is kept in the card
	LowShare      = "share"       // too many cases reach the fund by hand
	FormsLate     = "forms"       // too many forms 066/у late
	Gaps          = "gaps"        // diaries, drafts, returned cases wait
)

// Lags are all of them.
var Lags = []string{NoResponsible, Untrained, Unconnected, LowShare, FormsLate, Gaps}

// Months is how many months of discharge the share is taken over, this one too.
const Months = 3

// Counts are what is known of an organisation from НИСУР, the fund and training.
type Counts struct {
	Staff, Responsible, Trained int
	ByCard, ByHand              int
	Known                       bool // НИСУР was asked
}

// State is an organisation on its way.
type State struct {
	Organisation workforceapi.Organisation
	Line         Line // of the second stage, the zero Line if the schedule has none
	Counts
	monitor.Figures
	Behind []string // of Lags
}

// Connected says whether stays are kept in the card.
func (s State) Connected() bool { return s.Lying+s.Admitted+s.Discharged+s.ByCard > 0 }

// CardShare is the share of cases that came from the card; ok is false when the
// fund has had none.
func (s State) CardShare() (percent int, ok bool) {
	if s.ByCard+s.ByHand == 0 {
		return 0, false
	}
	return monitor.Share(s.ByCard, s.ByCard+s.ByHand), true
}

// lags says what the organisation is behind with on the day.
func (s State) lags(lines map[string]Line, least int, today clock.Date) []string {
	var behind []string
	note := func(lag string, is bool) {
		if is {
			behind = append(behind, lag)
		}
	}
	note(NoResponsible, s.Known && s.Responsible == 0 && lines[lineResponsible].Over(today))
	note(Untrained, s.Known && monitor.Share(s.Trained, s.Staff) < least && s.Line.Over(today))
	note(Unconnected, !s.Connected() && lines[lineTransition].Over(today))
	share, known := s.CardShare()
	note(LowShare, known && share < least && lines[lineForm].Over(today))
	inTime, known := s.InTime()
	note(FormsLate, known && inTime < least)
	note(Gaps, s.Now() > 0)
	return behind
}

// Country is every hospital, those furthest behind at the top.
type Country struct {
	States    []State
	Deadlines monitor.Deadlines
}

// Of is the country: four questions to the database however many hospitals.
// Organisation "" is all of them.
func Of(ctx context.Context, d *desk.Desk, organisation string) (Country, error) {
	now := d.Clock.Now()
	today := clock.DateOf(now)
	var c Country
	organisations, err := d.Directory.Organisations(ctx)
	if err != nil {
		return c, err
	}
	figures, err := monitor.Kept(ctx, d.DB.Read)
	if err != nil {
		return c, err
	}
	counts, err := countsOf(ctx, d.DB.Read, firstMonth(today))
	if err != nil {
		return c, err
	}
	lines, err := Schedule(ctx, d.DB.Read)
	if err != nil {
		return c, err
	}
	if c.Deadlines, err = monitor.InForce(ctx, d.DB.Read, today); err != nil {
		return c, err
	}
	byCode := map[string]Line{}
	for _, l := range lines {
		byCode[l.Line] = l
	}
	for _, o := range organisations {
		if o.Kind != directory.Hospital || organisation != "" && o.Code != organisation {
			continue
		}
		s := State{Organisation: o, Counts: counts[o.Code]}
		for _, f := range figures[o.Code] {
			s.Figures = s.Add(f)
		}
		for _, l := range lines {
			if l.Part == Stage && l.Stage == 2 && l.Beside == "" && l.For(o) {
				s.Line = l
			}
		}
		s.Behind = s.lags(byCode, c.Deadlines[monitor.SharePercent], today)
		c.States = append(c.States, s)
	}
	slices.SortFunc(c.States, func(a, b State) int {
		return cmp.Or(cmp.Compare(len(b.Behind), len(a.Behind)), cmp.Compare(b.Now(), a.Now()), cmp.Compare(a.Organisation.Code, b.Organisation.Code))
	})
	return c, nil
}

// firstMonth is the first of the Months that the share is taken over.
func firstMonth(today clock.Date) string {
	first := clock.Date{Year: today.Year, Month: today.Month, Day: 1}.Start().AddDate(0, 1-Months, 0)
	return clock.DateOf(first).String()[:7]
}

// Group is the organisations of a region or a level together.
type Group struct {
	Code                                string
	Organisations, Connected, OnTime    int
	Staff, Trained, ByCard, ByHand, Now int
}

// Grouped sums the states by a property, in the order of codes.
func (c Country) Grouped(codes []string, of func(State) string) []Group {
	groups := make([]Group, 0, len(codes))
	for _, code := range codes {
		g := Group{Code: code}
		for _, s := range c.States {
			if of(s) != code {
				continue
			}
			g.Organisations++
			if s.Connected() {
				g.Connected++
			}
			if len(s.Behind) == 0 {
				g.OnTime++
			}
			g.Staff, g.Trained = g.Staff+s.Staff, g.Trained+s.Trained
			g.ByCard, g.ByHand, g.Now = g.ByCard+s.ByCard, g.ByHand+s.ByHand, g.Now+s.Now()
		}
		groups = append(groups, g)
	}
	return groups
}

func regionCode(s State) string { return RegionOf(s.Organisation.Region) }

func levelCode(s State) string { return s.Organisation.Level }

// Only keeps the states of a region and a level; "" is every.
func (c Country) Only(region, level string) Country {
	c.States = slices.DeleteFunc(slices.Clone(c.States), func(s State) bool {
		return region != "" && regionCode(s) != region || level != "" && levelCode(s) != level
	})
	return c
}
