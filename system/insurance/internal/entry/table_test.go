package entry_test

import (
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
		"\xff\xfe":                              "insurance.table.kind",
		"number\n=A1\n":                         "insurance.table.formula",
		"number\n\"1":                           "insurance.table.broken",
		"number\n":                              "insurance.table.empty",
		"nummer\n1\n":                           "insurance.table.unknown_column",
		"number;number\n1;2\n":                  "insurance.table.double_column",
		"number;\n1;2\n":                        "insurance.table.no_head",
		"number\n" + strings.Repeat("1\n", 101): "insurance.table.large",
	} {
		_, err := entry.ReadTable([]byte(file), words)
		if e := fail.As(err); e == nil || len(e.Findings) != 1 || e.Findings[0].Key != key {
			t.Errorf("%q: %v", file, err)
		}
	}
}
