// Package epicrisis puts together what the record of a stay holds already: the
// draft of an epicrisis, of the reasoning of the diagnosis, of a diary. The
// doctor reads, changes and signs it; nothing is signed that nobody read (MC-1).
package epicrisis

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// record is what a stay holds.
type record struct {
	stay       stay.View
	diagnoses  []diagnosis.Diagnosis
	entries    []history.Entry
	orders     []order.Order
	operations []operation.Operation
	requests   []request.Request
	last       observation.Observation
}

func load(ctx context.Context, d *desk.Desk, v stay.View) (record, error) {
	r := record{stay: v}
	q := d.DB.Read
	var err error
	if r.diagnoses, err = diagnosis.Of(ctx, q, v.ID); err != nil {
		return r, err
	}
	if r.entries, err = history.Entries(ctx, q, v.ID); err != nil {
		return r, err
	}
	if r.orders, err = order.Orders(ctx, q, v.ID); err != nil {
		return r, err
	}
	if r.operations, err = operation.Operations(ctx, q, v.ID); err != nil {
		return r, err
	}
	if r.requests, err = request.Requests(ctx, q, v.ID); err != nil {
		return r, err
	}
	r.last, _, err = observation.Last(ctx, q, v.ID)
	return r, err
}

// Compose writes the draft of an entry of the kind in the reader's language.
func Compose(ctx context.Context, d *desk.Desk, v stay.View, kind string) (string, error) {
	r, err := load(ctx, d, v)
	if err != nil {
		return "", err
	}
	var parts []string
	switch kind {
	case history.DischargeEpicrisis:
		parts = []string{r.admission(ctx), r.diagnosis(ctx, "final", "clinical", "admission"), r.examination(ctx), r.course(ctx), r.results(ctx, true), r.surgery(ctx), r.treatment(ctx, true), r.state(ctx)}
	case history.StageEpicrisis:
		parts = []string{r.day(ctx), r.diagnosis(ctx, "clinical", "admission"), r.results(ctx, true), r.surgery(ctx), r.treatment(ctx, false), r.state(ctx)}
	case history.Reasoning:
		parts = []string{r.admission(ctx), r.examination(ctx), r.results(ctx, true), r.diagnosis(ctx, "clinical", "admission")}
	case history.Examination:
		parts = []string{r.admission(ctx), r.alerts(ctx), r.state(ctx), r.diagnosis(ctx, "admission", "referral")}
	default:
		parts = []string{r.day(ctx), r.state(ctx), r.results(ctx, false), r.treatment(ctx, false)}
	}
	return strings.Join(filled(parts), "\n"), nil
}

func filled(parts []string) []string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return all
}

func (r record) admission(ctx context.Context) string {
	key := "card.epicrisis.planned"
	if r.stay.Kind == "emergency" {
		key = "card.epicrisis.emergency"
	}
	return text.T(ctx, key, "Name", r.stay.Patient.Name(ctx), "Age", r.stay.Patient.Age(ctx, clock.DateOf(r.stay.Now)),
		"At", text.Moment(r.stay.AdmittedAt), "Department", r.stay.DepartmentName.Here(ctx))
}

func (r record) alerts(ctx context.Context) string {
	if lines := r.stay.Patient.AlertLines(); len(lines) > 0 {
		return text.T(ctx, "card.epicrisis.alerts", "Alerts", strings.Join(lines, "; "))
	}
	return ""
}

func (r record) day(ctx context.Context) string {
	return text.T(ctx, "card.epicrisis.day", "Day", strconv.Itoa(r.stay.Day()))
}

// diagnosis is that of the first of the stages that has a main one.
func (r record) diagnosis(ctx context.Context, stages ...string) string {
	for _, stage := range stages {
		words := map[string][]string{}
		for _, one := range r.diagnoses {
			if one.Stage == stage && one.EndedAt.IsZero() {
				words[one.Rank] = append(words[one.Rank], text.Joined(one.Code, one.Text))
			}
		}
		if len(words["main"]) == 0 {
			continue
		}
		lines := []string{text.T(ctx, "card.epicrisis.diagnosis", "Words", strings.Join(words["main"], "; "))}
		if len(words["complication"]) > 0 {
			lines = append(lines, text.T(ctx, "card.epicrisis.complication", "Words", strings.Join(words["complication"], "; ")))
		}
		if len(words["comorbid"]) > 0 {
			lines = append(lines, text.T(ctx, "card.epicrisis.comorbid", "Words", strings.Join(words["comorbid"], "; ")))
		}
		return strings.Join(lines, "\n")
	}
	return ""
}

