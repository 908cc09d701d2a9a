package referral

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// writingOf is the page on which a referral is written.
type writingOf struct {
	Patient patient.Patient
	Stay    string
	Form    *page.Form
	choosing
	Sources []Result
	Rules   []string // how long each urgency holds, in words
	Now     time.Time
}

func newPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	p, err := patient.Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "kind", Kinds[0], "urgency", Urgencies[0], "stay", r.URL.Query().Get("stay"))
	if after := r.URL.Query().Get("after"); after != "" {
		err = again(ctx, d, form, p, after)
	} else {
		err = prefill(ctx, d, form, p)
	}
	if err != nil {
		return err
	}
	return renderWriting(w, r, d, p, form, http.StatusOK)
}

// again takes over what the referral said that nobody took the patient by: all but
// where to, and the results, which may be old by now.
func again(ctx context.Context, d *desk.Desk, form *page.Form, p patient.Patient, after string) error {
	r, err := Open(ctx, d, after)
	if err != nil {
		return err
	}
	if r.Patient.ID != p.ID {
		return fail.New(fail.NotFound, "card.referral.none_such")
	}
	if err := r.anew(desk.Of(ctx), d.Clock.Now()); err != nil {
		return err
	}
	code, err := d.ICD.Resolve(ctx, r.Code, "")
	if err == nil { // one that is no longer in the list is chosen anew
		form.Set("code", code.Code)
		form.Set("code_text", code.Label())
	} else if fail.As(err).Kind != fail.Invalid {
		return err
	}
	if r.Diagnosis != code.Name {
		form.Set("diagnosis", r.Diagnosis)
	}
	form.Set("kind", r.Form+"/"+r.Purpose)
	form.Set("urgency", r.Urgency)
	form.Set("stay", r.FromStay)
	form.Set("reason", r.Reason)
	form.Set("history", r.History)
	return nil
}

// prefill takes over what the case history knows: the main diagnosis and the
// reasoning behind it.
func prefill(ctx context.Context, d *desk.Desk, form *page.Form, p patient.Patient) error {
	stayID := form.Get("stay")
	if stayID == "" {
		return nil
	}
	of, _, ok, err := stayPatient(ctx, d.DB.Read, stayID, desk.Of(ctx).Post.Organisation)
	if err != nil {
		return err
	}
	if !ok || of != p.ID {
		return fail.New(fail.NotFound, "card.stay.not_found")
	}
	all, err := diagnosis.Of(ctx, d.DB.Read, stayID)
	if err != nil {
		return err
	}
	order := []string{"final", "clinical", "admission", "referral"}
	best := len(order)
	for _, g := range all {
		if at := slices.Index(order, g.Stage); g.Rank == "main" && g.EndedAt.IsZero() && at >= 0 && at < best {
			best = at
			form.Set("code", g.Code)
			form.Set("code_text", text.Joined(g.Code, g.Text))
		}
	}
	entries, err := history.Entries(ctx, d.DB.Read, stayID)
	if err != nil {
		return err
	}
	for _, e := range entries { // the newest first
		if e.Kind == history.Reasoning || e.Kind == history.StageEpicrisis {
			form.Set("history", e.Body)
			break
		}
	}
	return nil
}

func renderWriting(w http.ResponseWriter, r *http.Request, d *desk.Desk, p patient.Patient, form *page.Form, status int) error {
	ctx := r.Context()
	own := desk.Of(ctx).Post.Organisation
	v := writingOf{Patient: p, Stay: form.Get("stay"), Form: form, Now: d.Clock.Now()}
	var err error
	if v.choosing, err = choose(ctx, d, r.URL.Query(), form, "", func(Place) bool { return true }); err != nil {
		return err
	}
	if v.Sources, err = sources(ctx, d.DB.Read, p.ID, own); err != nil {
		return err
	}
	for _, urgency := range Urgencies {
		rule, err := Validity(ctx, d.DB.Read, Form057, urgency, clock.DateOf(v.Now))
		if err != nil {
			return err
		}
		v.Rules = append(v.Rules, text.T(ctx, "card.referral.holds", "Days", rule.Days))
	}
	if err := d.SeenAll(ctx, []string{p.PIN}, "referral.list"); err != nil {
		return err
	}
	return page.Render(w, r, status, writingView(v))
}

func readPlace(form *page.Form) (organisation, department string) {
	organisation, department, _ = strings.Cut(form.Text("to", 20), "/")
	return organisation, department
}

func writePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	p, err := patient.Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	in := Writing{
		Once: form.Get("once"), Patient: p.ID, Stay: form.Text("stay", 64), Kind: form.Get("kind"), Urgency: form.Get("urgency"),
		History: form.Text("history", writing.MaxBody), Results: form.All("results"), Diagnosis: form.Text("diagnosis", 1000),
	}
	if len(in.Results) > mostSources {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	// What is wrong is listed in the order of the page.
	if in.Organisation, in.Department = readPlace(form); in.Organisation == "" {
		form.Fail("to", "card.referral.to_required")
	}
	chosen, typed := form.Chosen("code")
	code, err := d.ICD.Resolve(ctx, chosen, typed)
	if err == nil {
		in.Code = code.Code
		form.Set("code", code.Code)
		form.Set("code_text", code.Label())
	} else if e := fail.As(err); e.Kind == fail.Invalid {
		form.Findings = append(form.Findings, fail.Finding{Field: "code", Key: e.Key, Args: e.Args})
	} else {
		return err
	}
	in.Reason = form.Need("reason", 2000)
	if form.OK() {
		referralID, err := Write(ctx, d, in)
		if err == nil {
			page.Notice(w, "card.referral.written_done")
			return page.Redirect(w, r, "/referrals/"+referralID)
		}
		if !form.Take(err) {
			return err
		}
	}
	return renderWriting(w, r, d, p, form, http.StatusUnprocessableEntity)
}

func (v writingOf) kinds(ctx context.Context) []design.Option {
	list := make([]design.Option, 0, len(Kinds))
	for _, k := range Kinds {
		form, purpose, _ := strings.Cut(k, "/")
		list = append(list, design.Option{Value: k, Label: kindWord(ctx, form, purpose)})
	}
	return list
}

func (v writingOf) urgencies(ctx context.Context) []design.Option {
	list := make([]design.Option, 0, len(Urgencies))
	for i, u := range Urgencies {
		list = append(list, design.Option{Value: u, Label: urgencyWord(ctx, u) + ", " + v.Rules[i]})
	}
	return list
}

func (v writingOf) sourceOptions(ctx context.Context) []design.Option {
	list := make([]design.Option, 0, len(v.Sources))
	for _, o := range v.Sources {
		list = append(list, design.Option{Value: o.Source, Label: TitleOf(ctx, o), Hint: joinWith(" · ", text.Moment(o.At), o.ByName)})
	}
	return design.Choose(v.Form, "results", list)
}

func (v writingOf) code(ctx context.Context) design.Field {
	f := design.FieldOf(ctx, v.Form, "code", "card.col.diagnosis")
	f.Wide, f.Placeholder, f.Hint = true, v.Form.Get("code_text"), text.T(ctx, "card.admit.diagnosis_hint")
	return f
}
