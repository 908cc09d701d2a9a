// Package spreadsheet makes small workbooks of one sheet (Office Open XML, ECMA-376,
// .xlsx) that every office program opens: a bold head that stays in view and
// filters, text as text, whole numbers and amounts as numbers, days and moments as
// such. It prints A4 across, on as many pages side by side as can be read, the head
// on each. The same input gives the same bytes.
package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/clock"
)

// ContentType is the media type of a workbook.
const ContentType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// Tyiyn is an amount of money, shown in som with two places.
type Tyiyn int64

// Sheet is one table. Cells are string, int, int64, Tyiyn, Tenths, clock.Date or
// time.Time; a string is never taken for a formula. A day or a moment that is zero
// is an empty cell; a moment is shown to the minute, in Bishkek.
type Sheet struct {
	Name    string // of the tab: at most 31 characters, none of []:*?/\
	Columns []Column
	Rows    [][]any
	Total   bool // the last row sums up the others: a filter leaves it alone
}

// Tenths is a ratio in tenths, shown with one place: 123 is 12,3.
type Tenths int

// Column is the head of a column. Width is in characters, 0 for 14, and never less
// than the longest word of the label: office programs break it anywhere. What somebody
// types into a Text column stays as typed: an office program takes no number out
// of it, which would lose leading zeros and all digits past the fifteenth.
type Column struct {
	Label string
	Width int
	Text  bool
}

// Styles of cells, by their place in styles.xml.
const styleHead, styleMoney, styleWhole, styleText, styleDay, styleMoment, styleTenths = 1, 2, 3, 4, 5, 6, 7

// styles are fonts (1 is bold), and what cells look like: see the places above.
// Format 4 is #,##0.00, 1 is 0, 49 is text (ECMA-376, part 1, 18.8.30).
const styles = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
	`<numFmts count="3"><numFmt numFmtId="164" formatCode="dd\.mm\.yyyy"/><numFmt numFmtId="165" formatCode="dd\.mm\.yyyy\ hh:mm"/><numFmt numFmtId="166" formatCode="0.0"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="8">` +
	`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
	`<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment horizontal="left"/></xf>` +
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment horizontal="left"/></xf>` +
	`<xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`</cellXfs></styleSheet>`

// XLSX makes the workbook.
func (s Sheet) XLSX() ([]byte, error) {
	body, err := s.xml()
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	for _, part := range []struct{ name, content string }{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`},
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="` + escaped(tab(s.Name)) + `" sheetId="1" r:id="rId1"/></sheets>` + s.names() + `</workbook>`},
		{"xl/styles.xml", styles},
		{"xl/worksheets/sheet1.xml", body},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate}) // without a time: the same bytes each time
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(xml.Header + part.content)); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

func (c Column) width() int {
	width := c.Width
	if width == 0 {
		width = 14
	}
	for _, word := range strings.FieldsFunc(c.Label, func(r rune) bool { return r == ' ' || r == '-' }) {
		width = max(width, utf8.RuneCountInString(word)*6/5+2) // bold letters are wider
	}
	return width
}

// headLines is the height of the head in lines: not every program finds it out by
// itself, and cuts off all but the first.
func (s Sheet) headLines() int {
	most := 1
	for _, c := range s.Columns {
		const bold = 2 // characters fewer fit; the mark of the filter takes its place, too
		lines, used := 1, 0
		for word := range strings.FieldsSeq(c.Label) {
			n := utf8.RuneCountInString(word)
			if used > 0 && used+1+n > c.width()-bold {
				lines, used = lines+1, 0
			} else if used > 0 {
				used++
			}
			used += n
		}
		most = max(most, lines)
	}
	return most
}

// across is on how many pages side by side the sheet prints. The line of A4 across
// holds about 150 characters of 11 points; at three fifths of that size, 6.6
// points, print is still read.
func (s Sheet) across() int {
	const line = 250
	width := 0
	for _, c := range s.Columns {
		width += c.width()
	}
	return max(1, (width+line-1)/line)
}

// filtered is the range whose head filters, "" where there is nothing to filter.
func (s Sheet) filtered(dollar string) string {
	last := len(s.Rows) + 1
	if s.Total {
		last--
	}
	if len(s.Columns) == 0 || last < 2 {
		return ""
	}
	return fmt.Sprintf("%[1]sA%[1]s1:%[1]s%[2]s%[1]s%[3]d", dollar, letters(len(s.Columns)-1), last)
}

// names are the range of the filter, by which some programs find it, and the row
// that is printed on each page (ECMA-376, part 1, 18.2.5).
func (s Sheet) names() string {
	sheet := "'" + escaped(tab(s.Name)) + "'!"
	filter := ""
	if area := s.filtered("$"); area != "" {
		filter = `<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">` + sheet + area + `</definedName>`
	}
	titles := sheet + `$1:$1`
	if s.across() > 1 { // what a row is about stands on each page
		titles = sheet + `$A:$A,` + titles
	}
	return `<definedNames>` + filter + `<definedName name="_xlnm.Print_Titles" localSheetId="0">` + titles + `</definedName></definedNames>`
}

