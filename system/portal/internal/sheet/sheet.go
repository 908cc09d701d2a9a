// Package sheet is what a provider answered, set for reading: the same content
// on the page and on paper.
package sheet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
)

// Sheet is a document's content in one language.
type Sheet struct {
	Sections []Section
}

// Section is a part of it: rows, a table or paragraphs.
type Section struct {
	Title   string
	Rows    []document.Row
	Columns []string
	Widths  []float64 // of the columns on paper, as document.Column has them
	Table   [][]string
	Empty   string // said of a table without rows
	Text    string
}

// Compose sets the answer to an application for the service in the context's language.
func Compose(ctx context.Context, service string, result json.RawMessage) (Sheet, error) {
	switch service {
	case catalogue.DischargeSummary:
		var s cardapi.Summary
		if err := json.Unmarshal(result, &s); err != nil {
			return Sheet{}, err
		}
		return discharge(ctx, s), nil
	case catalogue.PersonData:
		var p populationapi.Person
		if err := json.Unmarshal(result, &p); err != nil {
			return Sheet{}, err
		}
		return person(ctx, p), nil
	}
	return Sheet{}, fmt.Errorf("no sheet for the service %s", service)
}

// Issuer is whose data the answer has: the hospital, or the register.
func Issuer(service string, result json.RawMessage) (text.Words, error) {
	if service == catalogue.DischargeSummary {
		var s cardapi.Summary
		err := json.Unmarshal(result, &s)
		return s.OrganisationName, err
	}
	s, _ := catalogue.Find(service)
	return s.Provider, nil
}

func discharge(ctx context.Context, s cardapi.Summary) Sheet {
	sheet := Sheet{Sections: []Section{
		{Title: text.T(ctx, "portal.doc.patient"), Rows: []document.Row{
			{Key: text.T(ctx, "portal.doc.name"), Value: s.PatientName},
			{Key: text.T(ctx, "portal.doc.pin"), Value: pin.Grouped(s.PatientPIN)},
			{Key: text.T(ctx, "portal.doc.birth_date"), Value: text.Date(s.BirthDate)},
			{Key: text.T(ctx, "portal.doc.sex"), Value: code(ctx, "portal.sex.", s.Sex)},
		}},
		{Title: text.T(ctx, "portal.doc.stay"), Rows: []document.Row{
			{Key: text.T(ctx, "portal.doc.organisation"), Value: s.OrganisationName.Here(ctx)},
			{Key: text.T(ctx, "portal.doc.department"), Value: s.Department.Here(ctx)},
			{Key: text.T(ctx, "portal.doc.form"), Value: s.Form},
			{Key: text.T(ctx, "portal.doc.admitted"), Value: text.Moment(s.AdmittedAt)},
			{Key: text.T(ctx, "portal.doc.discharged"), Value: text.Moment(s.DischargedAt)},
			{Key: text.T(ctx, "portal.doc.outcome"), Value: outcome(ctx, s)},
		}},
	}}
	diagnoses := Section{
		Title: text.T(ctx, "portal.doc.diagnoses"), Empty: "—",
		Columns: []string{text.T(ctx, "portal.doc.rank"), text.T(ctx, "portal.doc.code"), text.T(ctx, "portal.doc.diagnosis")},
		Widths:  []float64{1.3, 1, 4},
	}
	for _, d := range s.Diagnoses {
		diagnoses.Table = append(diagnoses.Table, []string{code(ctx, "portal.rank.", d.Rank), d.Code, d.Text})
	}
	operations := Section{
		Title: text.T(ctx, "portal.doc.operations"), Empty: text.T(ctx, "portal.doc.no_operations"),
		Columns: []string{text.T(ctx, "portal.doc.when"), text.T(ctx, "portal.doc.operation"), text.T(ctx, "portal.doc.anaesthesia")},
		Widths:  []float64{1.5, 3.5, 1.5},
	}
	for _, o := range s.Operations {
		operations.Table = append(operations.Table, []string{text.Moment(o.At), o.Name, code(ctx, "portal.anaesthesia.", o.Anaesthesia)})
	}
	sheet.Sections = append(sheet.Sections, diagnoses, operations)
	if s.Course != "" {
		sheet.Sections = append(sheet.Sections, Section{Title: text.T(ctx, "portal.doc.course"), Text: s.Course})
	}
	if s.Recommendations != "" {
		sheet.Sections = append(sheet.Sections, Section{Title: text.T(ctx, "portal.doc.recommendations"), Text: s.Recommendations})
	}
	staff := []document.Row{{Key: text.T(ctx, "portal.doc.doctor"), Value: s.Doctor}}
	if s.HeadOfDepartment != "" {
		staff = append(staff, document.Row{Key: text.T(ctx, "portal.doc.head"), Value: s.HeadOfDepartment})
	}
	sheet.Sections = append(sheet.Sections, Section{Title: text.T(ctx, "portal.doc.staff"), Rows: staff})
	return sheet
}

