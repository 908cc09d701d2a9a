package handover

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Lines of diagnoses on the page: those that stand and some to add.
const (
	spareLines = 2
	mostLines  = 30
)

// correctionOf is the page on which a returned case is corrected.
type correctionOf struct {
	Stay   stay.View
	Last   form.Revision
	Form   *page.Form
	Lines  int                    // of diagnoses
	Others []insuranceapi.Finding // about what other pages keep
}

// shown are the fields of a case that the page has, with the field of the page.
var shown = map[string]string{
	"admission": "kind", "hours_since_onset": "hours", "referrer": "referrer", "outcome": "outcome", "result": "result",
	"patient.policy": "policy", "patient.category": "category", "patient.region": "region", "patient.insured": "insured",
	"diagnoses": "dx",
}

func (h Handover) correctionPage(w http.ResponseWriter, r *http.Request) error {
	ctx, d := r.Context(), h.Desk
	view, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	record, err := form.Load(ctx, d.DB.Read, view.ID, view.Organisation, "")
	if err != nil {
		return err
	}
	last, err := returned(ctx, d.DB.Read, view.ID, "")
	if err != nil {
		return err
	}
	entered := page.NewForm(
		"revision", strconv.Itoa(last.Revision), "kind", record.Kind, "hours", hoursText(record.HoursSinceOnset), "referrer", record.Referrer,
		"outcome", record.Ending.Outcome, "result", record.Ending.Result, "transferred_to", record.Ending.TransferredTo,
		"recommendations", record.Ending.Recommendations, "policy", record.Patient.Policy, "category", record.Patient.Category,
		"region", record.Patient.Region, "insured", tick(record.Patient.Insured), "rural", tick(record.Patient.Rural),
	)
	n := 0
	for _, dx := range record.Diagnoses {
		if slices.Contains(CorrectedStages, dx.Stage) && n < mostLines {
			entered.Set(fmt.Sprintf("dx%d_stage", n), dx.Stage)
			entered.Set(fmt.Sprintf("dx%d_rank", n), dx.Rank)
			entered.Set(fmt.Sprintf("dx%d", n), dx.Code)
			entered.Set(fmt.Sprintf("dx%d_text", n), dx.Code+" "+dx.Text)
			n++
		}
	}
	count := min(n+spareLines, mostLines)
	for ; n < count; n++ {
		entered.Set(fmt.Sprintf("dx%d_stage", n), "final")
		entered.Set(fmt.Sprintf("dx%d_rank", n), "comorbid")
	}
	return h.renderCorrection(w, r, correctionOf{Stay: view, Last: last, Form: entered, Lines: count}, http.StatusOK)
}

func hoursText(hours int) string {
	if hours == 0 {
		return ""
	}
	return strconv.Itoa(hours)
}

func tick(b bool) string {
	if b {
		return "1"
	}
	return ""
}

func (h Handover) renderCorrection(w http.ResponseWriter, r *http.Request, v correctionOf, status int) error {
	if v.Last.Decision != nil {
		for _, f := range v.Last.Decision.Findings {
			if _, ok := shown[f.Field]; !ok {
				v.Others = append(v.Others, f)
			}
		}
	}
	return page.Render(w, r, status, correctionView(v))
}

func (h Handover) correctPage(w http.ResponseWriter, r *http.Request, book *icd.Book) error {
	ctx, d, stayID := r.Context(), h.Desk, r.PathValue("id")
	entered, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	c := Correction{
		Kind: entered.Get("kind"), Referrer: entered.Text("referrer", 300), Outcome: entered.Get("outcome"), Result: entered.Get("result"),
		TransferredTo: entered.Text("transferred_to", 300), Recommendations: entered.Text("recommendations", 5000),
		Insured: entered.Get("insured") != "", Policy: entered.Text("policy", 50), Region: entered.Text("region", 14),
		Rural: entered.Get("rural") != "", Reason: entered.Need("reason", 500),
		Category: entered.Choice("category", patient.Categories...),
	}
	c.Revision = number(entered.Get("revision"))
	if c.HoursSinceOnset = number(entered.Get("hours")); entered.Get("hours") != "" && c.HoursSinceOnset == 0 {
		entered.Fail("hours", "card.correct.hours")
	}
	if c.Outcome == "died" {
		c.Result = ""
	}
	count, err := readDiagnoses(ctx, book, entered, &c)
	if err != nil {
		return err
	}
	if entered.OK() {
		_, err = h.Correct(ctx, stayID, c)
		if err == nil {
			page.Notice(w, "card.correct.done")
			return page.Redirect(w, r, "/stays/"+stayID+"/form")
		}
		if !entered.Take(err) {
			return err
		}
	}
	v := correctionOf{Form: entered, Lines: count}
	if v.Stay, err = stay.Read(ctx, d, stayID); err != nil {
		return err
	}
	if v.Last, err = returned(ctx, d.DB.Read, stayID, ""); err != nil {
		return err
	}
	return h.renderCorrection(w, r, v, http.StatusUnprocessableEntity)
}

