package treated

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
)

// Replay is the rules run again on a case, each with the values it looked at.
type Replay struct {
	Whole
	Table  string       // of rates on the day of discharge, "" for none
	Others []rule.Other // as they are now
	Rules  []rule.Explanation
}

// Why replays one rule on the case, or with id "" every rule of its day. Other
// cases of the person are taken as they are now.
func (f Fund) Why(ctx context.Context, caseID, id string, by Expert) (Replay, error) {
	w, err := f.Read(ctx, caseID, by)
	if err != nil {
		return Replay{}, err
	}
	r := Replay{Whole: w}
	facts, err := f.facts(ctx, f.DB.Read, w.Case, w.ReceivedAt)
	if err != nil {
		return r, db.Explain(err)
	}
	tables, err := f.Tables.Tables(ctx)
	if err != nil {
		return r, err
	}
	facts = priced(w.Case, facts, tables)
	table, _ := tables.On(clock.DateOf(w.Case.DischargedAt))
	r.Table, r.Others = table.ID, facts.Others
	for _, each := range f.Catalogue.Of(w.Case, facts) {
		if id != "" && each.ID != id {
			continue
		}
		if explained, ok := f.Catalogue.Why(each.ID, w.Case, facts); ok {
			r.Rules = append(r.Rules, explained)
		}
	}
	if id != "" && len(r.Rules) == 0 {
		return r, fail.New(fail.NotFound, "kit.not_found")
	}
	return r, nil
}

// priced adds to the facts what the table of rates says of the case.
func priced(c insuranceapi.Case, facts rule.Facts, tables price.Tables) rule.Facts {
	table, ok := tables.On(clock.DateOf(c.DischargedAt))
	_, grouped := table.Group(c)
	facts.Priced, facts.Categories, facts.Grouped = ok, table.Categories, grouped
	return facts
}

// Simulate is what the fund would say of the case if it knew nobody: the same
// rules and prices, but no other case is looked at and nothing is written, so
// that makers of programs can try as they like and learn of no one.
func (f Fund) Simulate(ctx context.Context, c insuranceapi.Case) (insuranceapi.Decision, error) {
	c, err := bounded(c)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	tables, err := f.Tables.Tables(ctx)
	if err != nil {
		return insuranceapi.Decision{}, err
	}
	return f.decide(c, rule.Facts{Now: f.Clock.Now(), Whole: true}, tables), nil
}
