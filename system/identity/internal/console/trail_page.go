package console

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
)

const (
	trailPage = 50  // records on a page
	trailMost = 300 // records of one person
)

type trailView struct {
	form    *page.Form
	records []audit.Record
	older   string // address of the page of older records, "" for none
	last    checked
	checked bool
}

func (c *Console) trail(w http.ResponseWriter, r *http.Request, o operator) error {
	v := trailView{form: page.QueryForm(r)}
	f := audit.Filter{Action: v.form.Text("action", 60), Before: v.form.Text("before", 60), Limit: trailPage + 1}
	if v.form.Get("from") != "" {
		f.From = startOf(v.form.Date("from"))
	}
	if v.form.Get("until") != "" {
		f.Until = startOf(v.form.Date("until")).Add(24 * time.Hour)
	}
	ctx := r.Context()
	if v.form.OK() {
		var err error
		if v.records, err = audit.Search(ctx, c.DB.Read, f); err != nil {
			return err
		}
	}
	if len(v.records) > trailPage {
		v.records = v.records[:trailPage]
		q := url.Values{"before": {v.records[trailPage-1].ID}}
		for _, name := range []string{"action", "from", "until"} {
			if given := v.form.Get(name); given != "" {
				q.Set(name, given)
			}
		}
		v.older = "/console/audit?" + q.Encode()
	}
	var err error
	if v.last, v.checked, err = c.lastCheck(ctx); err != nil {
		return err
	}
	// Who reads the trail stands in it.
	err = c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return c.record(ctx, tx, o, "", "audit", "audit-review", "")
	})
	if err != nil {
		return err
	}
	for i := range v.records {
		c.Words(&v.records[i])
	}
	status := http.StatusOK
	if !v.form.OK() {
		status = http.StatusUnprocessableEntity
	}
	return page.Render(w, r, status, trailListPage(v))
}

func startOf(d clock.Date) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, clock.Bishkek)
}

// trailOf is what is recorded of the person whose account is open.
func (c *Console) trailOf(w http.ResponseWriter, r *http.Request, o operator) error {
	ctx := r.Context()
	l, a, err := c.opened(ctx, o, r.PathValue("look"))
	if err != nil {
		return err
	}
	err = c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return c.record(ctx, tx, o, a.PIN, "audit", l.reason, l.id)
	})
	if err != nil {
		return err
	}
	records, err := audit.Of(ctx, c.DB.Read, a.PIN, trailMost)
	if err != nil {
		return err
	}
	for i := range records {
		c.Words(&records[i])
	}
	return page.Render(w, r, http.StatusOK, personTrailPage(a.Name(), "/console/people/"+l.id, trailRows(ctx, records, false)))
}

func (c *Console) checkNow(w http.ResponseWriter, r *http.Request, o operator) error {
	ctx := r.Context()
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return c.record(ctx, tx, o, "", "audit-check", "audit-review", "")
	})
	if err != nil {
		return err
	}
	if err := c.orderCheck(ctx, id.New()); err != nil {
		return err
	}
	page.Notice(w, "identity.console.check_ordered")
	return page.Redirect(w, r, "/console/audit")
}

// trailRows are the records as the table shows them. Whose data it was is shown
// only where that person's account is open.
func trailRows(ctx context.Context, records []audit.Record, whose bool) [][]design.Cell {
	var rows [][]design.Cell
	for _, r := range records {
		cells := []design.Cell{{Text: moment(r.At)}}
		if whose {
			subject := "—"
			if r.Subject != "" {
				subject = pin.Masked(r.Subject)
			}
			cells = append(cells, design.Cell{Text: subject})
		}
		rows = append(rows, append(cells,
			design.Cell{Text: who(ctx, r, whose)}, design.Cell{Text: orDash(r.From(ctx))},
			design.Cell{Text: r.ActionWords.Here(ctx)}, design.Cell{Text: r.PurposeWords.Here(ctx)}))
	}
	return rows
}

// who acted: an employee by name; a person in their own account, among others'
// records, without it.
func who(ctx context.Context, r audit.Record, among bool) string {
	switch {
	case r.ActorName == "":
		return text.T(ctx, "identity.console.nobody")
	case r.ActorPIN != "" && r.ActorPIN == r.Subject && among:
		return text.T(ctx, "identity.console.oneself")
	case r.ActorRole != "":
		return r.ActorName + ", " + workforceapi.TitleHere(ctx, r.ActorRole)
	}
	return r.ActorName
}

// verdict is the outcome of the last check in a sentence.
func (v trailView) verdict(ctx context.Context) (tone, title string) {
	if !v.checked {
		return "info", text.T(ctx, "identity.console.unchecked")
	}
	if v.last.report.OK() {
		return "done", text.T(ctx, "identity.console.whole", "Count", v.last.report.Records, "Time", text.Moment(v.last.at))
	}
	return "danger", text.T(ctx, "identity.console.not_whole", "Count", v.last.report.Wrong, "Time", text.Moment(v.last.at))
}

func findingRows(ctx context.Context, r audit.Report) [][]design.Cell {
	var rows [][]design.Cell
	for _, f := range r.Findings {
		place := "—"
		if f.Sequence > 0 {
			place = strconv.FormatInt(f.Sequence, 10)
		}
		rows = append(rows, []design.Cell{
			{Text: text.T(ctx, "identity.console.finding."+string(f.Kind))}, {Text: place, Numeric: true}, {Text: orDash(f.RecordID)}, // text: identity.console.finding.*
		})
	}
	return rows
}
