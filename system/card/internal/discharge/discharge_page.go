package discharge

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Mount puts the page of the discharge and the message to the patient in.
// portal is the address at which the summary is ordered.
func Mount(d *desk.Desk, portal string) {
	rules := &Rules{Ask: insuranceapi.Client{Exchange: d.Exchange}.Rules, Clock: d.Clock, Log: d.Log, Books: rule.Books{ICD: d.ICD, Procedures: d.Procedures}}
	d.Page("GET /stays/{id}/discharge", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return dischargePage(w, r, d, rules) })
	d.Page("POST /stays/{id}/discharge", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return closePage(w, r, d, rules) })
	notifier := Notifier{Desk: d, Messages: messageapi.Client{Exchange: d.Exchange}, Portal: portal}
	d.Queue.Handle(NotifyJob, job.Policy{}, notifier.Notify)
}

// fields of the page that a draft keeps.
var fields = []string{fieldAt, fieldOutcome, fieldResult, fieldTransfer, "recommendations"}

// dischargeOf is the page of the discharge.
type dischargeOf struct {
	Stay    stay.View
	Record  form.Record
	Wrong   *page.Form // what was sent and refused
	Form    *page.Form // nil: the reader cannot discharge
	Gaps    []Gap      // those mended on other pages
	Opinion *insuranceapi.Decision
	Away    string    // sentence: why the fund said nothing
	Own     *Opinion  // what the fund's rules say, run here; nil while something else is missing
	Number  string    // of the form, once there is one
	Saved   time.Time // of the draft that the form was filled from, zero: none
}

func dischargePage(w http.ResponseWriter, r *http.Request, d *desk.Desk, rules *Rules) error {
	ctx := r.Context()
	view, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := RefreshHeads(ctx, d, view.Organisation); err != nil {
		return err
	}
	entered := page.NewForm(fieldAt, page.InputMoment(d.Clock.Now()), fieldOutcome, "discharged")
	draft, saved, err := loadDraft(ctx, d.DB.Read, view.ID)
	if err != nil {
		return err
	}
	for name, value := range draft {
		if slices.Contains(fields, name) {
			entered.Set(name, value)
		}
	}
	return renderDischarge(w, r, d, rules, dischargeOf{Stay: view, Form: entered, Saved: saved}, http.StatusOK)
}

func renderDischarge(w http.ResponseWriter, r *http.Request, d *desk.Desk, rules *Rules, v dischargeOf, status int) error {
	ctx := r.Context()
	var err error
	if v.Record, err = form.Load(ctx, d.DB.Read, v.Stay.ID, v.Stay.Organisation, ""); err != nil {
		return err
	}
	end := form.Ending{Outcome: v.Form.Get(fieldOutcome)}
	v.Wrong = v.Form
	if v.Stay.State == stay.Discharged {
		v.Form, end = nil, v.Record.Ending
		f, ok, err := form.Valid(ctx, d.DB.Read, v.Stay.ID, "")
		if err != nil {
			return err
		}
		if ok {
			v.Number = f.Number
		}
	} else if !slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) {
		v.Form = nil
	}
	for _, g := range Gaps(v.Record, end, d.Clock.Now()) {
		if g.Tab != "" && v.Stay.State == stay.Open {
			v.Gaps = append(v.Gaps, g)
		}
	}
	// What is mended elsewhere is told once, by a link that leads there.
	told := *v.Wrong
	told.Findings = slices.DeleteFunc(slices.Clone(v.Wrong.Findings), func(f fail.Finding) bool {
		return slices.ContainsFunc(v.Gaps, func(g Gap) bool { return g.Field == f.Field })
	})
	v.Wrong = &told
	if v.Opinion == nil && v.Form != nil && len(v.Gaps) == 0 {
		if v.Own, err = ownOpinion(ctx, d, rules, v); err != nil {
			return err
		}
	}
	return page.Render(w, r, status, dischargeView(v))
}

