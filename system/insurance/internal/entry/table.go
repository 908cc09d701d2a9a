package entry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Bounds of a table of cases.
const (
	mostLines   = 100     // cases
	mostRows    = 1000    // rows, with those that continue a case
	mostTable   = 2 << 20 // bytes of the file
	mostCarried = 4 << 20 // bytes of checked rows on their way from page to page
)

const numberDigits = 17 // of form 066/у

// tableColumn is a column of the table: a field of the form, the key of its head
// and how its cells are read.
type tableColumn struct {
	field, key string
	read       func(words func(string) text.Words, cell string) (string, bool)
	values     []string // keys of what may stand in it, where that is a list
	text       bool     // codes and words, of which an office program makes no number
	more       string   // the list that a cell adds one to, "" for what a case has once
	is         standing // of a diagnosis
}

var yes, no = []string{"1", "+", "да", "ооба", "yes", "true"}, []string{"", "0", "-", "нет", "жок", "no", "false"}

func choice(prefix string, codes ...string) tableColumn {
	c := tableColumn{read: func(words func(string) text.Words, cell string) (string, bool) {
		if cell == "" {
			return "", true
		}
		for _, code := range codes {
			for _, word := range []string{code, words(prefix + code).KY, words(prefix + code).RU, words(prefix + code).EN} {
				short, _, _ := strings.Cut(word, " (") // «Общая (наркоз)» is typed «Общая» too
				if typed := folded(cell); typed == folded(word) || typed == folded(short) {
					return code, true
				}
			}
		}
		return "", false
	}}
	for _, code := range codes {
		c.values = append(c.values, prefix+code)
	}
	return c
}

func as(field, key string, c tableColumn) tableColumn { c.field, c.key = field, key; return c }

// more is a column whose cells, in rows beneath, add to a list of the case.
func more(list, member, key string, c tableColumn) tableColumn {
	c.more = list
	return as(member, key, c)
}

// standing is the stage and the rank that a column of diagnoses is for.
type standing struct{ stage, rank string }

// diagnosed is the column of diagnoses of the stage and rank, whose key is made of
// both.
func diagnosed(stage, rank string) tableColumn {
	c := more(rowDiagnosis, stage+"_"+rank, "insurance.table.dx_"+stage+"_"+rank, plainCell)
	c.is = standing{stage, rank}
	return c
}

// Kinds of cells.
var (
	plainCell = tableColumn{text: true, read: func(_ func(string) text.Words, cell string) (string, bool) { return cell, true }}
	// The number of a form has seventeen digits, of which an office program that
	// takes it for a number drops the zeros in front.
	numberCell = tableColumn{text: true, read: func(_ func(string) text.Words, cell string) (string, bool) {
		digits := strings.ReplaceAll(cell, " ", "")
		if n := len(digits); n > 9 && n < numberDigits && strings.Trim(digits, "0123456789") == "" {
			return strings.Repeat("0", numberDigits-n) + digits, true
		}
		return cell, true
	}}
	flagCell = tableColumn{read: func(_ func(string) text.Words, cell string) (string, bool) {
		switch {
		case slices.Contains(yes, folded(cell)):
			return "1", true
		case slices.Contains(no, folded(cell)):
			return "", true
		}
		return "", false
	}}
	dayCell = tableColumn{read: func(_ func(string) text.Words, cell string) (string, bool) {
		return fromSerial(cell, "2006-01-02"), true
	}}
	momentCell = tableColumn{read: func(_ func(string) text.Words, cell string) (string, bool) {
		return fromSerial(cell, "2006-01-02T15:04"), true
	}}
	wardCell = tableColumn{text: true, read: func(_ func(string) text.Words, cell string) (string, bool) {
		if len(cell) == 1 && cell >= "0" && cell <= "9" {
			return "0" + cell, true // an office program takes 05 for 5
		}
		return cell, true
	}}
	regionCell = tableColumn{text: true, read: func(_ func(string) text.Words, cell string) (string, bool) {
		for _, r := range Regions {
			if slices.Contains([]string{r.Code, folded(r.Name.KY), folded(r.Name.RU), folded(r.Name.EN)}, folded(cell)) {
				return r.Code, true
			}
		}
		return cell, true // the rules look at its shape
	}}
)

