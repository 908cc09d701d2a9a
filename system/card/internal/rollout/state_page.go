package rollout

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Rollout is what its pages and jobs work with.
type Rollout struct {
	Desk     *desk.Desk
	Register Register
	Fund     Fund
	Messages messageapi.API
}

var (
	// overseers see the country or, management, their own organisation.
	overseers = []workforceapi.Role{workforceapi.Operator, workforceapi.Manager}
	operators = []workforceapi.Role{workforceapi.Operator}
)

// Mount puts pages and jobs in.
func Mount(d *desk.Desk) *Rollout {
	staff := workforceapi.Client{Exchange: d.Exchange}
	r := &Rollout{Desk: d, Register: staff, Fund: insuranceapi.Client{Exchange: d.Exchange}, Messages: messageapi.Client{Exchange: d.Exchange}}
	d.Page("GET /rollout", overseers, r.countryPage)
	d.Page("GET /rollout/state.xlsx", operators, r.countryXLSX)
	d.Page("GET /rollout/organisations/{code}", overseers, r.organisationPage)
	d.Page("POST /rollout/organisations/{code}/remind", operators, r.remindPage)
	d.Page("GET /rollout/schedule", overseers, r.schedulePage)
	d.Page("GET /rollout/schedule/{line}", overseers, r.linePage)
	d.Page("POST /rollout/schedule/{line}", operators, r.reschedulePage)
	d.Page("GET /rollout/deadlines", overseers, r.deadlinesPage)
	d.Page("POST /rollout/deadlines", operators, r.setDeadlinePage)
	d.Page("GET /rollout/trainings", overseers, r.trainingsPage)
	d.Page("POST /rollout/trainings", overseers, r.holdPage)
	d.Page("GET /rollout/trainings/{id}", overseers, r.trainingPage)
	d.Page("POST /rollout/trainings/{id}/invite", overseers, r.invitePage)
	d.Page("POST /rollout/trainings/{id}/attendance", overseers, r.attendancePage)
	d.Page("GET /rollout/trainings/{id}/sheet.pdf", overseers, r.sheetPDF)
	d.Queue.Handle(measureJob, job.Policy{MaxAttempts: 20}, r.measure)
	d.Queue.Handle(copyJob, job.Policy{MaxAttempts: 20}, r.copyCounts)
	d.Queue.Handle(remindJob, job.Policy{MaxAttempts: 8}, r.remind)
	d.Queue.Handle(messageJob, job.Policy{}, r.send)
	d.Queue.Handle(inviteJob, job.Policy{}, r.invite)
	return r
}

// Pages of the roll-out, for the tabs.
const (
	tabState     = "/rollout"
	tabSchedule  = "/rollout/schedule"
	tabTrainings = "/rollout/trainings"
	tabDeadlines = "/rollout/deadlines"
)

func tabs(ctx context.Context, current string) []design.Tab {
	var all []design.Tab
	for _, t := range []struct{ path, label string }{
		{tabState, text.T(ctx, "card.rollout.tab_state")},
		{tabSchedule, text.T(ctx, "card.rollout.tab_schedule")},
		{tabTrainings, text.T(ctx, "card.rollout.tab_trainings")},
		{tabDeadlines, text.T(ctx, "card.rollout.tab_deadlines")},
	} {
		all = append(all, design.Tab{Label: t.label, Href: t.path, Current: t.path == current})
	}
	return all
}

type countryOf struct {
	All, Shown    Country
	Region, Level string
}

func (r *Rollout) country(req *http.Request) (countryOf, error) {
	form := page.QueryForm(req)
	v := countryOf{Region: form.Text("region", 5), Level: form.Text("level", 20)}
	var err error
	if v.All, err = Of(req.Context(), r.Desk, ""); err != nil {
		return v, err
	}
	v.Shown = v.All.Only(v.Region, v.Level)
	return v, nil
}

// countryPage is the whole country to ЦЭЗ; management is led to its own.
func (r *Rollout) countryPage(w http.ResponseWriter, req *http.Request) error {
	if own := ownOnly(req.Context()); own != "" {
		return page.Redirect(w, req, organisationHref(own))
	}
	v, err := r.country(req)
	if err != nil {
		return err
	}
	return page.Render(w, req, http.StatusOK, countryView(v))
}

// countryXLSX is what the page shows, filtered alike, as a workbook.
func (r *Rollout) countryXLSX(w http.ResponseWriter, req *http.Request) error {
	v, err := r.country(req)
	if err != nil {
		return err
	}
	data, err := v.sheet(req.Context()).XLSX()
	if err != nil {
		return err
	}
	return page.Attach(w, spreadsheet.ContentType, "rollout.xlsx", data)
}

