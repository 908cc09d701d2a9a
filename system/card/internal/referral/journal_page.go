package referral

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// journalOf is the page of what was received and sent.
type journalOf struct {
	Filter filter
	Form   *page.Form
	All    []Referral
	Next   string
	Names  map[string]string // organisations by code
	Own    workforceapi.Organisation

	Waiting    Waiting
	Department string          // the reader's, "" for none
	Hospitals  map[string]bool // those of the organisations that are hospitals
	People     bool            // the reader works at the bed: names are shown
	Now        time.Time
}

func journalPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	form := page.QueryForm(r)
	v := journalOf{Form: form, Department: staff.Post.Department, Now: d.Clock.Now(), People: slices.Contains(desk.Ward, staff.Post.Role)}
	v.Filter = readFilter(form, staff.Post)
	var err error
	if v.Own, err = d.Directory.Organisation(ctx, staff.Post.Organisation); err != nil {
		return err
	}
	if err := d.DB.Ask(ctx, Counting(ctx, d, &v.Waiting)); err != nil {
		return err
	}
	if v.All, err = journal(ctx, d.DB.Read, v.Filter); err != nil {
		return err
	}
	if len(v.All) > perPage {
		v.All = v.All[:perPage]
		if v.Filter.State != stateOpen {
			query := r.URL.Query()
			query.Set("before", strconv.FormatInt(db.Micros(v.All[perPage-1].WrittenAt), 10))
			v.Next = "/referrals?" + query.Encode()
		}
	}
	if v.People {
		if err := seenAll(ctx, d, v.All); err != nil {
			return err
		}
	}
	if v.Names, err = namesOf(ctx, d); err != nil {
		return err
	}
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		return err
	}
	v.Hospitals = map[string]bool{}
	for _, o := range all {
		v.Hospitals[o.Code] = o.Kind == directory.Hospital
	}
	return page.Render(w, r, http.StatusOK, journalView(v))
}

func seenAll(ctx context.Context, d *desk.Desk, all []Referral) error {
	pins := make([]string, 0, len(all))
	for _, r := range all {
		pins = append(pins, r.Patient.PIN)
	}
	slices.Sort(pins)
	return d.SeenAll(ctx, slices.Compact(pins), "referral.list")
}

// readFilter begins with what the reader has to do: what their department
// received and is open. What was asked for in the address wins.
func readFilter(form *page.Form, post workforceapi.Post) filter {
	f := filter{Organisation: post.Organisation, Received: form.Get("side") != "sent"}
	oneOf := func(name string, allowed []string) string {
		if slices.Contains(allowed, form.Get(name)) {
			return form.Get(name)
		}
		return ""
	}
	f.State, f.Urgency = oneOf("state", append([]string{stateOpen}, States...)), oneOf("urgency", Urgencies)
	f.Purpose = oneOf("purpose", []string{Hospitalisation, Consultation, Examination})
	if f.Received && !form.Has("state") {
		f.State, f.Department = stateOpen, post.Department
	}
	if form.Has("department") && len(form.Get("department")) <= 2 {
		f.Department = form.Get("department")
	}
	if len(form.Get("other")) == 6 {
		f.Other = form.Get("other")
	}
	f.From, _ = clock.ParseDate(form.Get("from"))
	f.Until, _ = clock.ParseDate(form.Get("until"))
	if n, err := strconv.ParseInt(form.Get("before"), 10, 64); err == nil && n > 0 {
		f.Before = db.Time(n)
	}
	return f
}

// namesOf are the organisations by code.
func namesOf(ctx context.Context, d *desk.Desk) (map[string]string, error) {
	all, err := d.Directory.Organisations(ctx)
	names := map[string]string{}
	for _, o := range all {
		names[o.Code] = o.ShortName.Here(ctx)
		if names[o.Code] == "" {
			names[o.Code] = o.Name.Here(ctx)
		}
	}
	return names, err
}

// listOf is a patient's or a stay's referrals.
type listOf struct {
	All     []Referral
	Names   map[string]string
	Own     string
	NewHref string // "" when the reader may write none
	Now     time.Time
}

func ofStayPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	s, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := listOf{Own: s.Organisation, Now: s.Now}
	if s.State == stay.Open {
		v.NewHref = newHref(ctx, s.Patient.ID, s.ID)
	}
	if v.All, err = ofStay(ctx, d.DB.Read, s.ID); err != nil {
		return err
	}
	if v.Names, err = namesOf(ctx, d); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, ofStayView(v, s))
}

// newHref leads to a new referral, for those who may write one.
func newHref(ctx context.Context, patientID, stayID string) string {
	if !slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) {
		return ""
	}
	href := "/patients/" + patientID + "/referrals/new"
	if stayID != "" {
		href += "?stay=" + url.QueryEscape(stayID)
	}
	return href
}

// Words of codes in the reader's language.

func stateWord(ctx context.Context, r Referral, now time.Time) string {
	if r.Late(now) {
		return text.T(ctx, "card.referral.state."+Expired)
	}
	return text.T(ctx, "card.referral.state."+r.State) // text: card.referral.state.*
}

// stepWord is what happened, where stateWord is how it stands.
func stepWord(ctx context.Context, state string) string {
	if state == Sent {
		return text.T(ctx, "card.referral.step_sent")
	}
	return text.T(ctx, "card.referral.state."+state)
}

func stateTone(r Referral, now time.Time) string {
	switch {
	case r.Late(now):
		return "neutral"
	case r.State == Sent:
		return "attention"
	case r.State == Accepted:
		return "info"
	case r.State == Admitted || r.State == Answered:
		return "done"
	case r.State == Refused || r.State == NotCome:
		return "danger"
	}
	return "neutral"
}

func purposeWord(ctx context.Context, purpose string) string {
	return text.T(ctx, "card.referral.purpose."+purpose) // text: card.referral.purpose.*
}

func urgencyWord(ctx context.Context, urgency string) string {
	return text.T(ctx, "card.referral.urgency."+urgency) // text: card.referral.urgency.*
}

// kindWord is the purpose with the form's number: «Госпитализация (057/у)».
func kindWord(ctx context.Context, form, purpose string) string {
	return purposeWord(ctx, purpose) + " (" + form + "/" + text.T(ctx, "card.referral.form_letter") + ")"
}

func departmentWord(ctx context.Context, d *desk.Desk, organisation, code string) string {
	o, err := d.Directory.Organisation(ctx, organisation)
	if err != nil || code == "" {
		return code
	}
	return directory.DepartmentName(o, code).Here(ctx)
}

func options(ctx context.Context, codes []string, word func(context.Context, string) string, chosen string) []design.Option {
	list := []design.Option{{Value: "", Label: text.T(ctx, "card.referral.any"), Selected: chosen == ""}}
	for _, code := range codes {
		list = append(list, design.Option{Value: code, Label: word(ctx, code), Selected: code == chosen})
	}
	return list
}

// others are the organisations on the other side.
func (v journalOf) others(ctx context.Context) []design.Option {
	codes := make([]string, 0, len(v.Names))
	for code := range v.Names {
		if code != v.Own.Code && v.Hospitals[code] {
			codes = append(codes, code)
		}
	}
	slices.SortFunc(codes, func(a, b string) int { return strings.Compare(v.Names[a], v.Names[b]) })
	return options(ctx, codes, func(_ context.Context, code string) string { return v.Names[code] }, v.Filter.Other)
}

// Panel is the part of a patient's page with their referrals.
func Panel(d *desk.Desk) patient.Panel {
	return func(ctx context.Context, p patient.Patient) (templ.Component, error) {
		v := listOf{Own: desk.Of(ctx).Post.Organisation, Now: d.Clock.Now(), NewHref: newHref(ctx, p.ID, "")}
		var err error
		if v.All, err = ofPatient(ctx, d.DB.Read, p.ID, v.Own); err != nil {
			return nil, err
		}
		v.Names, err = namesOf(ctx, d)
		return panelView(v), err
	}
}
