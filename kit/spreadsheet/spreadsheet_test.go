package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
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
		`<c r="A2" s="4" t="inlineStr"><is><t xml:space="preserve">00000011895017426</t>`, // seventeen digits stay text
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

// Days and moments are numbers that an office program sorts, filters and shows as
// such; the head stays in view, filters and stands on each printed page.
func TestDaysAreDays(t *testing.T) {
	s := Sheet{Name: "066/у", Columns: []Column{{Label: "Күнү"}, {Label: "Выписан"}, {Label: "%"}}, Rows: [][]any{
		{clock.Date{Year: 2026, Month: 11, Day: 22}, time.Date(2026, 11, 22, 15, 36, 59, 0, time.UTC), Tenths(123)},
		{clock.Date{}, time.Time{}, Tenths(-5)},
		{clock.Date{Year: 1931, Month: 3, Day: 1}, time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC), Tenths(0)}, // midnight in Bishkek
		{"", "Итого", Tenths(118)},
	}, Total: true}
	file, err := s.XLSX()
	if err != nil {
		t.Fatal(err)
	}
	all := parts(t, file)
	sheet := all["xl/worksheets/sheet1.xml"]
	for _, want := range []string{
		// 46348 is 22 November 2026 in every office program (1 January 2026 is 46023); 21:36 is nine tenths of a day.
		`<c r="A2" s="5"><v>46348</v></c><c r="B2" s="6"><v>46348.900000000</v></c><c r="C2" s="7"><v>12.3</v></c>`,
		`<row r="3"><c r="C3" s="7"><v>-0.5</v></c></row>`,
		`<c r="A4" s="5"><v>11383</v></c><c r="B4" s="6"><v>46349.000000000</v></c>`,
		`</sheetData><autoFilter ref="A1:C4"/>`, `state="frozen"`, `fitToWidth="1" fitToHeight="0"`, `orientation="landscape"`,
	} {
		if !strings.Contains(sheet, want) {
			t.Errorf("%s is not in %s", want, sheet)
		}
	}
	if book := all["xl/workbook.xml"]; !strings.Contains(book, `hidden="1">&#39;066 у&#39;!$A$1:$C$4<`) && !strings.Contains(book, `hidden="1">'066 у'!$A$1:$C$4<`) || !strings.Contains(book, `'!$1:$1<`) {
		t.Error(book)
	}
	formats := strings.Split(all["xl/styles.xml"], "<xf ")
	for style, want := range map[int]string{styleDay: "164", styleMoment: "165", styleTenths: "166"} {
		if !strings.HasPrefix(formats[style+2], `numFmtId="`+want+`"`) {
			t.Errorf("style %d is %s", style, formats[style+2])
		}
	}
	data, err := s.CSV()
	if err != nil || !strings.HasSuffix(string(data), "22.11.2026;22.11.2026 21:36;12,3\r\n;;-0,5\r\n01.03.1931;23.11.2026 00:00;0,0\r\n;Итого;11,8\r\n") {
		t.Errorf("%q, %v", data, err)
	}
	for label, want := range map[string]int{"Код": 1, "Возвращено фондом, не исправлено": 3, "Поступление внесено с опозданием": 3, "Превысокомногорассмотрительствующий": 1} {
		if got := (Sheet{Columns: []Column{{Label: label}}}).headLines(); got != want {
			t.Errorf("%s takes %d lines of the head, want %d", label, got, want)
		}
	}
	for label, want := range map[string]int{"Код": 14, "Госпитализировано": 22, "Койко-дней": 14} { // no word is broken
		if got := (Column{Label: label}).width(); got != want {
			t.Errorf("the column %s is %d wide, want %d", label, got, want)
		}
	}
	for name, want := range map[string]string{
		"Оснащённость и кадры 2026-11-24": "Оснащённость и кадры 2026-11-24", "Жабдуулар жана кызматкерлер жөнүндө": "Жабдуулар жана кызматкерлер",
		strings.Repeat("а", 40): strings.Repeat("а", 31), "": "1",
	} {
		if got := tab(name); got != want {
			t.Errorf("the tab of %q is %q, want %q", name, got, want)
		}
	}
	empty, err := Sheet{Columns: s.Columns}.XLSX()
	if err != nil || strings.Contains(parts(t, empty)["xl/worksheets/sheet1.xml"], "autoFilter") {
		t.Error("there is nothing to filter", err)
	}
}

func TestColumnsAreNamedAsInOfficePrograms(t *testing.T) {
	for i, want := range map[int]string{0: "A1", 25: "Z1", 26: "AA1", 51: "AZ1", 52: "BA1", 701: "ZZ1", 702: "AAA1"} {
		if got := reference(i, 1); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
}
