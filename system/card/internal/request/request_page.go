package request

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Mount puts the pages of requests and results in.
func Mount(d *desk.Desk) {
	d.Page("GET /stays/{id}/requests", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return requestsPage(w, r, d) })
	d.Page("POST /stays/{id}/requests", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return askPage(w, r, d) })
	d.Page("POST /stays/{id}/requests/cancel", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return cancelPage(w, r, d) })
	d.Page("POST /stays/{id}/requests/answer", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return answerPage(w, r, d) })
}

// requestsOf is the page.
type requestsOf struct {
	Stay   stay.View
	All    []Request
	Form   *page.Form
	Write  bool     // the reader may ask
	Answer *Request // that is being answered or corrected
	Lines  []Finding
}

func (v requestsOf) may(ctx context.Context, r Request) bool {
	switch {
	case !r.CancelledAt.IsZero() || !writing.MayMark(ctx):
		return false
	case r.Answer == nil:
		return r.Kind == Laboratory || writing.MayWrite(ctx)
	}
	return writing.MayCorrect(desk.Of(ctx), r.Answer.author()) == nil
}

func requestsPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	view, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "at", page.InputMoment(d.Clock.Now()), "request", r.URL.Query().Get("answer"))
	return render(w, r, d, view, form, http.StatusOK)
}

func render(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form, status int) error {
	ctx := r.Context()
	v := requestsOf{Stay: view, Form: form, Write: view.State == stay.Open && writing.MayWrite(ctx)}
	var err error
	if v.All, err = Requests(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	for i := range v.All {
		if v.All[i].ID == form.Get("request") && v.may(ctx, v.All[i]) {
			v.Answer = &v.All[i]
		}
	}
	if v.Answer != nil {
		v.fill(ctx)
	}
	return page.Render(w, r, status, requestsView(v))
}

// fill puts the lines of the answer's form in: what was sent, what is
// corrected, or the analytes of the catalogue with the range for the patient.
func (v *requestsOf) fill(ctx context.Context) {
	if lines := readFindings(v.Form); len(v.Form.Findings) > 0 && v.Form.Has("name") {
		v.Lines = lines
	} else if v.Answer.Answer != nil {
		a := v.Answer.Answer
		v.Lines = a.Findings
		v.Form.Set("conclusion", a.Conclusion)
		v.Form.Set("at", page.InputMoment(a.At))
		v.Form.Set("seen", strconv.Itoa(a.Version))
	} else if item, ok := ItemOf(v.Answer.Code); ok {
		for _, a := range item.Analytes {
			usual := a.Of(v.Stay.Patient.Sex, v.Stay.Patient.BirthDate, clock.DateOf(v.Stay.Now))
			v.Lines = append(v.Lines, Finding{Name: a.Name.Here(ctx), Unit: a.Unit, Low: usual.Low, High: usual.High})
		}
	}
	if v.Answer.Kind == Laboratory {
		v.Lines = append(v.Lines, Finding{}) // for what the catalogue lacks
	}
}

// again shows the page after a POST that went wrong.
func again(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	return render(w, r, d, view, form, http.StatusUnprocessableEntity)
}

func done(w http.ResponseWriter, r *http.Request, notice string) error {
	page.Notice(w, notice)
	return page.Redirect(w, r, "/stays/"+r.PathValue("id")+"/requests")
}

func askPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	in := Asking{Once: form.Get("once"), Urgent: form.Get("urgent") == "1"}
	kind, other := strings.CutPrefix(form.Get("item"), "other:")
	if item, ok := ItemOf(form.Get("item")); ok {
		in.Kind, in.Code, in.Name = item.Kind, item.Code, item.Name.RU
		if text.LangOf(r.Context()) == text.KY {
			in.Name = item.Name.KY
		}
	} else if other && slices.Contains(Kinds, kind) {
		in.Kind, in.Name = kind, form.Need("name_other", 200)
	} else {
		form.Fail("item", "kit.field.choose")
	}
	in.Question = form.Text("question", 2000)
	if form.OK() {
		err = Ask(r.Context(), d, r.PathValue("id"), in)
		if err == nil {
			return done(w, r, "card.request.asked")
		}
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form)
}

func cancelPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	reason := form.Need("cancel_reason", 500)
	if form.OK() {
		err = Cancel(r.Context(), d, r.PathValue("id"), form.Get("cancel"), reason)
		if err == nil {
			return done(w, r, "card.request.cancelled")
		}
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form)
}

func answerPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	in := Answering{
		Once: form.Get("once"), Request: form.Get("request"), Seen: writing.Whole(form.Get("seen")), Reason: form.Text("reason", 500),
		At: form.Moment("at"), Findings: readFindings(form), Conclusion: form.Text("conclusion", writing.MaxBody),
	}
	if form.OK() {
		err = Reply(r.Context(), d, r.PathValue("id"), in)
		if err == nil {
			return done(w, r, "card.request.signed")
		}
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form)
}

// cancelField asks why the request is cancelled. Of the request whose cancelling was
// refused it has the field's own name as id: the error summary links to it.
func (v requestsOf) cancelField(ctx context.Context, r Request) design.Field {
	f := design.Field{Name: "cancel_reason", ID: "cancel-" + r.ID, Label: text.T(ctx, "card.request.cancel_reason"), Required: true, Wide: true, MaxLength: 500}
	if v.Form.Get("cancel") == r.ID {
		f.ID, f.Value, f.Error = f.Name, v.Form.Get(f.Name), v.Form.Error(ctx, f.Name)
	}
	return f
}

// mostLines bounds the values of one answer.
const mostLines = 100

// readFindings reads the lines of the form that have a value.
func readFindings(form *page.Form) []Finding {
	names, values, units, ranges := form.All("name"), form.All("value"), form.All("unit"), form.All("range")
	short := func(all []string, i int) string {
		if i >= len(all) {
			return ""
		}
		runes := []rune(page.Clean(all[i]))
		return string(runes[:min(len(runes), 100)])
	}
	var findings []Finding
	for i := range min(len(names), mostLines) {
		f := Finding{Name: short(names, i), Value: short(values, i), Unit: short(units, i)}
		if f.Name == "" || f.Value == "" {
			continue
		}
		f.Low, f.High = readRange(short(ranges, i))
		findings = append(findings, f)
	}
	return findings
}

// readRange reads «3,9–4,7», «3.9-4.7» or «<5».
func readRange(s string) (low, high float64) {
	s = strings.NewReplacer(",", ".", "–", "-", "—", "-", " ", "").Replace(s)
	if rest, ok := strings.CutPrefix(s, "<"); ok {
		s = "0-" + rest
	}
	from, to, _ := strings.Cut(s, "-")
	low, err1 := strconv.ParseFloat(from, 64)
	high, err2 := strconv.ParseFloat(to, 64)
	if err1 != nil || err2 != nil || low > high {
		return 0, 0
	}
	return low, high
}

// kindWord is the kind of a request in the reader's language.
func kindWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.request_kind."+kind) // text: card.request_kind.*
}

// itemOptions is the catalogue by kinds, each with a line for what it lacks.
func itemOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Label: "—"}}
	for _, kind := range Kinds {
		options = append(options, design.Option{Value: "-", Label: "— " + kindWord(ctx, kind) + " —", Disabled: true})
		for _, item := range Items() {
			if item.Kind == kind {
				options = append(options, design.Option{Value: item.Code, Label: item.Name.Here(ctx)})
			}
		}
		options = append(options, design.Option{Value: "other:" + kind, Label: text.T(ctx, "card.request.other", "Kind", kindWord(ctx, kind))})
	}
	return options
}

func optional(f design.Field) design.Field {
	f.Required, f.Wide, f.MaxLength = false, true, 2000
	return f
}
