package form

import (
	"context"
	"strconv"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Section is a part of the form as it is shown and printed: rows, or a table.
type Section struct {
	Title string
	Rows  []document.Row
	Table *document.Table
}

// columns of the section on paper: as many as keep the form on one page.
func (s Section) columns() int {
	if len(s.Rows) > 6 {
		return 4
	}
	return 3
}

// Sections are the whole form in the language of the context. Where the card
// does not know what the blank asks for, a dash is left to be filled by hand.
func (s Sheet) Sections(ctx context.Context) []Section {
	return []Section{
		{Title: text.T(ctx, "card.form.section_patient"), Rows: s.patientRows(ctx)},
		{Title: text.T(ctx, "card.form.section_stay"), Rows: append(s.admissionRows(ctx), s.dischargeRows(ctx)...)},
		{Title: text.T(ctx, "card.form.section_moves"), Table: s.moves(ctx)},
		{Title: text.T(ctx, "card.form.section_diagnoses"), Table: s.diagnoses(ctx)},
		{Title: text.T(ctx, "card.form.section_operations"), Table: s.operations(ctx)},
	}
}

func row(ctx context.Context, key, value string) document.Row {
	return document.Row{Key: text.T(ctx, key), Value: value}
}

// person is the patient's name, or the words for somebody unknown.
func (s Sheet) person(ctx context.Context) string {
	p := s.Case.Patient
	return patient.Patient{FamilyName: p.Name, Sex: p.Sex}.Name(ctx)
}

// referrer is the name of who referred; sheets from before names were kept have
// the code.
func (s Sheet) referrer(ctx context.Context) string {
	if name := s.ReferrerName.Here(ctx); name != "" {
		return name
	}
	return s.Case.Referrer
}

func (s Sheet) patientRows(ctx context.Context) []document.Row {
	p := s.Case.Patient
	place := text.T(ctx, "card.form.town")
	if p.Rural {
		place = text.T(ctx, "card.form.village")
	}
	payment := text.T(ctx, "card.form.payment_fund")
	if !p.Insured {
		payment = text.T(ctx, "card.form.payment_other")
	}
	if s.Payment != "" {
		payment = text.T(ctx, "card.payment."+s.Payment) // text: card.payment.*
	}
	social := ""
	if s.Social != "" {
		social = text.T(ctx, "card.social."+s.Social) // text: card.social.*
	}
	return []document.Row{
		row(ctx, "card.form.name", s.person(ctx)),
		row(ctx, "card.form.pin", pin.Grouped(p.PIN)),
		row(ctx, "card.form.sex", sexWord(ctx, p.Sex)),
		row(ctx, "card.form.birth", text.Date(p.BirthDate)),
		row(ctx, "card.form.passport", s.Passport),
		row(ctx, "card.form.citizenship", patient.CountryName(ctx, s.Citizenship)),
		row(ctx, "card.form.address", s.Address),
		row(ctx, "card.form.region", p.Region),
		row(ctx, "card.form.place", place),
		row(ctx, "card.form.policy", p.Policy),
		row(ctx, "card.form.payment", payment),
		row(ctx, "card.form.category", text.Joined(categoryWord(ctx, p.Category), s.Privilege)),
		row(ctx, "card.merge.group.social_status", social),
	}
}

func (s Sheet) admissionRows(ctx context.Context) []document.Row {
	c := s.Case
	hours := ""
	if c.HoursSinceOnset > 0 {
		hours = strconv.Itoa(c.HoursSinceOnset)
	}
	times := text.T(ctx, "card.form.repeated")
	if s.FirstThisYear {
		times = text.T(ctx, "card.form.first")
	}
	return []document.Row{
		row(ctx, "card.form.kind", AdmissionWord(ctx, c.Admission)),
		row(ctx, "card.form.hours", hours),
		row(ctx, "card.form.admitted", text.Moment(c.AdmittedAt)),
		row(ctx, "card.form.times", times),
		row(ctx, "card.form.referrer", s.referrer(ctx)),
		row(ctx, "card.form.brought", broughtWord(ctx, s.BroughtBy)),
	}
}

func (s Sheet) dischargeRows(ctx context.Context) []document.Row {
	c := s.Case
	return []document.Row{
		row(ctx, "card.form.discharged", text.Moment(c.DischargedAt)),
		row(ctx, "card.form.bed_days", strconv.Itoa(c.BedDays)),
		row(ctx, "card.form.outcome", OutcomeWord(ctx, c.Outcome)),
		row(ctx, "card.form.result", ResultWord(ctx, c.Result)),
		row(ctx, "card.form.transferred_to", s.TransferredTo),
		row(ctx, "card.form.sick_leave", ""),
	}
}

func (s Sheet) moves(ctx context.Context) *document.Table {
	t := &document.Table{Columns: []document.Column{
		{Label: text.T(ctx, "card.form.department"), Width: 4},
		{Label: text.T(ctx, "card.form.from"), Width: 2},
		{Label: text.T(ctx, "card.form.until"), Width: 2},
		{Label: text.T(ctx, "card.form.bed_days"), Width: 1.3, Right: true},
	}}
	for _, m := range s.Case.Moves {
		days := strconv.Itoa(s.moveDays(m))
		t.Rows = append(t.Rows, []string{s.Department(m.Department).Here(ctx) + " (" + m.Department + ")", text.Moment(m.From), text.Moment(m.Until), days})
	}
	return t
}

// moveDays are those that the move adds to the bed-days of the stay.
func (s Sheet) moveDays(m insuranceapi.Move) int {
	if len(s.Case.Moves) == 1 {
		return s.Case.BedDays
	}
	return clock.DateOf(m.From).DaysUntil(clock.DateOf(m.Until))
}

func (s Sheet) diagnoses(ctx context.Context) *document.Table {
	t := &document.Table{Columns: []document.Column{
		{Label: text.T(ctx, "card.diagnosis.stage"), Width: 1.8},
		{Label: text.T(ctx, "card.diagnosis.rank"), Width: 1.5},
		{Label: text.T(ctx, "card.form.icd"), Width: 0.9},
		{Label: text.T(ctx, "card.form.diagnosis"), Width: 3.8},
		{Label: text.T(ctx, "card.form.moment"), Width: 1.8},
	}}
	for _, d := range s.Case.Diagnoses {
		t.Rows = append(t.Rows, []string{stageWord(ctx, d.Stage), rankWord(ctx, d.Rank), d.Code, d.Text, s.moment(d)})
	}
	return t
}

func (s Sheet) moment(d insuranceapi.Diagnosis) string {
	at := s.DiagnosedAt(d)
	if at.IsZero() {
		return ""
	}
	return text.Moment(at)
}

func (s Sheet) operations(ctx context.Context) *document.Table {
	t := &document.Table{Empty: text.T(ctx, "card.operations.empty"), Columns: []document.Column{
		{Label: text.T(ctx, "card.form.moment"), Width: 1.9},
		{Label: text.T(ctx, "card.operations.code"), Width: 1},
		{Label: text.T(ctx, "card.operations.name"), Width: 3},
		{Label: text.T(ctx, "card.operations.anaesthesia"), Width: 1.5},
		{Label: text.T(ctx, "card.operations.complication"), Width: 2},
	}}
	for _, o := range s.Case.Operations {
		t.Rows = append(t.Rows, []string{text.Moment(o.At), o.Code, o.Name, anaesthesiaWord(ctx, o.Anaesthesia), o.Complication})
	}
	return t
}

// PDF is the form on paper, in the language of the context. marks say, under the
// lines to sign on, how it was signed electronically.
func (s Sheet) PDF(ctx context.Context, issued Issued, marks ...string) ([]byte, error) {
	return s.paper(ctx, issued, "", marks)
}

// paper is the PDF; draft says what it lacks to be more than one, "" for nothing.
func (s Sheet) paper(ctx context.Context, issued Issued, draft string, marks []string) ([]byte, error) {
	d := document.New(document.Options{
		Title: text.T(ctx, "card.form.paper_title"), Subtitle: text.T(ctx, "card.form.paper_subtitle"),
		Issuer: s.OrganisationName.Here(ctx) + " (" + s.Case.Organisation + "), " + s.Department(s.Case.Department).Here(ctx),
		Number: "№ " + Grouped(s.Case.Number), Form: text.T(ctx, "card.form.paper_form"), Lang: text.LangOf(ctx), At: s.IssuedAt,
		Note: s.note(ctx), Person: s.person(ctx), Stamp: text.T(ctx, "card.print.stamp"),
	})
	if issued.State == Voided {
		d.Strong(text.T(ctx, "card.form.paper_voided", "At", text.Moment(issued.VoidedAt), "Reason", issued.VoidReason))
	} else if draft != "" {
		d.Strong(draft)
	}
	for _, section := range s.Sections(ctx) {
		d.Heading(section.Title)
		if section.Table != nil {
			d.Table(*section.Table)
		} else {
			d.Grid(section.columns(), section.Rows...)
		}
	}
	d.Signatures(
		document.Signature{Role: text.T(ctx, "card.form.doctor"), Name: s.Case.Doctor.Name},
		document.Signature{Role: text.T(ctx, "card.form.head"), Name: s.Case.HeadOfDepartment.Name},
	)
	for _, mark := range marks {
		d.Small(mark)
	}
	return d.PDF()
}

// note is the small print: revision and moment.
func (s Sheet) note(ctx context.Context) string {
	return text.T(ctx, "card.form.paper_note", "Revision", strconv.Itoa(s.Case.Revision), "At", text.Moment(s.IssuedAt))
}
