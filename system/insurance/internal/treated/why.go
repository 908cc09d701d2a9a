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

	Unlisted           []rule.Lookup          // codes that ICD-10 of their day does not have
	UnlistedOperations []rule.Lookup          // codes that the table of operations of their day does not have
	Gone               []insuranceapi.Finding // by the rule asked for, which the catalogue no longer has
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
	if err == nil {
		facts, err = facts.Classified(ctx, f.books(), w.Case)
	}
	if err != nil {
		return r, db.Explain(err)
	}
	tables, err := f.Tables.Tables(ctx)
	if err != nil {
		return r, err
	}
	facts = priced(w.Case, facts, tables)
	table, _ := tables.On(clock.DateOf(w.Case.DischargedAt))
	r.Table, r.Others, r.Unlisted, r.UnlistedOperations = table.ID, facts.Others, facts.Unlisted, facts.UnlistedOperations
	for _, each := range f.Catalogue.Of(w.Case, facts) {
		if id != "" && each.ID != id {
			continue
		}
		if explained, ok := f.Catalogue.Why(each.ID, w.Case, facts); ok {
			r.Rules = append(r.Rules, explained)
		}
	}
	if id != "" && len(r.Rules) == 0 {
		r.Gone = recorded(w, id)
	}
	if id != "" && len(r.Rules)+len(r.Gone) == 0 {
		return r, fail.New(fail.NotFound, "kit.not_found")
	}
	return r, nil
}

// recorded is what the rule found when the case was last decided on with it.
func recorded(w Whole, id string) []insuranceapi.Finding {
	for _, v := range w.Verdicts {
		var found []insuranceapi.Finding
		for _, f := range v.Decision.Findings {
			if f.Rule == id {
				found = append(found, f)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
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
	facts, err := rule.Facts{Now: f.Clock.Now(), Whole: true}.Classified(ctx, f.books(), c)
	if err != nil {
		return insuranceapi.Decision{}, db.Explain(err)
	}
	return f.decide(c, facts, tables), nil
}
