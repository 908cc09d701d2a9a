package entry

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/directory"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages shows drafts to the operators of a hospital.
type Pages struct {
	Desk      Desk
	Directory *directory.Directory
	Words     func(key string) text.Words // texts in all languages, for heads of tables
	// Moved shows the page of a case with what stands against an act on it.
	Moved func(w http.ResponseWriter, r *http.Request, caseID string, form *page.Form, err error) error
}

func clerk(ctx context.Context) Clerk {
	e := office.Of(ctx)
	return Clerk{treated.Sender{PIN: e.PIN, Name: e.Name, Role: e.Post.Title.RU, Organisation: e.Post.OrganisationName.RU}, e.Hospital()}
}

func path(draftID string) string { return "/entry/" + url.PathEscape(draftID) }

type listView struct {
	drafts   []Draft
	returned []treated.Line
	more     bool
	hospital workforceapi.Organisation
	until    map[string]clock.Date // the last day of an appeal, of those that came back
	today    clock.Date
}

// titleOf is the title of a panel; a table in it says it itself. "" for none.
func titleOf(ctx context.Context, key string, lines int) string {
	if lines > 0 {
		return ""
	}
	return text.T(ctx, key)
}

// List is GET /entry: drafts, and the cases that came back.
func (p Pages) List(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	by := clerk(ctx)
	drafts, err := p.Desk.Drafts(ctx, by.Hospital)
	if err != nil {
		return err
	}
	returned, more, err := p.Desk.Fund.List(ctx, treated.Filter{Organisation: by.Hospital, State: string(insuranceapi.Returned)})
	if err != nil {
		return err
	}
	until, err := p.Desk.Fund.AppealUntil(ctx, returned)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, listPage(listView{drafts, returned, more, p.Directory.Organisation(ctx, by.Hospital), until, clock.DateOf(p.Desk.Clock.Now())}))
}

// Begin is POST /entry: an empty draft, or one with what was typed into a draft
// that is gone.
func (p Pages) Begin(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if form.Get("do") == "again" {
		values, err := p.typed(ctx, form)
		if err != nil {
			return err
		}
		d, err := p.Desk.Again(ctx, values, form.Text("replaces", mostID), clerk(ctx))
		if errors.Is(err, errNotToCorrect) {
			return p.Moved(w, r, form.Text("replaces", mostID), page.NewForm(), err)
		}
		if err != nil {
			return err
		}
		page.Notice(w, "insurance.entry.saved")
		return page.Redirect(w, r, path(d.ID))
	}
	d, err := p.Desk.Begin(ctx, clerk(ctx))
	if err != nil {
		return err
	}
	return page.Redirect(w, r, path(d.ID))
}

// Correct is POST /cases/{case}/correct.
func (p Pages) Correct(w http.ResponseWriter, r *http.Request) error {
	d, err := p.Desk.Correct(r.Context(), r.PathValue("case"), clerk(r.Context()))
	if errors.Is(err, errNotToCorrect) {
		return p.Moved(w, r, r.PathValue("case"), page.NewForm(), err)
	}
	if err != nil {
		return err
	}
	return page.Redirect(w, r, path(d.ID))
}

// Discard is POST /entry/{id}/discard.
func (p Pages) Discard(w http.ResponseWriter, r *http.Request) error {
	err := p.Desk.Discard(r.Context(), r.PathValue("id"), clerk(r.Context()))
	if errors.Is(err, errGone) { // sent meanwhile: its case is shown
		if d, openErr := p.Desk.Open(r.Context(), r.PathValue("id"), clerk(r.Context())); openErr == nil && d.CaseID != "" {
			return page.Redirect(w, r, "/cases/"+url.PathEscape(d.CaseID))
		}
	}
	if err != nil {
		return err
	}
	page.Notice(w, "insurance.entry.discarded")
	return page.Redirect(w, r, "/entry")
}

// Show is GET /entry/{id}.
func (p Pages) Show(w http.ResponseWriter, r *http.Request) error {
	d, err := p.Desk.Open(r.Context(), r.PathValue("id"), clerk(r.Context()))
	if err != nil {
		return err
	}
	if d.CaseID != "" {
		return page.Redirect(w, r, "/cases/"+url.PathEscape(d.CaseID))
	}
	return p.render(w, r, http.StatusOK, formView{draft: d, form: d.Form()})
}