// tableColumns are in the order of form 066/у. The texts of several are those of
// the page of direct entry.
var tableColumns = []tableColumn{
	as(fieldNumber, "insurance.entry.number", numberCell),
	as(fieldPIN, "insurance.case.pin", plainCell),
	as(fieldName, "insurance.case.name", plainCell),
	as(fieldSex, "insurance.case.sex", choice("insurance.sex.", "female", "male", "unknown")),
	as(fieldBirth, "insurance.case.birth", dayCell),
	as(fieldMother, "insurance.case.mother", plainCell),
	as(fieldOrder, "insurance.case.birth_order", plainCell),
	as(fieldRegion, "insurance.case.region", regionCell),
	as(fieldRural, "insurance.case.rural", flagCell),
	as(fieldInsured, "insurance.case.insured", flagCell),
	as(fieldPolicy, "insurance.case.policy", plainCell),
	as(fieldCategory, "insurance.case.category", choice("insurance.category.", "child", "pensioner", "pregnant", "disabled", "veteran", "low_income")),
	as(fieldReferrer, "insurance.case.referrer", plainCell),
	as(fieldAdmission, "insurance.case.admission", choice("insurance.admission.", "planned", "emergency")),
	as(fieldHours, "insurance.case.hours", plainCell),
	as(fieldAdmitted, "insurance.case.admitted", momentCell),
	as(cell(rowMove, 0, "department"), "insurance.case.department", wardCell),
	more(rowMove, "department", "insurance.table.moved_to", wardCell),
	more(rowMove, "from", "insurance.table.moved_at", momentCell),
	as(fieldDischarged, "insurance.case.discharged", momentCell),
	as(fieldOutcome, "insurance.case.outcome", choice("insurance.outcome.", "discharged", "transferred", "died")),
	as(fieldResult, "insurance.case.result", choice("insurance.result.", "recovered", "improved", "unchanged", "worse")),
	diagnosed("referral", "main"),
	diagnosed("admission", "main"),
	diagnosed("clinical", "main"),
	diagnosed("clinical", "complication"),
	diagnosed("clinical", "comorbid"),
	diagnosed("final", "main"),
	diagnosed("final", "complication"),
	diagnosed("final", "comorbid"),
	diagnosed("postmortem", "main"),
	diagnosed("postmortem", "complication"),
	diagnosed("postmortem", "comorbid"),
	more(rowOperation, "at", "insurance.table.op_at", momentCell),
	more(rowOperation, "code", "insurance.table.op_code", plainCell),
	more(rowOperation, "name", "insurance.table.op_name", plainCell),
	more(rowOperation, "anaesthesia", "insurance.table.op_anaesthesia", choice("insurance.anaesthesia.", "none", "local", "regional", "spinal", "general")),
	more(rowOperation, "complication", "insurance.table.op_complication", plainCell),
	as(fieldDoctor, "insurance.entry.doctor_pin", plainCell),
	as(fieldDoctorName, "insurance.case.doctor", plainCell),
	as(fieldHead, "insurance.entry.head_pin", plainCell),
	as(fieldHeadName, "insurance.case.head", plainCell),
}

// folded is a head or a cell as it is compared: without soft hyphens and breaks.
func folded(s string) string {
	return strings.Join(strings.Fields(text.Fold(strings.ReplaceAll(s, "\u00ad", ""))), " ")
}

// fromSerial is the day that a workbook keeps as a number, counted from
// 30.12.1899, as the layout writes it; what is no such number stays.
func fromSerial(cell, layout string) string {
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil || n < 1 || n > 100_000 || math.IsNaN(n) {
		return cell
	}
	minutes := int(math.Round(n * 24 * 60))
	return time.Date(1899, 12, 30, 0, minutes, 0, 0, time.UTC).Format(layout)
}

