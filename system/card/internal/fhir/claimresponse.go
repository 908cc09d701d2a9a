package fhir

import (
	"context"
	"encoding/json"
	"regexp"

	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// ClaimResponse is the FHIR resource: the fund's decision on a treated case.
type ClaimResponse struct {
	Base
	Identifier  []Identifier         `json:"identifier,omitempty"`
	Status      string               `json:"status"`
	Type        *Concept             `json:"type"`
	Use         string               `json:"use"`
	Patient     *Reference           `json:"patient"`
	Created     string               `json:"created"`
	Insurer     *Reference           `json:"insurer"`
	Requestor   *Reference           `json:"requestor,omitempty"`
	Request     *Reference           `json:"request,omitempty"`
	Outcome     string               `json:"outcome"`
	Disposition string               `json:"disposition,omitempty"`
	Item        []ClaimResponseItem  `json:"item,omitempty"`
	Total       []ClaimResponseTotal `json:"total,omitempty"`
	ProcessNote []ClaimResponseNote  `json:"processNote,omitempty"`
	Error       []ClaimResponseError `json:"error,omitempty"`
}

// ClaimResponseItem is how the case was judged.
type ClaimResponseItem struct {
	ItemSequence int            `json:"itemSequence"`
	NoteNumber   []int          `json:"noteNumber,omitempty"`
	Adjudication []Adjudication `json:"adjudication"`
}

// Adjudication is one part of the judgement.
type Adjudication struct {
	Category *Concept    `json:"category"`
	Reason   *Concept    `json:"reason,omitempty"`
	Amount   *Money      `json:"amount,omitempty"`
	Value    json.Number `json:"value,omitempty"`
}

// ClaimResponseTotal is what is paid.
type ClaimResponseTotal struct {
	Category *Concept `json:"category"`
	Amount   *Money   `json:"amount"`
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
	Extension []Extension `json:"extension,omitempty"`
	Code      *Concept    `json:"code"`
}

func (a *API) claimResponseKind() *kind {
	params := claimParams()
	delete(params, "provider")
	delete(params, "encounter")
	params["requestor"] = param{kind: referenceParam, targets: []string{"Organization"}}
	params["request"] = param{kind: referenceParam, targets: []string{"Claim"}}
	params["outcome"] = param{kind: tokenParam}
	k := &kind{name: "ClaimResponse", params: params}
	t := claimTable(a.ids, true)
	k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		return a.loadClaimItems(ctx, ids, a.claimResponseItem)
	}
	return k
}

var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,8})?$`)

func (a *API) claimResponseItem(row claimRow, insurer *Reference) *item {
	d := row.Decision
	if d == nil {
		d = &insuranceapi.Decision{} // find lets none through without a decision
	}
	id := a.ids.claim(row.Number, row.Revision)
	c := &ClaimResponse{
		Status: claimStatus(row), Type: claimType(), Use: "claim", Patient: refTo("Patient", row.PatientID),
		Created: moment(row.Decided), Insurer: insurer, Requestor: refTo("Organization", row.Organisation),
		Request: refTo("Claim", id), Outcome: "complete", Disposition: d.Comment,
	}
	if d.State == insuranceapi.Returned {
		c.Outcome = "error"
	}
	c.Identifier = []Identifier{{System: sidForm066, Value: row.Number}}
	if d.CaseID != "" {
		c.Identifier = append(c.Identifier, Identifier{System: sidFundCase, Value: d.CaseID})
	}
	for _, f := range d.Findings {
		rule := &Concept{Coding: []Coding{{System: codeFundRule, Code: f.Rule}}, Text: f.Reason.RU}
		if f.Severity == "error" {
			e := ClaimResponseError{Code: rule}
			if f.Field != "" {
				e.Extension = []Extension{{URL: extFindingField, ValueString: f.Field}}
			}
			c.Error = append(c.Error, e)
			continue
		}
		note := f.Rule + ": " + f.Reason.RU
		c.ProcessNote = append(c.ProcessNote, ClaimResponseNote{Number: len(c.ProcessNote) + 1, Type: "display", Text: note})
	}
	if d.State == insuranceapi.Accepted {
		c.Total = []ClaimResponseTotal{{Category: concept(hl7+"adjudication", "benefit", "Benefit Amount"), Amount: amount(d.Price)}}
		c.Item = []ClaimResponseItem{judged(d)}
	}
	i := &item{
		kind: "ClaimResponse", id: id, resource: c, updated: latest(row.Decided, row.Voided), person: true, subject: row.PIN,
	}
	i.refer("patient", c.Patient)
	i.refer("request", c.Request)
	i.refer("requestor", c.Requestor)
	return i
}

// judged is the group, its weight and the price.
func judged(d *insuranceapi.Decision) ClaimResponseItem {
	paid := Adjudication{Category: concept(hl7+"adjudication", "benefit", "Benefit Amount"), Amount: amount(d.Price)}
	if d.Group != "" {
		paid.Reason = &Concept{Coding: []Coding{{System: codeCaseGroup, Code: d.Group, Display: d.GroupName.RU}}, Text: d.PriceTable}
	}
	judgement := ClaimResponseItem{ItemSequence: 1, Adjudication: []Adjudication{paid}}
	if decimal.MatchString(d.Weight) {
		judgement.Adjudication = append(judgement.Adjudication, Adjudication{Category: concept(codeAdjudicate, "weight", ""), Value: json.Number(d.Weight)})
	}
	return judgement
}