// newest is the newest entry of the kind; ok is false for none.
func (r record) newest(kind string) (history.Entry, bool) {
	for _, e := range r.entries { // the newest first
		if e.Kind == kind {
			return e, true
		}
	}
	return history.Entry{}, false
}

func (r record) examination(ctx context.Context) string {
	e, ok := r.newest(history.Examination)
	if !ok {
		return ""
	}
	return text.T(ctx, "card.epicrisis.examination", "Words", oneLine(e.Body))
}

func (r record) course(ctx context.Context) string {
	e, ok := r.newest(history.StageEpicrisis)
	if !ok {
		e, ok = r.newest(history.Diary)
	}
	if !ok {
		return ""
	}
	return text.T(ctx, "card.epicrisis.course", "At", text.Date(clock.DateOf(e.At)), "Words", oneLine(e.Body))
}

func oneLine(body string) string {
	var lines []string
	for l := range writing.Lines(body) {
		lines = append(lines, l)
	}
	return strings.Join(lines, " ")
}

// results are the answers; of a diary those of the last day.
func (r record) results(ctx context.Context, all bool) string {
	var lines []string
	for i := len(r.requests) - 1; i >= 0; i-- {
		one := r.requests[i]
		if one.Answer == nil || !all && r.stay.Now.Sub(one.Answer.SignedAt) > 24*time.Hour {
			continue
		}
		var values []string
		for _, f := range one.Answer.Findings {
			value := text.Joined(f.Name, f.Value, f.Unit)
			switch f.Out() {
			case 1:
				value += " ↑"
			case -1:
				value += " ↓"
			}
			values = append(values, value)
		}
		words := strings.Join(values, ", ")
		if conclusion := oneLine(one.Answer.Conclusion); conclusion != "" {
			if words != "" {
				words += ". "
			}
			words += conclusion
		}
		lines = append(lines, one.Name+" ("+text.Date(clock.DateOf(one.Answer.At))+"): "+words)
	}
	if len(lines) == 0 {
		return ""
	}
	return text.T(ctx, "card.epicrisis.results") + "\n" + strings.Join(lines, "\n")
}

func (r record) surgery(ctx context.Context) string {
	var lines []string
	for i := len(r.operations) - 1; i >= 0; i-- {
		o := r.operations[i]
		line := text.Date(clock.DateOf(o.At)) + " " + operation.Title(ctx, o) + ". " + text.T(ctx, "card.operations.anaesthesia") + ": " + strings.ToLower(operation.AnaesthesiaWord(ctx, o.Anaesthesia))
		if o.Complication != "" {
			line += ". " + text.T(ctx, "card.operations.complication") + ": " + o.Complication
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return ""
	}
	return text.T(ctx, "card.epicrisis.surgery") + "\n" + strings.Join(lines, "\n")
}

// treatment is what was ordered; with ended also what is not given any more.
func (r record) treatment(ctx context.Context, ended bool) string {
	var lines []string
	for i := len(r.orders) - 1; i >= 0; i-- {
		o := r.orders[i]
		if o.Kind == "test" || !ended && !o.EndedAt.IsZero() {
			continue
		}
		lines = append(lines, text.Joined(o.Text, o.Dose, o.Times))
	}
	if len(lines) == 0 {
		return ""
	}
	return text.T(ctx, "card.epicrisis.treatment", "Words", strings.Join(lines, "; "))
}

func (r record) state(ctx context.Context) string {
	words := r.last.Vitals.Words(ctx)
	if words == "" {
		return ""
	}
	return text.T(ctx, "card.epicrisis.state", "At", text.Moment(r.last.At), "Words", words)
}
