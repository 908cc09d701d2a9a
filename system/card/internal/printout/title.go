package printout

import (
	"context"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// title is the title page: whose history it is, how they came and left, and what
// ails them.
func (s sheet) title() error {
	details, err := patient.LoadDetails(s.ctx, s.desk.DB.Read, s.stay.Patient.ID)
	if err != nil {
		return err
	}
	record, err := form.Load(s.ctx, s.desk.DB.Read, s.stay.ID, s.stay.Organisation, "")
	if err != nil {
		return err
	}
	s.doc.Grid(3, s.person(details)...)
	s.doc.Heading(s.word("card.form.section_stay"))
	s.doc.Grid(3, s.course(record)...)
	if len(record.Moves) > 1 {
		s.moves(record)
	}
	if err := s.diagnoses(); err != nil {
		return err
	}
	if s.alone {
		return s.signatures()
	}
	return nil
}

func (s sheet) row(key, value string) document.Row {
	return document.Row{Key: s.word(key), Value: value}
}

// known joins with commas what is there.
func known(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, ", ")
}

// born is the date of birth with age and sex.
func (s sheet) born() string {
	p, day := s.stay.Patient, ""
	if !p.BirthDate.IsZero() {
		day = text.Date(p.BirthDate)
	}
	return known(day, p.Age(s.ctx, clock.DateOf(s.stay.Now)), p.SexWord(s.ctx))
}

// whose tells whose sheet it is, of which stay, and where they lie.
func (s sheet) whose() []document.Row {
	return []document.Row{
		s.row("card.print.pin", pin.Grouped(s.stay.Patient.PIN)),
		s.row("card.print.born", s.born()),
		s.row("card.print.admitted", text.Moment(s.stay.AdmittedAt)),
		s.row("card.print.department", known(s.stay.DepartmentName.Here(s.ctx), s.stay.BedName)),
	}
}

func (s sheet) person(details patient.Details) []document.Row {
	p := s.stay.Patient
	place := ""
	if p.Address != "" {
		if place = s.word("card.form.town"); p.Rural {
			place = s.word("card.form.village")
		}
	}
	rows := []document.Row{
		s.row("card.print.patient", p.Name(s.ctx)),
		s.row("card.print.pin", pin.Grouped(p.PIN)),
		s.row("card.print.born", s.born()),
		s.row("card.form.passport", p.Passport),
		s.row("card.form.citizenship", citizenship(s.ctx, p)),
		s.row("card.print.address", p.Address),
		s.row("card.form.place", place),
	}
	if p.Description != "" {
		rows = append(rows, s.row("card.register.description", p.Description))
	}
	return append(rows,
		s.row("card.details.own_phone", details.Phone),
		s.row("card.details.kin", details.Kin()),
		s.row("card.merge.group.social_status", patient.SocialWord(s.ctx, details.SocialStatus)),
		s.row("card.details.workplace", details.Workplace),
		s.row("card.print.policy", p.Policy),
		s.row("card.admit.category", s.category(p, details)),
		s.row("card.details.blood", patient.BloodWord(details.BloodGroup, details.Rhesus)),
		s.row("card.print.alerts", strings.Join(p.AlertLines(), "; ")),
	)
}

// citizenship is a country's name.
func citizenship(ctx context.Context, p patient.Patient) string {
	if p.Country != "" {
		return patient.CountryName(ctx, p.Country)
	}
	return patient.CountryName(ctx, p.Citizenship)
}

