// Package equipment keeps what each organisation has to work with the systems:
// computers, doctors and nurses by department, counted on a day, and adds them
// up for the ministry (order of the ministry, item 9).
package equipment

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

// Codes of what is recorded.
const (
	ActionReport = "equipment.report"
	ActionCall   = "equipment.call"
)

// Internets are the lines that an organisation may have, the best last.
var Internets = []string{"none", "mobile", "fixed", "fibre"}

// most bounds a figure: no department of the country has a thousand of anything.
const most = 999

// Figures are what is counted.
type Figures struct {
	Computers int // all
	Working   int // of them
	Online    int // of the working ones
	Printers  int
	Doctors   int
	Nurses    int
}

// Add adds up.
func (f Figures) Add(g Figures) Figures {
	return Figures{f.Computers + g.Computers, f.Working + g.Working, f.Online + g.Online, f.Printers + g.Printers, f.Doctors + g.Doctors, f.Nurses + g.Nurses}
}

// PerDoctor is how many working computers there are for one doctor, in
// hundredths, rounded; -1 without doctors.
func (f Figures) PerDoctor() int { return ratio(f.Working, f.Doctors) }

// PerStaff is PerDoctor for doctors and nurses together.
func (f Figures) PerStaff() int { return ratio(f.Working, f.Doctors+f.Nurses) }

func ratio(of, by int) int {
	if by == 0 {
		return -1
	}
	return (of*100 + by/2) / by
}

// Line is what a department has. Code is "" for what belongs to no department.
type Line struct {
	Code string
	Name text.Words
	Figures
}

// Report is one count of an organisation.
type Report struct {
	ID           string
	Organisation string
	Number       int64
	Day          clock.Date // on which it was counted
	Internet     string
	Lines        []Line
	At           time.Time
	By           string // name
}

// Sum is all departments together.
func (r Report) Sum() Figures {
	var sum Figures
	for _, l := range r.Lines {
		sum = sum.Add(l.Figures)
	}
	return sum
}

// Check says what is wrong with a report, each thing with its field ("working-05").
func (r Report) Check(today clock.Date) []fail.Finding {
	var wrong []fail.Finding
	note := func(field, key string, pairs ...any) {
		wrong = append(wrong, fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)})
	}
	switch {
	case r.Day.IsZero():
		note("day", "kit.field.required")
	case today.Before(r.Day) || r.Day.DaysUntil(today) > 366:
		note("day", "workforce.equipment.day_wrong")
	}
	if !slices.Contains(Internets, r.Internet) {
		note("internet", "kit.field.choose")
	}
	for _, l := range r.Lines {
		for _, f := range l.named() {
			if f.value < 0 || f.value > most {
				note(f.name+"-"+l.field(), "workforce.equipment.figure_wrong", "Count", most)
			}
		}
		if l.Working > l.Computers {
			note("working-"+l.field(), "workforce.equipment.working_more")
		}
		if l.Online > l.Working {
			note("online-"+l.field(), "workforce.equipment.online_more")
		}
	}
	return wrong
}

// field is the department in the names of form fields.
func (l Line) field() string { return cmp.Or(l.Code, "none") }

type namedFigure struct {
	name  string
	value int
}

// figureNames are the columns, as fields and words are called.
var figureNames = []string{"computers", "working", "online", "printers", "doctors", "nurses"}

func (f Figures) named() []namedFigure {
	values := []int{f.Computers, f.Working, f.Online, f.Printers, f.Doctors, f.Nurses}
	list := make([]namedFigure, len(figureNames))
	for i, name := range figureNames {
		list[i] = namedFigure{name, values[i]}
	}
	return list
}

// Call is when the ministry asks: a count of Since or later answers it.
type Call struct {
	ID         string
	Since, Due clock.Date
	Source     string // the order
}

// Book takes reports.
type Book struct {
	DB    *db.DB
	Clock clock.Clock
}

// Today is the day in Bishkek.
func (b Book) Today() clock.Date { return clock.DateOf(b.Clock.Now()) }

// Take keeps the report as the organisation's next one. before is the number of
// the last one that its author saw, 0 for none; fail.Conflict
// "workforce.equipment.changed" when another has come since.
func (b Book) Take(ctx context.Context, r Report, before int64, by change.Actor) error {
	if wrong := r.Check(b.Today()); len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	if len(r.Lines) == 0 {
		return fail.New(fail.Conflict, "workforce.departments.none")
	}
	r.ID, r.At, r.By = id.New(), b.Clock.Now(), by.Name
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, r.Organisation); err != nil {
			return err
		}
		known, err := last(ctx, tx, r.Organisation)
		if err != nil {
			return err
		}
		if known != before {
			return fail.New(fail.Conflict, "workforce.equipment.changed")
		}
		r.Number = known + 1
		was := Figures{}
		if known > 0 {
			previous, err := reports(ctx, tx, r.Organisation, 1)
			if err != nil {
				return err
			}
			was = previous[0].Sum()
		}
		if err := Insert(ctx, tx, r, by.PIN); err != nil {
			return err
		}
		fields := []change.Field{{Name: "day", After: r.Day.String()}}
		before, after := was.named(), r.Sum().named()
		for i := range after {
			if known == 0 || before[i] != after[i] {
				f := change.Field{Name: after[i].name, After: strconv.Itoa(after[i].value)}
				if known > 0 {
					f.Before = strconv.Itoa(before[i].value)
				}
				fields = append(fields, f)
			}
		}
		return change.Add(ctx, tx, b.Clock, change.Change{Organisation: r.Organisation, Object: "equipment", Version: r.Number, Action: ActionReport, By: by, Fields: fields})
	})
}

