package antenatal

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// formerLines is how many former pregnancies the page offers lines for.
const formerLines = 6

// registering is the page that begins a record, or corrects its registration.
type registering struct {
	Patient patient.Patient
	Form    *page.Form
	Action  string
	Correct bool
	Clinics []design.Option
	Today   clock.Date
}

// womanPage leads to the woman's open pregnancy, to taking it over from another
// clinic, or to the registration of a new one.
func womanPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	p, err := patient.Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	g, ok, err := openOf(ctx, d.DB.Read, p.ID)
	switch {
	case err != nil:
		return err
	case ok && g.Organisation == desk.Of(ctx).Post.Organisation:
		return page.Redirect(w, r, g.Path(""))
	case ok:
		return renderTakingOver(w, r, d, p, page.NewForm("from", g.Organisation), http.StatusOK)
	}
	form := page.NewForm("once", id.New(), "gravida", "1", "para", "0", "fetuses", "1", "allergies", strings.Join(p.AlertLines(), "\n"))
	return renderRegistering(w, r, d, p, form, "", http.StatusOK)
}

func renderRegistering(w http.ResponseWriter, r *http.Request, d *desk.Desk, p patient.Patient, form *page.Form, action string, status int) error {
	ctx := r.Context()
	v := registering{Patient: p, Form: form, Action: action, Correct: action != "", Today: clock.DateOf(d.Clock.Now())}
	if action == "" {
		v.Action = "/patients/" + p.ID + "/pregnancy"
	}
	v.Clinics = clinicOptions(ctx, d)
	if err := d.Seen(ctx, d.DB.Single(), p.PIN, "patient.read", p.ID); err != nil {
		return err
	}
	return page.Render(w, r, status, registerView(v))
}

func clinicOptions(ctx context.Context, d *desk.Desk) []design.Option {
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		d.Log.WarnContext(ctx, "organisations without names", "system", "card", "error", err.Error())
	}
	chosen := []design.Option{{Label: "—"}}
	for _, o := range clinics(all) {
		chosen = append(chosen, design.Option{Value: o.Code, Label: o.Name.Here(ctx)})
	}
	return chosen
}

// readRegistration reads the form; findings are left in it.
func readRegistration(form *page.Form) cardapi.Registration {
	in := cardapi.Registration{
		LastPeriod: OptionalDay(form, "last_period"), Ultrasound: OptionalDay(form, "ultrasound"), FirstMovement: OptionalDay(form, "first_movement"),
		Gravida: Decimal(form, "gravida", 1), Para: Decimal(form, "para", 1), Fetuses: Decimal(form, "fetuses", 1),
		HeightCM: Decimal(form, "height", 1), WeightBefore: Decimal(form, "weight_before", 10),
		Blood: form.Choice("blood", BloodGroups...), Rhesus: form.Choice("rhesus", Rhesuses...),
		Allergies: form.Text("allergies", maxNote), Illnesses: form.Text("illnesses", maxNote), RiskNote: form.Text("risk_note", maxNote),
	}
	if !in.Ultrasound.IsZero() {
		in.UltrasoundDays = Decimal(form, "scan_weeks", 1)*7 + Decimal(form, "scan_days", 1)
		if Decimal(form, "scan_days", 1) > 6 {
			form.Fail("scan_days", "card.antenatal.range", "Low", 0, "High", 6)
		}
	}
	for _, risk := range Risks {
		if slices.Contains(form.All("risk"), risk) {
			in.Risks = append(in.Risks, risk)
		}
	}
	for i := range formerLines {
		line := strconv.Itoa(i)
		year, outcome := Decimal(form, "former_year_"+line, 1), form.Get("former_outcome_"+line)
		if year == 0 && outcome == "" {
			continue
		}
		b := cardapi.FormerBirth{
			Year: year, Outcome: form.Choice("former_outcome_"+line, FormerOutcomes...), Weeks: Decimal(form, "former_weeks_"+line, 1),
			WeightG: Decimal(form, "former_weight_"+line, 1), Note: form.Text("former_note_"+line, 200),
		}
		if year < 1950 || year > 2199 {
			form.Fail("former_year_"+line, "card.antenatal.year")
		}
		in.Former = append(in.Former, b)
	}
	if clinic := form.Get("childrens_clinic"); len(clinic) <= 6 {
		in.ChildrensClinic = clinic
	}
	return in
}