func outcome(ctx context.Context, s cardapi.Summary) string {
	words := code(ctx, "portal.outcome.", s.Outcome)
	if s.Result != "" {
		words += ", " + code(ctx, "portal.result.", s.Result)
	}
	return words
}

// code is a code in words, or as it is when there are none for it.
func code(ctx context.Context, prefix, value string) string {
	// text: portal.sex.*
	// text: portal.rank.*
	// text: portal.outcome.*
	// text: portal.result.*
	// text: portal.anaesthesia.*
	if value == "" {
		return ""
	}
	words := text.T(ctx, prefix+value)
	if words == "["+prefix+value+"]" {
		return value
	}
	return words
}

func person(ctx context.Context, p populationapi.Person) Sheet {
	citizenship := p.Citizenship
	if citizenship == "KGZ" {
		citizenship = text.T(ctx, "portal.doc.kgz")
	}
	passport := p.Passport.Series + p.Passport.Number
	return Sheet{Sections: []Section{
		{Title: text.T(ctx, "portal.doc.person"), Rows: []document.Row{
			{Key: text.T(ctx, "portal.doc.name"), Value: p.Name()},
			{Key: text.T(ctx, "portal.doc.pin"), Value: pin.Grouped(p.PIN)},
			{Key: text.T(ctx, "portal.doc.birth_date"), Value: text.Date(p.BirthDate)},
			{Key: text.T(ctx, "portal.doc.sex"), Value: code(ctx, "portal.sex.", p.Sex)},
			{Key: text.T(ctx, "portal.doc.citizenship"), Value: citizenship},
		}},
		{Title: text.T(ctx, "portal.doc.passport"), Rows: []document.Row{
			{Key: text.T(ctx, "portal.doc.passport_number"), Value: passport},
			{Key: text.T(ctx, "portal.doc.passport_issued"), Value: text.Date(p.Passport.Issued)},
			{Key: text.T(ctx, "portal.doc.passport_expires"), Value: text.Date(p.Passport.Expires)},
			{Key: text.T(ctx, "portal.doc.passport_issuer"), Value: p.Passport.Issuer},
		}},
		{Title: text.T(ctx, "portal.doc.address"), Rows: []document.Row{{Key: text.T(ctx, "portal.doc.registered"), Value: p.Address.Text}}},
	}}
}

// Paper is what stands around the content on paper.
type Paper struct {
	Number, Code, Address string // Address is where the QR code leads
	Title, Issuer         text.Words
	Lang                  text.Lang
	At                    time.Time
}

// PDF sets the sheet on paper. ctx speaks the paper's language.
func PDF(ctx context.Context, s Sheet, p Paper) ([]byte, error) {
	d := document.New(document.Options{
		Title: p.Title.In(p.Lang), Subtitle: text.T(ctx, "portal.doc.subtitle"), Issuer: text.T(ctx, "portal.title"),
		Number: "№ " + p.Number, Lang: p.Lang, At: p.At, Note: text.T(ctx, "portal.doc.note"),
	})
	d.Rows(
		document.Row{Key: text.T(ctx, "portal.doc.issued_at"), Value: text.Moment(p.At)},
		document.Row{Key: text.T(ctx, "portal.doc.source"), Value: p.Issuer.In(p.Lang)},
	)
	for _, section := range s.Sections {
		d.Heading(section.Title)
		switch {
		case section.Columns != nil:
			t := document.Table{Rows: section.Table, Empty: section.Empty}
			for i, label := range section.Columns {
				t.Columns = append(t.Columns, document.Column{Label: label, Width: section.Widths[i]})
			}
			d.Table(t)
		case section.Text != "":
			d.Text(section.Text)
		default:
			d.Rows(section.Rows...)
		}
	}
	d.QR(p.Address, text.T(ctx, "portal.doc.qr"), p.Address, text.T(ctx, "portal.doc.code_line", "Number", p.Number, "Code", p.Code))
	return d.PDF()
}

// Canonical is the document's content as JSON with its members in order and no
// spaces (in the sense of RFC 8785, for the texts and whole numbers it holds).
func Canonical(p Paper, holderPIN string, holder string, content json.RawMessage) ([]byte, error) {
	var data any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&data); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(map[string]any{ // maps are written in the order of their keys
		"number": p.Number, "code": p.Code, "title": words(p.Title), "issued_by": words(p.Issuer),
		"issued_at": p.At.UTC().Format(time.RFC3339Nano), "lang": string(p.Lang), "verify": p.Address,
		"holder": map[string]any{"name": holder, "pin": holderPIN}, "data": data,
	})
	return bytes.TrimSpace(out.Bytes()), err
}

func words(w text.Words) map[string]any {
	return map[string]any{"ky": w.KY, "ru": w.RU, "en": w.EN}
}
