package exchangecard

import (
	"context"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
)

// Paper is form 113/у as it is printed: the antenatal part, and the tear-offs
// filled or blank.
type Paper struct {
	Card     *cardapi.ExchangeCard // nil: the woman came without one
	Woman    cardapi.Mother        // then: who she is
	Mother   *cardapi.TearOff      // nil: blank
	Newborns []cardapi.TearOff
	Issuer   string
	Show     string // address in the QR code, "" for none
	Names    map[string]string
	At       time.Time
}

// signedAndCode is the height in millimetres of the signature with the code under
// it: a code by itself on a page would be thrown away.
const signedAndCode = 68

// Parts of the form; "" is the whole.
var Parts = []string{"1", "2", "3"}

// PDF sets a part of the form, or the whole, each part on its own page.
func (p Paper) PDF(ctx context.Context, part string) ([]byte, error) {
	s := paper{ctx, p, document.New(document.Options{
		Title: text.T(ctx, "card.antenatal.print_title"), Form: text.T(ctx, "card.antenatal.print_form"), Issuer: p.Issuer,
		Number: p.number(), Lang: text.LangOf(ctx), At: p.At, Note: text.Moment(p.At),
		Person: p.woman().Name, Stamp: text.T(ctx, "card.print.stamp"),
	})}
	switch part {
	case "1":
		s.antenatal()
	case "2":
		s.mother()
	case "3":
		s.newborns()
	default:
		s.antenatal()
		s.doc.PageBreak()
		s.mother()
		s.doc.PageBreak()
		s.newborns()
	}
	return s.doc.PDF()
}

// woman is whom the form is about.
func (p Paper) woman() cardapi.Mother {
	switch {
	case p.Card != nil:
		return p.Card.Mother
	case p.Mother != nil:
		return p.Mother.Mother
	}
	return p.Woman
}

func (p Paper) number() string {
	switch {
	case p.Card != nil:
		return "№ " + p.Card.Number
	case p.Mother != nil && p.Mother.Number != "":
		return "№ " + p.Mother.Number
	}
	return ""
}

type paper struct {
	ctx context.Context
	Paper
	doc *document.Document
}

func (s paper) word(key string) string { return text.T(s.ctx, key) }

func (s paper) rows(rows []design.Row) {
	var lines []document.Row
	for _, r := range rows {
		lines = append(lines, document.Row{Key: r.Key, Value: r.Value})
	}
	s.doc.Rows(lines...)
}

func (s paper) antenatal() {
	s.doc.Heading(s.word("card.antenatal.print_part1"))
	c := s.Card
	if c == nil {
		s.rows(s.blank()[:4])
		s.doc.Text(s.word("card.antenatal.print_none"))
		return
	}
	s.rows([]design.Row{
		{Key: s.word("card.maternity.woman"), Value: c.Mother.Name},
		{Key: s.word("card.col.pin"), Value: pin.Grouped(c.Mother.PIN)},
		{Key: s.word("card.col.birth_date"), Value: text.Date(c.Mother.BirthDate)},
		{Key: s.word("card.col.address"), Value: c.Mother.Address},
		{Key: s.word("card.antenatal.clinic"), Value: s.Names[c.Clinic]},
	})
	s.rows(antenatal.Rows(s.ctx, *c, s.Names))
	s.doc.Heading(s.word("card.antenatal.former_title"))
	s.doc.Table(document.Table{Empty: s.word("card.antenatal.former_none"), Rows: antenatal.FormerRows(s.ctx, c.Registration), Columns: []document.Column{
		{Label: s.word("card.antenatal.former_year")},
		{Label: s.word("card.antenatal.former_outcome"), Width: 3},
		{Label: s.word("card.antenatal.former_weeks"), Right: true},
		{Label: s.word("card.antenatal.former_weight"), Right: true},
		{Label: s.word("card.antenatal.former_note"), Width: 4},
	}})
	s.doc.Heading(s.word("card.antenatal.tab_results"))
	results := document.Table{Empty: s.word("card.antenatal.no_results"), Columns: []document.Column{
		{Label: s.word("card.antenatal.when"), Width: 2}, {Label: s.word("card.antenatal.test"), Width: 3.4}, {Label: s.word("card.antenatal.value"), Width: 2.4}, {Label: s.word("card.antenatal.notes"), Width: 3}, {Label: s.word("card.antenatal.who"), Width: 5.2},
	}}
	for _, one := range c.Results {
		results.Rows = append(results.Rows, []string{text.Date(one.Day), antenatal.Word(s.ctx, "kind", one.Kind), antenatal.ValueWord(s.ctx, one.Value), one.Note, one.By})
	}
	s.doc.Table(results)
	s.visits(*c)
	if s.Show != "" {
		s.doc.Room(signedAndCode)
	}
	s.doc.Signatures(document.Signature{Role: s.word("card.antenatal.print_signer"), Name: ""})
	if s.Show != "" { // here: the tear-offs leave the woman's hands, the code does not
		s.doc.QR(s.Show, text.T(s.ctx, "card.antenatal.qr"))
	}
}

