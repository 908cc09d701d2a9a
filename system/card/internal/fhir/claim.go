package fhir

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Claim is the FHIR resource: a treated case (form 066/у) as it was handed to
// the fund, one resource a revision.
type Claim struct {
	Base
	Identifier     []Identifier     `json:"identifier,omitempty"`
	Status         string           `json:"status"`
	Type           *Concept         `json:"type"`
	Use            string           `json:"use"`
	Patient        *Reference       `json:"patient"`
	BillablePeriod *Period          `json:"billablePeriod,omitempty"`
	Created        string           `json:"created"`
	Insurer        *Reference       `json:"insurer,omitempty"`
	Provider       *Reference       `json:"provider"`
	Priority       *Concept         `json:"priority"`
	Related        []ClaimRelated   `json:"related,omitempty"`
	CareTeam       []ClaimCareTeam  `json:"careTeam,omitempty"`
	Diagnosis      []ClaimDiagnosis `json:"diagnosis,omitempty"`
	Procedure      []ClaimProcedure `json:"procedure,omitempty"`
	Insurance      []ClaimInsurance `json:"insurance"`
	Item           []ClaimItem      `json:"item,omitempty"`
}

// ClaimRelated names the revision that this one corrects.
type ClaimRelated struct {
	Claim        *Reference  `json:"claim"`
	Relationship *Concept    `json:"relationship,omitempty"`
	Reference    *Identifier `json:"reference,omitempty"`
}

// ClaimCareTeam is a member of staff who signs.
type ClaimCareTeam struct {
	Sequence int        `json:"sequence"`
	Provider *Reference `json:"provider"`
	Role     *Concept   `json:"role,omitempty"`
}

// ClaimDiagnosis is a diagnosis of the form.
type ClaimDiagnosis struct {
	Sequence int       `json:"sequence"`
	Code     *Concept  `json:"diagnosisCodeableConcept"`
	Type     []Concept `json:"type,omitempty"`
}

// ClaimProcedure is an operation of the form.
type ClaimProcedure struct {
	Sequence int      `json:"sequence"`
	Date     string   `json:"date,omitempty"`
	Code     *Concept `json:"procedureCodeableConcept"`
}

// ClaimInsurance is who pays.
type ClaimInsurance struct {
	Sequence int        `json:"sequence"`
	Focal    bool       `json:"focal"`
	Coverage *Reference `json:"coverage"`
}

// ClaimItem is the one thing paid for: the treated case.
type ClaimItem struct {
	Sequence          int          `json:"sequence"`
	DiagnosisSequence []int        `json:"diagnosisSequence,omitempty"`
	ProcedureSequence []int        `json:"procedureSequence,omitempty"`
	ProductOrService  *Concept     `json:"productOrService"`
	ServicedPeriod    *Period      `json:"servicedPeriod,omitempty"`
	Encounter         []*Reference `json:"encounter,omitempty"`
}

// claimRow is a revision of a treated case.
type claimRow struct {
	Number            string
	Revision          int64
	StayID, PatientID string
	PIN, Organisation string
	FormState         string // valid, voided
	Content           insuranceapi.Case
	Decision          *insuranceapi.Decision // nil: none yet
	Created, Decided  time.Time
	Voided            time.Time
}

func (a *API) claimKind() *kind {
	k := &kind{name: "Claim", params: claimParams()}
	t := claimTable(a.ids, false)
	k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		return a.loadClaimItems(ctx, ids, a.claimItem)
	}
	return k
}

// claimParams are those that a claim and its response share.
func claimParams() map[string]param {
	patientParam := param{kind: referenceParam, targets: []string{"Patient"}}
	return map[string]param{
		"identifier": {kind: tokenParam},
		"patient":    patientParam,
		"status":     {kind: tokenParam},
		"use":        {kind: tokenParam},
		"created":    {kind: dateParam, sorts: true},
		"encounter":  {kind: referenceParam, targets: []string{"Encounter"}},
		"provider":   {kind: referenceParam, targets: []string{"Organization"}},
	}
}

// loadClaimItems reads the cases and the insurer, who is the same for all.
func (a *API) loadClaimItems(ctx context.Context, ids []string, makeItem func(claimRow, *Reference) *item) ([]*item, error) {
	rows, err := loadClaims(ctx, a.reader(ctx), a.ids, ids)
	if err != nil {
		return nil, err
	}
	insurer, err := a.insurer(ctx)
	if err != nil {
		return nil, err
	}
	var items []*item
	for _, row := range rows {
		items = append(items, makeItem(row, insurer))
	}
	return items, nil
}

// insurer is the fund: the organisation of that kind in the copy of НИСУР.
func (a *API) insurer(ctx context.Context) (*Reference, error) {
	all, err := loadOrganisations(ctx, a.reader(ctx), nil)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.Kind == "fund" {
			return &Reference{Reference: "Organization/" + o.Code, Display: o.Name.RU}, nil
		}
	}
	return &Reference{Type: "Organization", Display: "ФОМС"}, nil
}

