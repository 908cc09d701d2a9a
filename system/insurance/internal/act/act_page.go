package act

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/directory"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/insurance/internal/total"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows acts: to the fund all, to a hospital its own.
type Pages struct {
	Acts      Acts
	Card      Card
	Directory *directory.Directory
}

type listView struct {
	Listed
	by          Filter
	waiting     []Open // for the fund
	making      []Act  // for the fund
	moreWaiting bool
	fund        bool
	form        *page.Form
	made        *Act // that somebody else made of what was asked for, nil for none
	all         []workforceapi.Organisation
	months      []design.Option
}

// chosen says that the acts are those of one hospital or one month.
func (v listView) chosen() bool { return v.by.Month != "" || (v.fund && v.by.Organisation != "") }

// together says that the acts in the making are shown as one: more of them hide the list.
func (v listView) together() bool { return len(v.making) > 3 }

// apart is how many of them are shown one by one.
func (v listView) apart() int {
	if v.together() {
		return 0
	}
	return len(v.making)
}

// progress is that of all acts in the making.
func (v listView) progress() Act {
	var sum Act
	for _, a := range v.making {
		sum.Cases, sum.Expected = sum.Cases+a.Cases, sum.Expected+max(a.Expected, a.Cases)
	}
	return sum
}

// around are the addresses of the pages ahead of this one and behind it; "" where there
// is none.
func (v listView) around() (before, after string) {
	if v.Earlier {
		if len(v.Acts) == 0 { // the last ones went: back to the beginning
			return v.address(Stretch{}), ""
		}
		before = v.address(Stretch{Before: v.Acts[0].ID})
	}
	if v.Further {
		after = v.address(Stretch{After: v.Acts[len(v.Acts)-1].ID})
	}
	return before, after
}

// address is that of a page of the acts that were asked for.
func (v listView) address(at Stretch) string {
	q := url.Values{}
	own := v.by.Organisation
	if !v.fund {
		own = ""
	}
	for name, value := range map[string]string{"organisation": own, "month": v.by.Month, "after": at.After, "before": at.Before} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return "/acts"
	}
	return "/acts?" + q.Encode()
}

// List is GET /acts.
func (p Pages) List(w http.ResponseWriter, r *http.Request) error {
	return p.list(w, r, http.StatusOK, page.NewForm(), nil)
}

func (p Pages) list(w http.ResponseWriter, r *http.Request, status int, form *page.Form, made *Act) error {
	ctx := r.Context()
	reader := office.Of(ctx)
	asked := page.QueryForm(r)
	v := listView{fund: reader.OfFund(), form: form, made: made, all: p.Directory.Organisations(ctx)}
	v.by = Filter{Organisation: reader.Hospital(), Month: asked.Text("month", 7), Stretch: Stretch{After: asked.Text("after", 36), Before: asked.Text("before", 36)}}
	if v.fund {
		v.by.Organisation = asked.Text("organisation", 6)
	}
	known, err := treated.Months(ctx, p.Acts.DB.Read)
	if err != nil {
		return db.Explain(err)
	}
	v.months = []design.Option{{Value: "", Label: text.T(ctx, "insurance.all_months")}}
	for _, m := range known {
		v.months = append(v.months, design.Option{Value: m, Label: total.MonthName(m), Selected: m == v.by.Month})
	}
	if !slices.Contains(known, v.by.Month) { // of no case: all months, as the field then says
		v.by.Month = ""
	}
	if v.Listed, err = p.Acts.List(ctx, v.by); err != nil {
		return err
	}
	if v.fund && v.by.Stretch == (Stretch{}) {
		if v.waiting, v.moreWaiting, err = p.Acts.Waiting(ctx, v.by); err != nil {
			return err
		}
		if v.making, err = p.Acts.Making(ctx); err != nil {
			return err
		}
		v.waiting = slices.DeleteFunc(v.waiting, func(o Open) bool { // the rest of it is on its way
			return slices.ContainsFunc(v.making, func(a Act) bool { return a.Organisation == o.Organisation && a.Month == o.Month })
		})
	}
	return page.Render(w, r, status, listPage(v))
}

// Make is POST /acts.
func (p Pages) Make(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	by := office.Of(r.Context())
	if form.Get("all") != "" {
		month := form.Text("month", 7)
		begun, err := p.Acts.MakeMonth(r.Context(), month, by.Decides())
		if err != nil && !form.Take(err) {
			return err
		}
		if err != nil {
			return p.list(w, r, http.StatusUnprocessableEntity, form, nil)
		}
		if begun > 0 {
			page.Notice(w, "insurance.act.all_begun")
		}
		return page.Redirect(w, r, "/acts?month="+url.QueryEscape(month))
	}
	a, err := p.Acts.Make(r.Context(), form.Text("organisation", 6), form.Text("month", 7), by.Decides())
	e := fail.As(err)
	switch {
	case err != nil && e.Key != madeAlready && e.Key != beingMade:
	case err != nil && e.Key == madeAlready && a.MadeBy != by.PIN:
		return p.list(w, r, http.StatusConflict, page.NewForm(), &a)
	default: // also where the button was pressed twice, or somebody else has begun it: one act is made
		if a.Made() {
			page.Notice(w, "insurance.act.made")
		}
		return page.Redirect(w, r, "/acts/"+url.PathEscape(a.ID))
	}
	if !form.Take(err) {
		return err
	}
	return p.list(w, r, http.StatusUnprocessableEntity, form, nil)
}

