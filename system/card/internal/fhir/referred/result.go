package referred

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/card/internal/request"
)

// DocumentReference is the FHIR resource: a result that was attached to a
// referral, as it was then, with its text.
type DocumentReference struct {
	datatype.Base
	Status    string                `json:"status"`
	DocStatus string                `json:"docStatus"`
	Type      *datatype.Concept     `json:"type"`
	Subject   *datatype.Reference   `json:"subject"`
	Date      string                `json:"date"`
	Author    []*datatype.Reference `json:"author,omitempty"`
	Custodian *datatype.Reference   `json:"custodian"`
	Content   []Content             `json:"content"`
	Context   *Context              `json:"context"`
}

// Content is its text.
type Content struct {
	Attachment Attachment `json:"attachment"`
}

// Attachment is text, in UTF-8 and then base64.
type Attachment struct {
	ContentType string `json:"contentType"`
	Data        string `json:"data"`
	Title       string `json:"title"`
	Creation    string `json:"creation,omitempty"`
}

// Context is the referral that it is attached to.
type Context struct {
	Related []*datatype.Reference `json:"related"`
}

// kinds of results by LOINC.
var kinds = map[string]datatype.Coding{
	request.Laboratory:    {System: loinc, Code: "11502-2", Display: "Laboratory report"},
	request.Imaging:       {System: loinc, Code: "18748-4", Display: "Diagnostic imaging study"},
	request.Consultation:  {System: loinc, Code: "11488-4", Display: "Consult note"},
	"examination":         {System: loinc, Code: "34117-2", Display: "History and physical note"},
	"reasoning":           {System: loinc, Code: "51848-0", Display: "Evaluation note"},
	"stage_epicrisis":     {System: loinc, Code: "11506-3", Display: "Progress note"},
	"discharge_epicrisis": {System: loinc, Code: "18842-5", Display: "Discharge summary"},
	"operation":           {System: loinc, Code: "11504-8", Display: "Surgical operation note"},
}

func results(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "DocumentReference", Table: resultTable(a),
		Params: own("DocumentReference", []string{"date"}, "patient", "type", "status", "related", "custodian"),
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			rows, err := loadResults(ctx, q, ids)
			if err != nil {
				return nil, err
			}
			ctx = a.In(ctx, text.RU)
			var all []fhir.Made
			for _, row := range rows {
				all = append(all, resultMade(ctx, row))
			}
			return all, nil
		},
	}
}

func resultMade(ctx context.Context, row resultRow) fhir.Made {
	patient, about, owner := datatype.To("Patient", row.PatientID), datatype.To("ServiceRequest", row.ReferralID), datatype.To("Organization", row.Owner)
	title := referral.TitleOf(ctx, row.Result)
	d := &DocumentReference{
		Base: datatype.Profiled("referral-result"), Status: "current", DocStatus: "final", Type: &datatype.Concept{Text: title}, Subject: patient,
		Date: datatype.Instant(row.Attached), Custodian: owner, Context: &Context{[]*datatype.Reference{about}},
		Content: []Content{{Attachment{
			ContentType: "text/plain; charset=utf-8", Data: base64.StdEncoding.EncodeToString([]byte(written(row.Result, title))), Title: title, Creation: datatype.Moment(row.At),
		}}},
	}
	if coding, ok := kinds[row.Kind]; ok {
		d.Type.Coding = []datatype.Coding{coding}
	}
	if row.ByName != "" {
		d.Author = []*datatype.Reference{{Type: "Practitioner", Display: row.ByName}}
	}
	return fhir.Made{ID: row.ID, Resource: d, Updated: row.Attached, PIN: row.PIN, Refs: map[string][]*datatype.Reference{
		"patient": {patient}, "subject": {patient}, "related": {about}, "custodian": {owner},
	}}
}

// written is the text of the result: its title, the values one a line, the words.
func written(o referral.Result, title string) string {
	lines := []string{title}
	for _, f := range o.Findings {
		line := f.Name + ": " + strings.TrimSpace(f.Value+" "+f.Unit)
		if f.Low != 0 || f.High != 0 {
			line += fmt.Sprintf(" (%s–%s)", number(f.Low), number(f.High))
		}
		lines = append(lines, line)
	}
	if o.Body != "" {
		lines = append(lines, o.Body)
	}
	return strings.Join(lines, "\n")
}

func number(n float64) string {
	return strings.ReplaceAll(strconv.FormatFloat(n, 'f', -1, 64), ".", ",")
}