func (s sheet) course(record form.Record) []document.Row {
	v := s.stay
	kind := s.word("card.print.planned")
	if v.Kind == "emergency" {
		kind = s.word("card.print.emergency")
	}
	hours, brought, transport := "", "", ""
	if v.HoursSinceOnset > 0 {
		hours = strconv.Itoa(v.HoursSinceOnset)
	}
	if v.BroughtBy != "" {
		brought = text.T(s.ctx, "card.brought."+v.BroughtBy) // text: card.brought.*
	}
	if v.Transport != "" {
		transport = text.T(s.ctx, "card.transport."+v.Transport) // text: card.transport.*
	}
	times := s.word("card.form.repeated")
	if v.FirstThisYear {
		times = s.word("card.form.first")
	}
	rows := []document.Row{
		s.row("card.print.admitted", text.Moment(v.AdmittedAt)+", "+kind),
		s.row("card.form.hours", hours),
		s.row("card.print.referrer", s.desk.Directory.Name(s.ctx, v.Referrer).Here(s.ctx)),
		s.row("card.form.brought", known(brought, transport)),
		s.row("card.form.times", times),
		s.row("card.print.department", known(v.DepartmentName.Here(s.ctx), v.BedName)),
		s.row("card.print.doctor", v.DoctorName),
	}
	if v.State != stay.Discharged { // left for the pen
		return append(rows,
			s.row("card.print.discharged", document.Blank),
			s.row("card.form.outcome", document.Blank),
			s.row("card.print.days", document.Blank),
		)
	}
	end := record.Ending
	return append(rows,
		s.row("card.print.discharged", text.Moment(v.DischargedAt)),
		s.row("card.form.outcome", known(form.OutcomeWord(s.ctx, end.Outcome), form.ResultWord(s.ctx, end.Result), end.TransferredTo)),
		s.row("card.print.days", strconv.Itoa(form.BedDays(v.AdmittedAt, v.DischargedAt))),
	)
}

// moves are those between departments.
func (s sheet) moves(record form.Record) {
	table := document.Table{Columns: []document.Column{
		{Label: s.word("card.form.department"), Width: 4}, {Label: s.word("card.form.from"), Width: 2}, {Label: s.word("card.form.until"), Width: 2},
	}}
	for _, m := range record.Moves {
		until := ""
		if !m.Until.IsZero() {
			until = text.Moment(m.Until)
		}
		name := directory.DepartmentName(record.Organisation, m.Department).Here(s.ctx)
		table.Rows = append(table.Rows, []string{name, text.Moment(m.From), until})
	}
	s.doc.Heading(s.word("card.form.section_moves"))
	s.doc.Table(table)
}

// diagnoses are those that stand.
func (s sheet) diagnoses() error {
	all, err := diagnosis.Of(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	table := document.Table{Empty: s.word("card.print.none"), Columns: []document.Column{
		{Label: s.word("card.print.stage"), Width: 2},
		{Label: s.word("card.print.rank"), Width: 2},
		{Label: s.word("card.print.code")},
		{Label: s.word("card.print.diagnosis"), Width: 5},
		{Label: s.word("card.form.moment"), Width: 2},
	}}
	for _, one := range all {
		if one.EndedAt.IsZero() {
			table.Rows = append(table.Rows, []string{stageWord(s.ctx, one.Stage), rankWord(s.ctx, one.Rank), one.Code, one.Text, text.Moment(one.At)})
		}
	}
	s.doc.Heading(s.word("card.print.diagnoses"))
	s.doc.Table(table)
	return nil
}

// signatures are those of the doctor and the head of the department.
func (s sheet) signatures() error {
	record, err := form.Load(s.ctx, s.desk.DB.Read, s.stay.ID, s.stay.Organisation, "")
	if err != nil {
		return err
	}
	s.doc.Signatures(
		document.Signature{Role: s.word("card.form.doctor"), Name: s.stay.DoctorName},
		document.Signature{Role: s.word("card.form.head"), Name: record.Head.Name},
	)
	return nil
}

// category is that of co-payment, with its document.
func (s sheet) category(p patient.Patient, details patient.Details) string {
	if p.Category == "" {
		return ""
	}
	return text.Joined(patient.CategoryWord(s.ctx, p.Category), details.Privilege)
}

// stageWord and rankWord are those of the page of diagnoses.
func stageWord(ctx context.Context, stage string) string {
	return text.T(ctx, "card.diagnosis.stage."+stage) // text: card.diagnosis.stage.*
}

func rankWord(ctx context.Context, rank string) string {
	return text.T(ctx, "card.diagnosis.rank."+rank) // text: card.diagnosis.rank.*
}