func (a *API) claimItem(row claimRow, insurer *Reference) *item {
	c := &Claim{
		Identifier: []Identifier{{Use: "official", System: sidForm066, Value: row.Number}},
		Status:     claimStatus(row), Type: claimType(), Use: "claim", Patient: refTo("Patient", row.PatientID),
		BillablePeriod: period(row.Content.AdmittedAt, row.Content.DischargedAt), Created: moment(row.Created),
		Insurer: insurer, Provider: refTo("Organization", row.Organisation), Priority: concept(hl7+"processpriority", "normal", "Normal"),
		Insurance: []ClaimInsurance{{Sequence: 1, Focal: true, Coverage: coverage(row.Content.Patient)}},
	}
	thing := ClaimItem{
		Sequence: 1, ProductOrService: concept(codeClaimItem, "treated-case", ""),
		ServicedPeriod: c.BillablePeriod, Encounter: []*Reference{refTo("Encounter", row.StayID)},
	}
	if row.Revision > 1 {
		related := ClaimRelated{Claim: refTo("Claim", a.ids.claim(row.Number, row.Revision-1)), Relationship: concept(hl7+"ex-relatedclaimrelationship", "prior", "Prior Claim")}
		if row.Content.Replaces != "" {
			related.Reference = &Identifier{System: sidFundCase, Value: row.Content.Replaces}
		}
		c.Related = []ClaimRelated{related}
	}
	c.CareTeam = a.careTeam(row.Content)
	for n, d := range row.Content.Diagnoses {
		c.Diagnosis = append(c.Diagnosis, ClaimDiagnosis{
			Sequence: n + 1, Code: &Concept{Coding: []Coding{{System: icd10, Code: d.Code}}, Text: d.Text}, Type: claimDiagnosisType(d),
		})
		thing.DiagnosisSequence = append(thing.DiagnosisSequence, n+1)
	}
	for n, o := range row.Content.Operations {
		code := &Concept{Text: o.Name}
		if o.Code != "" {
			code.Coding = []Coding{{System: codeOperation, Code: o.Code}}
		}
		c.Procedure = append(c.Procedure, ClaimProcedure{Sequence: n + 1, Date: moment(o.At), Code: code})
		thing.ProcedureSequence = append(thing.ProcedureSequence, n+1)
	}
	c.Item = []ClaimItem{thing}
	i := &item{
		kind: "Claim", id: a.ids.claim(row.Number, row.Revision), resource: c,
		updated: latest(row.Created, row.Voided), person: true, subject: row.PIN,
	}
	i.refer("patient", c.Patient)
	i.refer("encounter", thing.Encounter...)
	i.refer("provider", c.Provider)
	return i
}

func claimStatus(row claimRow) string {
	if row.FormState == "voided" {
		return "cancelled"
	}
	return "active"
}

func claimType() *Concept { return concept(hl7+"claim-type", "institutional", "Institutional") }

// careTeam is who signs the form. The head of department need not be seen in
// any other table, so the reference is by number alone.
func (a *API) careTeam(c insuranceapi.Case) []ClaimCareTeam {
	var team []ClaimCareTeam
	if doctor := a.practitionerRef(c.Doctor.PIN, c.Doctor.Name); doctor != nil {
		team = append(team, ClaimCareTeam{Sequence: 1, Provider: doctor, Role: concept(hl7+"claimcareteamrole", "primary", "Primary provider")})
	}
	if id := a.ids.staff(c.HeadOfDepartment.PIN); id != "" {
		head := &Reference{Type: "Practitioner", Identifier: &Identifier{System: sidPractitioner, Value: id}, Display: c.HeadOfDepartment.Name}
		team = append(team, ClaimCareTeam{Sequence: len(team) + 1, Provider: head, Role: concept(hl7+"claimcareteamrole", "supervisor", "Supervising Provider")})
	}
	return team
}

// coverage is by number: policies are the fund's and no resource of ours.
func coverage(p insuranceapi.Patient) *Reference {
	r := &Reference{Type: "Coverage", Display: "ОМС: нет"}
	if p.Insured {
		r.Display = "ОМС"
	}
	if p.Policy != "" {
		r.Identifier = &Identifier{System: sidPolicy, Value: p.Policy}
	}
	return r
}

func claimDiagnosisType(d insuranceapi.Diagnosis) []Concept {
	var types []Concept
	add := func(code, display string) { types = append(types, *concept(hl7+"ex-diagnosistype", code, display)) }
	switch d.Stage {
	case "admission":
		add("admitting", "Admitting Diagnosis")
	case "clinical":
		add("clinical", "Clinical Diagnosis")
	case "final":
		add("discharge", "Discharge Diagnosis")
		if d.Rank == "main" {
			add("principal", "Principal Diagnosis")
		}
	}
	return append(types, Concept{Coding: []Coding{{System: codeStage, Code: d.Stage}, {System: codeRank, Code: d.Rank}}})
}

// read fills the row from what the table keeps as JSON.
func (r *claimRow) read(content, decision string) error {
	if err := json.Unmarshal([]byte(content), &r.Content); err != nil {
		return fmt.Errorf("content of a treated case: %w", err)
	}
	if decision == "" {
		return nil
	}
	r.Decision = &insuranceapi.Decision{}
	if err := json.Unmarshal([]byte(decision), r.Decision); err != nil {
		return fmt.Errorf("decision on a treated case: %w", err)
	}
	return nil
}
