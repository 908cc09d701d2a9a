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
	form := page.NewForm("at", picked.Get("at"), "stage", picked.Get("stage"), "rank", picked.Get("rank"), "note", picked.Text("note", 500))
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
		Note: form.Text("note", 500), At: form.Moment("at"),
	}
	form.Text("icd", 16)
	form.Text("icd_text", 500)
	in.Value, in.Typed = form.Chosen("icd")
	if form.OK() {
		err = Make(r.Context(), d, book, stayID, in)
		if err == nil {
			page.Notice(w, "card.diagnosis.written")
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

// conflict is the sentence about the diagnosis and the patient, "" for none.
func (v diagnosesOf) conflict(ctx context.Context, dx Diagnosis) string {
	key := Conflict(dx.Code, v.Stay.Patient.Sex, v.Stay.Patient.BirthDate, clock.DateOf(dx.At))
	if key == "" {
		return ""
	}
	return text.T(ctx, key)
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

func icdField(ctx context.Context, form *page.Form) design.Field {
	f := field(ctx, form, "icd", "card.diagnosis.icd", true)
	f.Placeholder, f.Usual, f.Begin = form.Get("icd_text"), true, true
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