func (v countryOf) sheet(ctx context.Context) spreadsheet.Sheet {
	s := spreadsheet.Sheet{Name: text.T(ctx, "card.rollout.tab_state"), Columns: []spreadsheet.Column{
		{Label: text.T(ctx, "card.rollout.code"), Width: 10},
		{Label: text.T(ctx, "card.rollout.organisation"), Width: 40},
		{Label: text.T(ctx, "card.rollout.region"), Width: 22},
		{Label: text.T(ctx, "card.rollout.level"), Width: 16},
		{Label: text.T(ctx, "card.rollout.responsible_count")},
		{Label: text.T(ctx, "card.rollout.staff")},
		{Label: text.T(ctx, "card.rollout.trained")},
		{Label: text.T(ctx, "card.rollout.by_card")},
		{Label: text.T(ctx, "card.rollout.by_hand")},
		{Label: text.T(ctx, "card.rollout.discharged")},
		{Label: text.T(ctx, "card.rollout.forms_late")},
	}}
	for _, m := range monitor.Matters {
		if m != monitor.FormLate {
			s.Columns = append(s.Columns, spreadsheet.Column{Label: monitor.MatterWord(ctx, m)})
		}
	}
	s.Columns = append(s.Columns, spreadsheet.Column{Label: text.T(ctx, "card.rollout.behind"), Width: 60})
	for _, st := range v.Shown.States {
		o := st.Organisation
		row := []any{o.Code, o.Name.Here(ctx), regionName(ctx, regionCode(st)), levelWord(ctx, o.Level), st.Responsible, st.Staff, st.Trained, st.ByCard, st.ByHand, st.Discharged, st.FormLate}
		for _, m := range monitor.Matters {
			if m != monitor.FormLate {
				row = append(row, st.Figures.Behind(m))
			}
		}
		s.Rows = append(s.Rows, append(row, lagWords(ctx, st)))
	}
	return s
}

type organisationOf struct {
	State
	Departments []monitor.Department
	Months      []month
	Reminders   []Reminder
	Deadlines   monitor.Deadlines
	Operator    bool
	Responsible []workforceapi.Responsible
	Away        bool // НИСУР did not say who is responsible
}

func (r *Rollout) organisation(ctx context.Context, code string) (State, monitor.Deadlines, error) {
	if own := ownOnly(ctx); own != "" && own != code {
		return State{}, nil, fail.New(fail.NotFound, "kit.not_found")
	}
	c, err := Of(ctx, r.Desk, code)
	if err != nil {
		return State{}, nil, err
	}
	if len(c.States) == 0 {
		return State{}, nil, fail.New(fail.NotFound, "kit.not_found")
	}
	return c.States[0], c.Deadlines, nil
}

func (r *Rollout) organisationPage(w http.ResponseWriter, req *http.Request) error {
	ctx, code := req.Context(), req.PathValue("code")
	s, deadlines, err := r.organisation(ctx, code)
	if err != nil {
		return err
	}
	v := organisationOf{State: s, Deadlines: deadlines, Operator: monitors(desk.Of(ctx).Post)}
	figures, err := monitor.Kept(ctx, r.Desk.DB.Read)
	if err != nil {
		return err
	}
	if of := figures[code]; len(of) > 0 {
		v.Departments = monitor.Departments(ctx, s.Organisation, of, "")
	}
	if v.Months, err = monthsOf(ctx, r.Desk.DB.Read, code); err != nil {
		return err
	}
	if v.Reminders, err = remindersOf(ctx, r.Desk.DB.Read, code, 50); err != nil {
		return err
	}
	if v.Responsible, err = r.Register.Responsible(ctx, code); err != nil {
		r.Desk.Log.WarnContext(ctx, "responsible staff not asked", "system", "card", "error", err.Error())
		v.Away = true
	}
	return page.Render(w, req, http.StatusOK, organisationView(v))
}

// remindPage reminds now, where the weekly job would later: never twice.
func (r *Rollout) remindPage(w http.ResponseWriter, req *http.Request) error {
	ctx, code := req.Context(), req.PathValue("code")
	s, deadlines, err := r.organisation(ctx, code)
	if err != nil {
		return err
	}
	n, err := r.Remind(ctx, s, deadlines[monitor.RemindDays])
	switch {
	case fail.Is(err, fail.NotFound):
		page.Notice(w, "card.rollout.nobody_responsible")
	case err != nil:
		return err
	case n == 0:
		page.Notice(w, "card.rollout.reminded_already")
	default:
		page.Notice(w, "card.rollout.reminded")
	}
	return page.Redirect(w, req, organisationHref(code))
}