func (s paper) visits(c cardapi.ExchangeCard) {
	s.doc.Heading(s.word("card.antenatal.tab_visits"))
	table := document.Table{Empty: s.word("card.antenatal.no_visits")}
	for i, head := range antenatal.VisitHeads(s.ctx) {
		table.Columns = append(table.Columns, document.Column{Label: head, Width: []float64{2, 2, 1.4, 1.6, 1.4, 1.4, 1.4, 2, 1.6}[i], Right: i >= 2 && i <= 6})
	}
	for _, v := range c.Visits {
		table.Rows = append(table.Rows, antenatal.VisitCells(s.ctx, v.Visit, c.DatedFrom.DaysUntil(v.Day)))
	}
	s.doc.Table(table)
	for _, v := range c.Visits {
		if v.Complaints != "" || v.Advice != "" {
			s.doc.Small(text.Joined(text.Date(v.Day)+":", v.Complaints, "·", v.Advice, "·", v.By))
		}
	}
	if len(c.Visits) == 0 {
		return
	}
	for _, chart := range gestation.Charts(c) {
		plot := chart.Plot(func(name string) string { return antenatal.LineWord(s.ctx, name) })
		plot.Title = antenatal.ChartTitle(s.ctx, chart.Key)
		s.doc.Plot(plot)
		if chart.Source != "" {
			s.doc.Small(s.word("card.antenatal.reference") + ": " + antenatal.SourceWord(s.ctx, chart.Source))
		}
	}
}

func (s paper) mother() {
	s.doc.Heading(s.word("card.antenatal.print_part2"))
	t := s.Mother
	if t == nil {
		s.rows(s.blank())
		s.rows(blankRows(BirthRows(s.ctx, cardapi.Birth{Ending: EndingBirth, MotherState: "discharged"})))
		s.doc.Signatures(document.Signature{Role: s.word("card.maternity.doctor")})
		return
	}
	s.rows(TearOffRows(s.ctx, *t))
	s.rows(BirthRows(s.ctx, t.Birth))
	for _, n := range t.Newborns {
		s.doc.Strong(text.T(s.ctx, "card.maternity.child_number", "Number", n.Order))
		s.doc.Text(text.Joined(text.Moment(n.BornAt)+",", SexWord(s.ctx, n.Sex)+",", ChildWord(s.ctx, n.State)+",", strconv.Itoa(n.WeightG), s.word("card.maternity.gram")))
	}
	s.signed(*t)
}

func (s paper) newborns() {
	if len(s.Newborns) == 0 {
		s.doc.Heading(s.word("card.antenatal.print_part3"))
		s.rows(s.blank())
		s.rows(blankRows(NewbornRows(s.ctx, cardapi.Newborn{Sex: "unknown", State: "alive"})))
		s.doc.Signatures(document.Signature{Role: s.word("card.maternity.doctor")})
	}
	for i, t := range s.Newborns {
		if i > 0 {
			s.doc.PageBreak()
		}
		s.doc.Heading(s.word("card.antenatal.print_part3"))
		s.rows(TearOffRows(s.ctx, t))
		s.rows(NewbornRows(s.ctx, t.Newborns[0]))
		s.signed(t)
	}
}

// signed says by whom, and of a correction why: whoever holds an earlier paper
// must see what has become of it.
func (s paper) signed(t cardapi.TearOff) {
	if t.Version > 1 && t.Reason != "" {
		s.doc.Strong(text.T(s.ctx, "card.history.because", "Reason", t.Reason))
	}
	s.doc.Small(text.T(s.ctx, "card.maternity.signed", "Name", t.Doctor, "At", text.Moment(t.SignedAt), "Version", t.Version))
	s.doc.Signatures(document.Signature{Role: s.word("card.maternity.doctor"), Name: t.Doctor})
}

// blank is the head of a tear-off that is still to be filled: whose it is.
func (s paper) blank() []design.Row {
	w, clinic := s.woman(), document.Blank
	if s.Card != nil && s.Names[s.Card.Clinic] != "" {
		clinic = s.Names[s.Card.Clinic]
	}
	rows := []design.Row{
		{Key: s.word("card.maternity.woman"), Value: w.Name},
		{Key: s.word("card.col.pin"), Value: pin.Grouped(w.PIN)},
		{Key: s.word("card.col.birth_date"), Value: text.Date(w.BirthDate)},
		{Key: s.word("card.col.address"), Value: w.Address},
		{Key: s.word("card.antenatal.clinic"), Value: clinic},
		{Key: s.word("card.maternity.hospital"), Value: document.Blank},
	}
	if s.Card == nil {
		rows[5].Value = s.Issuer // the hospital itself prints it
	}
	return rows
}

// blankRows are left for the pen.
func blankRows(rows []design.Row) []design.Row {
	for i := range rows {
		rows[i].Value = document.Blank
	}
	return rows
}
