package diagnosis

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// Mount puts the page of diagnoses in.
func Mount(d *desk.Desk) {
	d.Page("GET /stays/{id}/diagnoses", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return diagnosesPage(w, r, d) })
	d.Page("POST /stays/{id}/diagnoses", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return makePage(w, r, d, d.ICD) })
	d.Page("POST /icd/search", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return suggestPage(w, r, d) })
	d.Page("POST /stays/{id}/diagnoses/favourite", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return favourPage(w, r, d) })
	d.Page("POST /stays/{id}/diagnoses/withdraw", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return withdrawPage(w, r, d) })
}

// diagnosesOf is the page of diagnoses.
type diagnosesOf struct {
	Stay      stay.View
	Standing  []Diagnosis
	Withdrawn []Diagnosis
	Own       []Suggestion // the doctor's favourites, and what they write most
	Form      *page.Form   // nil: the reader cannot write
	Changes   *Diagnosis   // the one that the form was opened to change, nil for none
}

func diagnosesPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("at", page.InputMoment(d.Clock.Now()), "stage", "clinical", "rank", "main")
	if stage := r.URL.Query().Get("stage"); slices.Contains(Stages, stage) {
		form.Set("stage", stage)
	}
	form.Set("instead", r.URL.Query().Get("instead"))
	form.Set("back", r.URL.Query().Get("back"))
	return renderDiagnoses(w, r, d, view, form, http.StatusOK)
}

// pickPage puts one of the doctor's own diagnoses into the form beside what was
// typed there. It comes by POST: in an address it would tell what ails the patient
// of the stay.
func pickPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, picked *page.Form) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("at", picked.Get("at"), "stage", picked.Get("stage"), "rank", picked.Get("rank"), "note", picked.Text("note", 500),
		"why", picked.Text("why", 500), "instead", picked.Get("instead"), "back", picked.Get("back"))
	code, ok, err := d.ICD.Find(r.Context(), icd.CodeOf(picked.Get("pick")))
	if err != nil {
		return err
	}
	if ok && code.Usable {
		form.Set("icd", code.Code)
		form.Set("icd_text", code.Label())
	}
	return renderDiagnoses(w, r, d, view, form, http.StatusOK)
}

func renderDiagnoses(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form, status int) error {
	ctx := r.Context()
	v := diagnosesOf{Stay: view}
	all, err := Of(ctx, d.DB.Read, view.ID)
	if err != nil {
		return err
	}
	for _, dx := range all {
		if dx.EndedAt.IsZero() {
			v.Standing = append(v.Standing, dx)
		} else {
			v.Withdrawn = append(v.Withdrawn, dx)
		}
	}
	if view.State == stay.Open && slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) {
		v.Form = form
		v.changes()
		if v.Own, err = Suggest(ctx, d, d.ICD, ""); err != nil {
			return err
		}
	}
	return page.Render(w, r, status, diagnosesView(v))
}

func makePage(w http.ResponseWriter, r *http.Request, d *desk.Desk, book *icd.Book) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if form.Get("pick") != "" {
		return pickPage(w, r, d, form)
	}
	stayID := r.PathValue("id")
	in := Making{
		Stage: form.Choice("stage", Stages...), Rank: form.Choice("rank", Ranks...),
		Note: form.Text("note", 500), At: form.Moment("at"), Why: form.Text("why", 500), Instead: form.Get("instead"),
	}
	if in.Instead == "" && in.Why != "" && in.Rank == "main" {
		in.Instead = form.Get("main-" + in.Stage) // which the doctor saw standing
	}
	form.Text("icd", 16)
	form.Text("icd_text", 500)
	in.Value, in.Typed = form.Chosen("icd")
	if form.OK() {
		err = Make(r.Context(), d, book, stayID, in)
		if err == nil {
			if in.Instead != "" {
				page.Notice(w, "card.diagnosis.changed")
			} else {
				page.Notice(w, "card.diagnosis.written")
			}
			if form.Get("back") == stay.TabDischarge {
				return page.Redirect(w, r, "/stays/"+stayID+"/discharge")
			}
			return page.Redirect(w, r, "/stays/"+stayID+"/diagnoses?stage="+in.Stage)
		}
		if !form.Take(err) {
			return err
		}
	}
	view, err := stay.Read(r.Context(), d, stayID)
	if err != nil {
		return err
	}
	return renderDiagnoses(w, r, d, view, form, http.StatusUnprocessableEntity)
}

func withdrawPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID := r.PathValue("id")
	if err := Withdraw(r.Context(), d, stayID, form.Get("diagnosis")); err != nil {
		return err
	}
	page.Notice(w, "card.diagnosis.withdrawn")
	return page.Redirect(w, r, "/stays/"+stayID+"/diagnoses")
}

// StageWord is the stage in the reader's language, RankWord the rank.
func StageWord(ctx context.Context, stage string) string {
	return text.T(ctx, "card.diagnosis.stage."+stage) // text: card.diagnosis.stage.*
}

// RankWord is the rank in the reader's language.
func RankWord(ctx context.Context, rank string) string {
	return text.T(ctx, "card.diagnosis.rank."+rank) // text: card.diagnosis.rank.*
}

func options(ctx context.Context, values []string, word func(context.Context, string) string) []design.Option {
	all := make([]design.Option, len(values))
	for i, value := range values {
		all[i] = design.Option{Value: value, Label: word(ctx, value)}
	}
	return all
}

