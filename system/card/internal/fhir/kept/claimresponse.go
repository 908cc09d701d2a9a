package kept

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// ClaimResponse is the FHIR resource: the fund's decision on a treated case.
type ClaimResponse struct {
	datatype.Base
	Identifier  []datatype.Identifier `json:"identifier,omitempty"`
	Status      string                `json:"status"`
	Type        *datatype.Concept     `json:"type"`
	Use         string                `json:"use"`
	Patient     *datatype.Reference   `json:"patient"`
	Created     string                `json:"created"`
	Insurer     *datatype.Reference   `json:"insurer"`
	Requestor   *datatype.Reference   `json:"requestor,omitempty"`
	Request     *datatype.Reference   `json:"request,omitempty"`
	Outcome     string                `json:"outcome"`
	Disposition string                `json:"disposition,omitempty"`
	Item        []ClaimResponseItem   `json:"item,omitempty"`
	Total       []ClaimResponseTotal  `json:"total,omitempty"`
	ProcessNote []ClaimResponseNote   `json:"processNote,omitempty"`
	Error       []ClaimResponseError  `json:"error,omitempty"`
}

// ClaimResponseItem is how the case was judged.
type ClaimResponseItem struct {
	ItemSequence int            `json:"itemSequence"`
	NoteNumber   []int          `json:"noteNumber,omitempty"`
	Adjudication []Adjudication `json:"adjudication"`
}

// Adjudication is one part of the judgement.
type Adjudication struct {
	Category *datatype.Concept `json:"category"`
	Reason   *datatype.Concept `json:"reason,omitempty"`
	Amount   *datatype.Money   `json:"amount,omitempty"`
	Value    json.Number       `json:"value,omitempty"`
}

// ClaimResponseTotal is what is paid.
type ClaimResponseTotal struct {
	Category *datatype.Concept `json:"category"`
	Amount   *datatype.Money   `json:"amount"`
}

// ClaimResponseNote is a warning.
type ClaimResponseNote struct {
	Number int    `json:"number"`
	Type   string `json:"type,omitempty"`
	Text   string `json:"text"`
}

// ClaimResponseError is a finding for which the case was returned: rule,
// reason and, as an extension, the field.
type ClaimResponseError struct {
	Extension []datatype.Extension `json:"extension,omitempty"`
	Code      *datatype.Concept    `json:"code"`
}

func (a *Archive) claimResponseKind() *find.Kind {
	params := claimParams()
	delete(params, "provider")
	delete(params, "encounter")
	params["requestor"] = find.Param{Kind: find.ReferenceParam, Targets: []string{"Organization"}}
	params["request"] = find.Param{Kind: find.ReferenceParam, Targets: []string{"Claim"}}
	params["outcome"] = find.Param{Kind: find.TokenParam}
	k := &find.Kind{Name: "ClaimResponse", Params: params}
	t := ClaimTable(a.ids, true)
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		return t.Find(ctx, a.Reader(ctx), r, q)
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		return a.loadClaimItems(ctx, ids, a.claimResponseItem)
	}
	return k
}

var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,8})?$`)

func (a *Archive) claimResponseItem(row claimRow, insurer *datatype.Reference) *find.Item {
	d := row.Decision
	if d == nil {
		d = &insuranceapi.Decision{} // find lets none through without a decision
	}
	id := a.ids.Claim(row.Number, row.Revision)
	c := &ClaimResponse{
		Base: datatype.Profiled("fund-decision"), Status: claimStatus(row), Type: claimType(), Use: "claim", Patient: datatype.To("Patient", row.PatientID),
		Created: datatype.Moment(row.Decided), Insurer: insurer, Requestor: datatype.To("Organization", row.Organisation),
		Request: datatype.To("Claim", id), Outcome: "complete", Disposition: d.Comment,
	}
	if d.State == insuranceapi.Returned {
		c.Outcome = "error"
	}
	c.Identifier = []datatype.Identifier{{System: datatype.SIDForm066, Value: row.Number}}
	if d.CaseID != "" {
		c.Identifier = append(c.Identifier, datatype.Identifier{System: datatype.SIDFundCase, Value: d.CaseID})
	}
	for _, f := range d.Findings {
		rule := &datatype.Concept{Coding: []datatype.Coding{{System: datatype.CodeFundRule, Code: f.Rule}}, Text: cmp.Or(f.Reason.RU, f.Rule)}
		if f.Severity == "error" {
			e := ClaimResponseError{Code: rule}
			if f.Field != "" {
				e.Extension = []datatype.Extension{{URL: datatype.ExtFindingField, ValueString: f.Field}}
			}
			c.Error = append(c.Error, e)
			continue
		}
		note := f.Rule + ": " + f.Reason.RU
		c.ProcessNote = append(c.ProcessNote, ClaimResponseNote{Number: len(c.ProcessNote) + 1, Type: "display", Text: note})
	}
	if d.State == insuranceapi.Accepted {
		c.Total = []ClaimResponseTotal{{Category: datatype.Code(datatype.HL7+"adjudication", "benefit", "Benefit Amount"), Amount: datatype.Amount(d.Price)}}
		c.Item = []ClaimResponseItem{judged(d)}
	}
	i := &find.Item{
		Kind: "ClaimResponse", ID: id, Resource: c, Updated: datatype.Latest(row.Decided, row.Voided), Person: true, Subject: row.PIN,
	}
	i.Refer("patient", c.Patient)
	i.Refer("request", c.Request)
	i.Refer("requestor", c.Requestor)
	return i
}

// judged is the group, its weight and the price.
func judged(d *insuranceapi.Decision) ClaimResponseItem {
	paid := Adjudication{Category: datatype.Code(datatype.HL7+"adjudication", "benefit", "Benefit Amount"), Amount: datatype.Amount(d.Price)}
	if d.Group != "" {
		paid.Reason = &datatype.Concept{Coding: []datatype.Coding{{System: datatype.CodeCaseGroup, Code: d.Group, Display: d.GroupName.RU}}, Text: d.PriceTable}
	}
	judgement := ClaimResponseItem{ItemSequence: 1, Adjudication: []Adjudication{paid}}
	if decimal.MatchString(d.Weight) {
		judgement.Adjudication = append(judgement.Adjudication, Adjudication{Category: datatype.Code(datatype.CodeAdjudicate, "weight", ""), Value: json.Number(d.Weight)})
	}
	return judgement
}
