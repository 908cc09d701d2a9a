// Package printout is the case history on paper: form 003/у, whole or one part
// of it, in Kyrgyz or Russian (MC-1). What is signed is printed as it stands
// now; corrections say so.
package printout

import (
	"context"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Parts of the form in its order; "" is the whole.
var Parts = []string{"title", "examination", "reasoning", "diaries", "orders", "vitals", "requests", "operations", "consents", "epicrisis"}

// kindsOf are the entries of a part.
var kindsOf = map[string][]string{
	"examination": {history.Examination}, "reasoning": {history.Reasoning},
	"diaries":   {history.Diary, history.Consultation, history.StageEpicrisis, history.FormCorrection},
	"epicrisis": {history.DischargeEpicrisis},
}

type sheet struct {
	ctx  context.Context
	desk *desk.Desk
	stay stay.View
	doc  *document.Document
}

// PDF sets the part of the form; root prints one entry alone.
func PDF(ctx context.Context, d *desk.Desk, v stay.View, part, root string) ([]byte, error) {
	s := sheet{ctx, d, v, document.New(document.Options{
		Title: text.T(ctx, "card.print.title"), Issuer: v.OrganisationName.Here(ctx), Form: text.T(ctx, "card.print.form"),
		Subtitle: v.Patient.Name(ctx), Lang: text.LangOf(ctx), At: v.Now,
		Note: v.Patient.Name(ctx) + " · " + text.Moment(v.Now),
	})}
	if root != "" {
		e, err := history.FindEntry(ctx, d.DB.Read, v.ID, root)
		if err != nil {
			return nil, err
		}
		s.entry(e)
		return s.doc.PDF()
	}
	for _, p := range Parts {
		if part != "" && part != p {
			continue
		}
		if err := s.part(p); err != nil {
			return nil, err
		}
	}
	return s.doc.PDF()
}

func (s sheet) word(key string, pairs ...any) string { return text.T(s.ctx, key, pairs...) }

func (s sheet) part(name string) error {
	switch name {
	case "title":
		return s.title()
	case "orders":
		return s.orders()
	case "vitals":
		return s.vitals()
	case "requests":
		return s.requests()
	case "operations":
		return s.operations()
	case "consents":
		return s.consents()
	}
	return s.entries(name)
}

func (s sheet) title() error {
	v, p := s.stay, s.stay.Patient
	today := clock.DateOf(v.Now)
	details, err := patient.LoadDetails(s.ctx, s.desk.DB.Read, p.ID)
	if err != nil {
		return err
	}
	kind := s.word("card.print.planned")
	if v.Kind == "emergency" {
		kind = s.word("card.print.emergency")
	}
	discharged := ""
	if v.State == stay.Discharged {
		discharged = text.Moment(v.DischargedAt)
	}
	s.doc.Rows(
		document.Row{Key: s.word("card.print.patient"), Value: p.Name(s.ctx)},
		document.Row{Key: s.word("card.print.pin"), Value: pin.Grouped(p.PIN)},
		document.Row{Key: s.word("card.print.born"), Value: text.Joined(text.Date(p.BirthDate), p.Age(s.ctx, today), p.SexWord(s.ctx))},
		document.Row{Key: s.word("card.print.address"), Value: p.Address},
		document.Row{Key: s.word("card.details.own_phone"), Value: details.Phone},
		document.Row{Key: s.word("card.details.kin"), Value: details.Kin()},
		document.Row{Key: s.word("card.merge.group.social_status"), Value: patient.SocialWord(s.ctx, details.SocialStatus)},
		document.Row{Key: s.word("card.details.workplace"), Value: details.Workplace},
		document.Row{Key: s.word("card.print.policy"), Value: p.Policy},
		document.Row{Key: s.word("card.admit.category"), Value: s.category(p, details)},
		document.Row{Key: s.word("card.details.blood"), Value: patient.BloodWord(details.BloodGroup, details.Rhesus)},
		document.Row{Key: s.word("card.print.alerts"), Value: strings.Join(p.AlertLines(), "; ")},
		document.Row{Key: s.word("card.print.admitted"), Value: text.Moment(v.AdmittedAt) + ", " + kind},
		document.Row{Key: s.word("card.print.referrer"), Value: v.Referrer},
		document.Row{Key: s.word("card.print.department"), Value: text.Joined(v.DepartmentName.Here(s.ctx), v.BedName)},
		document.Row{Key: s.word("card.print.doctor"), Value: v.DoctorName},
		document.Row{Key: s.word("card.print.discharged"), Value: discharged},
		document.Row{Key: s.word("card.print.days"), Value: strconv.Itoa(v.Day())},
	)
	all, err := diagnosis.Of(s.ctx, s.desk.DB.Read, v.ID)
	if err != nil {
		return err
	}
	table := document.Table{Empty: s.word("card.print.none"), Columns: []document.Column{
		{Label: s.word("card.print.stage"), Width: 2}, {Label: s.word("card.print.rank"), Width: 2}, {Label: s.word("card.print.code")}, {Label: s.word("card.print.diagnosis"), Width: 5},
	}}
	for _, one := range all {
		if one.EndedAt.IsZero() {
			table.Rows = append(table.Rows, []string{stageWord(s.ctx, one.Stage), rankWord(s.ctx, one.Rank), one.Code, one.Text})
		}
	}
	s.doc.Heading(s.word("card.print.diagnoses"))
	s.doc.Table(table)
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

func (s sheet) entries(part string) error {
	all, err := history.Entries(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- { // the earliest first
		for _, kind := range kindsOf[part] {
			if all[i].Kind == kind {
				s.entry(all[i])
			}
		}
	}
	return nil
}

func (s sheet) entry(e history.Entry) {
	s.doc.Heading(text.Moment(e.At) + " · " + history.KindWord(s.ctx, e.Kind))
	for l := range writing.Lines(e.Body) {
		s.doc.Text(l)
	}
	signed := s.word("card.history.signed_by", "Name", e.ByName, "Role", e.ByRole, "At", text.Moment(e.SignedAt))
	if e.Version > 1 {
		signed += ". " + s.word("card.history.version", "Version", strconv.Itoa(e.Version)) + ". " + s.word("card.history.because", "Reason", e.Reason)
	}
	if e.CopiedFrom != "" {
		signed += ". " + s.word("card.print.copied", "Count", len(e.CopiedLines))
	}
	s.doc.Small(signed)
}

func (s sheet) orders() error {
	all, err := order.Orders(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	table := document.Table{Empty: s.word("card.orders.empty"), Columns: []document.Column{
		{Label: s.word("card.orders.col_order"), Width: 4}, {Label: s.word("card.orders.col_dose"), Width: 3}, {Label: s.word("card.orders.col_from"), Width: 2}, {Label: s.word("card.orders.col_marks"), Width: 4},
	}}
	for i := len(all) - 1; i >= 0; i-- {
		o := all[i]
		var marks []string
		for j := len(o.Marks) - 1; j >= 0; j-- {
			m := o.Marks[j]
			at := m.At
			if !m.Due.IsZero() {
				at = m.Due
			}
			mark := "+ " + text.Moment(at)
			if !m.Given {
				mark = "− " + text.Moment(at) + " " + m.Reason
			}
			marks = append(marks, mark)
		}
		ended := ""
		if !o.EndedAt.IsZero() {
			ended = " (" + s.word("card.orders.ended_tag") + " " + text.Moment(o.EndedAt) + ")"
		}
		table.Rows = append(table.Rows, []string{o.Text + ended, text.Joined(o.Dose, o.Times, strings.Join(o.Hours, " ")), text.Moment(o.From), strings.Join(marks, "; ")})
	}
	s.doc.Heading(s.word("card.orders.title"))
	s.doc.Table(table)
	return nil
}

// daysOnSheet is how many days a drawing of the temperature sheet has on paper.
const daysOnSheet = 10

func (s sheet) vitals() error {
	all, err := observation.Sheet(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	s.doc.Heading(s.word("card.vitals.title"))
	if len(all) == 0 {
		s.doc.Text(s.word("card.vitals.none"))
		return nil
	}
	first := clock.DateOf(s.stay.AdmittedAt)
	last := clock.DateOf(all[len(all)-1].At)
	for at := 0; at <= max(0, first.DaysUntil(last)); at += daysOnSheet {
		day := clock.DateOf(first.Start().AddDate(0, 0, at))
		s.doc.Plot(observation.Plot(all, day, daysOnSheet, func(name string) string { return observation.LineWord(s.ctx, name) }))
	}
	table := document.Table{Columns: []document.Column{
		{Label: s.word("card.vitals.when"), Width: 3},
		{Label: s.word("card.vitals.temperature"), Width: 2, Right: true},
		{Label: s.word("card.vitals.pulse"), Right: true},
		{Label: s.word("card.vitals.pressure"), Width: 2, Right: true},
		{Label: s.word("card.vitals.respiration"), Right: true},
		{Label: s.word("card.vitals.saturation"), Right: true},
		{Label: s.word("card.vitals.who"), Width: 3},
	}}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	for _, o := range all {
		if !o.Struck {
			table.Rows = append(table.Rows, []string{
				text.Moment(o.At), observation.Degrees(o.Vitals.Temperature), number(o.Vitals.Pulse), o.Vitals.Pressure(),
				number(o.Vitals.Respiration), number(o.Vitals.Saturation), o.ByName,
			})
		}
	}
	s.doc.Table(table)
	return nil
}

func (s sheet) requests() error {
	all, err := request.Requests(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- {
		r := all[i]
		if r.Answer == nil {
			continue
		}
		s.doc.Heading(text.Moment(r.Answer.At) + " · " + r.Name)
		if len(r.Answer.Findings) > 0 {
			table := document.Table{Columns: []document.Column{
				{Label: s.word("card.request.what"), Width: 3}, {Label: s.word("card.request.value"), Width: 2, Right: true}, {Label: s.word("card.request.unit")}, {Label: s.word("card.request.range"), Width: 2, Right: true},
			}}
			for _, f := range r.Answer.Findings {
				mark := map[int]string{-1: " ↓", 1: " ↑"}[f.Out()]
				table.Rows = append(table.Rows, []string{f.Name, f.Value + mark, f.Unit, f.RangeWords()})
			}
			s.doc.Table(table)
		}
		for l := range writing.Lines(r.Answer.Conclusion) {
			s.doc.Text(l)
		}
		s.doc.Small(s.word("card.history.signed_by", "Name", r.Answer.ByName, "Role", r.Answer.ByRole, "At", text.Moment(r.Answer.SignedAt)))
	}
	return nil
}

func (s sheet) operations() error {
	all, err := operation.Operations(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	for i := len(all) - 1; i >= 0; i-- {
		o := all[i]
		s.doc.Heading(text.Moment(o.At) + " · " + o.Name)
		s.doc.Rows(
			document.Row{Key: s.word("card.operations.code"), Value: o.Code},
			document.Row{Key: s.word("card.operations.surgeon"), Value: o.SurgeonName},
			document.Row{Key: s.word("card.operations.anaesthesia"), Value: operation.AnaesthesiaWord(s.ctx, o.Anaesthesia)},
			document.Row{Key: s.word("card.operations.assistants"), Value: o.Assistants},
			document.Row{Key: s.word("card.operations.anaesthetist"), Value: o.Anaesthetist},
			document.Row{Key: s.word("card.operations.complication"), Value: o.Complication},
		)
		for l := range writing.Lines(o.Protocol + "\n" + o.AnaesthesiaRecord) {
			s.doc.Text(l)
		}
		s.doc.Small(s.word("card.operations.signed_by", "Name", o.ByName, "At", text.Moment(o.SignedAt)))
	}
	return nil
}

func (s sheet) consents() error {
	all, err := consent.Consents(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.State == consent.Asked && c.Way == consent.Code {
			continue // nobody signed it
		}
		s.doc.Heading(consent.KindWord(s.ctx, c.Kind))
		for l := range writing.Lines(c.Subject) {
			s.doc.Text(l)
		}
		s.doc.Small(consent.StateWords(s.ctx, c))
		if c.Way == consent.Paper {
			s.doc.Signatures(document.Signature{Role: s.word("card.consent.signer"), Name: c.Signer}, document.Signature{Role: s.word("card.print.doctor"), Name: c.ByName})
		}
	}
	return nil
}
