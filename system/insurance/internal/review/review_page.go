// Package review is the expert's desk: the list of cases, one case with its
// findings, price and past, and its return by hand.
package review

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/directory"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows cases to experts.
type Pages struct {
	Fund      treated.Fund
	Directory *directory.Directory
}

const mostComment = 2000

// List is GET /cases.
func (p Pages) List(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	hospital := office.Of(ctx).Hospital()
	by := asked(r, hospital)
	lines, more, err := p.Fund.List(ctx, by)
	if err != nil {
		return err
	}
	months, err := p.Fund.Months(ctx)
	if err != nil {
		return err
	}
	waiting, err := p.Fund.Waiting(ctx, hospital)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, listPage(listView{by, lines, more, months, p.Directory.Organisations(ctx), hospital, waiting, p.Fund.Clock.Now()}))
}

type listView struct {
	by     treated.Filter
	lines  []treated.Line
	more   bool
	months []string
	all    []workforceapi.Organisation
	own    string // the reader's hospital, "" for the fund

	waiting []treated.Waiting
	now     time.Time
}

// days is how long the oldest of them has waited.
func (v listView) days(w treated.Waiting) int {
	return clock.DateOf(w.Since).DaysUntil(clock.DateOf(v.now))
}

func waitingWord(ctx context.Context, stage treated.Stage) string {
	return text.T(ctx, "insurance.waiting."+string(stage)) // text: insurance.waiting.*
}

// address is that of the page behind the case, or ahead of the other.
func (v listView) address(after, before string) string {
	by := v.by
	by.After, by.Before = after, before
	return "/cases" + carried(by, v.own)
}

// before is the page ahead of this one: of nothing seen, the first.
func (v listView) before() string {
	switch {
	case v.by.Before != "" && !v.more, v.by.Before == "" && v.by.After == "":
		return ""
	case len(v.lines) == 0:
		return v.address("", "")
	}
	return v.address("", v.lines[0].ID)
}

// after is the page behind this one; read ahead of a case there is always one.
func (v listView) after() string {
	if len(v.lines) == 0 || (v.by.Before == "" && !v.more) {
		return ""
	}
	return v.address(v.lines[len(v.lines)-1].ID, "")
}

func (v listView) monthOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "insurance.all_months")}}
	for _, m := range v.months {
		options = append(options, design.Option{Value: m, Label: total.MonthName(m), Selected: m == v.by.Month})
	}
	return options
}

func (v listView) stateOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "insurance.all_states")}}
	for _, stage := range treated.Stages {
		label, _ := stateWord(ctx, string(stage))
		options = append(options, design.Option{Value: string(stage), Label: label, Selected: v.by.State == string(stage)})
	}
	return options
}

func (v listView) orderOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "insurance.order.day")}}
	for _, order := range []string{treated.ByDoubt, treated.ByWorth} {
		options = append(options, design.Option{Value: order, Label: text.T(ctx, "insurance.order."+order), Selected: v.by.Order == order}) // text: insurance.order.*
	}
	return options
}

func day(micros int64) string { return text.Moment(db.Time(micros)) }

func priceText(ctx context.Context, tyiyn int64, state string) string {
	if !treated.Stage(state).Priced() {
		return "—"
	}
	return text.Money(ctx, tyiyn)
}

// Show is GET /cases/{id}.
func (p Pages) Show(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, http.StatusOK, page.NewForm())
}

func (p Pages) show(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	return p.page(w, r, status, r.PathValue("id"), form, nil)
}

// page is the page of the case; conflict is what stood against the reader's step.
func (p Pages) page(w http.ResponseWriter, r *http.Request, status int, caseID string, form *page.Form, conflict *fail.Error) error {
	ctx := r.Context()
	c, err := p.Fund.Read(ctx, caseID, office.Of(ctx).Decides())
	if err != nil {
		return err
	}
	o := p.Directory.Organisation(ctx, c.Case.Organisation)
	way, err := p.way(r, caseID)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet {
		page.LeadsTo(r, "/cases/"+url.PathEscape(caseID)+way.query)
	}
	return page.Render(w, r, status, casePage(caseView{c, o, form, text.LangOf(ctx), office.Of(ctx), way, conflict, p.Fund.Clock.Now()}))
}

// Return is POST /cases/{id}/return.
func (p Pages) Return(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	return p.step(w, r, form, treated.StepReturn)
}

// Step is POST /cases/{id}/step: what the pressed button says.
func (p Pages) Step(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	return p.step(w, r, form, treated.Step(form.Text("do", 20)))
}