// Ask sets a new date by which all organisations report, by an order.
func (b Book) Ask(ctx context.Context, c Call, by change.Actor) error {
	var wrong []fail.Finding
	if c.Source == "" {
		wrong = append(wrong, fail.Finding{Field: "source", Key: "kit.field.required"})
	}
	if c.Since.IsZero() || c.Due.IsZero() || c.Due.Before(c.Since) || b.Today().DaysUntil(c.Due) > 366 || c.Since.DaysUntil(b.Today()) > 366 {
		wrong = append(wrong, fail.Finding{Field: "due", Key: "workforce.equipment.due_wrong"})
	}
	if len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	c.ID = id.New()
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		added, err := InsertCall(ctx, tx, c, b.Clock.Now(), by.PIN)
		if err != nil {
			return err
		}
		if !added {
			return fail.Fields(fail.Finding{Field: "due", Key: "workforce.equipment.due_known"})
		}
		return audit.Add(ctx, tx, b.Clock, audit.Record{
			ActorPIN: by.PIN, ActorName: by.Name, ActorRole: by.Role, Organisation: by.Organisation,
			Via: "workforce", Action: ActionCall, Purpose: change.Purpose, Object: c.ID,
		})
	})
}

// Answer is how an organisation answered a call.
type Answer string

// The answers.
const (
	InTime  Answer = "in_time"
	Late    Answer = "late"
	Waiting Answer = "waiting" // not yet, and there is time
	Overdue Answer = "overdue" // not yet, and there is none
)

// State is an organisation in the ministry's report on a day.
type State struct {
	Organisation organisation.Organisation
	Report       *Report // the latest of the day or before, nil for none
	Answer       Answer
}

// answer says how the reports answer the call, as seen on the day. reports are
// those that were handed in by then.
func answer(c Call, reports []Report, on clock.Date) Answer {
	var first clock.Date
	for _, r := range reports {
		handed := clock.DateOf(r.At)
		if !r.Day.Before(c.Since) && !on.Before(handed) && (first.IsZero() || handed.Before(first)) {
			first = handed
		}
	}
	switch {
	case first.IsZero() && c.Due.Before(on):
		return Overdue
	case first.IsZero():
		return Waiting
	case c.Due.Before(first):
		return Late
	}
	return InTime
}

// Leaf is what part of the ministry's report is looked at: limit organisations of
// the region ("" for all) after the first skip; the zero limit: all. Sums are those
// of Regions.
type Leaf struct {
	Region      string
	Sums        map[string]RegionSum
	Limit, Skip int
}

// Found is how many organisations of the region there are, and how many of them owe
// a report.
func (l Leaf) Found() (all, owing int) {
	for code, sum := range l.Sums {
		if l.Region == "" || code == l.Region {
			all += sum.Organisations
			owing += sum.Organisations - sum.Answered
		}
	}
	return all, owing
}

// CallOn is the call that was open on the day; the zero Call before the first.
func (b Book) CallOn(ctx context.Context, on clock.Date) (call Call, err error) {
	calls, err := Calls(ctx, b.DB.Read)
	for _, c := range calls { // the latest that had begun
		if !on.Before(c.Since) && !c.Due.Before(call.Due) {
			call = c
		}
	}
	return call, err
}

// since is from when on a count answers the call.
func (c Call) since() string {
	if c.ID == "" {
		return never
	}
	return c.Since.String()
}

// States are organisations that report (hospitals and outpatient ones that are open
// on the day), those who owe a report by the call first.
func (b Book) States(ctx context.Context, on clock.Date, call Call, leaf Leaf) ([]State, error) {
	all, owing := leaf.Found()
	limit, skip := cmp.Or(leaf.Limit, all), leaf.Skip
	var these []string
	for _, part := range []struct {
		answered bool
		number   int
	}{{false, owing}, {true, all - owing}} {
		if skip < part.number && len(these) < limit {
			more, err := codes(ctx, b.DB.Read, on, call.since(), leaf.Region, part.answered, limit-len(these), skip)
			if err != nil {
				return nil, err
			}
			these = append(these, more...)
		}
		skip = max(0, skip-part.number)
	}
	asked := these
	if leaf.Limit == 0 { // a statement has no room for all of them
		asked = nil
	}
	organisations, err := organisation.Of(ctx, b.DB.Read, asked, on)
	if err != nil {
		return nil, err
	}
	byOrganisation, err := upTo(ctx, b.DB.Read, on, asked)
	if err != nil {
		return nil, err
	}
	states := make([]State, 0, len(these))
	for _, code := range these {
		s := State{Organisation: organisations[code]}
		known := byOrganisation[code]
		if len(known) > 0 {
			s.Report = &known[len(known)-1]
		}
		if call.ID != "" {
			s.Answer = answer(call, known, on)
		}
		states = append(states, s)
	}
	return states, nil
}

// RegionSum is a region in the report.
type RegionSum struct {
	Figures
	Organisations int
	Reported      int
	Answered      int // the call
}

// Regions adds the last reports of each organisation up by region.
func (b Book) Regions(ctx context.Context, on clock.Date, call Call) (map[string]RegionSum, error) {
	return byRegion(ctx, b.DB.Read, on, call.since())
}
