package rollout

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
)

func lineHref(line string) string { return "/rollout/schedule/" + url.PathEscape(line) }

// stageOf is a stage with its lines.
type stageOf struct {
	Title string
	Lines []Line
}

type scheduleOf struct {
	Stages []stageOf
	Beside map[string][]Line // other readings, by the line that is followed
	Today  clock.Date
}

func (r *Rollout) schedulePage(w http.ResponseWriter, req *http.Request) error {
	ctx := req.Context()
	lines, err := Schedule(ctx, r.Desk.DB.Read)
	if err != nil {
		return err
	}
	v := scheduleOf{Beside: map[string][]Line{}, Today: clock.DateOf(r.Desk.Clock.Now())}
	for _, l := range lines {
		if l.Beside != "" {
			v.Beside[l.Beside] = append(v.Beside[l.Beside], l)
			continue
		}
		title := text.T(ctx, "card.rollout.duties")
		if l.Part == Stage {
			title = text.T(ctx, "card.rollout.stage."+strconv.Itoa(l.Stage)) // text: card.rollout.stage.*
		}
		if len(v.Stages) == 0 || v.Stages[len(v.Stages)-1].Title != title {
			v.Stages = append(v.Stages, stageOf{Title: title})
		}
		last := &v.Stages[len(v.Stages)-1]
		last.Lines = append(last.Lines, l)
	}
	return page.Render(w, req, http.StatusOK, scheduleView(v))
}

func formatWord(ctx context.Context, format string) string {
	if format == "" {
		return "—"
	}
	return text.T(ctx, "card.rollout.format."+format) // text: card.rollout.format.*
}

// when says how the line stands on the day.
func (l Line) when(ctx context.Context, today clock.Date) (word, tone string) {
	switch {
	case l.Over(today):
		return text.T(ctx, "card.rollout.over"), "neutral"
	case !l.From.IsZero() && today.Before(l.From):
		return text.T(ctx, "card.rollout.to_come"), "info"
	}
	return text.T(ctx, "card.rollout.goes_on"), "attention"
}

type lineOf struct {
	Versions []Line
	Form     *page.Form // nil: the reader does not change it
}

func (v lineOf) now() Line { return v.Versions[0] }

func (r *Rollout) linePage(w http.ResponseWriter, req *http.Request) error {
	versions, err := history(req.Context(), r.Desk.DB.Read, req.PathValue("line"))
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	l := versions[0]
	form := page.NewForm("version", strconv.Itoa(l.Version), "from", dayText(l.From), "until", dayText(l.Until), "format", l.Format,
		"responsible_ky", l.Responsible.KY, "responsible_ru", l.Responsible.RU, "responsible_en", l.Responsible.EN, "source", l.Source)
	return r.renderLine(w, req, versions, form, http.StatusOK)
}

func (r *Rollout) renderLine(w http.ResponseWriter, req *http.Request, versions []Line, form *page.Form, status int) error {
	v := lineOf{Versions: versions}
	if monitors(desk.Of(req.Context()).Post) {
		v.Form = form
	}
	return page.Render(w, req, status, lineView(v))
}

func (r *Rollout) reschedulePage(w http.ResponseWriter, req *http.Request) error {
	form, err := page.ReadForm(w, req)
	if err != nil {
		return err
	}
	c := Change{
		Line: req.PathValue("line"), From: optionalDay(form, "from"), Until: optionalDay(form, "until"),
		Format:      form.Choice("format", append([]string{""}, Formats...)...),
		Responsible: text.Words{KY: form.Need("responsible_ky", 300), RU: form.Need("responsible_ru", 300), EN: form.Need("responsible_en", 300)},
		Source:      form.Need("source", 300), Reason: form.Need("reason", 500),
	}
	c.Version, _ = strconv.Atoi(form.Get("version")) // 0 is no version: then somebody changed it meanwhile
	if form.OK() {
		err = Reschedule(req.Context(), r.Desk, c)
		if err == nil {
			page.Notice(w, "card.rollout.rescheduled")
			return page.Redirect(w, req, lineHref(c.Line))
		}
		if !form.Take(err) {
			return err
		}
	}
	versions, err := history(req.Context(), r.Desk.DB.Read, c.Line)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return r.renderLine(w, req, versions, form, http.StatusUnprocessableEntity)
}

// optionalDay is the zero day where none was entered.
func optionalDay(form *page.Form, name string) clock.Date {
	if strings.TrimSpace(form.Get(name)) == "" {
		return clock.Date{}
	}
	return form.Date(name)
}

func formatOptions(ctx context.Context, form *page.Form, formats []string, none bool) []design.Option {
	var options []design.Option
	if none {
		options = append(options, design.Option{Value: "", Label: "—"})
	}
	for _, f := range formats {
		options = append(options, design.Option{Value: f, Label: formatWord(ctx, f)})
	}
	return design.Choose(form, "format", options)
}

func wide(ctx context.Context, form *page.Form, name, key string, most int) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.Wide, f.MaxLength = true, most
	return f
}

func optional(f design.Field) design.Field {
	f.Required = false
	return f
}

type deadlinesOf struct {
	Now     map[string]monitor.Deadline
	History []monitor.Deadline // all, the newest day first
	Form    *page.Form         // nil: the reader does not change them
}

func (r *Rollout) deadlinesPage(w http.ResponseWriter, req *http.Request) error {
	return r.renderDeadlines(w, req, page.NewForm("code", req.URL.Query().Get("code")), http.StatusOK)
}

func (r *Rollout) renderDeadlines(w http.ResponseWriter, req *http.Request, form *page.Form, status int) error {
	ctx := req.Context()
	all, err := monitor.History(ctx, r.Desk.DB.Read)
	if err != nil {
		return err
	}
	v := deadlinesOf{Now: map[string]monitor.Deadline{}, History: all}
	today := clock.DateOf(r.Desk.Clock.Now())
	for _, d := range all {
		if _, known := v.Now[d.Code]; !known && !today.Before(d.From) {
			v.Now[d.Code] = d
		}
	}
	if monitors(desk.Of(ctx).Post) {
		v.Form = form
	}
	return page.Render(w, req, status, deadlinesView(v))
}

func (r *Rollout) setDeadlinePage(w http.ResponseWriter, req *http.Request) error {
	form, err := page.ReadForm(w, req)
	if err != nil {
		return err
	}
	d := monitor.Deadline{Code: form.Choice("code", monitor.Codes...)}
	if d.Value, err = strconv.Atoi(form.Text("value", 6)); err != nil {
		form.Fail("value", "card.rollout.whole_number")
	}
	d.From, d.Source = form.Date("from"), form.Need("source", 300)
	if form.OK() {
		err = monitor.SetDeadline(req.Context(), r.Desk, d)
		if err == nil {
			page.Notice(w, "card.rollout.deadline_set")
			return page.Redirect(w, req, tabDeadlines)
		}
		if !form.Take(err) {
			return err
		}
	}
	return r.renderDeadlines(w, req, form, http.StatusUnprocessableEntity)
}

func codeWord(ctx context.Context, code string) string {
	return text.T(ctx, "card.monitor.deadline."+code) // text: card.monitor.deadline.*
}

func codeOptions(ctx context.Context, form *page.Form) []design.Option {
	options := make([]design.Option, 0, len(monitor.Codes))
	for _, c := range slices.Clone(monitor.Codes) {
		options = append(options, design.Option{Value: c, Label: codeWord(ctx, c)})
	}
	return design.Choose(form, "code", options)
}