func closePage(w http.ResponseWriter, r *http.Request, d *desk.Desk, rules *Rules) error {
	ctx, stayID := r.Context(), r.PathValue("id")
	entered, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := RefreshHeads(ctx, d, desk.Of(ctx).Post.Organisation); err != nil {
		return err
	}
	if err := keepDraft(ctx, d, stayID, entered); err != nil {
		return err
	}
	v := dischargeOf{Form: entered}
	if v.Stay, err = stay.Read(ctx, d, stayID); err != nil {
		return err
	}
	if v.Stay.State == stay.Discharged { // by a colleague, meanwhile
		entered.Findings = append(entered.Findings, fail.Finding{Key: "card.discharge.already", Args: fail.Args("At", text.Moment(v.Stay.DischargedAt))})
		return renderDischarge(w, r, d, rules, v, http.StatusUnprocessableEntity)
	}
	if entered.Get("do") == "save" {
		page.Notice(w, "card.discharge.saved")
		return page.Redirect(w, r, "/stays/"+stayID+"/discharge")
	}
	end := form.Ending{
		At: entered.Moment(fieldAt), Outcome: entered.Choice(fieldOutcome, form.Outcomes...), Result: entered.Get(fieldResult),
		TransferredTo: entered.Text(fieldTransfer, 300), Recommendations: entered.Text("recommendations", 5000),
	}
	if entered.OK() && entered.Get("do") == "check" {
		v.ask(ctx, d, stayID, end)
	} else if entered.OK() {
		_, err := Discharge(ctx, d, stayID, end)
		if err == nil {
			page.Notice(w, "card.discharge.done")
			return page.Redirect(w, r, "/stays/"+stayID+"/form")
		}
		if !entered.Take(err) {
			return err
		}
	}
	if v.Stay, err = stay.Read(ctx, d, stayID); err != nil {
		return err
	}
	status := http.StatusOK
	if !entered.OK() {
		status = http.StatusUnprocessableEntity
	}
	return renderDischarge(w, r, d, rules, v, status)
}

// ownOpinion runs the fund's rules on the case as it stands on the page.
func ownOpinion(ctx context.Context, d *desk.Desk, rules *Rules, v dischargeOf) (*Opinion, error) {
	typed := page.NewForm(fieldAt, v.Form.Get(fieldAt))
	end := form.Ending{
		At: typed.Moment(fieldAt), Outcome: v.Form.Get(fieldOutcome), Result: v.Form.Get(fieldResult), TransferredTo: v.Form.Get(fieldTransfer),
	}
	if !typed.OK() {
		return nil, nil // the field itself says so
	}
	c, err := caseOf(ctx, d, v.Stay.ID, end)
	if err != nil {
		return nil, err
	}
	o, err := rules.Of(ctx, c)
	return &o, err
}

// ask puts the fund's opinion on the page, or why there is none.
func (v *dischargeOf) ask(ctx context.Context, d *desk.Desk, stayID string, end form.Ending) {
	opinion, err := Check(ctx, d, stayID, end)
	if err == nil {
		v.Opinion = &opinion
		return
	}
	d.Log.WarnContext(ctx, "the fund gave no opinion", "system", "card", "error", err.Error())
	v.Away = text.T(ctx, "card.discharge.fund_away")
	if e := fail.As(err); e.Kind == fail.Invalid {
		v.Away = text.TArgs(ctx, e.Key, e.Args)
	}
}

func keepDraft(ctx context.Context, d *desk.Desk, stayID string, entered *page.Form) error {
	record, err := form.Load(ctx, d.DB.Read, stayID, desk.Of(ctx).Post.Organisation, "")
	if err != nil || record.State != stay.Open {
		return err
	}
	kept := map[string]string{}
	for _, name := range fields {
		value := []rune(page.Clean(entered.Get(name)))
		kept[name] = string(value[:min(len(value), 5000)])
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return saveDraft(ctx, tx, stayID, desk.Of(ctx).PIN, kept, d.Clock.Now())
	})
}

