package kept

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Claim is the FHIR resource: a treated case (form 066/у) as it was handed to
// the fund, one resource a revision.
type Claim struct {
	datatype.Base
	Identifier     []datatype.Identifier `json:"identifier,omitempty"`
	Status         string                `json:"status"`
	Type           *datatype.Concept     `json:"type"`
	Use            string                `json:"use"`
	Patient        *datatype.Reference   `json:"patient"`
	BillablePeriod *datatype.Period      `json:"billablePeriod,omitempty"`
	Created        string                `json:"created"`
	Insurer        *datatype.Reference   `json:"insurer,omitempty"`
	Provider       *datatype.Reference   `json:"provider"`
	Priority       *datatype.Concept     `json:"priority"`
	Related        []ClaimRelated        `json:"related,omitempty"`
	CareTeam       []ClaimCareTeam       `json:"careTeam,omitempty"`
	Diagnosis      []ClaimDiagnosis      `json:"diagnosis,omitempty"`
	Procedure      []ClaimProcedure      `json:"procedure,omitempty"`
	Insurance      []ClaimInsurance      `json:"insurance"`
	Item           []ClaimItem           `json:"item,omitempty"`
}

// ClaimRelated names the revision that this one corrects.
type ClaimRelated struct {
	Claim        *datatype.Reference  `json:"claim"`
	Relationship *datatype.Concept    `json:"relationship,omitempty"`
	Reference    *datatype.Identifier `json:"reference,omitempty"`
}

// ClaimCareTeam is a member of staff who signs.
type ClaimCareTeam struct {
	Sequence int                 `json:"sequence"`
	Provider *datatype.Reference `json:"provider"`
	Role     *datatype.Concept   `json:"role,omitempty"`
}

// ClaimDiagnosis is a diagnosis of the form.
type ClaimDiagnosis struct {
	Sequence int                `json:"sequence"`
	Code     *datatype.Concept  `json:"diagnosisCodeableConcept"`
	Type     []datatype.Concept `json:"type,omitempty"`
}

// ClaimProcedure is an operation of the form.
type ClaimProcedure struct {
	Sequence int               `json:"sequence"`
	Date     string            `json:"date,omitempty"`
	Code     *datatype.Concept `json:"procedureCodeableConcept"`
}

// ClaimInsurance is who pays.
type ClaimInsurance struct {
	Sequence int                 `json:"sequence"`
	Focal    bool                `json:"focal"`
	Coverage *datatype.Reference `json:"coverage"`
}

// ClaimItem is the one thing paid for: the treated case.
type ClaimItem struct {
	Sequence          int                   `json:"sequence"`
	DiagnosisSequence []int                 `json:"diagnosisSequence,omitempty"`
	ProcedureSequence []int                 `json:"procedureSequence,omitempty"`
	ProductOrService  *datatype.Concept     `json:"productOrService"`
	ServicedPeriod    *datatype.Period      `json:"servicedPeriod,omitempty"`
	Encounter         []*datatype.Reference `json:"encounter,omitempty"`
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

func (a *Archive) claimKind() *find.Kind {
	k := &find.Kind{Name: "Claim", Params: claimParams()}
	t := ClaimTable(a.ids, false)
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		return t.Find(ctx, a.Reader(ctx), r, q)
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		return a.loadClaimItems(ctx, ids, a.claimItem)
	}
	return k
}

// claimParams are those that a claim and its response share.
func claimParams() map[string]find.Param {
	patientParam := find.Param{Kind: find.ReferenceParam, Targets: []string{"Patient"}}
	return map[string]find.Param{
		"identifier": {Kind: find.TokenParam},
		"patient":    patientParam,
		"status":     {Kind: find.TokenParam},
		"use":        {Kind: find.TokenParam},
		"created":    {Kind: find.DateParam, Sorts: true},
		"encounter":  {Kind: find.ReferenceParam, Targets: []string{"Encounter"}},
		"provider":   {Kind: find.ReferenceParam, Targets: []string{"Organization"}},
	}
}

// loadClaimItems reads the cases and the insurer, who is the same for all.
func (a *Archive) loadClaimItems(ctx context.Context, ids []string, makeItem func(claimRow, *datatype.Reference) *find.Item) ([]*find.Item, error) {
	rows, err := loadClaims(ctx, a.Reader(ctx), a.ids, ids)
	if err != nil {
		return nil, err
	}
	insurer, err := a.insurer(ctx)
	if err != nil {
		return nil, err
	}
	var items []*find.Item
	for _, row := range rows {
		items = append(items, makeItem(row, insurer))
	}
	return items, nil
}

// insurer is the fund: the organisation of that kind in the copy of НИСУР.
func (a *Archive) insurer(ctx context.Context) (*datatype.Reference, error) {
	all, err := loadOrganisations(ctx, a.Reader(ctx), nil)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.Kind == "fund" {
			return &datatype.Reference{Reference: "Organization/" + o.Code, Display: o.Name.RU}, nil
		}
	}
	return &datatype.Reference{Type: "Organization", Display: "ФОМС"}, nil
}

