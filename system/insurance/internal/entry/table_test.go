package entry_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/entry"
)

func words(key string) text.Words { return text.Same(key) }

// Heads may be in any language, days numbers of a workbook or written; a file that
// cannot be told is refused as a whole, with the reason.
func TestATableIsReadByItsHeads(t *testing.T) {
	rows, err := entry.ReadTable([]byte("number;Insurance.Case.Sex ;birth_date;admitted_at;mv0_department;rural;region\n118;insurance.sex.male;22233;46340,5;5;да;г. Бишкек\n"), words)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%+v, %v", rows, err)
	}
	want := map[string]string{"number": "118", "sex": "male", "birth_date": "1960-11-13", "admitted_at": "46340,5", "mv0_department": "05", "rural": "1", "region": "41711000000000"}
	for name, value := range want {
		if rows[0].Values[name] != value {
			t.Errorf("%s is %q", name, rows[0].Values[name])
		}
	}
	if rows, err = entry.ReadTable([]byte("admitted_at\n46336.395833333336\n"), words); err != nil || rows[0].Values["admitted_at"] != "2026-11-10T09:30" {
		t.Errorf("%+v, %v", rows, err)
	}
	// An office program takes the number for one, and drops what stands in front.
	for cell, number := range map[string]string{"11895017426": "00000011895017426", "0000001 18 950174 26": "0000001 18 950174 26"} {
		if rows, err = entry.ReadTable([]byte("number\n"+cell+"\n"), words); err != nil || rows[0].Values["number"] != number {
			t.Errorf("%s: %+v, %v", cell, rows, err)
		}
	}
	for file, key := range map[string]string{
		"\xff\xfe":                               "insurance.table.kind",
		"number\n=A1\n":                          "insurance.table.formula",
		"number\n\"1":                            "insurance.table.broken",
		"number\n":                               "insurance.table.empty",
		"nummer\n1\n":                            "insurance.table.unknown_column",
		"number;number\n1;2\n":                   "insurance.table.double_column",
		"number;\n1;2\n":                         "insurance.table.no_head",
		"number\n" + strings.Repeat("1\n", 1001): "insurance.table.large",
	} {
		_, err := entry.ReadTable([]byte(file), words)
		if e := fail.As(err); e == nil || len(e.Findings) != 1 || e.Findings[0].Key != key {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// MC-6: a row that continues the one above adds a department, diagnoses and an
// operation; it has that one's number or none, and nothing of what a case has once.
func TestARowBeneathContinuesACase(t *testing.T) {
	const head = "number;name;admitted_at;mv0_department;moved_department;moved_from;diagnosis_final_main;diagnosis_final_comorbid;diagnosis_admission_main;operation_at;operation_code;operation_name\n"
	rows, err := entry.ReadTable([]byte(head+
		"1;А;10.11.2026 9:00;5;18;12.11.2026 8:00;J18.0;I10;J18.9;11.11.2026 10:00;A1;\n"+
		"1;;;;7;13.11.2026 8:00;;E11.9;;;;\n"+
		";;;;;;;N18.9;;12.11.2026 10:00;;Шов\n"+
		"1;;;;;;J15.9;;;;;\n"+
		"2;Б;10.11.2026 9:00;5;;;J18.0;;J18.9;;;\n"+
		"2;Б;;;;;;I10;;;;\n"+ // names the patient again: a row of its own, whose number is double
		"3;В;;;;;;;;;;\n"+
		"1;;;;;;;I10;;;;\n"), words) // not beneath its case
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	want := map[string]string{
		"number": "1", "name": "А", "mv0_department": "05", "mv1_department": "18", "mv1_from": "12.11.2026 8:00", "mv2_department": "07", "mv2_from": "13.11.2026 8:00",
		"dx0_code": "J18.9", "dx0_stage": "admission", "dx1_code": "J18.0", "dx1_stage": "final", "dx1_rank": "main",
		"dx2_code": "I10", "dx2_rank": "comorbid", "dx3_code": "E11.9", "dx3_stage": "final", "dx4_code": "N18.9", "dx5_code": "J15.9", "dx5_rank": "main", "dx6_code": "",
		"op0_at": "11.11.2026 10:00", "op0_code": "A1", "op0_name": "", "op1_at": "12.11.2026 10:00", "op1_name": "Шов", "op2_at": "", "mv3_department": "",
	}
	for field, value := range want {
		if rows[0].Values[field] != value {
			t.Errorf("%s is %q, not %q", field, rows[0].Values[field], value)
		}
	}
	for field, line := range map[string]int{"dx0_code": 2, "mv2_department": 3, "dx3_code": 3, "dx4_code": 4, "op1_at": 4, "dx5_code": 5} {
		if rows[0].Cells[field].Line != line {
			t.Errorf("%s stood in row %d", field, rows[0].Cells[field].Line)
		}
	}
	for i, line := range []int{2, 6, 7, 8, 9} {
		if rows[i].Line != line {
			t.Errorf("case %d begins in row %d", i, rows[i].Line)
		}
	}
	// As many as the form has, and one more.
	many := "number;operation_name\n1;Шов\n" + strings.Repeat(";Шов\n", 29)
	for more, wrong := range map[string]int{"": 0, ";Шов\n": 1} {
		rows, err := entry.ReadTable([]byte(many+more), words)
		if err != nil || len(rows) != 1 || len(rows[0].Wrong) != wrong || rows[0].Values["op29_name"] != "Шов" {
			t.Errorf("%d rows, %+v, %v", len(rows), rows[0].Wrong, err)
		}
	}
	// A hundred cases of ten rows, and one case or one row more.
	full := "number;operation_name\n" + strings.Repeat("1;Шов\n;Шов\n;Шов\n;Шов\n;Шов\n;Шов\n;Шов\n;Шов\n;Шов\n;Шов\n", 100)
	full = numbered(full)
	if rows, err := entry.ReadTable([]byte(full), words); err != nil || len(rows) != 100 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	for what, file := range map[string]string{"a row": full + ";Шов\n", "a case": "number\n" + numbered(strings.Repeat("1;\n", 101))} {
		_, err := entry.ReadTable([]byte(file), words)
		if e := fail.As(err); e == nil || len(e.Findings) != 1 || e.Findings[0].Key != "insurance.table.large" {
			t.Errorf("%s more: %v", what, err)
		}
	}
	// A continuation has its own words for what it cannot be.
	rows, err = entry.ReadTable([]byte("number;operation_anaesthesia\n1;\n1;хлороформ\n"), words)
	if err != nil || len(rows) != 1 || len(rows[0].Wrong) != 1 || rows[0].Wrong[0].Field != "op0_anaesthesia" || rows[0].Cells["op0_anaesthesia"].Line != 3 {
		t.Errorf("%+v, %v", rows, err)
	}
}

// numbered gives each "1;" at the beginning of a line a number of its own.
func numbered(file string) string {
	lines := strings.Split(file, "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "1;"); ok {
			lines[i] = fmt.Sprint(i) + ";" + rest
		}
	}
	return strings.Join(lines, "\n")
}
