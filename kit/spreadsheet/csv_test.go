package spreadsheet

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

func TestCSVRunsNoFormula(t *testing.T) {
	var file bytes.Buffer
	out, err := NewCSV(&file, []Column{{Label: "Имя"}, {Label: "Сом"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`=HYPERLINK("http://x","y")`, "+1", "-1", "@SUM(A1)", "\t=1", "|calc", "＝1+1", "＠SUM(A1)"} {
		if err := out.Row(text, Tyiyn(-105)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Row("Асанова; \"А\"\nМ", 7); err != nil {
		t.Fatal(err)
	}
	// What is only digits runs nothing: another program reads it as it is.
	if err := out.Row("00000011895017426", 8); err != nil {
		t.Fatal(err)
	}
	if err := out.Row(1.5); err == nil {
		t.Error("a floating number was taken")
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(file.String(), "\ufeffИмя;Сом\r\n") {
		t.Errorf("%q", file.String()[:20])
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.String(), "\ufeff")))
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil || len(rows) != 11 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:9] {
		if !strings.HasPrefix(row[0], "'") || row[1] != "-1,05" {
			t.Errorf("%q", row)
		}
	}
	if rows[9][0] != "Асанова; \"А\"\nМ" || rows[9][1] != "7" {
		t.Errorf("%q", rows[9])
	}
	if rows[10][0] != "00000011895017426" {
		t.Errorf("the number is written as %q", rows[10][0])
	}
}