// Save is POST /entry/{id}: it keeps what is typed, and then, by the button,
// checks or sends it.
func (p Pages) Save(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	values, err := p.typed(ctx, form)
	if err != nil {
		return err
	}
	version, _ := strconv.Atoi(form.Get("version"))
	d, err := p.Desk.Save(ctx, r.PathValue("id"), version, values, clerk(ctx))
	if fail.Is(err, fail.Conflict) {
		return p.collided(w, r, values)
	}
	if errors.Is(err, errGone) {
		return p.gone(w, r, form, values)
	}
	if err != nil {
		return err
	}
	v := formView{draft: d, form: d.Form()}
	switch form.Get("do") {
	case "check":
		var decision insuranceapi.Decision
		if v.number, decision, err = p.check(ctx, d, v.form); err != nil {
			return err
		}
		v.told(decision)
	case "send":
		decision, sent, err := p.Desk.Send(ctx, d, v.form, clerk(ctx))
		if err != nil && !v.form.Take(err) {
			return err
		}
		if sent {
			page.Notice(w, "insurance.entry.sent")
			return page.Redirect(w, r, "/cases/"+url.PathEscape(decision.CaseID))
		}
		if v.told(decision); v.form.OK() {
			v.number = decision.Number
		}
	default:
		page.Notice(w, "insurance.entry.saved")
		return page.Redirect(w, r, path(d.ID)+anchor(form.Get("do")))
	}
	status := http.StatusOK
	if !v.form.OK() || v.decision.State != insuranceapi.Accepted {
		status = http.StatusUnprocessableEntity
	}
	return p.render(w, r, status, v)
}

// typed is what of the form is kept.
func (p Pages) typed(ctx context.Context, form *page.Form) (map[string]string, error) {
	p.names(ctx, form)
	if err := p.Desk.Understand(ctx, form); err != nil {
		return nil, err
	}
	return Kept(form), nil
}

// gone shows what was typed into a draft that a colleague deleted meanwhile: it is
// saved as a new one, or given up.
func (p Pages) gone(w http.ResponseWriter, r *http.Request, form *page.Form, values map[string]string) error {
	by := clerk(r.Context())
	d := Draft{Organisation: by.Hospital, Replaces: form.Text("replaces", mostID), Values: values}
	page.LeadsTo(r, "/entry")
	return p.render(w, r, http.StatusConflict, formView{draft: d, form: d.Form(), gone: true})
}

// mostID bounds what is taken for the id of a case.
const mostID = 64

// anchor leads back to the table to which a row was added.
func anchor(do string) string {
	if slices.Contains([]string{rowMove, rowDiagnosis, rowOperation}, do) {
		return "#" + do
	}
	return ""
}

func (p Pages) check(ctx context.Context, d Draft, form *page.Form) (string, insuranceapi.Decision, error) {
	c, decision, err := p.Desk.Check(ctx, d, form)
	return c.Number, decision, err
}

// collided shows what was typed beside the news that somebody else saved: what
// they saved stands, this is to be copied over or given up.
func (p Pages) collided(w http.ResponseWriter, r *http.Request, values map[string]string) error {
	d, err := p.Desk.Open(r.Context(), r.PathValue("id"), clerk(r.Context()))
	if err != nil {
		return err
	}
	if d.CaseID != "" && d.ByPIN == clerk(r.Context()).PIN { // the button was pressed twice
		page.Notice(w, "insurance.entry.sent")
		return page.Redirect(w, r, "/cases/"+url.PathEscape(d.CaseID))
	}
	theirs := d.ByName
	d.Values = values
	v := formView{draft: d, form: d.Form(), theirs: theirs}
	if d.CaseID == "" {
		v.form.Fail("", "insurance.entry.somebody_else")
	}
	return p.render(w, r, http.StatusConflict, v)
}

