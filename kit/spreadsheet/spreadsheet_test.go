package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func parts(t *testing.T, file []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for in := xml.NewDecoder(bytes.NewReader(data)); ; {
			if _, err := in.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s is no XML: %v", f.Name, err)
			}
		}
		all[f.Name] = string(data)
	}
	return all
}

func TestCellsAreWhatTheySay(t *testing.T) {
	s := Sheet{Name: "Акт [1]: 2026/11", Columns: []Column{{Label: "№", Text: true}, {Label: "Сумма", Width: 20}}, Rows: [][]any{
		{"00000011895017426", Tyiyn(1999613)},
		{"=1+1 <&>\x00", Tyiyn(-5)},
		{"", 7},
		{"x", int64(8)},
	}}
	file, err := s.XLSX()
	if err != nil {
		t.Fatal(err)
	}
	all := parts(t, file)
	sheet := all["xl/worksheets/sheet1.xml"]
	for _, want := range []string{
		`<c r="A2" s="0" t="inlineStr"><is><t xml:space="preserve">00000011895017426</t>`, // seventeen digits stay text
		`<c r="B2" s="2"><v>19996.13</v>`, `<v>-0.05</v>`, `=1+1 &lt;&amp;&gt;`, `<c r="B4" s="3"><v>7</v>`, `<v>8</v>`,
		`<col min="1" max="1" width="14" style="4" customWidth="1"/><col min="2" max="2" width="20" customWidth="1"/>`, // what is typed there, too
	} {
		if !strings.Contains(sheet, want) {
			t.Errorf("%s is not in %s", want, sheet)
		}
	}
	if format := strings.Split(all["xl/styles.xml"], "<xf ")[styleText+2]; !strings.HasPrefix(format, `numFmtId="49"`) { // text: ECMA-376, part 1, 18.8.30
		t.Errorf("the format of texts is %s", format)
	}
	if strings.Contains(sheet, "<f>") || !strings.Contains(all["xl/workbook.xml"], `name="Акт  1   2026 11"`) || len(all) != 6 {
		t.Errorf("%v", all["xl/workbook.xml"])
	}
	again, err := s.XLSX()
	if err != nil || !bytes.Equal(file, again) {
		t.Error("the same sheet gave other bytes")
	}
	if _, err := (Sheet{Rows: [][]any{{1.5}}}).XLSX(); err == nil {
		t.Error("a floating number was taken")
	}
}

func TestColumnsAreNamedAsInOfficePrograms(t *testing.T) {
	for i, want := range map[int]string{0: "A1", 25: "Z1", 26: "AA1", 51: "AZ1", 52: "BA1", 701: "ZZ1", 702: "AAA1"} {
		if got := reference(i, 1); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}
