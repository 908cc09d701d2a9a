// Package document makes the state's papers: A4 PDFs that read well as a
// photocopy, with a number at the top, the thin line of a shyrdak's edge, page
// x of y at the foot and, where it can be checked, a QR code at the lower right.
//
// The same input gives the same bytes, whenever and wherever it is made:
// documents are hashed and sealed. So the moment of making is handed in.
//
//	d := document.New(document.Options{Title: "Выписка", Number: "…", Lang: text.RU, At: now})
//	d.Heading("Диагноз")
//	d.Rows(document.Row{Key: "Основной", Value: "I21.0 …"})
//	d.Table(document.Table{Columns: …, Rows: …})
//	d.Signatures(document.Signature{Role: "Лечащий врач", Name: "Асанова А. М."})
//	d.QR(address, "Проверить подлинность документа")
//	pdf, err := d.PDF()
//
// The PDFs carry title, language, text that can be copied and structure tags
// (tag.go), so that a screen reader tells headings, and of a cell its column.
package document

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"github.com/sanarip/sanarip/kit/text"
)

// Options are what a whole document has.
type Options struct {
	Title    string    // the heading and the title in the metadata
	Subtitle string    // a line under the title: the law or the form's name
	Issuer   string    // who issues it, above the title
	Number   string    // with its word: "№ 00000011895017425"
	Form     string    // small, at the upper right: «Форма № 066/у»
	Lang     text.Lang // of the words; decides the foot too
	At       time.Time // moment of issue: creation date in the metadata
	Note     string    // small print at the foot of every page
	Person   string    // whom it is about: beside the title on every page after the first
	Stamp    string    // «М. П.» under the lines to sign on, "" for papers without a stamp
}

// Row is a name and what is known; a dash stands for nothing, and Blank leaves
// the place free for a pen.
type Row struct{ Key, Value string }

// Blank is the value of a Row that is filled in by hand.
const Blank = " "

// Column of a table. Widths are shares of the line: 1 and 3 are a quarter and
// three quarters; 0 counts as 1.
type Column struct {
	Label string
	Width float64
	Right bool // numbers
}

// Table breaks over pages by itself; its head stands on each.
type Table struct {
	Columns []Column
	Rows    [][]string
	Empty   string // said instead of a table without rows
}

// Signature is a line to sign on.
type Signature struct{ Role, Name string }

// Document collects parts; PDF sets them.
type Document struct {
	options Options
	parts   []section
	err     error
}

// section is set onto the sheet; whole is what it takes in millimetres when it is
// never parted, so that a heading goes with it to the next page.
type section struct {
	set   func(*sheet)
	whole float64
}

type qrPart struct {
	code    matrix
	caption []string
}

// New begins a document.
func New(o Options) *Document { return &Document{options: o} }

func (d *Document) add(set func(*sheet)) { d.parts = append(d.parts, section{set: set}) }

// Heading begins a section; it is never left alone at the foot of a page.
func (d *Document) Heading(title string) {
	next := len(d.parts) + 1
	d.add(func(s *sheet) {
		whole := 0.0
		if next < len(d.parts) {
			whole = d.parts[next].whole
		}
		s.heading(title, whole)
	})
}

// Text is paragraphs, parted by line ends.
func (d *Document) Text(paragraphs string) {
	d.add(func(s *sheet) {
		for p := range strings.SplitSeq(paragraphs, "\n") {
			s.paragraph(p, bodySize, "")
		}
	})
}

// Small is Text in small print.
func (d *Document) Small(paragraphs string) {
	d.add(func(s *sheet) {
		for p := range strings.SplitSeq(paragraphs, "\n") {
			s.paragraph(p, smallSize, "")
		}
	})
}

// Strong is a bold paragraph.
func (d *Document) Strong(paragraph string) {
	d.add(func(s *sheet) { s.paragraph(paragraph, bodySize, "B") })
}

// Rows are names on the left and values on the right, with hair lines between.
func (d *Document) Rows(rows ...Row) { d.add(func(s *sheet) { s.rows(rows) }) }

// Grid sets rows in boxes, columns beside each other, the name small above the
// value, as on a form.
func (d *Document) Grid(columns int, rows ...Row) {
	d.add(func(s *sheet) { s.grid(max(1, columns), rows) })
}

// Table sets a table.
func (d *Document) Table(t Table) { d.add(func(s *sheet) { s.table(t) }) }

// PageBreak goes on on a new page.
func (d *Document) PageBreak() { d.add(func(s *sheet) { s.pdf.AddPage() }) }

// Room goes on on a new page where the page has fewer millimetres left: what
// follows stays together.
func (d *Document) Room(millimetres float64) { d.add(func(s *sheet) { s.room(millimetres) }) }

// Signatures are lines to sign on, kept together on one page.
func (d *Document) Signatures(lines ...Signature) { d.add(func(s *sheet) { s.signatures(lines) }) }

// QR puts a code, 36 mm wide, into the lower right corner of the page that was
// come to, and the caption's lines to the left of it; what follows goes on on
// the next page.
func (d *Document) QR(content string, caption ...string) {
	code, err := encodeQR(content)
	if err != nil {
		d.err = err
		return
	}
	d.add(func(s *sheet) { s.qr(&qrPart{code, caption}) })
}

// PDF sets the document. It is set twice: the first time tells how many pages
// there are, which stands at the foot of each, and which face the text asks for.
func (d *Document) PDF() ([]byte, error) {
	if d.err != nil {
		return nil, d.err
	}
	in := usual
	first, err := d.set(0, in())
	if err == nil && first.signs {
		in = withSigns
		first, err = d.set(0, in())
	}
	if err != nil {
		return nil, err
	}
	second, err := d.set(first.pdf.PageCount(), in())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := second.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return withTags(out.Bytes(), second.root, second.marks)
}

func (d *Document) set(total int, in face) (*sheet, error) {
	s := newSheet(d.options, total, in)
	for _, p := range d.parts {
		p.set(s)
	}
	if err := s.pdf.Error(); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return s, nil
}

func newSheet(o Options, total int, in face) *sheet {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	at := o.At.UTC()
	pdf.SetCreationDate(at)
	pdf.SetModificationDate(at)
	pdf.SetTitle(plain(strings.TrimSpace(o.Title+" "+o.Number)), true)
	pdf.SetAuthor(plain(o.Issuer), true)
	pdf.SetCreator("Sanarip", true)
	pdf.SetProducer("Sanarip", true)
	pdf.SetLang(string(o.Lang))
	pdf.SetMargins(left, top, right)
	pdf.SetAutoPageBreak(false, foot)
	pdf.SetCellMargin(0)
	pdf.AddUTF8FontFromBytes(family, "", in.regular)
	pdf.AddUTF8FontFromBytes(family, "B", in.bold)
	s := &sheet{pdf: pdf, options: o, total: total, root: &tag{kind: "Document"}}
	pdf.SetHeaderFunc(s.header)
	pdf.SetFooterFunc(s.footer)
	pdf.AddPage()
	return s
}