type actView struct {
	Whole
	organisation workforceapi.Organisation
	fund         workforceapi.Organisation
	rest         Rest
	lang         text.Lang
	givenUp      bool // in the making, and its job waits for the operator of the program
}

// view is the act that was read, with what stands around it.
func (p Pages) view(r *http.Request, whole Whole) (actView, error) {
	ctx := r.Context()
	v := actView{Whole: whole, organisation: p.Directory.Organisation(ctx, whole.Organisation), lang: text.LangOf(ctx)}
	for _, o := range p.Directory.Organisations(ctx) {
		if o.Kind == "fund" {
			v.fund = o
		}
	}
	var err error
	v.rest, err = p.Acts.Left(ctx, whole.Organisation, whole.Month)
	return v, err
}

// Show is GET /acts/{id}.
func (p Pages) Show(w http.ResponseWriter, r *http.Request) error {
	form := page.QueryForm(r)
	at := Stretch{After: form.Text("after", 36), Before: form.Text("before", 36)}
	whole, err := p.Acts.Page(r.Context(), r.PathValue("id"), office.Of(r.Context()).Hospital(), at)
	if err != nil {
		return err
	}
	v, err := p.view(r, whole)
	if err != nil {
		return err
	}
	if !v.Made() {
		if v.givenUp, err = p.Acts.GivenUp(r.Context(), v.Act); err != nil {
			return err
		}
		if !v.givenUp {
			w.Header().Set("Refresh", "2") // works without scripts
		}
		return page.Render(w, r, http.StatusOK, makingPage(v))
	}
	return page.Render(w, r, http.StatusOK, actPage(v))
}

// whole is view with all cases, for a file; what is in the making has none.
func (p Pages) whole(r *http.Request) (actView, error) {
	whole, err := p.Acts.Read(r.Context(), r.PathValue("id"), office.Of(r.Context()).Hospital())
	if err == nil && !whole.Made() {
		err = fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return actView{}, err
	}
	return p.view(r, whole)
}

// PDF is GET /acts/{id}/act.pdf: the act on paper, in the language of the page.
func (p Pages) PDF(w http.ResponseWriter, r *http.Request) error {
	v, err := p.whole(r)
	if err != nil {
		return err
	}
	data, err := v.pdf(r.Context())
	if err != nil {
		return err
	}
	return page.Attach(w, "application/pdf", v.fileName("pdf"), data)
}

// XLSX is GET /acts/{id}/act.xlsx.
func (p Pages) XLSX(w http.ResponseWriter, r *http.Request) error {
	v, err := p.whole(r)
	if err != nil {
		return err
	}
	data, err := v.sheet(r.Context()).XLSX()
	if err != nil {
		return err
	}
	return page.Attach(w, spreadsheet.ContentType, v.fileName("xlsx"), data)
}

func (v actView) fileName(ending string) string {
	return "act-" + strings.ReplaceAll(v.Number(), "/", "-") + "." + ending
}

// around are the addresses of the pages ahead of this one and behind it; "" where there
// is none.
func (v actView) around() (before, after string) {
	if len(v.Lines) == 0 {
		return "", ""
	}
	if v.Earlier {
		before = "/acts/" + v.ID + "?before=" + url.QueryEscape(v.Lines[0].CaseID)
	}
	if v.Further {
		after = "/acts/" + v.ID + "?after=" + url.QueryEscape(v.Lines[len(v.Lines)-1].CaseID)
	}
	return before, after
}

func (v actView) name() string {
	if n := v.organisation.Name.In(v.lang); n != "" {
		return n
	}
	return v.Organisation
}

func (v actView) department(code string) string {
	return directory.Department(v.organisation, code, v.lang)
}

func (v actView) lines(ctx context.Context) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "insurance.act.cases"), Columns: []design.Column{
		{Label: text.T(ctx, "insurance.case.number")},
		{Label: text.T(ctx, "insurance.case.department")},
		{Label: text.T(ctx, "insurance.case.discharged")},
		{Label: text.T(ctx, "insurance.case.group")},
		{Label: text.T(ctx, "insurance.act.som"), Numeric: true},
	}}
	for _, l := range v.Lines {
		href := ""
		if office.Of(ctx).OpensCases() {
			href = "/cases/" + l.CaseID
		}
		t.Rows = append(t.Rows, []design.Cell{
			{Text: rule.Grouped(l.Number), Href: href}, {Text: v.department(l.Department)}, {Text: text.Moment(l.DischargedAt)}, {Text: l.Group}, {Text: text.Amount(ctx, l.Price)},
		})
	}
	t.Rows = append(t.Rows, []design.Cell{{Text: v.all(ctx)}, {}, {}, {}, {Text: text.Amount(ctx, v.Price)}})
	return t
}