func (p Pages) step(w http.ResponseWriter, r *http.Request, form *page.Form, step treated.Step) error {
	comment := form.Text("comment", mostComment)
	if form.OK() {
		seen := treated.ParseSeen(form.Text("seen", mostSeen))
		err := p.Fund.DoFrom(r.Context(), r.PathValue("id"), seen, step, comment, office.Of(r.Context()).Decides())
		if err == nil {
			if step == treated.StepReturn {
				page.Notice(w, "insurance.return.done")
			} else {
				page.Notice(w, "insurance.step.done")
			}
			return page.Redirect(w, r, "/cases/"+url.PathEscape(r.PathValue("id"))+carried(asked(r, ""), office.Of(r.Context()).Hospital()))
		}
		if fail.Is(err, fail.Conflict) {
			return p.Moved(w, r, r.PathValue("id"), form, err)
		}
		if !form.Take(err) {
			return err
		}
	}
	return p.show(w, r, http.StatusUnprocessableEntity, form)
}

type caseView struct {
	treated.Whole
	organisation workforceapi.Organisation
	form         *page.Form
	lang         text.Lang
	reader       office.Expert
	way          way
	conflict     *fail.Error // why the reader's step was not done, nil when none was asked for
	now          time.Time
}

// row is a line of the form with what was found about its fields beside it.
func (v caseView) row(ctx context.Context, key, value string, fields ...string) design.Row {
	return design.Row{Key: text.T(ctx, key), Component: noted(value, v.findings(fields...))}
}

// ruleIDs are the rules that found something, each once.
func (v caseView) ruleIDs() []string {
	var ids []string
	for _, f := range v.Decision.Findings {
		if !slices.Contains(ids, f.Rule) {
			ids = append(ids, f.Rule)
		}
	}
	return ids
}

func (v caseView) findings(fields ...string) []insuranceapi.Finding {
	var list []insuranceapi.Finding
	for _, f := range v.Decision.Findings {
		for _, field := range fields {
			if f.Field == field {
				list = append(list, f)
			}
		}
	}
	return list
}

func (v caseView) organisationName() string {
	name := v.organisation.Name.In(v.lang)
	if name == "" {
		return v.Case.Organisation
	}
	return v.Case.Organisation + " · " + name
}

func (v caseView) department(code string) string {
	return directory.Department(v.organisation, code, v.lang)
}

func (v caseView) general(ctx context.Context) []design.Row {
	return []design.Row{
		v.row(ctx, "insurance.case.number", rule.Grouped(v.Case.Number), "number"),
		v.row(ctx, "insurance.case.revision", strconv.Itoa(v.Case.Revision), "revision"),
		{Key: text.T(ctx, "insurance.case.way"), Value: wayWord(ctx, v.Way)},
		v.row(ctx, "insurance.hospital", v.organisationName(), "organisation"),
		v.row(ctx, "insurance.case.department", v.department(v.Case.Department), "department"),
	}
}

func (v caseView) patient(ctx context.Context) []design.Row {
	p := v.Case.Patient
	var newborn []design.Row // of who was told apart by it
	if p.Mother != "" {
		newborn = append(newborn, v.row(ctx, "insurance.case.mother", p.Mother, "patient.mother"))
	}
	if p.BirthOrder != 0 {
		newborn = append(newborn, v.row(ctx, "insurance.case.birth_order", strconv.Itoa(p.BirthOrder), "patient.birth_order"))
	}
	return slices.Concat([]design.Row{
		v.row(ctx, "insurance.case.name", p.Name, "patient.name", "patient"),
		v.row(ctx, "insurance.case.pin", p.PIN, "patient.pin"),
		v.row(ctx, "insurance.case.sex", sexWord(ctx, p.Sex), "patient.sex"),
		v.row(ctx, "insurance.case.birth", text.Date(p.BirthDate), "patient.birth_date"),
	}, newborn, []design.Row{
		v.row(ctx, "insurance.case.region", p.Region, "patient.region"),
		v.row(ctx, "insurance.case.rural", yesNo(ctx, p.Rural), "patient.rural"),
		v.row(ctx, "insurance.case.insured", yesNo(ctx, p.Insured), "patient.insured"),
		v.row(ctx, "insurance.case.policy", p.Policy, "patient.policy"),
		v.row(ctx, "insurance.case.category", categoryWord(ctx, p.Category), "patient.category"),
	})
}