// readChecked reads the form, and where something in it cannot be read, says what
// else is wrong as well: nobody sends a form twice to hear of the second half.
func readChecked(form *page.Form, today clock.Date) cardapi.Registration {
	in := readRegistration(form)
	if form.OK() {
		return in
	}
	told := form.Findings
	for _, f := range checkRegistration(in, today) {
		if !slices.ContainsFunc(told, func(known fail.Finding) bool { return known.Field == f.Field }) {
			form.Findings = append(form.Findings, f)
		}
	}
	return in
}

// registrationForm is the form filled from what is signed.
func registrationForm(in cardapi.Registration) *page.Form {
	form := page.NewForm("last_period", in.LastPeriod.String(), "ultrasound", in.Ultrasound.String(), "first_movement", in.FirstMovement.String(),
		"gravida", strconv.Itoa(in.Gravida), "para", strconv.Itoa(in.Para), "fetuses", strconv.Itoa(in.Fetuses), "height", Shown(in.HeightCM, 1),
		"weight_before", Shown(in.WeightBefore, 10), "blood", in.Blood, "rhesus", in.Rhesus, "allergies", in.Allergies, "illnesses", in.Illnesses,
		"risk_note", in.RiskNote, "childrens_clinic", in.ChildrensClinic, "risks_signed", strings.Join(in.Risks, " "))
	if !in.Ultrasound.IsZero() {
		weeks, rest := gestation.Age(in.UltrasoundDays)
		form.Set("scan_weeks", strconv.Itoa(weeks))
		form.Set("scan_days", strconv.Itoa(rest))
	}
	for i, b := range in.Former {
		line := strconv.Itoa(i)
		form.Set("former_year_"+line, Shown(b.Year, 1))
		form.Set("former_outcome_"+line, b.Outcome)
		form.Set("former_weeks_"+line, Shown(b.Weeks, 1))
		form.Set("former_weight_"+line, Shown(b.WeightG, 1))
		form.Set("former_note_"+line, b.Note)
	}
	return form
}

// riskOptions are those sent, or those signed when a correction begins.
func riskOptions(ctx context.Context, form *page.Form) []design.Option {
	all := design.Choose(form, "risk", options(ctx, "risk", Risks))
	signed := strings.Fields(form.Get("risks_signed"))
	for i, o := range all {
		all[i].Selected = o.Selected || slices.Contains(signed, o.Value)
	}
	return all
}

func registerPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, patientID, once := r.Context(), r.PathValue("id"), form.Get("once")
	in := readChecked(form, clock.DateOf(d.Clock.Now()))
	if form.OK() {
		if err = Register(ctx, d, patientID, once, in); err == nil {
			page.Notice(w, "card.antenatal.registered")
			return page.Redirect(w, r, "/antenatal/"+once)
		}
		if !form.Take(err) {
			return err
		}
	}
	p, err := patient.Load(ctx, d.DB.Read, patientID)
	if err != nil {
		return err
	}
	return renderRegistering(w, r, d, p, form, "", http.StatusUnprocessableEntity)
}

func takeOverPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	reason := form.Need("reason", 500)
	if form.OK() {
		pregnancyID, err := TakeOver(ctx, d, r.PathValue("id"), form.Get("from"), reason)
		if err == nil {
			page.Notice(w, "card.antenatal.taken_over")
			return page.Redirect(w, r, "/antenatal/"+pregnancyID)
		}
		if !form.Take(err) {
			return err
		}
	}
	p, err := patient.Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	return renderTakingOver(w, r, d, p, form, http.StatusUnprocessableEntity)
}

// renderTakingOver names the woman and the clinic that looks after her, which is
// on record.
func renderTakingOver(w http.ResponseWriter, r *http.Request, d *desk.Desk, p patient.Patient, form *page.Form, status int) error {
	ctx := r.Context()
	if err := d.Seen(ctx, d.DB.Single(), p.PIN, "patient.read", p.ID); err != nil {
		return err
	}
	return page.Render(w, r, status, takeOverView(p, form, d.Directory.Name(ctx, form.Get("from")).Here(ctx), clock.DateOf(d.Clock.Now())))
}