// admissionFound says that the fund asks for what stands on the admission's page.
func (v dischargeOf) admissionFound() bool {
	findings := []insuranceapi.Finding{}
	if v.Opinion != nil {
		findings = v.Opinion.Findings
	} else if v.Own != nil {
		findings = v.Own.Findings
	}
	return slices.ContainsFunc(findings, func(f insuranceapi.Finding) bool {
		return f.Field == "hours_since_onset" || f.Field == "referrer" || f.Field == "brought_by"
	})
}

// link is where a gap is mended.
func (v dischargeOf) link(g Gap) string {
	switch g.Field {
	case "gap-final":
		return v.Stay.Path(stay.TabDiagnoses) + "?stage=final&back=" + stay.TabDischarge + "#icd"
	case "gap-postmortem":
		return v.Stay.Path(stay.TabDiagnoses) + "?stage=postmortem&back=" + stay.TabDischarge + "#icd"
	case "gap-epicrisis":
		return v.Stay.Path(stay.TabHistory) + "?kind=discharge_epicrisis&back=" + stay.TabDischarge + "#body"
	}
	return v.Stay.Path(g.Tab)
}

// makesFinal: the clinical diagnosis that no final one follows yet becomes final by
// a button, where the gap is told; the one of the admission, when the clinical one
// was not written.
func (v dischargeOf) makesFinal(d form.Diagnosis) bool {
	if d.Stage != "clinical" && (d.Stage != "admission" || slices.ContainsFunc(v.Record.Diagnoses, func(c form.Diagnosis) bool { return c.Stage == "clinical" })) {
		return false
	}
	return !slices.ContainsFunc(v.Record.Diagnoses, func(f form.Diagnosis) bool {
		return f.Stage == "final" && (f.Code == d.Code || d.Rank == "main" && f.Rank == "main")
	})
}

// makesPostmortem: of who died, the final main diagnosis becomes the post-mortem one
// by a button while there is none: where nothing else was found, it is the same.
func (v dischargeOf) makesPostmortem(d form.Diagnosis) bool {
	return v.Form != nil && v.Form.Get(fieldOutcome) == Died && d.Stage == "final" && d.Rank == "main" && !v.Record.Main("postmortem")
}

// elsewhere says that what was sent is refused for what is mended on other pages
// alone: then the list of it, whose links lead there, stands in the summary's place.
func (v dischargeOf) elsewhere() bool { return v.Form != nil && !v.Form.OK() && v.Wrong.OK() }

// savedMillis is when the draft was saved, for the script that keeps a newer one.
func (v dischargeOf) savedMillis() string {
	if v.Saved.IsZero() {
		return ""
	}
	return strconv.FormatInt(v.Saved.UnixMilli(), 10)
}

// begins is where the key N leads: to what is still missing, then to the form.
func (v dischargeOf) begins() string {
	switch {
	case v.Form != nil && slices.ContainsFunc(v.Record.Diagnoses, func(d form.Diagnosis) bool { return v.makesFinal(d) || v.makesPostmortem(d) }):
		return "final"
	case len(v.Gaps) > 0:
		return "gap"
	}
	return "form"
}

func (v dischargeOf) begin(f design.Field) design.Field {
	f.Begin = v.begins() == "form"
	return f
}

func outcomeOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, o := range form.Outcomes {
		options = append(options, design.Option{Value: o, Label: form.OutcomeWord(ctx, o)})
	}
	return options
}

func resultOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, o := range form.Results {
		options = append(options, design.Option{Value: o, Label: form.ResultWord(ctx, o)})
	}
	return options
}

func wide(f design.Field, required bool) design.Field {
	f.Wide, f.Required = true, required
	return f
}

func recommendations(f design.Field) design.Field {
	f.Wide, f.Required, f.Rows, f.MaxLength = true, false, 6, 5000
	return f
}