func (v caseView) stay(ctx context.Context) []design.Row {
	c := v.Case
	hours := "—"
	if c.HoursSinceOnset != 0 {
		hours = strconv.Itoa(c.HoursSinceOnset)
	}
	return []design.Row{
		v.row(ctx, "insurance.case.admission", admissionWord(ctx, c.Admission), "admission"),
		v.row(ctx, "insurance.case.hours", hours, "hours_since_onset"),
		v.row(ctx, "insurance.case.referrer", c.Referrer, "referrer"),
		v.row(ctx, "insurance.case.admitted", text.Moment(c.AdmittedAt), "admitted_at"),
		v.row(ctx, "insurance.case.discharged", text.Moment(c.DischargedAt), "discharged_at"),
		v.row(ctx, "insurance.case.bed_days", strconv.Itoa(c.BedDays), "bed_days"),
		v.row(ctx, "insurance.case.outcome", outcomeWord(ctx, c.Outcome), "outcome"),
		v.row(ctx, "insurance.case.result", resultWord(ctx, c.Result), "result"),
		v.row(ctx, "insurance.case.doctor", c.Doctor.Name, "doctor"),
		v.row(ctx, "insurance.case.head", c.HeadOfDepartment.Name, "head_of_department"),
	}
}

func (v caseView) moves(ctx context.Context) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.case.moves"), Empty: text.T(ctx, "insurance.case.no_moves"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.department")}, {Label: text.T(ctx, "insurance.case.from")}, {Label: text.T(ctx, "insurance.case.until")}},
	}
	for _, m := range v.Case.Moves {
		t.Rows = append(t.Rows, []design.Cell{{Text: v.department(m.Department)}, {Text: text.Moment(m.From)}, {Text: text.Moment(m.Until)}})
	}
	return t
}

func (v caseView) diagnoses(ctx context.Context) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.case.diagnoses"), Empty: text.T(ctx, "insurance.case.no_diagnoses"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.stage")}, {Label: text.T(ctx, "insurance.case.rank")}, {Label: text.T(ctx, "insurance.case.code")}, {Label: text.T(ctx, "insurance.case.text")}},
	}
	for _, d := range v.Case.Diagnoses {
		t.Rows = append(t.Rows, []design.Cell{{Text: stageWord(ctx, d.Stage)}, {Text: rankWord(ctx, d.Rank)}, {Text: d.Code}, {Text: d.Text}})
	}
	return t
}

func (v caseView) operations(ctx context.Context) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.case.operations"), Empty: text.T(ctx, "insurance.case.no_operations"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.moment")}, {Label: text.T(ctx, "insurance.case.code")}, {Label: text.T(ctx, "insurance.case.operation")}, {Label: text.T(ctx, "insurance.case.anaesthesia")}, {Label: text.T(ctx, "insurance.case.complication")}},
	}
	for _, o := range v.Case.Operations {
		t.Rows = append(t.Rows, []design.Cell{{Text: text.Moment(o.At)}, {Text: o.Code}, {Text: o.Name}, {Text: anaesthesiaWord(ctx, o.Anaesthesia)}, {Text: o.Complication}})
	}
	return t
}

func (v caseView) steps(ctx context.Context) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.case.steps"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.step")}, {Label: text.T(ctx, "insurance.case.value"), Numeric: true}, {Label: text.T(ctx, "insurance.case.after"), Numeric: true}},
	}
	for _, s := range v.Decision.Steps {
		t.Rows = append(t.Rows, []design.Cell{{Text: s.Name.Here(ctx)}, {Text: text.Decimal(ctx, s.Value)}, {Text: text.Money(ctx, s.Result)}})
	}
	return t
}

// past is the decisions on this revision and what people did with it and said
// of it, the newest first. A step that is a decision is told once.
func (v caseView) past(ctx context.Context) []design.Event {
	type moment struct {
		at time.Time
		design.Event
	}
	var all []moment
	for _, verdict := range v.Verdicts {
		by := text.T(ctx, "insurance.case.by_checks")
		if verdict.ByName != "" {
			by = verdict.ByName
		}
		label, tone := stateWord(ctx, string(verdict.Decision.State))
		all = append(all, moment{verdict.At, design.Event{Title: label, Tone: tone, Text: verdict.Decision.Comment, By: by}})
	}
	for _, s := range v.Steps {
		if slices.Contains([]treated.Step{treated.StepReturn, treated.StepGrant, treated.StepApart, treated.StepSame}, s.Step) {
			continue
		}
		_, tone := stateWord(ctx, string(s.Became))
		if s.Step == treated.StepComment {
			tone = "neutral"
		}
		all = append(all, moment{s.At, design.Event{
			Title: text.T(ctx, "insurance.past."+string(s.Step)), Tone: tone, Text: s.Comment, By: named(ctx, s), // text: insurance.past.*
		}})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return b.at.Compare(a.at) })
	events := make([]design.Event, 0, len(all))
	for _, m := range all {
		m.When = text.Moment(m.at)
		events = append(events, m.Event)
	}
	return events
}