// names puts the names of the chosen doctor and head beside their ПИН.
func (p Pages) names(ctx context.Context, form *page.Form) {
	staff := p.Directory.Staff(ctx, clerk(ctx).Hospital)
	for pinField, nameField := range map[string]string{fieldDoctor: fieldDoctorName, fieldHead: fieldHeadName} {
		for _, post := range staff {
			if post.PIN == form.Get(pinField) {
				form.Set(nameField, post.PersonName)
			}
		}
	}
}

type formView struct {
	draft    Draft
	form     *page.Form
	decision *insuranceapi.Decision // what the fund says of it; nil: not asked
	back     *insuranceapi.Decision // by which the case that is corrected came back; nil: none is
	number   string                 // whole, once known
	theirs   string                 // who saved in between, "" when nobody did
	gone     bool                   // somebody deleted the draft in between
	quoted   insuranceapi.Decision  // what it would be if it were sent as it is kept; zero while it cannot be
	hospital workforceapi.Organisation
	staff    []workforceapi.Post
	lang     text.Lang
	listed   bool    // diagnoses are chosen from the classification
	coded    []coded // rows of diagnoses
}

// told shows what the rules say, of a form that cannot be read yet what they have
// against it.
func (v *formView) told(d insuranceapi.Decision) {
	if v.form.OK() || len(d.Findings) > 0 {
		v.decision = &d
	}
}

func (p Pages) render(w http.ResponseWriter, r *http.Request, status int, v formView) error {
	ctx := r.Context()
	v.hospital = p.Directory.Organisation(ctx, v.draft.Organisation)
	v.staff = p.Directory.Staff(ctx, v.draft.Organisation)
	v.lang = text.LangOf(ctx)
	if err := p.look(ctx, &v); err != nil {
		return err
	}
	if v.draft.Replaces != "" && v.draft.CaseID == "" {
		back, err := p.Desk.Fund.DecisionOn(ctx, v.draft.Replaces, v.draft.Organisation)
		if err != nil && !fail.Is(err, fail.NotFound) {
			return err
		}
		if back.State == insuranceapi.Returned {
			v.back = &back
		}
	}
	switch {
	case v.draft.CaseID != "":
	case v.decision != nil:
		v.quoted = *v.decision
	default:
		// What is not filled in yet is no matter here: the form is another's.
		if _, decision, err := p.check(ctx, v.draft, v.draft.Form()); err == nil {
			v.quoted = decision
		}
	}
	return page.Render(w, r, status, formPage(v))
}

// field is a field of the form with what the form or the rules say of it.
func (v formView) field(ctx context.Context, name, label string) design.Field {
	f := design.FieldOf(ctx, v.form, name, label)
	if f.Error == "" && v.decision != nil {
		for _, finding := range v.decision.Findings {
			if v.marks(finding, name) {
				f.Error = finding.Reason.Here(ctx)
				break
			}
		}
	}
	return f
}

// price is the sentence of the price, "" while the case would not be accepted.
func (v formView) price(ctx context.Context) string {
	if v.quoted.State != insuranceapi.Accepted {
		return ""
	}
	return text.T(ctx, "insurance.entry.price", "Group", v.quoted.Group, "Price", text.Money(ctx, v.quoted.Price))
}

func narrow(f design.Field) design.Field { f.Narrow = true; return f }
func maybe(f design.Field) design.Field  { f.Required = false; return f }

// numeric is a number of a patient's, never of the one who types it.
func numeric(f design.Field) design.Field { f.InputMode, f.Autocomplete = "numeric", "off"; return f }

func hint(f design.Field, sentence string) design.Field { f.Hint = sentence; return f }
func fixed(f design.Field, is bool) design.Field        { f.Disabled = is; return f }

// spare is how many empty rows stand under the filled ones.
func (v formView) rows(table string) int {
	n := rows(v.form, table)
	for _, t := range tables {
		if t.name == table {
			return min(n+1, t.most)
		}
	}
	return n
}

func options(ctx context.Context, prefix string, codes ...string) []design.Option {
	list := []design.Option{{Value: "", Label: "—"}}
	for _, c := range codes {
		list = append(list, design.Option{Value: c, Label: text.T(ctx, prefix+c)})
	}
	return list
}

