package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

func (c *Console) incidents(w http.ResponseWriter, r *http.Request, _ operator) error {
	closed := r.URL.Query().Get("state") == stateClosed
	all, err := c.listIncidents(r.Context(), closed)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, incidentsPage(all, closed))
}

type incidentView struct {
	incident
	steps []step
	form  *page.Form
}

func (c *Console) incident(w http.ResponseWriter, r *http.Request, _ operator) error {
	return c.showIncident(w, r, http.StatusOK, page.NewForm())
}

func (c *Console) showIncident(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	v := incidentView{form: form}
	var found bool
	var err error
	if v.incident, found, err = c.oneIncident(r.Context(), c.DB.Read, r.PathValue("id")); err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if v.steps, err = c.steps(r.Context(), v.id); err != nil {
		return err
	}
	return page.Render(w, r, status, incidentPage(v))
}

func (c *Console) handleIncident(w http.ResponseWriter, r *http.Request, o operator) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	to := form.Choice("to", stateWorking, stateClosed)
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	note := reason(form)
	if !form.OK() {
		return c.showIncident(w, r, http.StatusUnprocessableEntity, form)
	}
	if err := c.handle(r.Context(), o, r.PathValue("id"), version, to, note); err != nil {
		return err
	}
	page.Notice(w, "identity.console.incident_noted")
	return page.Redirect(w, r, "/console/incidents/"+r.PathValue("id"))
}

// personOfIncident opens the account that the incident is about; the incident is
// the reason.
func (c *Console) personOfIncident(w http.ResponseWriter, r *http.Request, o operator) error {
	i, found, err := c.oneIncident(r.Context(), c.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !found || i.account == "" {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	a, found, err := c.Accounts.ByID(r.Context(), i.account)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	lookID, err := c.open(r.Context(), o, a.PIN, text.T(r.Context(), "identity.console.because_incident", "Kind", kindWord(r.Context(), i.kind)))
	if err != nil {
		return err
	}
	return page.Redirect(w, r, "/console/people/"+lookID)
}

func kindWord(ctx context.Context, k Kind) string {
	return text.T(ctx, "identity.console.incident."+string(k)) // text: identity.console.incident.*
}

func incidentState(ctx context.Context, state string) string {
	return text.T(ctx, "identity.console.incident_state."+state) // text: identity.console.incident_state.*
}

func incidentTone(state string) string {
	switch state {
	case stateOpen:
		return "danger"
	case stateWorking:
		return "attention"
	}
	return "done"
}

func (v incidentView) timeline(ctx context.Context) []design.Event {
	events := []design.Event{{When: moment(v.at), Title: text.T(ctx, "identity.console.incident_began"), Text: v.detail, Tone: "attention"}}
	for _, s := range v.steps {
		events = append(events, design.Event{When: moment(s.at), Title: incidentState(ctx, s.state), Text: s.note, By: s.name, Tone: incidentTone(s.state)})
	}
	return events
}

func (v incidentView) choices(ctx context.Context) []design.Option {
	var some []design.Option
	for _, to := range onward[v.state] {
		some = append(some, design.Option{Value: to, Label: text.T(ctx, "identity.console.incident_to."+v.state+"_"+to)}) // text: identity.console.incident_to.*
	}
	return design.Choose(v.form, "to", some)
}