// named is who did the step, with their post.
func named(ctx context.Context, s treated.Done) string {
	role := s.ByRole.Here(ctx)
	if role == "" {
		return s.ByName
	}
	return s.ByName + ", " + role
}

// stepsOpen are the buttons of the reader: what their side may do at this stage.
func (v caseView) stepsOpen() []treated.Step {
	if !v.Current {
		return []treated.Step{treated.StepComment}
	}
	open := treated.Open(v.Stage, v.reader.Hospital() != "")
	if v.late() {
		open = slices.DeleteFunc(open, func(s treated.Step) bool { return s == treated.StepAppeal })
	}
	if v.otherEyes() {
		open = slices.DeleteFunc(open, func(s treated.Step) bool { return s == treated.StepGrant || s == treated.StepRefuse })
	}
	return v.tellingApart(open)
}

// otherEyes says that an appeal waits here for another expert than the reader,
// who returned the case.
func (v caseView) otherEyes() bool {
	return v.Stage == treated.Appealed && v.reader.OfFund() && len(v.Verdicts) > 0 && v.Verdicts[0].ByPIN == v.reader.PIN
}

// late says that the term for an appeal against the return is over.
func (v caseView) late() bool {
	until := v.Term.Until(v.Decision.At)
	return v.Stage == treated.Returned && !until.IsZero() && until.Before(clock.DateOf(v.now))
}

func stepWord(ctx context.Context, step treated.Step) string {
	return text.T(ctx, "insurance.step.do."+string(step)) // text: insurance.step.do.*
}

// stepStyle: what cannot be taken back looks so.
func stepStyle(step treated.Step) string {
	switch step {
	case treated.StepReturn, treated.StepRefuse, treated.StepSame:
		return "danger"
	case treated.StepAppeal, treated.StepGrant, treated.StepApart, treated.StepConfirm:
		return ""
	}
	return "secondary"
}

func (v caseView) revisions(ctx context.Context) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.case.revisions"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.revision")}, {Label: text.T(ctx, "insurance.case.received")}, {Label: text.T(ctx, "insurance.case.state")}, {Label: text.T(ctx, "insurance.case.price"), Numeric: true}},
	}
	for _, r := range v.Revisions {
		label, _ := stateWord(ctx, string(r.Stage))
		cell := design.Cell{Text: strconv.Itoa(r.Case.Revision)}
		if r.ID != v.ID {
			cell.Href = "/cases/" + r.ID
		}
		t.Rows = append(t.Rows, []design.Cell{cell, {Text: text.Moment(r.ReceivedAt)}, {Text: label}, {Text: priceText(ctx, r.Decision.Price, string(r.Decision.State))}})
	}
	return t
}

// correctable says that the reader may mend the case here: entered by hand, it
// is corrected by hand; what came from a card is corrected in the card.
func (v caseView) correctable() bool {
	return v.reader.Hospital() != "" && v.Current && v.Way == treated.ByHand && v.Decision.State == insuranceapi.Returned
}

func (v caseView) doubles(ctx context.Context) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.case.doubles"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.case.received")}, {Label: text.T(ctx, "insurance.case.way")}, {Label: text.T(ctx, "insurance.case.revision")}},
	}
	for _, d := range v.Doubles {
		t.Rows = append(t.Rows, []design.Cell{{Text: text.Moment(d.ReceivedAt)}, {Text: wayWord(ctx, d.Way)}, {Text: strconv.Itoa(d.Case.Revision)}})
	}
	return t
}

func (v caseView) groupText() string {
	return fmt.Sprintf("%s · %s", v.Decision.Group, v.Decision.GroupName.In(v.lang))
}

func commentField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "comment", "insurance.return.comment")
	f.Required = false
	f.Hint, f.MaxLength, f.Wide, f.Rows = text.T(ctx, "insurance.return.hint"), mostComment, true, 4
	return f
}
