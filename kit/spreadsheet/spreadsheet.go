// Package spreadsheet makes small workbooks of one sheet (Office Open XML, ECMA-376,
// .xlsx) that every office program opens: a bold head that stays in view, text
// as text, whole numbers and amounts as numbers. The same input gives the same
// bytes.
package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// ContentType is the media type of a workbook.
const ContentType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// Tyiyn is an amount of money, shown in som with two places.
type Tyiyn int64

// Sheet is one table. Cells are string, int, int64 or Tyiyn; a string is never
// taken for a formula.
type Sheet struct {
	Name    string // of the tab: at most 31 characters, none of []:*?/\
	Columns []Column
	Rows    [][]any
}

// Column is the head of a column. Width is in characters, 0 for 14. What somebody
// types into a Text column stays as typed: an office program takes no number out
// of it, which would lose leading zeros and all digits past the fifteenth.
type Column struct {
	Label string
	Width int
	Text  bool
}

// Styles of cells, by their place in styles.xml.
const styleHead, styleMoney, styleWhole, styleText = 1, 2, 3, 4

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
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="` + escaped(tab(s.Name)) + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`},
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

func (s Sheet) xml() (string, error) {
	var b strings.Builder
	b.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`)
	if len(s.Columns) > 0 {
		b.WriteString("<cols>")
		for i, c := range s.Columns {
			width := c.Width
			if width == 0 {
				width = 14
			}
			style := ""
			if c.Text {
				style = fmt.Sprintf(` style="%d"`, styleText)
			}
			fmt.Fprintf(&b, `<col min="%d" max="%d" width="%d"%s customWidth="1"/>`, i+1, i+1, width, style)
		}
		b.WriteString("</cols>")
	}
	b.WriteString(`<sheetData><row r="1">`)
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
				writeText(&b, at, value, 0)
			case int:
				fmt.Fprintf(&b, `<c r="%s" s="%d"><v>%d</v></c>`, at, styleWhole, value)
			case int64:
				fmt.Fprintf(&b, `<c r="%s" s="%d"><v>%d</v></c>`, at, styleWhole, value)
			case Tyiyn:
				fmt.Fprintf(&b, `<c r="%s" s="%d"><v>%s</v></c>`, at, styleMoney, value.decimal())
			default:
				return "", fmt.Errorf("spreadsheet: cell %s is a %T", at, cell)
			}
		}
		b.WriteString("</row>")
	}
	b.WriteString("</sheetData></worksheet>")
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

func writeText(b *strings.Builder, at, value string, style int) {
	fmt.Fprintf(b, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, at, style, escaped(value))
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// reference is A1, B1, … AA1.
func reference(column, row int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return fmt.Sprintf("%s%d", name, row)
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
		name = string(r[:31])
	}
	if strings.TrimSpace(name) == "" {
		return "1"
	}
	return name
}
