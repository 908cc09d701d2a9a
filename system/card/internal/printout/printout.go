// Package printout is the case history on paper: form 003/у, whole or one part
// of it, in Kyrgyz or Russian (MC-1). What is signed is printed as it stands
// now; corrections say so.
package printout

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/order"
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
	// alone: one part is printed, and a part without anything says so.
	alone bool
}

// nothing is said of a part that is printed alone and has nothing.
func (s sheet) nothing(part string) {
	if s.alone {
		s.doc.Heading(text.T(s.ctx, "card.print.part."+part)) // text: card.print.part.*
		s.doc.Text(s.word("card.print.empty"))
	}
}

// Which of the form is printed: one of Parts, or one entry or operation alone by the
// root of its versions; nothing of them is the whole.
type Which struct{ Part, Entry, Operation string }

// PDF sets what is asked for of the form. Whatever is not the whole says whose it is,
// since a sheet that came loose must find its way back.
func PDF(ctx context.Context, d *desk.Desk, v stay.View, which Which) ([]byte, error) {
	s := sheet{ctx: ctx, desk: d, stay: v, doc: document.New(document.Options{
		Title: text.T(ctx, "card.print.title"), Issuer: v.OrganisationName.Here(ctx), Form: text.T(ctx, "card.print.form"),
		Subtitle: v.Patient.Name(ctx), Lang: text.LangOf(ctx), At: v.Now,
		Note: v.Patient.Name(ctx) + " · " + text.Moment(v.Now), Person: v.Patient.Name(ctx), Stamp: text.T(ctx, "card.print.stamp"),
	})}
	if which.Entry != "" || which.Operation != "" || which.Part != "" && which.Part != "title" {
		s.doc.Grid(4, s.whose()...)
	}
	if which.Entry != "" {
		e, err := history.FindEntry(ctx, d.DB.Read, v.ID, which.Entry)
		if err != nil {
			return nil, err
		}
		s.entry(e)
		s.doc.Signatures(document.Signature{Role: workforceapi.TitleHere(ctx, e.ByRole), Name: e.ByName})
		return s.doc.PDF()
	}
	if which.Operation != "" {
		o, err := operation.FindOperation(ctx, d.DB.Read, v.ID, which.Operation)
		if err != nil {
			return nil, err
		}
		s.operation(o)
		s.team(o)
		return s.doc.PDF()
	}
	s.alone = which.Part != ""
	for _, p := range Parts {
		if s.alone && which.Part != p {
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

func (s sheet) entries(part string) error {
	all, err := history.Entries(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	none := true
	for i := len(all) - 1; i >= 0; i-- { // the earliest first
		if slices.Contains(kindsOf[part], all[i].Kind) {
			s.entry(all[i])
			none = false
		}
	}
	if none {
		s.nothing(part)
		return nil
	}
	if part == "epicrisis" {
		return s.signatures()
	}
	return nil
}

func (s sheet) entry(e history.Entry) {
	s.doc.Heading(text.Moment(e.At) + " · " + history.KindWord(s.ctx, e.Kind))
	for l := range writing.Lines(e.Body) {
		s.doc.Text(l)
	}
	signed := s.word("card.history.signed_by", "Name", e.ByName, "Role", workforceapi.TitleHere(s.ctx, e.ByRole), "At", text.Moment(e.SignedAt))
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
		table.Rows = append(table.Rows, []string{o.Text + ended, known(o.Dose, o.Times, strings.Join(o.Hours, " ")), text.Moment(o.From), strings.Join(marks, "; ")})
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
		plot := observation.Plot(all, day, daysOnSheet, func(name string) string { return observation.LineWord(s.ctx, name) })
		plot.Axis, plot.BarName = s.word("card.print.axis"), s.word("card.vitals.pressure")
		s.doc.Plot(plot)
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
	none := true
	for i := len(all) - 1; i >= 0; i-- {
		r := all[i]
		if r.Answer == nil {
			continue
		}
		none = false
		s.doc.Heading(text.Moment(r.Answer.At) + " · " + r.Name)
		if len(r.Answer.Findings) > 0 {
			table := document.Table{Columns: []document.Column{
				{Label: s.word("card.request.what"), Width: 3}, {Label: s.word("card.request.value"), Width: 2, Right: true}, {Label: s.word("card.request.unit")}, {Label: s.word("card.request.range"), Width: 2, Right: true},
			}}
			for _, f := range r.Answer.Findings {
				mark := map[int]string{-1: ", " + s.word("card.request.below"), 1: ", " + s.word("card.request.above")}[f.Out()]
				table.Rows = append(table.Rows, []string{f.Name, f.Value + mark, f.Unit, f.RangeWords()})
			}
			s.doc.Table(table)
		}
		for l := range writing.Lines(r.Answer.Conclusion) {
			s.doc.Text(l)
		}
		s.doc.Small(s.word("card.history.signed_by", "Name", r.Answer.ByName, "Role", workforceapi.TitleHere(s.ctx, r.Answer.ByRole), "At", text.Moment(r.Answer.SignedAt)))
	}
	if none {
		s.nothing("requests")
	}
	return nil
}

func (s sheet) operations() error {
	all, err := operation.Operations(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		s.nothing("operations")
	}
	for i := len(all) - 1; i >= 0; i-- {
		s.operation(all[i])
		if s.alone {
			s.team(all[i])
		}
	}
	return nil
}

// operation is one operation with its protocol and the course of the anaesthesia.
func (s sheet) operation(o operation.Operation) {
	s.doc.Heading(text.Moment(o.At) + " · " + operation.Title(s.ctx, o))
	rows := []document.Row{s.row("card.operations.code", o.Code), s.row("card.side.label", consent.SideWord(s.ctx, o.Side))}
	if !o.EndedAt.IsZero() {
		rows = append(rows, s.row("card.operations.ended_at", text.Moment(o.EndedAt)))
	}
	s.doc.Rows(append(rows,
		s.row("card.operations.surgeon", o.SurgeonName),
		s.row("card.operations.assistants", o.Assistants),
		s.row("card.operations.anaesthesia", operation.AnaesthesiaWord(s.ctx, o.Anaesthesia)),
		s.row("card.operations.anaesthetist", o.Anaesthetist),
		s.row("card.operations.complication", o.Complication),
	)...)
	s.told("card.operations.protocol", o.Protocol)
	s.told("card.operations.anaesthesia_record", o.AnaesthesiaRecord)
	signed := s.word("card.operations.signed_by", "Name", o.ByName, "At", text.Moment(o.SignedAt))
	if o.Version > 1 {
		signed += ". " + s.word("card.history.version", "Version", strconv.Itoa(o.Version)) + ". " + s.word("card.history.because", "Reason", o.Reason)
	}
	s.doc.Small(signed)
}

// told is a text under its name, when there is any.
func (s sheet) told(key, body string) {
	if body == "" {
		return
	}
	s.doc.Strong(s.word(key))
	for l := range writing.Lines(body) {
		s.doc.Text(l)
	}
}

// team are the lines on which those who operated sign the paper.
func (s sheet) team(o operation.Operation) {
	lines := []document.Signature{{Role: s.word("card.operations.surgeon"), Name: o.SurgeonName}}
	if o.Anaesthetist != "" {
		lines = append(lines, document.Signature{Role: s.word("card.operations.anaesthetist"), Name: o.Anaesthetist})
	}
	s.doc.Signatures(lines...)
}

func (s sheet) consents() error {
	all, err := consent.Consents(s.ctx, s.desk.DB.Read, s.stay.ID)
	if err != nil {
		return err
	}
	none := true
	for _, c := range all {
		if c.State == consent.Asked && c.Way == consent.Code {
			continue // nobody signed it
		}
		none = false
		s.doc.Heading(text.Joined(consent.KindWord(s.ctx, c.Kind), consent.SideWord(s.ctx, c.Side)))
		for l := range writing.Lines(c.Subject) {
			s.doc.Text(l)
		}
		s.doc.Small(consent.StateWords(s.ctx, c))
		if c.Way == consent.Paper {
			s.doc.Signatures(document.Signature{Role: s.word("card.consent.signer"), Name: c.Signer}, document.Signature{Role: s.word("card.print.doctor"), Name: c.ByName})
		}
	}
	if none {
		s.nothing("consents")
	}
	return nil
}
