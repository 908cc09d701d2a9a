package round

import (
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts the pages of the ward's day in.
func Mount(d *desk.Desk) {
	at := func(pattern string, h func(http.ResponseWriter, *http.Request, *desk.Desk) error) {
		d.Page(pattern, desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return h(w, r, d) })
	}
	at("GET /ward/round", roundPage)
	at("POST /ward/round", markPage)
	at("GET /ward/vitals", vitalsPage)
	at("POST /ward/vitals", measurePage)
	at("GET /ward/handover", handoverPage)
	at("POST /ward/handover", notePage)
}

// place is what every page of the ward's day has.
type place struct {
	Organisation workforceapi.Organisation
	Department   workforceapi.Department
	Path         string
	Patients     []Lying
	Form         *page.Form
	Now          time.Time
}

func (p place) tabs(ctx context.Context) []design.Tab {
	var tabs []design.Tab
	for _, d := range p.Organisation.Departments {
		tabs = append(tabs, design.Tab{Label: d.Name.Here(ctx), Href: p.Path + "?department=" + d.Code, Current: d.Code == p.Department.Code})
	}
	return tabs
}

func (p place) address(path string) string { return path + "?department=" + p.Department.Code }

// at loads the place and records who was seen.
func at(r *http.Request, d *desk.Desk, path, asked string) (place, error) {
	ctx := r.Context()
	p := place{Path: path, Now: d.Clock.Now()}
	var err error
	if p.Organisation, p.Department, err = ward.Department(ctx, d, asked); err != nil {
		return p, err
	}
	if p.Patients, err = Patients(ctx, d, p.Department.Code); err != nil {
		return p, err
	}
	var pins []string
	for _, l := range p.Patients {
		pins = append(pins, l.Patient.PIN)
	}
	return p, d.SeenAll(ctx, pins, "round.read")
}

// sheetOf is the page of the whole ward's measurements.
type sheetOf struct {
	place
	Last map[string]observation.Observation
	Bad  map[string]string // what is wrong with a stay's line
}

func vitalsPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form := page.NewForm("at", page.InputMoment(d.Clock.Now()))
	return renderVitals(w, r, d, form, r.URL.Query().Get("department"), nil, http.StatusOK)
}

func renderVitals(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, department string, bad map[string]string, status int) error {
	ctx := r.Context()
	p, err := at(r, d, "/ward/vitals", department)
	if err != nil {
		return err
	}
	p.Form = form
	for _, l := range p.Patients {
		if form.Get("once-"+l.StayID) == "" {
			form.Set("once-"+l.StayID, id.New())
		}
	}
	v := sheetOf{place: p, Bad: bad}
	if v.Last, err = observation.LastOf(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, p.Department.Code); err != nil {
		return err
	}
	return page.Render(w, r, status, vitalsView(v))
}

// measurePage writes every line that was filled. One that is wrong does not
// hold up the others: it comes back with what is wrong, those written are
// written.
func measurePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	moment := form.Moment("at")
	patients, err := Patients(ctx, d, department(form))
	if err != nil {
		return err
	}
	bad, written := map[string]string{}, 0
	for _, l := range patients {
		line := form.Text("line-"+l.StayID, 100)
		if line == "" || !form.OK() {
			continue
		}
		vitals, findings := observation.Parse(line)
		if err := fail.Fields(findings...); len(findings) > 0 {
			bad[l.StayID] = sentence(ctx, err)
			continue
		}
		err := observation.Measure(ctx, d, l.StayID, observation.Measuring{Once: form.Get("once-" + l.StayID), At: moment, Vitals: vitals})
		switch {
		case err == nil:
			written++
			form.Set("line-"+l.StayID, "")
			form.Set("once-"+l.StayID, "")
		case fail.Is(err, fail.Invalid) || fail.Is(err, fail.Conflict):
			bad[l.StayID] = sentence(ctx, err)
		default:
			return err
		}
	}
	if len(bad) == 0 && form.OK() {
		if written > 0 {
			page.Notice(w, "card.vitals.written")
		}
		return page.Redirect(w, r, "/ward/vitals?department="+department(form))
	}
	return renderVitals(w, r, d, form, department(form), bad, http.StatusUnprocessableEntity)
}

// sentence is the first thing that an error says, in the reader's language.
func sentence(ctx context.Context, err error) string {
	e := fail.As(err)
	if len(e.Findings) > 0 {
		return text.TArgs(ctx, e.Findings[0].Key, e.Findings[0].Args)
	}
	return text.TArgs(ctx, e.Key, e.Args)
}

// handoverOf is the page of the handover.
type handoverOf struct {
	place
	States []State
}

func handoverPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	return renderHandover(w, r, d, page.NewForm(), r.URL.Query().Get("department"), http.StatusOK)
}

func renderHandover(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, department string, status int) error {
	p, err := at(r, d, "/ward/handover", department)
	if err != nil {
		return err
	}
	p.Form = form
	v := handoverOf{place: p}
	if v.States, err = Handover(r.Context(), d, p.Department.Code); err != nil {
		return err
	}
	return page.Render(w, r, status, handoverView(v))
}

// noteID is the line of the patient's note.
func noteID(stayID string) string { return "body-" + stayID }

// wrong ties the line to what is wrong with it, for those who do not see them together.
func (v handoverOf) wrong(ctx context.Context, stayID string) templ.Attributes {
	if v.Form.Error(ctx, noteID(stayID)) == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": noteID(stayID) + "-error"}
}

// noted is what was written for the stay and could not be kept.
func (v handoverOf) noted(stayID string) string {
	if v.Form.Get("stay") != stayID {
		return ""
	}
	return v.Form.Get("body")
}

func notePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID, body := form.Get("stay"), form.Need("body", 1000)
	if form.OK() {
		err = Tell(r.Context(), d, stayID, form.Get("once"), body)
		if err == nil {
			page.Notice(w, "card.round.told")
			return page.Redirect(w, r, "/ward/handover?department="+department(form))
		}
		if !form.Take(err) {
			return err
		}
	}
	for i := range form.Findings { // each patient has a line of their own
		if form.Findings[i].Field == "body" {
			form.Findings[i].Field = noteID(stayID)
		}
	}
	return renderHandover(w, r, d, form, department(form), http.StatusUnprocessableEntity)
}