func (a *Archive) claimItem(row claimRow, insurer *datatype.Reference) *find.Item {
	c := &Claim{
		Base:       datatype.Profiled("treated-case"),
		Identifier: []datatype.Identifier{{Use: "official", System: datatype.SIDForm066, Value: row.Number}},
		Status:     claimStatus(row), Type: claimType(), Use: "claim", Patient: datatype.To("Patient", row.PatientID),
		BillablePeriod: datatype.Span(row.Content.AdmittedAt, row.Content.DischargedAt), Created: datatype.Moment(row.Created),
		Insurer: insurer, Provider: datatype.To("Organization", row.Organisation), Priority: datatype.Code(datatype.HL7+"processpriority", "normal", "Normal"),
		Insurance: []ClaimInsurance{{Sequence: 1, Focal: true, Coverage: coverage(row.Content.Patient)}},
	}
	thing := ClaimItem{
		Sequence: 1, ProductOrService: datatype.Code(datatype.CodeClaimItem, "treated-case", ""),
		ServicedPeriod: c.BillablePeriod, Encounter: []*datatype.Reference{datatype.To("Encounter", row.StayID)},
	}
	if row.Revision > 1 {
		related := ClaimRelated{Claim: datatype.To("Claim", a.ids.Claim(row.Number, row.Revision-1)), Relationship: datatype.Code(datatype.HL7+"ex-relatedclaimrelationship", "prior", "Prior Claim")}
		if row.Content.Replaces != "" {
			related.Reference = &datatype.Identifier{System: datatype.SIDFundCase, Value: row.Content.Replaces}
		}
		c.Related = []ClaimRelated{related}
	}
	c.CareTeam = a.careTeam(row.Content)
	for n, d := range row.Content.Diagnoses {
		c.Diagnosis = append(c.Diagnosis, ClaimDiagnosis{
			Sequence: n + 1, Code: &datatype.Concept{Coding: []datatype.Coding{{System: datatype.ICD10, Code: d.Code}}, Text: d.Text}, Type: claimDiagnosisType(d),
		})
		thing.DiagnosisSequence = append(thing.DiagnosisSequence, n+1)
	}
	for n, o := range row.Content.Operations {
		code := &datatype.Concept{Text: o.Name}
		if o.Code != "" {
			code.Coding = []datatype.Coding{{System: datatype.CodeOperation, Code: o.Code}}
		}
		c.Procedure = append(c.Procedure, ClaimProcedure{Sequence: n + 1, Date: datatype.Moment(o.At), Code: code})
		thing.ProcedureSequence = append(thing.ProcedureSequence, n+1)
	}
	c.Item = []ClaimItem{thing}
	i := &find.Item{
		Kind: "Claim", ID: a.ids.Claim(row.Number, row.Revision), Resource: c,
		Updated: datatype.Latest(row.Created, row.Voided), Person: true, Subject: row.PIN,
	}
	i.Refer("patient", c.Patient)
	i.Refer("encounter", thing.Encounter...)
	i.Refer("provider", c.Provider)
	return i
}

func claimStatus(row claimRow) string {
	if row.FormState == "voided" {
		return "cancelled"
	}
	return "active"
}

func claimType() *datatype.Concept {
	return datatype.Code(datatype.HL7+"claim-type", "institutional", "Institutional")
}

// careTeam is who signs the form. The head of department need not be seen in
// any other table, so the reference is by number alone.
func (a *Archive) careTeam(c insuranceapi.Case) []ClaimCareTeam {
	var team []ClaimCareTeam
	if doctor := a.PractitionerRef(c.Doctor.PIN, c.Doctor.Name); doctor != nil {
		team = append(team, ClaimCareTeam{Sequence: 1, Provider: doctor, Role: datatype.Code(datatype.HL7+"claimcareteamrole", "primary", "Primary provider")})
	}
	if id := a.ids.Staff(c.HeadOfDepartment.PIN); id != "" {
		head := &datatype.Reference{Type: "Practitioner", Identifier: &datatype.Identifier{System: datatype.SIDPractitioner, Value: id}, Display: c.HeadOfDepartment.Name}
		team = append(team, ClaimCareTeam{Sequence: len(team) + 1, Provider: head, Role: datatype.Code(datatype.HL7+"claimcareteamrole", "supervisor", "Supervising Provider")})
	}
	return team
}

// coverage is by number: policies are the fund's and no resource of ours.
func coverage(p insuranceapi.Patient) *datatype.Reference {
	r := &datatype.Reference{Type: "Coverage", Display: "ОМС: нет"}
	if p.Insured {
		r.Display = "ОМС"
	}
	if p.Policy != "" {
		r.Identifier = &datatype.Identifier{System: datatype.SIDPolicy, Value: p.Policy}
	}
	return r
}

func claimDiagnosisType(d insuranceapi.Diagnosis) []datatype.Concept {
	var types []datatype.Concept
	add := func(code, display string) {
		types = append(types, *datatype.Code(datatype.HL7+"ex-diagnosistype", code, display))
	}
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
	return append(types, datatype.Concept{Coding: []datatype.Coding{{System: datatype.CodeStage, Code: d.Stage}, {System: datatype.CodeRank, Code: d.Rank}}})
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
