package price

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
)

// BadRow is a row of a CSV file that cannot be read.
type BadRow struct {
	Line   int
	Reason string
}

// The kinds of rows of a CSV file, each with its columns after the kind. Numbers
// are decimals as on paper: 18500.00 som, a weight of 1.0850.
var csvColumns = map[string]string{
	"table":      "id name_ky name_ru name_en source from until base_rate demo",
	"category":   "code",
	"group":      "code weight diagnoses operation complication age_from age_until name_ky name_ru name_en",
	"adjustment": "id kind value insured rural categories age_from age_until name_ky name_ru name_en",
}

// mostRows bounds a file.
const mostRows = 20_000

// ReadCSV reads one table: rows separated by semicolons (or commas), the first
// cell of each its kind. A row whose first cell is # is a remark. A table row
// without a first day is a table for comparing only.
func ReadCSV(in io.Reader) (Table, []BadRow, error) {
	data, err := io.ReadAll(io.LimitReader(in, 8<<20))
	if err != nil {
		return Table{}, nil, err
	}
	whole := strings.TrimPrefix(string(data), "\ufeff")
	rows := csv.NewReader(strings.NewReader(whole))
	rows.FieldsPerRecord, rows.TrimLeadingSpace = -1, true
	if first, _, _ := strings.Cut(whole, "\n"); strings.Contains(first, ";") {
		rows.Comma = ';'
	}
	t := Table{Categories: []string{}}
	var bad []BadRow
	tables := 0
	for n := 0; ; n++ {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t, bad, err
		}
		if n >= mostRows {
			return t, bad, fmt.Errorf("more than %d rows", mostRows)
		}
		kind := strings.TrimSpace(cells[0])
		if strings.HasPrefix(kind, "#") || strings.Join(cells, "") == "" {
			continue
		}
		line, _ := rows.FieldPos(0)
		r := csvRow{values: map[string]string{}}
		names := strings.Fields(csvColumns[kind])
		if len(names) == 0 {
			bad = append(bad, BadRow{line, fmt.Sprintf("kind %q is none of table, category, group, adjustment", kind)})
			continue
		}
		for i, name := range names {
			if i+1 < len(cells) {
				r.values[name] = strings.TrimSpace(cells[i+1])
			}
		}
		if kind == "table" {
			tables++
		}
		r.into(&t, kind)
		if r.err != nil {
			bad = append(bad, BadRow{line, r.err.Error()})
		}
	}
	if tables != 1 {
		return t, bad, fmt.Errorf("a file holds one row of kind table, this one %d", tables)
	}
	if len(bad) > 0 {
		return t, bad, nil
	}
	return t, nil, t.check()
}

type csvRow struct {
	values map[string]string
	err    error
}

func (r *csvRow) into(t *Table, kind string) {
	name := text.Words{KY: r.values["name_ky"], RU: r.values["name_ru"], EN: r.values["name_en"]}
	if l := unnamed(name); l != "" && kind != "category" {
		r.fail("name_" + string(l))
	}
	switch kind {
	case "table":
		t.ID, t.Name, t.Source, t.Demo = r.values["id"], name, r.values["source"], r.values["demo"] == "yes"
		t.From, t.Until, t.BaseRate = r.day("from"), r.day("until"), r.scaled("base_rate", 100)
		t.Trial = t.From.IsZero()
	case "category":
		t.Categories = append(t.Categories, r.values["code"])
	case "group":
		operation, codes := r.operation()
		t.Groups = append(t.Groups, Group{
			Code: r.values["code"], Name: name, Weight: r.scaled("weight", one), Diagnoses: r.spans(),
			Operation: operation, Operations: codes, Complication: r.yesNo("complication"), AgeFrom: r.age("age_from"), AgeUntil: r.age("age_until"),
		})
	case "adjustment":
		a := Adjustment{
			ID: r.values["id"], Name: name, Kind: r.values["kind"], Insured: r.yesNo("insured"), Rural: r.yesNo("rural"),
			AgeFrom: r.age("age_from"), AgeUntil: r.age("age_until"),
		}
		if list := r.values["categories"]; list != "" {
			for c := range strings.SplitSeq(list, "|") { // "none" is who has no category
				a.Categories = append(a.Categories, strings.TrimPrefix(strings.TrimSpace(c), "none"))
			}
		}
		scale := int64(one)
		if a.Kind == "amount" {
			scale = 100
		}
		a.Value = r.scaled("value", scale)
		t.Adjustments = append(t.Adjustments, a)
	}
}

func (r *csvRow) fail(name string) {
	if r.values[name] == "" {
		r.err = errors.Join(r.err, fmt.Errorf("%s is missing", name))
		return
	}
	r.err = errors.Join(r.err, fmt.Errorf("%s %q cannot be read", name, r.values[name]))
}

func (r *csvRow) day(name string) clock.Date {
	if r.values[name] == "" {
		return clock.Date{}
	}
	d, ok := clock.ParseDate(r.values[name])
	if !ok {
		r.fail(name)
	}
	return d
}

func (r *csvRow) age(name string) int {
	if r.values[name] == "" {
		return 0
	}
	n, err := strconv.Atoi(r.values[name])
	if err != nil || n < 0 || n > 150 {
		r.fail(name)
	}
	return n
}

func (r *csvRow) yesNo(name string) string {
	switch v := r.values[name]; v {
	case "", "yes", "no":
		return v
	default:
		r.fail(name)
		return ""
	}
}

// operation is yes or no, or codes of operations, one of which was done.
func (r *csvRow) operation() (yesNo string, codes []string) {
	value := r.values["operation"]
	if value == "" || value == "yes" || value == "no" {
		return value, nil
	}
	for typed := range strings.FieldsSeq(strings.ReplaceAll(value, ",", " ")) {
		codes = append(codes, procedure.CodeOf(typed))
	}
	if !operations(codes) {
		r.fail("operation")
	}
	return "", codes
}

func (r *csvRow) spans() []string {
	var list []string
	for span := range strings.FieldsSeq(strings.ReplaceAll(r.values["diagnoses"], ",", " ")) {
		if !spans([]string{span}) {
			r.fail("diagnoses")
		}
		list = append(list, span)
	}
	return list
}

// category is a three-character category of ICD-10.
func category(s string) bool {
	return len(s) == 3 && s[0] >= 'A' && s[0] <= 'Z' && strings.Trim(s[1:], "0123456789") == ""
}

// scaled reads a decimal as a whole number of scale-ths, exactly: no digit more
// than there is place for.
func (r *csvRow) scaled(name string, scale int64) int64 {
	value := strings.NewReplacer(" ", "", "\u00a0", "", ",", ".").Replace(r.values[name])
	digits, negative := strings.CutPrefix(value, "-")
	before, after, _ := strings.Cut(digits, ".")
	places := len(strconv.FormatInt(scale, 10)) - 1
	if len(before) > 12 || len(after) > places || before == "" {
		r.fail(name)
		return 0
	}
	n, err := strconv.ParseInt(before+after+strings.Repeat("0", places-len(after)), 10, 64)
	if err != nil || n < 0 {
		r.fail(name)
		return 0
	}
	if negative {
		return -n
	}
	return n
}