// all is the head of the row of sums: how many cases there are stands in no column,
// where it would be taken for a group.
func (v actView) all(ctx context.Context) string {
	return text.T(ctx, "insurance.totals.all") + ": " + strconv.Itoa(v.Cases)
}

func (v actView) sheet(ctx context.Context) spreadsheet.Sheet {
	s := spreadsheet.Sheet{Name: v.Number(), Total: true, Columns: []spreadsheet.Column{
		{Label: "№", Width: 6},
		{Label: text.T(ctx, "insurance.case.number"), Width: 22},
		{Label: text.T(ctx, "insurance.case.department"), Width: 34},
		{Label: text.T(ctx, "insurance.case.discharged"), Width: 18},
		{Label: text.T(ctx, "insurance.case.group"), Width: 10},
		{Label: text.T(ctx, "insurance.act.som"), Width: 16},
	}}
	for i, l := range v.Lines {
		s.Rows = append(s.Rows, []any{i + 1, l.Number, v.department(l.Department), l.DischargedAt, l.Group, spreadsheet.Tyiyn(l.Price)})
	}
	s.Rows = append(s.Rows, []any{"", v.all(ctx), "", "", "", spreadsheet.Tyiyn(v.Price)})
	return s
}

type reconcileView struct {
	months              []design.Option
	all                 []workforceapi.Organisation
	month, organisation string
	choose              bool
	unknown             bool // the month is none of those offered
	result              *Reconciled
	away                bool
}

// Reconcile is GET /acts/reconcile: a month against the card's own totals.
func (p Pages) Reconcile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form := page.QueryForm(r)
	v := reconcileView{month: form.Text("month", 7), organisation: form.Text("organisation", 6), choose: true, all: p.Directory.Organisations(ctx)}
	if own := office.Of(ctx).Hospital(); own != "" {
		v.organisation, v.choose = own, false
	}
	for _, m := range total.Months(today(p.Acts), total.Span) {
		v.months = append([]design.Option{{Value: m, Label: total.MonthName(m), Selected: m == v.month}}, v.months...)
	}
	v.unknown = v.month != "" && !slices.ContainsFunc(v.months, func(o design.Option) bool { return o.Value == v.month })
	if v.month != "" && v.organisation != "" && !v.unknown {
		result, err := p.Acts.Reconcile(ctx, p.Card, v.organisation, v.month)
		switch {
		case fail.Is(err, fail.Unavailable) || fail.Is(err, fail.BadNeighbor):
			v.away = true
		case err != nil:
			return err
		default:
			v.result = &result
		}
	}
	return page.Render(w, r, http.StatusOK, reconcilePage(v))
}

// chart draws the two sums that should be one, to the som; they stand whole above it.
func (v reconcileView) chart(ctx context.Context) design.BarChart {
	c := design.BarChart{Caption: text.T(ctx, "insurance.reconcile.chart"), Unit: text.T(ctx, "insurance.act.som"), Label: text.T(ctx, "insurance.reconcile.side"), First: true}
	for _, side := range []struct {
		label string
		sum   int64
	}{{text.T(ctx, "insurance.reconcile.card"), v.result.CardPrice}, {text.T(ctx, "insurance.reconcile.fund"), v.result.FundPrice}} {
		c.Bars = append(c.Bars, design.Bar{Label: side.label, Value: float64(side.sum), Text: text.Amount(ctx, (side.sum+50)/100*100), Mark: side.sum != v.result.CardPrice})
	}
	return c
}

// mostShown bounds the differences on a page; how many there are stands above them.
const mostShown = 500

func (v reconcileView) differences(ctx context.Context) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "insurance.reconcile.differences"), Columns: []design.Column{
		{Label: text.T(ctx, "insurance.case.number")},
		{Label: text.T(ctx, "insurance.reconcile.kind")},
		{Label: text.T(ctx, "insurance.reconcile.card")},
		{Label: text.T(ctx, "insurance.reconcile.fund")},
		{Label: text.T(ctx, "insurance.reconcile.card_som"), Numeric: true},
		{Label: text.T(ctx, "insurance.reconcile.fund_som"), Numeric: true},
	}}
	for _, d := range v.result.Differences[:min(len(v.result.Differences), mostShown)] {
		number := design.Cell{Text: rule.Grouped(d.Number)}
		if d.CaseID != "" && office.Of(ctx).OpensCases() {
			number.Href = "/cases/" + d.CaseID
		}
		t.Rows = append(t.Rows, []design.Cell{
			number, {Text: text.T(ctx, "insurance.reconcile.kind."+d.Kind)}, // text: insurance.reconcile.kind.*
			{Text: stateWord(ctx, d.Card)}, {Text: stateWord(ctx, d.Fund)}, {Text: text.Amount(ctx, d.CardPrice)}, {Text: text.Amount(ctx, d.FundPrice)},
		})
	}
	return t
}

func stateWord(ctx context.Context, state string) string {
	switch state {
	case "accepted":
		return text.T(ctx, "insurance.state.accepted")
	case "returned":
		return text.T(ctx, "insurance.state.returned")
	case "queued":
		return text.T(ctx, "insurance.reconcile.queued")
	}
	return "—"
}
