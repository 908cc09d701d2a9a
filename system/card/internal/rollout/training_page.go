package rollout

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// trainingsLimit is how many sessions stand on a page.
const trainingsLimit = 100

type trainingsOf struct {
	All   []Training
	Names map[string]string // of organisations
	Form  *page.Form
	Lines []design.Option
	Older string // address of the sessions before these, "" for none
}

func (r *Rollout) trainingsPage(w http.ResponseWriter, req *http.Request) error {
	form := page.NewForm("once", newID(), "format", "online", "trainer", desk.Of(req.Context()).Name)
	return r.renderTrainings(w, req, form, http.StatusOK)
}

func (r *Rollout) renderTrainings(w http.ResponseWriter, req *http.Request, form *page.Form, status int) error {
	ctx := req.Context()
	v := trainingsOf{Form: form, Names: map[string]string{}}
	var err error
	query := req.URL.Query()
	since, _ := strconv.ParseInt(query.Get("before"), 10, 64)
	after := Training{ID: query.Get("id"), At: db.Time(since)}
	if v.All, err = trainings(ctx, r.Desk.DB.Read, ownOnly(ctx), "", after, trainingsLimit+1); err != nil {
		return err
	}
	if len(v.All) > trainingsLimit {
		v.All = v.All[:trainingsLimit]
		last := v.All[trainingsLimit-1]
		v.Older = tabTrainings + "?" + url.Values{"before": {strconv.FormatInt(db.Micros(last.At), 10)}, "id": {last.ID}}.Encode()
	}
	for _, t := range v.All {
		v.Names[t.Organisation] = r.Desk.Directory.Name(ctx, t.Organisation).Here(ctx)
	}
	lines, err := Schedule(ctx, r.Desk.DB.Read)
	if err != nil {
		return err
	}
	v.Lines = []design.Option{{Value: "", Label: "—"}}
	for _, l := range lines {
		if l.Part == Stage && l.Beside == "" {
			v.Lines = append(v.Lines, design.Option{Value: l.Line, Label: fmt.Sprintf("%d: %s", l.Stage, l.Whom.Here(ctx))})
		}
	}
	v.Lines = design.Choose(form, "line", v.Lines)
	return page.Render(w, req, status, trainingsView(v))
}

func (r *Rollout) holdPage(w http.ResponseWriter, req *http.Request) error {
	form, err := page.ReadForm(w, req)
	if err != nil {
		return err
	}
	t := Training{
		Topic: form.Need("topic", 200), At: form.Moment("at"), Format: form.Choice("format", trainingFormats...),
		Place: form.Need("place", 300), Trainer: form.Need("trainer", 200), Line: form.Text("line", 40),
	}
	if form.OK() {
		trainingID, err := Hold(req.Context(), r.Desk, form.Get("once"), t)
		if err == nil {
			page.Notice(w, "card.rollout.training_held")
			return page.Redirect(w, req, trainingHref(trainingID))
		}
		if !form.Take(err) {
			return err
		}
	}
	return r.renderTrainings(w, req, form, http.StatusUnprocessableEntity)
}

func trainingHref(trainingID string) string { return tabTrainings + "/" + url.PathEscape(trainingID) }

type trainingOf struct {
	Training
	People    []Attendee
	Names     map[string]string
	Hospitals []design.Option // whom ЦЭЗ may invite; nil: one's own
	Over      bool
	Form      *page.Form
}

func (r *Rollout) training(req *http.Request) (trainingOf, error) {
	ctx := req.Context()
	t, err := Find(ctx, r.Desk, req.PathValue("id"))
	if err != nil {
		return trainingOf{}, err
	}
	own := ownOnly(ctx)
	v := trainingOf{Training: t, Names: map[string]string{t.Organisation: r.Desk.Directory.Name(ctx, t.Organisation).Here(ctx)}, Form: page.NewForm(), Over: !t.At.After(r.Desk.Clock.Now())}
	if v.People, err = attendees(ctx, r.Desk.DB.Read, t.ID, own); err != nil {
		return v, err
	}
	for _, p := range v.People {
		if _, known := v.Names[p.Organisation]; !known {
			v.Names[p.Organisation] = r.Desk.Directory.Name(ctx, p.Organisation).Here(ctx)
		}
	}
	if own == "" {
		v.Hospitals, err = hospitals(ctx, r.Desk.Directory)
	}
	return v, err
}

