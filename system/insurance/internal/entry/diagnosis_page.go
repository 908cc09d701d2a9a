package entry

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// suggested is one answer to the combobox.
type suggested struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Hint  string `json:"hint,omitempty"`
}

// Suggest is POST /entry/icd?row=N: what may be meant by the words, and what of
// sex, age and day speaks against it. The words and the patient's fields are in
// the body, so that they stand in no address.
func (p Pages) Suggest(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	row, _ := strconv.Atoi(r.URL.Query().Get("row"))
	values := Kept(form)
	part := Draft{Values: map[string]string{}}
	for _, name := range fittingFields {
		part.Values[name] = values[name]
	}
	found, err := p.Desk.Suggest(ctx, form.Get("words"), part.Case(part.Form()), form.Get(cell(rowDiagnosis, row, "stage")), form.Get(cell(rowDiagnosis, row, "rank")))
	if err != nil {
		return err
	}
	answer := make([]suggested, 0, len(found))
	for _, s := range found {
		each := suggested{Value: s.Code.Code, Label: s.Label()}
		if len(s.Doubts) > 0 {
			each.Hint = s.Doubts[0].Reason.Here(ctx)
		}
		answer = append(answer, each)
	}
	return page.JSON(w, http.StatusOK, answer)
}

// fittingFields are the fields that what is suggested is held against.
var fittingFields = []string{fieldPIN, fieldSex, fieldBirth, fieldAdmitted, fieldDischarged}

// coded is a row of diagnoses as the page shows it.
type coded struct {
	label  string // in the input: «J18.9 Пневмония неуточнённая», or what was typed
	code   string // "" while it is words
	doubts []Doubt
}

// look finds what the page shows of the rows of diagnoses.
func (p Pages) look(ctx context.Context, v *formView) error {
	listed, err := p.Desk.Listed(ctx)
	if err != nil {
		return err
	}
	v.listed = listed
	c := v.draft.Case(v.draft.Form())
	for i := range rows(v.form, rowDiagnosis) {
		typed := v.form.Get(cell(rowDiagnosis, i, "code"))
		row := coded{label: typed}
		if bare := strings.TrimRight(typed, signs); icd.CodeOf(bare) != "" {
			row.code = withSign(typed)
			row.label = row.code
			if listed {
				known, ok, err := p.Desk.ICD.FindOn(ctx, icd.CodeOf(bare), p.Desk.day(c))
				if err != nil {
					return err
				}
				if ok {
					row.label += " " + known.Name
				}
			}
			d := insuranceapi.Diagnosis{Stage: v.form.Get(cell(rowDiagnosis, i, "stage")), Rank: v.form.Get(cell(rowDiagnosis, i, "rank")), Code: row.code}
			if row.doubts, err = p.Desk.Doubts(ctx, c, d); err != nil {
				return err
			}
		}
		v.coded = append(v.coded, row)
	}
	return nil
}

// code is the question for the code of a row.
func (v formView) code(ctx context.Context, i int) design.Field {
	f := v.field(ctx, cell(rowDiagnosis, i, "code"), "insurance.entry.diagnosis")
	f.Wide = true
	if i < len(v.coded) {
		f.Value, f.Placeholder = v.coded[i].code, v.coded[i].label
	}
	f.With = append([]string{cell(rowDiagnosis, i, "stage"), cell(rowDiagnosis, i, "rank")}, fittingFields...)
	return f
}

// SuggestOperation is POST /entry/operations?row=N: what the words may mean on the day
// of the row's operation.
func (p Pages) SuggestOperation(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	row, _ := strconv.Atoi(r.URL.Query().Get("row"))
	words := []rune(page.Clean(form.Get("words")))
	found, err := p.Desk.Fund.Procedures.Search(ctx, string(words[:min(len(words), longWords)]), p.Desk.operated(form, row))
	if err != nil {
		return err
	}
	answer := make([]suggested, 0, len(found))
	for _, c := range found {
		answer = append(answer, suggested{Value: c.Code, Label: c.Label(text.LangOf(ctx))})
	}
	return page.JSON(w, http.StatusOK, answer)
}

// operated is the question for the code of an operation.
func (v formView) operated(ctx context.Context, i int) design.Field {
	f := maybe(v.field(ctx, cell(rowOperation, i, "code"), "insurance.case.code"))
	f.Placeholder, f.With = f.Value, []string{cell(rowOperation, i, "at"), fieldDischarged}
	return f
}

// doubts are what speaks against the diagnosis of a row.
func (v formView) doubts(i int) []Doubt {
	if i >= len(v.coded) {
		return nil
	}
	return v.coded[i].doubts
}

// place is the field in which the finding is mended: of a diagnosis its own row.
func (v formView) place(f insuranceapi.Finding) string {
	for i, row := range v.coded {
		for _, d := range row.doubts {
			if d.Rule == f.Rule && d.Reason == f.Reason {
				return cell(rowDiagnosis, i, "code")
			}
		}
	}
	return FieldOf(f.Field)
}

// marks says whether a finding is an error to be shown at the field.
func (v formView) marks(f insuranceapi.Finding, name string) bool {
	return f.Severity == rule.Error && v.place(f) == name
}