func organisationHref(code string) string { return "/rollout/organisations/" + url.PathEscape(code) }

func lagWord(ctx context.Context, lag string) string {
	return text.T(ctx, "card.rollout.lag."+lag) // text: card.rollout.lag.*
}

func lagWords(ctx context.Context, s State) string {
	words := make([]string, len(s.Behind))
	for i, lag := range s.Behind {
		words[i] = lagWord(ctx, lag)
	}
	return strings.Join(words, "; ")
}

// matterWord names what somebody was reminded of: a lag, or a gap by itself.
func matterWord(ctx context.Context, matter string) string {
	if slices.Contains(Lags, matter) {
		return lagWord(ctx, matter)
	}
	return monitor.MatterWord(ctx, matter)
}

func levelWord(ctx context.Context, level string) string {
	if !slices.Contains(Levels, level) {
		return level
	}
	return text.T(ctx, "card.rollout.level."+level) // text: card.rollout.level.*
}

func regionName(ctx context.Context, code string) string {
	for _, r := range Regions {
		if r.Code == code {
			return r.Name.Here(ctx)
		}
	}
	return code
}

func regionCodes() []string {
	codes := make([]string, len(Regions))
	for i, r := range Regions {
		codes[i] = r.Code
	}
	return codes
}

// percent writes a share, a dash where there is nothing to share.
func percent(part, whole int) string {
	if whole == 0 {
		return "—"
	}
	return strconv.Itoa(monitor.Share(part, whole)) + " %"
}

func outOf(n, of int) string { return fmt.Sprintf("%d / %d", n, of) }

// tiles are the regions on the map; the fuller the colour, the more of their
// organisations keep the card.
func (v countryOf) tiles(ctx context.Context) design.TileMap {
	m := design.TileMap{Caption: text.T(ctx, "card.rollout.map")}
	for i, g := range v.All.Grouped(regionCodes(), regionCode) {
		region := Regions[i]
		t := design.Tile{Name: region.Short.Here(ctx), Text: "—", Column: region.column, Row: region.row}
		if g.Organisations > 0 {
			t.Text, t.Href = outOf(g.Connected, g.Organisations), filterHref(region.Code, v.Level)
			t.Shade = 1 + monitor.Share(g.Connected, g.Organisations)*3/100
		}
		m.Tiles = append(m.Tiles, t)
	}
	return m
}

func filterHref(region, level string) string {
	q := url.Values{}
	if region != "" {
		q.Set("region", region)
	}
	if level != "" {
		q.Set("level", level)
	}
	if len(q) == 0 {
		return tabState
	}
	return tabState + "?" + q.Encode()
}

func (v countryOf) xlsxHref() string {
	return strings.Replace(filterHref(v.Region, v.Level), tabState, "/rollout/state.xlsx", 1)
}

func (v countryOf) regionOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "card.rollout.all_regions")}}
	for _, r := range Regions {
		options = append(options, design.Option{Value: r.Code, Label: r.Name.Here(ctx), Selected: r.Code == v.Region})
	}
	return options
}

func (v countryOf) levelOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "card.rollout.all_levels")}}
	for _, l := range Levels {
		options = append(options, design.Option{Value: l, Label: levelWord(ctx, l), Selected: l == v.Level})
	}
	return options
}

// monthBars is how the cases of each month came, the share of the card over time.
func (v organisationOf) monthBars(ctx context.Context) design.BarChart {
	c := design.BarChart{Caption: text.T(ctx, "card.rollout.share_by_month"), Unit: text.T(ctx, "card.rollout.percent"), Label: text.T(ctx, "card.rollout.month")}
	for _, m := range v.Months {
		all := m.ByCard + m.ByHand
		year, number, _ := strings.Cut(m.Month, "-")
		c.Bars = append(c.Bars, design.Bar{Label: number + "." + year[2:], Value: float64(monitor.Share(m.ByCard, all)), Text: percent(m.ByCard, all)})
	}
	return c
}

// hospitals are the options of a choice of organisation.
func hospitals(ctx context.Context, d *directory.Directory) ([]design.Option, error) {
	all, err := d.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	options := []design.Option{{Value: "", Label: "—"}}
	for _, o := range all {
		if o.Kind == directory.Hospital {
			options = append(options, design.Option{Value: o.Code, Label: o.ShortName.Here(ctx)})
		}
	}
	return options, nil
}
