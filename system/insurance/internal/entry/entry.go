// Package entry is the direct entry of treated cases (MC-6): an operator of a
// hospital that cannot keep the card types form 066/у in. What is typed is kept
// as a draft on the server; sent, it passes the same checks as a case from the
// exchange.
package entry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Draft is a case being entered.
type Draft struct {
	ID           string
	Organisation string
	Version      int
	Replaces     string // the returned case that is corrected, "" for a first
	CaseID       string // what it became, "" while it is a draft
	Values       map[string]string
	ByPIN        string
	ByName       string
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Names of the fields. Rows of a table are mv0_department, dx2_code, op1_at.
const (
	fieldNumber, fieldRevision                     = "number", "revision"
	fieldPIN, fieldName, fieldSex, fieldBirth      = "pin", "name", "sex", "birth_date"
	fieldMother, fieldOrder                        = "mother", "birth_order"
	fieldRegion, fieldRural                        = "region", "rural"
	fieldInsured, fieldPolicy, fieldCategory       = "insured", "policy", "category"
	fieldAdmission, fieldHours, fieldReferrer      = "admission", "hours", "referrer"
	fieldAdmitted, fieldDischarged                 = "admitted_at", "discharged_at"
	fieldOutcome, fieldResult                      = "outcome", "result"
	fieldDoctor, fieldDoctorName                   = "doctor", "doctor_name"
	fieldHead, fieldHeadName                       = "head", "head_name"
	mostMoves, mostDiagnoses, mostOperations       = 20, 30, 30
	rowMove, rowDiagnosis, rowOperation            = "mv", "dx", "op"
	longName, longText, longCode, longNumber, most = 300, 500, 20, 17, 600
)

var single = []string{
	fieldNumber, fieldRevision, fieldPIN, fieldName, fieldSex, fieldBirth, fieldMother, fieldOrder, fieldRegion, fieldRural, fieldInsured, fieldPolicy, fieldCategory,
	fieldAdmission, fieldHours, fieldReferrer, fieldAdmitted, fieldDischarged, fieldOutcome, fieldResult, fieldDoctor, fieldDoctorName, fieldHead, fieldHeadName,
}

// tables are the rows of the form: their name, members and most of them.
var tables = []struct {
	name    string
	members []string
	most    int
}{
	{rowMove, []string{"department", "from"}, mostMoves},
	{rowDiagnosis, []string{"stage", "rank", "code", "text"}, mostDiagnoses},
	{rowOperation, []string{"at", "code", "name", "anaesthesia", "complication"}, mostOperations},
}

func cell(table string, i int, member string) string { return fmt.Sprintf("%s%d_%s", table, i, member) }

// Kept is what of a sent form is kept: its own fields, bounded and clean.
func Kept(form *page.Form) map[string]string {
	values := map[string]string{}
	keep := func(name string) {
		if value := []rune(page.Clean(form.Get(name))); len(value) > 0 {
			values[name] = string(value[:min(len(value), most)])
		}
	}
	for _, name := range single {
		keep(name)
	}
	for _, t := range tables {
		for i := range t.most {
			for _, member := range t.members {
				keep(cell(t.name, i, member))
			}
		}
	}
	fromPIN(values)
	return values
}

// fromPIN fills sex and birth date, which the ПИН carries.
func fromPIN(values map[string]string) {
	if mother, err := pin.Parse(values[fieldMother]); err == nil {
		values[fieldMother] = mother
	}
	number, err := pin.Parse(values[fieldPIN])
	if err != nil {
		return
	}
	values[fieldPIN] = number
	if values[fieldSex] == "" {
		values[fieldSex] = pin.Sex(number)
	}
	if born, ok := pin.BirthDate(number); ok && values[fieldBirth] == "" {
		values[fieldBirth] = born.String()
	}
}

// Form is the draft's values as a page takes them.
func (d Draft) Form() *page.Form {
	form := page.NewForm()
	for name, value := range d.Values {
		form.Set(name, value)
	}
	return form
}

// rows counts the rows of a table up to the last one in which something stands.
func rows(form *page.Form, table string) int {
	n := 0
	for _, t := range tables {
		if t.name != table {
			continue
		}
		for i := range t.most {
			if slices.ContainsFunc(t.members, func(m string) bool { return form.Get(cell(table, i, m)) != "" }) {
				n = i + 1
			}
		}
	}
	return n
}

// Case is the treated case that the fields say. What cannot be read is noted in
// the form; what is missing is for the rules to find. What follows from other
// fields is not asked for: the number's tail, bed-days, ends of moves.
func (d Draft) Case(form *page.Form) insuranceapi.Case {
	c := insuranceapi.Case{
		Revision: 1, Replaces: d.Replaces, Organisation: d.Organisation,
		Admission: form.Get(fieldAdmission), Referrer: form.Text(fieldReferrer, longName),
		HoursSinceOnset: whole(form, fieldHours), AdmittedAt: moment(form, fieldAdmitted), DischargedAt: moment(form, fieldDischarged),
		Outcome: form.Get(fieldOutcome), Result: form.Get(fieldResult),
		Doctor:           insuranceapi.Staff{PIN: form.Text(fieldDoctor, longCode), Name: form.Text(fieldDoctorName, longName)},
		HeadOfDepartment: insuranceapi.Staff{PIN: form.Text(fieldHead, longCode), Name: form.Text(fieldHeadName, longName)},
		Patient: insuranceapi.Patient{
			PIN: form.Text(fieldPIN, longCode), Name: form.Text(fieldName, longName), Sex: form.Get(fieldSex), BirthDate: day(form, fieldBirth),
			Mother: form.Text(fieldMother, longCode), BirthOrder: orderOf(form),
			Region: form.Get(fieldRegion), Rural: form.Get(fieldRural) == "1", Insured: form.Get(fieldInsured) == "1",
			Policy: form.Text(fieldPolicy, longName), Category: form.Get(fieldCategory),
		},
		Moves: []insuranceapi.Move{}, Diagnoses: []insuranceapi.Diagnosis{}, Operations: []insuranceapi.Operation{},
	}
	if c.Patient.Mother != "" && !rule.WellFormed(c.Patient.Mother) { // it would tell no child apart
		form.Fail(fieldMother, "insurance.entry.mother_wrong")
	}
	if revision, err := strconv.Atoi(form.Get(fieldRevision)); err == nil && d.Replaces != "" {
		c.Revision = revision
	}
	if c.Outcome == "died" {
		c.Result = ""
	}
	for i := range rows(form, rowMove) {
		m := insuranceapi.Move{Department: form.Get(cell(rowMove, i, "department")), From: moment(form, cell(rowMove, i, "from")), Until: c.DischargedAt}
		if i == 0 {
			m.From = c.AdmittedAt
		} else {
			c.Moves[i-1].Until = m.From
		}
		c.Moves = append(c.Moves, m)
	}
	if n := len(c.Moves); n > 0 {
		c.Department = c.Moves[n-1].Department
	}
	for i := range rows(form, rowDiagnosis) {
		x := insuranceapi.Diagnosis{
			Stage: form.Get(cell(rowDiagnosis, i, "stage")), Rank: form.Get(cell(rowDiagnosis, i, "rank")),
			Code: codeOf(form.Get(cell(rowDiagnosis, i, "code"))), Text: form.Text(cell(rowDiagnosis, i, "text"), longText),
		}
		if x.Code == "" && x.Text == "" { // stage and rank are offered beforehand
			continue
		}
		c.Diagnoses = append(c.Diagnoses, x)
	}
	for i := range rows(form, rowOperation) {
		c.Operations = append(c.Operations, insuranceapi.Operation{
			At: moment(form, cell(rowOperation, i, "at")), Code: form.Text(cell(rowOperation, i, "code"), longCode), Name: form.Text(cell(rowOperation, i, "name"), longText),
			Anaesthesia: form.Get(cell(rowOperation, i, "anaesthesia")), Complication: form.Text(cell(rowOperation, i, "complication"), longText),
		})
	}
	if !c.AdmittedAt.IsZero() && !c.DischargedAt.IsZero() {
		c.BedDays = rule.BedDays(c.AdmittedAt, c.DischargedAt)
	}
	c.Number = Number(form.Text(fieldNumber, longNumber), c)
	return c
}

// codeOf is the code of a diagnosis as it was typed; words stay words, cut short.
func codeOf(typed string) string {
	if icd.CodeOf(strings.TrimRight(typed, signs)) != "" {
		return withSign(typed)
	}
	runes := []rune(strings.ToUpper(page.Clean(typed)))
	return string(runes[:min(len(runes), longCode)])
}

// Number is the whole number of the form (MC-5) out of its sequence, the first
// seven digits: the rest is known. A whole number is taken as it is.
func Number(typed string, c insuranceapi.Case) string {
	typed = strings.ReplaceAll(typed, " ", "")
	if len(typed) == 0 || len(typed) > 7 || strings.Trim(typed, "0123456789") != "" || c.DischargedAt.IsZero() || c.Department == "" {
		return typed
	}
	return fmt.Sprintf("%07s%s%s%02d", typed, c.Department, c.Organisation, clock.DateOf(c.DischargedAt).Year%100)
}

func moment(form *page.Form, name string) time.Time {
	if form.Get(name) == "" {
		return time.Time{}
	}
	return form.Moment(name)
}

func day(form *page.Form, name string) clock.Date {
	if form.Get(name) == "" {
		return clock.Date{}
	}
	return form.Date(name)
}

func whole(form *page.Form, name string) int {
	typed := form.Text(name, 6)
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil {
		form.Fail(name, "insurance.entry.not_a_number")
	}
	return n
}

// orderOf is the place among the children born together.
func orderOf(form *page.Form) int {
	n := whole(form, fieldOrder)
	if n < 0 || n > treated.MostTogether {
		form.Fail(fieldOrder, "insurance.entry.birth_order_hint")
		return 0
	}
	return n
}

// valuesOf are the fields of a case, for its correction.
func valuesOf(c insuranceapi.Case) map[string]string {
	flag := map[bool]string{true: "1"}
	values := map[string]string{
		fieldNumber: c.Number, fieldRevision: strconv.Itoa(c.Revision + 1),
		fieldPIN: c.Patient.PIN, fieldName: c.Patient.Name, fieldSex: c.Patient.Sex, fieldRegion: c.Patient.Region, fieldRural: flag[c.Patient.Rural],
		fieldInsured: flag[c.Patient.Insured], fieldPolicy: c.Patient.Policy, fieldCategory: c.Patient.Category,
		fieldAdmission: c.Admission, fieldReferrer: c.Referrer, fieldOutcome: c.Outcome, fieldResult: c.Result,
		fieldDoctor: c.Doctor.PIN, fieldDoctorName: c.Doctor.Name, fieldHead: c.HeadOfDepartment.PIN, fieldHeadName: c.HeadOfDepartment.Name,
	}
	if c.HoursSinceOnset != 0 {
		values[fieldHours] = strconv.Itoa(c.HoursSinceOnset)
	}
	values[fieldMother] = c.Patient.Mother
	if c.Patient.BirthOrder != 0 {
		values[fieldOrder] = strconv.Itoa(c.Patient.BirthOrder)
	}
	if !c.Patient.BirthDate.IsZero() {
		values[fieldBirth] = c.Patient.BirthDate.String()
	}
	at := func(name string, t time.Time) {
		if !t.IsZero() {
			values[name] = page.InputMoment(t)
		}
	}
	at(fieldAdmitted, c.AdmittedAt)
	at(fieldDischarged, c.DischargedAt)
	for i, m := range c.Moves[:min(len(c.Moves), mostMoves)] {
		values[cell(rowMove, i, "department")] = m.Department
		if i > 0 {
			at(cell(rowMove, i, "from"), m.From)
		}
	}
	for i, x := range c.Diagnoses[:min(len(c.Diagnoses), mostDiagnoses)] {
		values[cell(rowDiagnosis, i, "stage")], values[cell(rowDiagnosis, i, "rank")] = x.Stage, x.Rank
		values[cell(rowDiagnosis, i, "code")], values[cell(rowDiagnosis, i, "text")] = x.Code, x.Text
	}
	for i, o := range c.Operations[:min(len(c.Operations), mostOperations)] {
		at(cell(rowOperation, i, "at"), o.At)
		values[cell(rowOperation, i, "code")], values[cell(rowOperation, i, "name")] = o.Code, o.Name
		values[cell(rowOperation, i, "anaesthesia")], values[cell(rowOperation, i, "complication")] = o.Anaesthesia, o.Complication
	}
	return values
}

// first are the fields of an empty draft: the two diagnoses that every form has.
func first() map[string]string {
	return map[string]string{
		fieldInsured: "1", cell(rowDiagnosis, 0, "stage"): "admission", cell(rowDiagnosis, 0, "rank"): "main",
		cell(rowDiagnosis, 1, "stage"): "final", cell(rowDiagnosis, 1, "rank"): "main",
	}
}

// FieldOf is the field of the page in which what a finding names is mended.
func FieldOf(finding string) string {
	switch finding {
	case "organisation", "number", "revision":
		return fieldNumber
	case "department", "moves":
		return cell(rowMove, 0, "department")
	case "diagnoses":
		return cell(rowDiagnosis, 0, "code")
	case "operations":
		return cell(rowOperation, 0, "at")
	case "hours_since_onset":
		return fieldHours
	case "head_of_department":
		return fieldHead
	case "patient":
		return fieldName
	case "bed_days":
		return fieldDischarged
	}
	return strings.TrimPrefix(finding, "patient.")
}

// Initials are how the draft's patient stands in a list: enough to find one's
// own work again, not more.
func (d Draft) Initials() string {
	words := strings.Fields(d.Values[fieldName])
	if len(words) == 0 {
		return "—"
	}
	short := words[0]
	for _, w := range words[1:] {
		short += " " + string([]rune(w)[:1]) + "."
	}
	return short
}