func sexes(ctx context.Context) []design.Option {
	return options(ctx, "insurance.sex.", "female", "male", "unknown") // text: insurance.sex.*
}

func admissions(ctx context.Context) []design.Option {
	return options(ctx, "insurance.admission.", "planned", "emergency") // text: insurance.admission.*
}

func outcomes(ctx context.Context) []design.Option {
	return options(ctx, "insurance.outcome.", "discharged", "transferred", "died") // text: insurance.outcome.*
}

func results(ctx context.Context) []design.Option {
	return options(ctx, "insurance.result.", "recovered", "improved", "unchanged", "worse") // text: insurance.result.*
}

func stages(ctx context.Context) []design.Option {
	return options(ctx, "insurance.stage.", "referral", "admission", "clinical", "final", "postmortem") // text: insurance.stage.*
}

func ranks(ctx context.Context) []design.Option {
	return options(ctx, "insurance.rank.", "main", "complication", "comorbid") // text: insurance.rank.*
}

func anaesthesias(ctx context.Context) []design.Option {
	return options(ctx, "insurance.anaesthesia.", "none", "local", "regional", "spinal", "general") // text: insurance.anaesthesia.*
}

func categories(ctx context.Context) []design.Option {
	list := options(ctx, "insurance.category.", "child", "pensioner", "pregnant", "disabled", "veteran", "low_income") // text: insurance.category.*
	list[0].Label = text.T(ctx, "insurance.entry.no_category")
	return list
}

func regions(ctx context.Context, chosen string) []design.Option {
	list := []design.Option{{Value: "", Label: "—"}}
	known := chosen == ""
	for _, r := range Regions {
		list = append(list, design.Option{Value: r.Code, Label: r.Name.Here(ctx)})
		known = known || r.Code == chosen
	}
	if !known { // a district that came with a case
		list = append(list, design.Option{Value: chosen, Label: chosen})
	}
	return list
}

func (v formView) departments(chosen string) []design.Option {
	list := []design.Option{{Value: "", Label: "—"}}
	known := chosen == ""
	for _, d := range v.hospital.Departments {
		list = append(list, design.Option{Value: d.Code, Label: d.Code + " · " + d.Name.In(v.lang)})
		known = known || d.Code == chosen
	}
	if !known {
		list = append(list, design.Option{Value: chosen, Label: chosen})
	}
	return list
}

// doctors are who may sign as the attending doctor, heads who as the head.
func (v formView) doctors(chosen string) []design.Option {
	return v.people(chosen, v.form.Get(fieldDoctorName), workforceapi.Doctor, workforceapi.Head)
}

func (v formView) heads(chosen string) []design.Option {
	return v.people(chosen, v.form.Get(fieldHeadName), workforceapi.Head)
}

func (v formView) people(chosen, name string, roles ...workforceapi.Role) []design.Option {
	list := []design.Option{{Value: "", Label: "—"}}
	seen := map[string]bool{"": true}
	for _, p := range v.staff {
		if slices.Contains(roles, p.Role) && !seen[p.PIN] {
			seen[p.PIN] = true
			list = append(list, design.Option{Value: p.PIN, Label: p.PersonName})
		}
	}
	if !seen[chosen] {
		if name == "" {
			name = chosen
		}
		list = append(list, design.Option{Value: chosen, Label: name})
	}
	return list
}

// named says whether НИСУР told who works here; else names are typed.
func (v formView) named() bool { return len(v.doctors("")) > 1 && len(v.heads("")) > 1 }

// action is where the form goes.
func (v formView) action() string {
	if v.gone {
		return "/entry"
	}
	return path(v.draft.ID)
}

func (v formView) title(ctx context.Context) string {
	if v.draft.Replaces != "" {
		return text.T(ctx, "insurance.entry.correction")
	}
	return text.T(ctx, "insurance.entry.new")
}

// mended is where a finding is mended on the page.
func (v formView) mended(f insuranceapi.Finding) string { return "#" + v.place(f) }

func lineNumber(d Draft) string {
	if n := d.Values[fieldNumber]; n != "" {
		return rule.Grouped(n)
	}
	return "—"
}
