package treated

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Whole is a case with its past: every revision of its number, the newest
// first, and every decision on this one.
type Whole struct {
	Record
	Revisions []Record
	Verdicts  []Verdict
	Doubles   []Double   // what came by the other way and is not paid
	Steps     []Done     // what people did with it, the newest first
	Term      AppealTerm // for an appeal against the decision in force, if it is a return
	Apart     []Apart    // forms of the same name that are of other people, as an expert confirmed
	Alike     []Record   // of the same name, in the way of an appeal: for the fund alone
	By        *Record    // the case that took this one's place, nil while none did
}

// AppealUntil is until which day each of the returned cases may be appealed for; those of
// which no term says are not in it.
func (f Fund) AppealUntil(ctx context.Context, lines []Line) (map[string]clock.Date, error) {
	ids := make([]string, len(lines))
	for i, l := range lines {
		ids[i] = l.ID
	}
	decided, err := decidedAt(ctx, f.DB.Read, ids)
	if err != nil {
		return nil, db.Explain(err)
	}
	until, terms := map[string]clock.Date{}, map[clock.Date]AppealTerm{}
	for caseID, at := range decided {
		day := clock.DateOf(at)
		term, known := terms[day]
		if !known {
			if term, err = termOn(ctx, f.DB.Read, at); err != nil {
				return nil, db.Explain(err)
			}
			terms[day] = term
		}
		if last := term.Until(at); !last.IsZero() {
			until[caseID] = last
		}
	}
	return until, nil
}

// DecisionOn is the decision on the hospital's case that is in force, for who corrects
// it: what they open of the patient is on record already.
func (f Fund) DecisionOn(ctx context.Context, caseID, hospital string) (insuranceapi.Decision, error) {
	r, err := byID(ctx, f.DB.Read, caseID, "")
	if errors.Is(err, sql.ErrNoRows) || (err == nil && hospital != r.Case.Organisation) {
		return insuranceapi.Decision{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return r.Decision, db.Explain(err)
}

// Read is one case for an expert, or for its hospital. That it was read is on
// record before it is shown.
func (f Fund) Read(ctx context.Context, caseID string, by Expert) (Whole, error) {
	var w Whole
	err := f.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, err := byID(ctx, tx, caseID, "")
		if errors.Is(err, sql.ErrNoRows) || (err == nil && by.Hospital != "" && by.Hospital != r.Case.Organisation) {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if err != nil {
			return err
		}
		w.Record = r
		if w.Revisions, err = revisions(ctx, tx, r.Case.Number); err != nil {
			return err
		}
		if w.Verdicts, err = verdicts(ctx, tx, caseID); err != nil {
			return err
		}
		if w.Steps, err = steps(ctx, tx, caseID); err != nil {
			return err
		}
		if w.Doubles, err = doubles(ctx, tx, caseID); err != nil {
			return err
		}
		if w.Term, err = termOn(ctx, tx, r.Decision.At); err != nil {
			return err
		}
		if w.Apart, err = apartOf(ctx, tx, r.Case.Number); err != nil {
			return err
		}
		if w.Alike = nil; by.Hospital == "" && r.Current && r.Stage == Appealed { // a transaction may run twice
			if w.Alike, err = f.inTheWay(ctx, tx, r.Case); err != nil {
				return err
			}
			for _, other := range w.Alike { // they are shown too
				if err := audit.Add(ctx, tx, f.Clock, f.expertRecord(other, ActionRead, by)); err != nil {
					return err
				}
			}
		}
		if !r.Current {
			if w.By, err = replacing(ctx, tx, caseID); err != nil {
				return err
			}
		}
		action := ActionRead
		if by.Hospital != "" {
			action = ActionLook
		}
		return audit.Add(ctx, tx, f.Clock, f.expertRecord(r, action, by))
	})
	return w, err
}

// Filter picks cases of a list; "" leaves a condition out.
type Filter struct {
	Organisation string
	Month        string // 2026-11
	State        string // a Stage
	Order        string // "" by discharge, ByWorth, ByDoubt
	// After and Before are ids of cases: the page behind the one, or that ahead of the
	// other. A case need not be of the list itself any more. "" for both: the first page.
	After, Before string
}

// Orders of a list.
const (
	ByWorth = "worth" // what costs most first
	ByDoubt = "doubt" // what the rules found most in first, of those what costs most
)

// PageSize is how many cases a page of the list has.
const PageSize = 25

// Line is a case in a list: nothing of it names the patient.
type Line struct {
	ID, Number, Organisation, State, Group string
	Revision                               int
	DischargedAt                           int64
	Price                                  int64
	Findings                               int // of the checks, when it came
	Demo                                   bool
}

// List is a page of the current cases of the filter, in its order or the newest
// discharge first, and whether there are more behind it, or with Before ahead of it.
// Ahead of a case where there is less than a page is the first page.
func (f Fund) List(ctx context.Context, by Filter) (lines []Line, more bool, err error) {
	lines, err = list(ctx, f.DB.Read, by, PageSize+1)
	if err != nil {
		return nil, false, db.Explain(err)
	}
	more = len(lines) > PageSize
	if by.Before == "" {
		return lines[:min(len(lines), PageSize)], more, nil
	}
	if !more {
		by.Before = ""
		lines, _, err = f.List(ctx, by)
		return lines, false, err
	}
	lines = lines[:PageSize]
	slices.Reverse(lines)
	return lines, true, nil
}

// Next is the case that follows this one in the list of the filter, "" after the
// last. The case need not be of the list itself any more: a decision takes it out.
func (f Fund) Next(ctx context.Context, by Filter, caseID string) (string, error) {
	id, err := following(ctx, f.DB.Read, by, caseID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, db.Explain(err)
}

// Waiting is how many cases of a stage wait for the reader, and since when the
// oldest of them does.
type Waiting struct {
	Stage Stage
	Cases int
	Since time.Time
}

// Waiting is what somebody has to act on, the most urgent first: appeals and
// reviews wait for the fund, returned cases for the hospital of the code.
func (f Fund) Waiting(ctx context.Context, hospital string) ([]Waiting, error) {
	stages := []Stage{Appealed, Review}
	if hospital != "" {
		stages = []Stage{Returned}
	}
	var all []Waiting
	for _, stage := range stages {
		w, err := waiting(ctx, f.DB.Read, stage, hospital)
		if err != nil {
			return nil, err
		}
		if w.Cases > 0 {
			all = append(all, w)
		}
	}
	return all, nil
}

// Months is the months that have cases, the newest first.
func (f Fund) Months(ctx context.Context) ([]string, error) {
	return Months(ctx, f.DB.Read)
}

// Moment is the discharge as people read it.
func (l Line) Moment() string { return text.Moment(db.Time(l.DischargedAt)) }
