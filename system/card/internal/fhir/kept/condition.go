package kept

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

// Condition is the FHIR resource: one diagnosis of a stay.
type Condition struct {
	datatype.Base
	ClinicalStatus     *datatype.Concept   `json:"clinicalStatus,omitempty"`
	VerificationStatus *datatype.Concept   `json:"verificationStatus,omitempty"`
	Category           []datatype.Concept  `json:"category,omitempty"`
	Code               *datatype.Concept   `json:"code,omitempty"`
	Subject            *datatype.Reference `json:"subject"`
	Encounter          *datatype.Reference `json:"encounter,omitempty"`
	RecordedDate       string              `json:"recordedDate,omitempty"`
	Recorder           *datatype.Reference `json:"recorder,omitempty"`
}

// diagnosisRow is a diagnosis with what its stay adds.
type diagnosisRow struct {
	ID, StayID, PatientID, PIN string
	Stage, Rank, Code, Text    string
	ByPIN, ByName              string
	Clinical, Verified         string // computed: see clinicalStatus, verificationStatus
	At, Ended, Discharged      time.Time
}

func (a *Archive) conditionKind() *find.Kind {
	patientParam := find.Param{Kind: find.ReferenceParam, Targets: []string{"Patient"}}
	k := &find.Kind{Name: "Condition", Params: map[string]find.Param{
		"patient":             patientParam,
		"subject":             patientParam,
		"encounter":           {Kind: find.ReferenceParam, Targets: []string{"Encounter"}},
		"code":                {Kind: find.TokenParam},
		"category":            {Kind: find.TokenParam},
		"clinical-status":     {Kind: find.TokenParam},
		"verification-status": {Kind: find.TokenParam},
		"recorded-date":       {Kind: find.DateParam, Sorts: true},
	}}
	t := ConditionTable()
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		return t.Find(ctx, a.Reader(ctx), r, q)
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		rows, err := loadDiagnoses(ctx, a.Reader(ctx), "d.id", ids)
		var items []*find.Item
		for _, row := range rows {
			items = append(items, a.conditionItem(row))
		}
		return items, err
	}
	return k
}

func (a *Archive) conditionItem(row diagnosisRow) *find.Item {
	c := &Condition{
		Base:               datatype.Profiled("diagnosis"),
		ClinicalStatus:     datatype.Code(datatype.HL7+"condition-clinical", row.Clinical, ""),
		VerificationStatus: datatype.Code(datatype.HL7+"condition-ver-status", row.Verified, ""),
		Category: []datatype.Concept{
			*datatype.Code(datatype.HL7+"condition-category", "encounter-diagnosis", "Encounter Diagnosis"),
			{Coding: []datatype.Coding{{System: datatype.CodeStage, Code: row.Stage}, {System: datatype.CodeRank, Code: row.Rank}}},
		},
		Code:    &datatype.Concept{Coding: []datatype.Coding{{System: datatype.ICD10, Code: row.Code}}, Text: row.Text},
		Subject: datatype.To("Patient", row.PatientID), Encounter: datatype.To("Encounter", row.StayID),
		RecordedDate: datatype.Moment(row.At), Recorder: a.PractitionerRef(row.ByPIN, row.ByName),
	}
	i := &find.Item{
		Kind: "Condition", ID: row.ID, Resource: c, Updated: datatype.Latest(row.At, row.Ended, row.Discharged),
		Person: true, Subject: row.PIN,
	}
	i.Refer("patient", c.Subject)
	i.Refer("subject", c.Subject)
	i.Refer("encounter", c.Encounter)
	return i
}
