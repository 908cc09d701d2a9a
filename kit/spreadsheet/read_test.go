package spreadsheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func book(t testing.TB, sheet string, more ...string) []byte {
	t.Helper()
	var file bytes.Buffer
	z := zip.NewWriter(&file)
	parts := append([]string{
		"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="x" sheetId="1" r:id="rId7"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId7" Target="worksheets/first.xml"/></Relationships>`,
		"xl/worksheets/first.xml", sheet,
	}, more...)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(parts[i+1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	file, err := Sheet{Columns: []Column{{Label: "ПИН"}, {Label: "Күнү"}}, Rows: [][]any{{"21209196000217", 46340}, {"", ""}, {"=x", 7}}}.XLSX()
	if err != nil {
		t.Fatal(err)
	}
	lines, err := Read(file, 10)
	want := []Line{{1, []string{"ПИН", "Күнү"}}, {2, []string{"21209196000217", "46340"}}, {4, []string{"=x", "7"}}}
	if err != nil || !reflect.DeepEqual(lines, want) {
		t.Errorf("%v, %v", lines, err)
	}
	lines, err = Read(book(t, `<worksheet><sheetData><row><c t="s"><v>1</v></c><c r="C1"><v>2.1209196000217E13</v></c></row><row r="9"><c r="B9" t="b"><v>1</v></c></row></sheetData></worksheet>`,
		"xl/sharedStrings.xml", `<sst><si><t>а</t></si><si><r><t>Айгүл </t></r><r><t>М.</t></r></si></sst>`), 10)
	want = []Line{{1, []string{"Айгүл М.", "", "21209196000217"}}, {9, []string{"", "1"}}}
	if err != nil || !reflect.DeepEqual(lines, want) {
		t.Errorf("%v, %v", lines, err)
	}
	for _, comma := range []string{";", ",", "\t"} {
		lines, err = Read([]byte("\ufeffа"+comma+"б\r\n\r\n'0001"+comma+"\"в\nг\"\r\n"), 10)
		want = []Line{{1, []string{"а", "б"}}, {3, []string{"0001", "в\nг"}}}
		if err != nil || !reflect.DeepEqual(lines, want) {
			t.Errorf("%q: %v, %v", comma, lines, err)
		}
	}
}

func TestHostileFilesAreRefused(t *testing.T) {
	row := func(cell string) string {
		return "<worksheet><sheetData><row>" + cell + "</row></sheetData></worksheet>"
	}
	for name, is := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":           {nil, ErrKind},
		"windows-1251":      {[]byte("\xcf\xc8\xcd;1\r\n"), ErrKind},
		"UTF-16":            {[]byte("\xff\xfea\x00;\x00"), ErrKind},
		"an old .xls":       {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ErrKind},
		"an open quote":     {[]byte("a;\"b\n"), ErrBroken},
		"a formula in CSV":  {[]byte("a;b\n=A1+1;1\n"), ErrFormula},
		"a formula":         {book(t, row(`<c><f>1+1</f><v>2</v></c>`)), ErrFormula},
		"an error value":    {book(t, row(`<c t="e"><v>#REF!</v></c>`)), ErrFormula},
		"a bomb":            {book(t, strings.Repeat(" ", mostPart+1)), ErrTooLarge},
		"a bomb of strings": {book(t, row(""), "xl/sharedStrings.xml", strings.Repeat("<si/>", mostPart/4)), ErrTooLarge},
		"far columns":       {book(t, row(`<c r="XFD1"><v>1</v></c>`)), ErrTooLarge},
		"a long cell":       {[]byte("a;" + strings.Repeat("ж", mostCell+1)), ErrTooLarge},
		"many rows":         {[]byte(strings.Repeat("a;b\n", 11)), ErrTooLarge},
		"many columns":      {[]byte(strings.Repeat(";", mostColumns+1) + "x"), ErrTooLarge},
		"no such string":    {book(t, row(`<c t="s"><v>5</v></c>`)), ErrBroken},
		"no sheet":          {book(t, "<worksheet>"), ErrBroken},
		"no workbook":       {[]byte("PK\x03\x04 nothing"), ErrBroken},
		"entities":          {book(t, `<!DOCTYPE x [<!ENTITY a "b">]>`+row(`<c t="inlineStr"><is><t>&a;</t></is></c>`)), ErrBroken},
	} {
		if lines, err := Read(is.file, 10); !errors.Is(err, is.want) {
			t.Errorf("%s: %v, %v", name, lines, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a;b\n1;2\n"))
	f.Add(book(f, `<worksheet><sheetData><row><c t="inlineStr"><is><t>x</t></is></c><c r="C1"><v>1E3</v></c></row></sheetData></worksheet>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		lines, err := Read(file, 50)
		if len(lines) > 50 || err != nil && lines != nil {
			t.Errorf("%d lines, %v", len(lines), err)
		}
	})
}