func (s Sheet) xml() (string, error) {
	var b strings.Builder
	b.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`)
	if len(s.Columns) > 0 {
		b.WriteString("<cols>")
		for i, c := range s.Columns {
			style := ""
			if c.Text {
				style = fmt.Sprintf(` style="%d"`, styleText)
			}
			fmt.Fprintf(&b, `<col min="%d" max="%d" width="%d"%s customWidth="1"/>`, i+1, i+1, c.width(), style)
		}
		b.WriteString("</cols>")
	}
	fmt.Fprintf(&b, `<sheetData><row r="1" ht="%d" customHeight="1">`, 15*s.headLines())
	for i, c := range s.Columns {
		writeText(&b, reference(i, 1), c.Label, styleHead)
	}
	b.WriteString("</row>")
	for n, row := range s.Rows {
		fmt.Fprintf(&b, `<row r="%d">`, n+2)
		for i, cell := range row {
			at := reference(i, n+2)
			switch value := cell.(type) {
			case string:
				writeText(&b, at, value, styleText) // also when somebody edits it
			case int:
				writeNumber(&b, at, styleWhole, fmt.Sprint(value))
			case int64:
				writeNumber(&b, at, styleWhole, fmt.Sprint(value))
			case Tyiyn:
				writeNumber(&b, at, styleMoney, value.decimal())
			case Tenths:
				writeNumber(&b, at, styleTenths, value.decimal())
			case clock.Date:
				if !value.IsZero() {
					writeNumber(&b, at, styleDay, fmt.Sprint(dayNumber(value)))
				}
			case time.Time:
				if !value.IsZero() {
					writeNumber(&b, at, styleMoment, momentNumber(value))
				}
			default:
				return "", fmt.Errorf("spreadsheet: cell %s is a %T", at, cell)
			}
		}
		b.WriteString("</row>")
	}
	b.WriteString("</sheetData>")
	if area := s.filtered(""); area != "" {
		b.WriteString(`<autoFilter ref="` + area + `"/>`)
	}
	fmt.Fprintf(&b, `<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/><pageSetup paperSize="9" orientation="landscape" fitToWidth="%d" fitToHeight="0" pageOrder="overThenDown"/><headerFooter><oddFooter>&amp;L&amp;A&amp;R&amp;P / &amp;N</oddFooter></headerFooter></worksheet>`, s.across())
	return b.String(), nil
}

// decimal is the amount in som, exactly.
func (t Tyiyn) decimal() string {
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	return fmt.Sprintf("%s%d.%02d", sign, int64(t)/100, int64(t)%100)
}

// decimal is the ratio with its one place, exactly.
func (t Tenths) decimal() string {
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	return fmt.Sprintf("%s%d.%d", sign, int(t)/10, int(t)%10)
}

// firstDay is day 0 of workbooks. It is a day early, so that the days from March
// 1900 on are right although 1900 is taken for a leap year (ECMA-376, part 1,
// 18.17.4.1).
var firstDay = clock.Date{Year: 1899, Month: time.December, Day: 30}

func dayNumber(d clock.Date) int { return firstDay.DaysUntil(d) }

// momentNumber is the day and the part of it that has passed, to the minute, as
// it is shown: seconds that nobody sees would keep a filter from finding it.
func momentNumber(t time.Time) string {
	t = t.In(clock.Bishkek)
	const perDay = 24 * 60
	return fmt.Sprintf("%.9f", float64(dayNumber(clock.DateOf(t)))+float64(t.Hour()*60+t.Minute())/perDay)
}

func writeNumber(b *strings.Builder, at string, style int, value string) {
	fmt.Fprintf(b, `<c r="%s" s="%d"><v>%s</v></c>`, at, style, value)
}

func writeText(b *strings.Builder, at, value string, style int) {
	fmt.Fprintf(b, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, style, escaped(value))
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// reference is A1, B1, … AA1.
func reference(column, row int) string { return fmt.Sprintf("%s%d", letters(column), row) }

// letters name a column, from 0: A … Z, AA ….
func letters(column int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// tab is a name that office programs take.
func tab(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return ' '
		}
		return r
	}, name)
	if r := []rune(name); len(r) > 31 {
		name = string(r[:32])
		if i := strings.LastIndexByte(name, ' '); i > 0 {
			name = name[:i]
		} else {
			name = string(r[:31])
		}
	}
	if strings.TrimSpace(name) == "" {
		return "1"
	}
	return name
}