// changes finds the diagnosis that the form is to change, and fills in its place.
func (v *diagnosesOf) changes() {
	i := slices.IndexFunc(v.Standing, func(d Diagnosis) bool { return d.ID == v.Form.Get("instead") })
	if i < 0 {
		v.Form.Set("instead", "")
		return
	}
	v.Changes = &v.Standing[i]
	v.Form.Set("stage", v.Changes.Stage)
	if !v.Form.Has("icd_text") { // opened, not sent
		v.Form.Set("rank", v.Changes.Rank)
	}
}

// main is the main diagnosis that stands at the stage of the form, nil for none.
func (v diagnosesOf) main() *Diagnosis {
	i := slices.IndexFunc(v.Standing, func(d Diagnosis) bool { return d.Rank == "main" && d.Stage == v.Form.Get("stage") })
	if i < 0 {
		return nil
	}
	return &v.Standing[i]
}

// asksWhy says whether the form asks why a diagnosis is changed: the one that it was
// opened for, or the main one that stands at its stage.
func (v diagnosesOf) asksWhy(ctx context.Context) bool {
	return v.Changes != nil || v.main() != nil || v.Form.Error(ctx, "why") != ""
}

func (v diagnosesOf) why(ctx context.Context) design.Field {
	f := field(ctx, v.Form, "why", "card.diagnosis.why", v.Changes != nil)
	if main := v.main(); main != nil && v.Changes == nil {
		f.Hint = text.T(ctx, "card.diagnosis.why_hint", "Code", main.Code)
	}
	return f
}

// instead is what stood before the diagnosis, with why it was changed.
func (v diagnosesOf) instead(dx Diagnosis) []Diagnosis {
	var all []Diagnosis
	for _, w := range v.Withdrawn {
		if w.ReplacedBy == dx.ID {
			all = append(all, w)
		}
	}
	return all
}

// endedWords says what became of a diagnosis that stands no longer.
func (v diagnosesOf) endedWords(ctx context.Context, dx Diagnosis) string {
	words := text.T(ctx, "card.diagnosis.withdrawn_at", "At", text.Moment(dx.EndedAt))
	for _, all := range [][]Diagnosis{v.Standing, v.Withdrawn} {
		for _, now := range all {
			if now.ID == dx.ReplacedBy {
				words = text.T(ctx, "card.diagnosis.replaced_at", "At", text.Moment(dx.EndedAt), "Code", now.Code)
			}
		}
	}
	if dx.EndedName != "" {
		words += " · " + dx.EndedName
	}
	if dx.EndReason != "" {
		words += ". " + dx.EndReason
	}
	return words
}

// conflict is the key of the sentence about the diagnosis and the patient, "" for none.
func (v diagnosesOf) conflict(dx Diagnosis) string {
	key := Conflict(dx.Code, v.Stay.Patient.Sex, v.Stay.Patient.BirthDate, clock.DateOf(dx.At))
	if key == "" && dx.Rank == "main" && Manifestation(dx.Code) {
		return "card.diagnosis.manifestation"
	}
	return key
}

// favourite says whether the doctor has marked the code.
func (v diagnosesOf) favourite(code string) bool {
	return slices.ContainsFunc(v.Own, func(s Suggestion) bool { return s.Favourite && s.Code.Code == code })
}

// hasFinal says whether the diagnosis stands among the final ones.
func (v diagnosesOf) hasFinal(code string) bool {
	return slices.ContainsFunc(v.Standing, func(d Diagnosis) bool { return d.Stage == "final" && d.Code == code })
}

func field(ctx context.Context, form *page.Form, name, key string, required bool) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.Wide, f.Required = true, required
	return f
}

// formID is of the form: what is typed to change one diagnosis is not the draft of
// another.
func (v diagnosesOf) formID() string {
	if v.Changes != nil {
		return "diagnosis-" + v.Changes.ID
	}
	return "new-diagnosis"
}

func (v diagnosesOf) heading(ctx context.Context) string {
	if v.Changes != nil {
		return text.T(ctx, "card.diagnosis.changing")
	}
	return text.T(ctx, "card.diagnosis.new")
}

func icdField(ctx context.Context, form *page.Form) design.Field {
	f := field(ctx, form, "icd", "card.diagnosis.icd", true)
	f.Placeholder, f.Usual, f.Begin = form.Get("icd_text"), true, true
	f.Autofocus = form.Get("instead") != ""
	return f
}

// mark is the button that makes the code a favourite, or no longer.
func (v diagnosesOf) mark(ctx context.Context, code string) (label string, hidden map[string]string) {
	hidden = map[string]string{"code": code, "favourite": "1", "stage": v.Form.Get("stage")}
	if v.favourite(code) {
		hidden["favourite"] = "0"
		return text.T(ctx, "card.diagnosis.unfavour"), hidden
	}
	return text.T(ctx, "card.diagnosis.favour"), hidden
}

func columns(ctx context.Context) []design.Column {
	return []design.Column{
		{Label: text.T(ctx, "card.diagnosis.stage")},
		{Label: text.T(ctx, "card.diagnosis.rank")},
		{Label: text.T(ctx, "card.diagnosis.icd")},
		{Label: text.T(ctx, "card.diagnosis.at")},
		{},
	}
}
