package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/place"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/incident"
)

// incidentsListed is how many stand on a page.
const incidentsListed = 100

func (c *Console) incidents(w http.ResponseWriter, r *http.Request, _ operator) error {
	v := incidentsView{closed: r.URL.Query().Get("state") == string(incident.Closed), form: page.QueryForm(r)}
	number := strings.ToUpper(v.form.Text("number", 40))
	from := fromOf(v.form)
	var err error
	switch {
	case number != "":
		v.number = number
		v.all, err = c.Incidents.Numbered(r.Context(), number, incidentsListed)
	case v.closed:
		v.all, err = c.Incidents.Handled(r.Context(), from, incidentsListed+1)
	default:
		v.all, err = c.Incidents.ToHandle(r.Context(), from, incidentsListed+1)
	}
	if err != nil {
		return err
	}
	if number == "" {
		v.beside(from)
	}
	return page.Render(w, r, http.StatusOK, incidentsPage(v))
}

// fromOf is the place in the list that the address names: "after" or "before" an
// incident, its time and id.
func fromOf(form *page.Form) incident.From {
	for _, name := range []string{"after", "before"} {
		at, incidentID, _ := strings.Cut(form.Text(name, 80), ".")
		if micros, err := strconv.ParseInt(at, 10, 64); err == nil && incidentID != "" {
			return incident.From{At: time.UnixMicro(micros), ID: incidentID, Before: name == "before"}
		}
	}
	return incident.From{}
}

// beside makes the addresses of the pages before and after the one that begins
// there; what is one too many goes from the list.
func (v *incidentsView) beside(from incident.From) {
	more := len(v.all) > incidentsListed
	switch {
	case more && from.Before:
		v.all = v.all[1:]
	case more:
		v.all = v.all[:incidentsListed]
	}
	if len(v.all) == 0 {
		return
	}
	at := func(name string, i incident.Incident) string {
		q := url.Values{name: {strconv.FormatInt(i.At.UnixMicro(), 10) + "." + i.ID}}
		if v.closed {
			q.Set("state", string(incident.Closed))
		}
		return "/console/incidents?" + q.Encode()
	}
	if from.Before && more || !from.Before && from.ID != "" {
		v.previous = at("before", v.all[0])
	}
	if from.Before || more {
		v.next = at("after", v.all[len(v.all)-1])
	}
}

type incidentsView struct {
	all            []incident.Incident
	closed         bool
	number         string // looked for
	form           *page.Form
	previous, next string // addresses of the pages beside this, "" for none
}

type incidentView struct {
	incident.Incident
	onAccount
	steps []incident.Step
	form  *page.Form
}

func (c *Console) incident(w http.ResponseWriter, r *http.Request, _ operator) error {
	return c.showIncident(w, r, http.StatusOK, page.NewForm())
}

func (c *Console) showIncident(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	v := incidentView{form: form}
	var err error
	if v.Incident, err = c.Incidents.One(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	if v.steps, err = c.Incidents.Steps(r.Context(), v.ID); err != nil {
		return err
	}
	if v.onAccount, err = c.onAccount(r.Context(), v.Incident); err != nil {
		return err
	}
	return page.Render(w, r, status, incidentPage(v))
}

func (c *Console) handleIncident(w http.ResponseWriter, r *http.Request, o operator) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	to := incident.State(form.Choice("to", string(incident.Working), string(incident.Closed)))
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	h := handling{version: version, to: to, note: reason(form), thaw: form.Get("thaw") == "1", back: form.All("back")}
	if to == incident.Working && (h.thaw || len(h.back) > 0) {
		form.Fail("to", "identity.console.only_closing")
	}
	if !form.OK() {
		return c.showIncident(w, r, http.StatusUnprocessableEntity, form)
	}
	if err := c.handle(r.Context(), o, r.PathValue("id"), h); err != nil {
		return err
	}
	page.Notice(w, "identity.console.incident_noted")
	return page.Redirect(w, r, "/console/incidents/"+r.PathValue("id"))
}

// personOfIncident opens the account that the incident is about; the incident is
// the reason.
func (c *Console) personOfIncident(w http.ResponseWriter, r *http.Request, o operator) error {
	i, err := c.Incidents.One(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if i.Account == "" {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	a, found, err := c.Accounts.ByID(r.Context(), i.Account)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	lookID, err := c.open(r.Context(), o, a.PIN, text.T(r.Context(), "identity.console.because_incident", "Kind", kindWord(r.Context(), i.Kind)))
	if err != nil {
		return err
	}
	return page.Redirect(w, r, "/console/people/"+lookID)
}

func kindWord(ctx context.Context, k incident.Kind) string {
	return text.T(ctx, "identity.console.incident."+string(k)) // text: identity.console.incident.*
}

func incidentState(ctx context.Context, state incident.State) string {
	return text.T(ctx, "identity.console.incident_state."+string(state)) // text: identity.console.incident_state.*
}

func incidentTone(state incident.State) string {
	switch state {
	case incident.Open:
		return "danger"
	case incident.Working:
		return "attention"
	}
	return "done"
}

// detailOf is the incident's detail in the reader's words.
func detailOf(ctx context.Context, i incident.Incident) string {
	if i.About == "" {
		return place.Within(ctx, i.Detail)
	}
	return joined(text.T(ctx, "identity.notice."+i.About), place.Within(ctx, i.Detail))
}

func (v incidentView) timeline(ctx context.Context) []design.Event {
	events := []design.Event{{When: moment(v.At), Title: text.T(ctx, "identity.console.incident_began"), Text: detailOf(ctx, v.Incident), Tone: "attention"}}
	for _, s := range v.steps {
		events = append(events, design.Event{When: moment(s.At), Title: incidentState(ctx, s.State), Text: s.Note, By: s.Name, Tone: incidentTone(s.State)})
	}
	return events
}

func (v incidentView) choices(ctx context.Context) []design.Option {
	var some []design.Option
	for _, to := range v.State.Onward() {
		some = append(some, design.Option{Value: string(to), Label: text.T(ctx, "identity.console.incident_to."+string(v.State)+"_"+string(to))}) // text: identity.console.incident_to.*
	}
	return design.Choose(v.form, "to", some)
}

// back are the suspended things that can be given back at the end.
func (v incidentView) back(ctx context.Context) []design.Option {
	var some []design.Option
	for _, t := range v.waits {
		label := control.AsideKind(ctx, t)
		if t.Detail != label {
			label = joined(label, t.Detail)
		}
		some = append(some, design.Option{Value: t.ID, Label: joined(label, text.T(ctx, "identity.console.added", "Time", moment(t.Added)))})
	}
	return design.Choose(v.form, "back", some)
}