// registrationPage shows the registration; ?correct=1 opens it for a correction.
func registrationPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	record, err := Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	if r.URL.Query().Get("correct") == "" {
		return page.Render(w, r, http.StatusOK, registrationView(ViewOf(ctx, d, record, "registration")))
	}
	if err := writing.MayCorrect(desk.Of(ctx), record.Registration.Author()); err != nil {
		return err
	}
	form := registrationForm(record.Registration.Body)
	form.Set("once", id.New())
	form.Set("root", record.Registration.Root)
	form.Set("seen", strconv.Itoa(record.Registration.Version))
	return renderRegistering(w, r, d, record.Patient, form, record.Path("registration"), http.StatusOK)
}

func correctRegistrationPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, pregnancyID := r.Context(), r.PathValue("id")
	in := readChecked(form, clock.DateOf(d.Clock.Now()))
	if form.OK() {
		if err = CorrectRegistration(ctx, d, pregnancyID, readWriting(form), in); err == nil {
			page.Notice(w, "card.antenatal.corrected")
			return page.Redirect(w, r, "/antenatal/"+pregnancyID+"/registration")
		}
		if !form.Take(err) {
			return err
		}
	}
	record, err := Read(ctx, d, pregnancyID)
	if err != nil {
		return err
	}
	return renderRegistering(w, r, d, record.Patient, form, record.Path("registration"), http.StatusUnprocessableEntity)
}

func readWriting(form *page.Form) Writing {
	return Writing{Once: form.Get("once"), Root: form.Get("root"), Seen: writing.Whole(form.Get("seen")), Reason: form.Text("reason", 500)}
}

func formerField(ctx context.Context, form *page.Form, name, key string, line int, narrow bool) design.Field {
	f := design.FieldOf(ctx, form, name+"_"+strconv.Itoa(line), key)
	f.Required, f.Narrow, f.MaxLength = false, narrow, 200
	return f
}

// registrationRows is the registration in words; also for the hospital and paper.
func registrationRows(ctx context.Context, c cardapi.ExchangeCard, clinicName func(string) string) []design.Row {
	in := c.Registration
	var risks []string
	for _, risk := range in.Risks {
		risks = append(risks, Word(ctx, "risk", risk))
	}
	scan := ""
	if !in.Ultrasound.IsZero() {
		scan = text.Date(in.Ultrasound) + ": " + AgeWords(ctx, in.UltrasoundDays)
	}
	blood := strings.TrimSpace(Word(ctx, "blood", in.Blood) + " " + Word(ctx, "rhesus", in.Rhesus))
	rows := []design.Row{
		{Key: text.T(ctx, "card.antenatal.last_period"), Value: text.Date(in.LastPeriod)},
		{Key: text.T(ctx, "card.antenatal.ultrasound"), Value: scan},
		{Key: text.T(ctx, "card.antenatal.first_movement"), Value: text.Date(in.FirstMovement)},
		{Key: text.T(ctx, "card.antenatal.expected"), Value: text.Date(c.Expected) + " (" + datedWord(ctx, c.DatedBy) + ")"},
		{Key: text.T(ctx, "card.antenatal.fetuses"), Value: strconv.Itoa(in.Fetuses)},
		{Key: text.T(ctx, "card.antenatal.gravida_para"), Value: text.T(ctx, "card.antenatal.gravida_words", "Gravida", in.Gravida, "Para", in.Para)},
		{Key: text.T(ctx, "card.antenatal.height"), Value: Shown(in.HeightCM, 1)},
		{Key: text.T(ctx, "card.antenatal.weight_before"), Value: Shown(in.WeightBefore, 10)},
		{Key: text.T(ctx, "card.antenatal.blood_group"), Value: blood},
		{Key: text.T(ctx, "card.antenatal.allergies"), Value: in.Allergies},
		{Key: text.T(ctx, "card.antenatal.illnesses"), Value: in.Illnesses},
		{Key: text.T(ctx, "card.antenatal.risks"), Value: strings.Join(risks, ", ")},
		{Key: text.T(ctx, "card.antenatal.risk_note"), Value: in.RiskNote},
		{Key: text.T(ctx, "card.antenatal.childrens_clinic"), Value: clinicName(in.ChildrensClinic)},
	}
	return rows
}

func datedWord(ctx context.Context, by string) string {
	return text.T(ctx, "card.antenatal.dated."+by) // text: card.antenatal.dated.*
}

func FormerRows(ctx context.Context, in cardapi.Registration) [][]string {
	var rows [][]string
	for _, b := range in.Former {
		rows = append(rows, []string{Shown(b.Year, 1), Word(ctx, "former", b.Outcome), Shown(b.Weeks, 1), Shown(b.WeightG, 1), b.Note})
	}
	return rows
}
