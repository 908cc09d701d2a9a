package review

import (
	"context"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// mostSeen bounds what a form carries of the page that was seen: the ids of those of
// the same name are in it.
const mostSeen = 4000

// alikeLines are what tells people apart, and what tells that they are one.
func (v caseView) alikeLines(ctx context.Context, r treated.Record) []string {
	c, p := r.Case, r.Case.Patient
	order := ""
	if p.BirthOrder != 0 {
		order = strconv.Itoa(p.BirthOrder)
	}
	main, _ := rule.MainCode(c)
	return []string{
		p.Name, text.Date(p.BirthDate), sexWord(ctx, p.Sex), p.PIN, p.Mother, order, p.Region, p.Policy,
		v.department(c.Department), text.Moment(c.AdmittedAt), text.Moment(c.DischargedAt), main, c.Doctor.Name,
	}
}

// alikeKeys are the names of alikeLines.
func alikeKeys(ctx context.Context) []string {
	return []string{
		text.T(ctx, "insurance.case.name"), text.T(ctx, "insurance.case.birth"), text.T(ctx, "insurance.case.sex"), text.T(ctx, "insurance.case.pin"),
		text.T(ctx, "insurance.case.mother"), text.T(ctx, "insurance.case.birth_order"), text.T(ctx, "insurance.case.region"), text.T(ctx, "insurance.case.policy"),
		text.T(ctx, "insurance.case.department"), text.T(ctx, "insurance.case.admitted"), text.T(ctx, "insurance.case.discharged"), text.T(ctx, "insurance.alike.main"), text.T(ctx, "insurance.case.doctor"),
	}
}

// alike lays this form beside one of the same name, and says line by line whether they
// differ; what neither says is left out.
func (v caseView) alike(ctx context.Context, other treated.Record) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "insurance.alike.beside", "Number", rule.Grouped(other.Case.Number)), Columns: []design.Column{
		{Label: text.T(ctx, "insurance.alike.field")}, {Label: text.T(ctx, "insurance.alike.this")}, {Label: text.T(ctx, "insurance.alike.that")}, {Label: ""},
	}}
	this, that := v.alikeLines(ctx, v.Record), v.alikeLines(ctx, other)
	for i, key := range alikeKeys(ctx) {
		if this[i] == "" && that[i] == "" {
			continue
		}
		word := ""
		switch {
		case this[i] == "" || that[i] == "":
			word = text.T(ctx, "insurance.alike.unsaid")
		case this[i] != that[i]:
			word = text.T(ctx, "insurance.alike.differs")
		}
		t.Rows = append(t.Rows, []design.Cell{{Text: key}, {Text: dash(this[i])}, {Text: dash(that[i])}, {Text: word}})
	}
	return t
}

func dash(value string) string {
	if value == "" {
		return "—"
	}
	return value
}

// apart are the forms of which an expert confirmed that they are of another person.
func (v caseView) apart(ctx context.Context) []design.Row {
	rows := make([]design.Row, 0, len(v.Apart))
	for _, a := range v.Apart {
		row := design.Row{Key: rule.Grouped(a.Other), Value: a.Reason + " — " + a.ByName + ", " + text.Moment(a.At)}
		if a.OtherID != "" {
			row.Link, row.LinkLabel = "/cases/"+a.OtherID, text.T(ctx, "insurance.open")
		}
		rows = append(rows, row)
	}
	return rows
}

// tellingApart leaves of the reader's buttons those that fit: where somebody of the
// same name is in the way, the appeal is granted by telling them apart.
func (v caseView) tellingApart(open []treated.Step) []treated.Step {
	return slices.DeleteFunc(open, func(s treated.Step) bool {
		switch s {
		case treated.StepApart:
			return len(v.Alike) == 0 || v.otherEyes()
		case treated.StepGrant:
			return len(v.Alike) > 0
		case treated.StepSame:
			return len(v.Apart) == 0
		}
		return false
	})
}

// byName says that the case was returned because of another one of the same name
// alone: the hospital is told what it can do.
func (v caseView) byName() bool {
	return v.reader.Hospital() != "" && v.Current && v.Stage == treated.Returned && v.Case.Patient.PIN == "" &&
		slices.ContainsFunc(v.Decision.Findings, func(f insuranceapi.Finding) bool { return f.Rule == "DUP-001" })
}