func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// readDiagnoses reads the lines dx0, dx1, …; a line without text is taken away.
func readDiagnoses(ctx context.Context, book *icd.Book, entered *page.Form, c *Correction) (int, error) {
	n := 0
	for ; n < mostLines && entered.Has(fmt.Sprintf("dx%d_stage", n)); n++ {
		name := fmt.Sprintf("dx%d", n)
		typed := entered.Text(name+"_text", 500)
		if typed == "" {
			continue
		}
		dx := Diagnosis{
			Stage: entered.Choice(name+"_stage", CorrectedStages...),
			Rank:  entered.Choice(name+"_rank", diagnosis.Ranks...),
		}
		code, err := book.Resolve(ctx, entered.Text(name, 16), typed)
		if e := fail.As(err); e != nil {
			if e.Kind != fail.Invalid {
				return n, err
			}
			entered.Findings = append(entered.Findings, fail.Finding{Field: name, Key: e.Key, Args: e.Args})
			continue
		}
		dx.Code = code.Code
		c.Diagnoses = append(c.Diagnoses, dx)
	}
	return n, nil
}

// said is what the fund found about a field of the page.
func (v correctionOf) said(field string) []insuranceapi.Finding {
	var found []insuranceapi.Finding
	if v.Last.Decision == nil {
		return nil
	}
	for _, f := range v.Last.Decision.Findings {
		if shown[f.Field] == field {
			found = append(found, f)
		}
	}
	return found
}

// field is a question of the page; what the fund found stands beside it.
func (v correctionOf) field(ctx context.Context, name, key string, required bool) design.Field {
	f := design.FieldOf(ctx, v.Form, name, key)
	f.Wide, f.Required = true, required
	var hints []string
	for _, said := range v.said(name) {
		hints = append(hints, text.T(ctx, "card.correct.fund_says", "Reason", said.Reason.Here(ctx), "Rule", said.Rule))
	}
	if f.Error == "" && len(hints) > 0 {
		f.Error = strings.Join(hints, " ")
	}
	return f
}

func (v correctionOf) code(ctx context.Context, i int) design.Field {
	name := fmt.Sprintf("dx%d", i)
	f := design.FieldOf(ctx, v.Form, name, "card.diagnosis.icd")
	f.Placeholder, f.Wide, f.Required = v.Form.Get(name+"_text"), true, false
	return f
}

func (v correctionOf) choice(ctx context.Context, name, key string, values []string, word func(context.Context, string) string) (design.Field, []design.Option) {
	f := v.field(ctx, name, key, false)
	f.Required = true
	options := []design.Option{}
	for _, value := range values {
		label := word(ctx, value)
		if label == "" {
			label = "—"
		}
		options = append(options, design.Option{Value: value, Label: label, Selected: value == f.Value})
	}
	return f, options
}

func categoryWord(ctx context.Context, code string) string {
	if code == "" {
		code = "none"
	}
	return text.T(ctx, "card.category."+code) // text: card.category.*
}

// diagnosesError gathers what is wrong with the diagnoses as a whole.
func (v correctionOf) diagnosesError(ctx context.Context) []string {
	var all []string
	for _, f := range v.Form.Findings {
		if strings.HasPrefix(f.Field, "dx-") {
			all = append(all, text.TArgs(ctx, f.Key, f.Args))
		}
	}
	for _, f := range v.said("dx") {
		all = append(all, text.T(ctx, "card.correct.fund_says", "Reason", f.Reason.Here(ctx), "Rule", f.Rule))
	}
	return all
}