// Judged is a row with what the fund would say of it, or has said.
type Judged struct {
	Line     int
	At       map[string]place // of lists: where in the file the field stood
	Draft    Draft
	Number   string // of the form, whole once it is known
	Cells    []fail.Finding
	Decision insuranceapi.Decision
	CaseID   string // the fund has it: sent now, or the same before
	Before   bool   // the same form came before
}

// Good says that the row may be sent, or is.
func (j Judged) Good() bool {
	return j.CaseID != "" || len(j.Cells) == 0 && j.Decision.State == insuranceapi.Accepted
}

// Judge checks the rows as the page of direct entry does; nothing is written.
// names puts in the names of those who signed.
func (k Desk) Judge(ctx context.Context, all []tableRow, by Clerk, names func(*page.Form)) ([]Judged, error) {
	seen := map[string]int{}
	var judged []Judged
	for _, row := range all {
		form := page.NewForm()
		for name, value := range row.Values {
			form.Set(name, value)
		}
		for i := range mostDiagnoses { // words too, of which the classification makes codes
			name := cell(rowDiagnosis, i, "code")
			form.Set(name+"_text", form.Get(name))
		}
		names(form)
		if err := k.Understand(ctx, form); err != nil {
			return nil, err
		}
		d := Draft{Organisation: by.Hospital, Values: Kept(form)}
		form = d.Form()
		form.Findings = row.Wrong
		c, decision, err := k.Check(ctx, d, form)
		if err != nil {
			return nil, err
		}
		j := Judged{Line: row.Line, At: row.Cells, Draft: d, Number: c.Number, Cells: form.Findings, Decision: decision}
		if first := seen[c.Number]; first > 0 && c.Number != "" {
			j.Cells = append(j.Cells, fail.Finding{Field: fieldNumber, Key: "insurance.table.double_number", Args: fail.Args("Row", first)})
		} else {
			seen[c.Number] = row.Line
		}
		if len(j.Cells) == 0 {
			if j.CaseID, err = k.Fund.Same(ctx, c, treated.ByHand); err != nil {
				return nil, err
			}
			j.Before = j.CaseID != ""
		}
		judged = append(judged, j)
	}
	return judged, nil
}

// SendTable hands in the rows that nothing is wrong with. The same rows again
// change nothing: the fund has one case for a form.
func (k Desk) SendTable(ctx context.Context, all []tableRow, by Clerk, names func(*page.Form)) ([]Judged, error) {
	judged, err := k.Judge(ctx, all, by, names)
	if err != nil {
		return nil, err
	}
	for i, j := range judged {
		if !j.Good() || j.CaseID != "" {
			continue
		}
		form := j.Draft.Form()
		decision, sent, err := k.hand(ctx, j.Draft, form, by)
		if err != nil {
			return nil, err
		}
		judged[i].Decision, judged[i].Cells = decision, form.Findings
		if sent {
			judged[i].CaseID = decision.CaseID
		}
	}
	return judged, nil
}

// carry packs rows for the page that shows what is wrong with them, and carried
// unpacks them: nothing is kept on the server before it is sent.
func carry(all []tableRow) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(all); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func carried(packed string) ([]tableRow, error) {
	bad := fail.New(fail.BadRequest, "kit.bad_request")
	data, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil, bad
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, bad
	}
	plain, err := io.ReadAll(io.LimitReader(z, mostCarried+1))
	var all []tableRow
	if err != nil || len(plain) > mostCarried || json.Unmarshal(plain, &all) != nil || len(all) > mostLines {
		return nil, bad
	}
	for _, row := range all {
		if len(row.ID) != len(id.New()) || strings.Trim(row.ID, "0123456789abcdef-") != "" {
			return nil, bad
		}
	}
	return all, nil
}

// emptyTable is the head of the table, to be filled in.
func emptyTable(words func(string) text.Words, l text.Lang) spreadsheet.Sheet {
	s := spreadsheet.Sheet{Name: "066"}
	for _, c := range tableColumns {
		s.Columns = append(s.Columns, spreadsheet.Column{Label: strings.ReplaceAll(words(c.key).In(l), "\u00ad", ""), Width: 22, Text: c.text})
	}
	return s
}