func (r *Rollout) trainingPage(w http.ResponseWriter, req *http.Request) error {
	v, err := r.training(req)
	if err != nil {
		return err
	}
	return page.Render(w, req, http.StatusOK, trainingView(v))
}

func (r *Rollout) invitePage(w http.ResponseWriter, req *http.Request) error {
	form, err := page.ReadForm(w, req)
	if err != nil {
		return err
	}
	ctx, trainingID := req.Context(), req.PathValue("id")
	v, err := r.training(req)
	if err != nil {
		return err
	}
	if v.Hospitals != nil {
		form.Choice("organisation", values(v.Hospitals[1:])...)
	}
	if !form.OK() {
		v.Form = form
		return page.Render(w, req, http.StatusUnprocessableEntity, trainingView(v))
	}
	n, err := r.Invite(ctx, trainingID, form.Get("organisation"))
	if err != nil {
		return err
	}
	switch {
	case n == 0:
		page.Notice(w, "card.rollout.invited_none")
	case !v.Over:
		page.Notice(w, "card.rollout.invited_told")
	default:
		page.Notice(w, "card.rollout.invited")
	}
	return page.Redirect(w, req, trainingHref(trainingID))
}

// values of the options.
func values(options []design.Option) []string {
	all := make([]string, 0, len(options))
	for _, o := range options {
		all = append(all, o.Value)
	}
	return all
}

func (r *Rollout) attendancePage(w http.ResponseWriter, req *http.Request) error {
	form, err := page.ReadForm(w, req)
	if err != nil {
		return err
	}
	if err := r.Attendance(req.Context(), req.PathValue("id"), form.All("came")); err != nil {
		return err
	}
	page.Notice(w, "card.rollout.attendance_kept")
	return page.Redirect(w, req, trainingHref(req.PathValue("id")))
}

// sheetPDF is the list to sign at the door.
func (r *Rollout) sheetPDF(w http.ResponseWriter, req *http.Request) error {
	v, err := r.training(req)
	if err != nil {
		return err
	}
	ctx := req.Context()
	data, err := v.sheet(text.With(ctx, r.Desk.Site.Texts, page.PaperLang(ctx)))
	if err != nil {
		return err
	}
	return page.ShowPDF(w, "attendance.pdf", data)
}

func (v trainingOf) sheet(ctx context.Context) ([]byte, error) {
	d := document.New(document.Options{
		Title: text.T(ctx, "card.rollout.sheet_title"), Subtitle: v.Topic, Issuer: v.Names[v.Organisation], Lang: text.LangOf(ctx), At: v.At,
	})
	d.Rows(
		document.Row{Key: text.T(ctx, "card.rollout.at"), Value: text.Moment(v.At)},
		document.Row{Key: text.T(ctx, "card.rollout.place"), Value: formatWord(ctx, v.Format) + ", " + v.Place},
		document.Row{Key: text.T(ctx, "card.rollout.trainer"), Value: v.Trainer},
	)
	t := document.Table{Empty: text.T(ctx, "card.rollout.invited_empty"), Columns: []document.Column{
		{Label: "№", Width: 0.6, Right: true},
		{Label: text.T(ctx, "card.rollout.person"), Width: 4},
		{Label: text.T(ctx, "card.rollout.post"), Width: 3},
		{Label: text.T(ctx, "card.rollout.organisation"), Width: 3},
		{Label: text.T(ctx, "card.rollout.signature"), Width: 2.4},
	}}
	for i, p := range v.People {
		mark := ""
		if p.Attended {
			mark = "+"
		}
		t.Rows = append(t.Rows, []string{fmt.Sprint(i + 1), p.Name, p.Post.Here(ctx), v.Names[p.Organisation], mark})
	}
	d.Table(t)
	d.Signatures(document.Signature{Role: text.T(ctx, "card.rollout.trainer"), Name: v.Trainer})
	return d.PDF()
}

func number(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "value", "card.rollout.value")
	f.Narrow, f.InputMode, f.MaxLength = true, "numeric", 6
	return f
}
