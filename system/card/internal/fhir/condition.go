package fhir

import (
	"context"
	"time"
)

// Condition is the FHIR resource: one diagnosis of a stay.
type Condition struct {
	Base
	ClinicalStatus     *Concept   `json:"clinicalStatus,omitempty"`
	VerificationStatus *Concept   `json:"verificationStatus,omitempty"`
	Category           []Concept  `json:"category,omitempty"`
	Code               *Concept   `json:"code,omitempty"`
	Subject            *Reference `json:"subject"`
	Encounter          *Reference `json:"encounter,omitempty"`
	RecordedDate       string     `json:"recordedDate,omitempty"`
	Recorder           *Reference `json:"recorder,omitempty"`
}

// diagnosisRow is a diagnosis with what its stay adds.
type diagnosisRow struct {
	ID, StayID, PatientID, PIN string
	Stage, Rank, Code, Text    string
	ByPIN, ByName              string
	Clinical, Verified         string // computed: see clinicalStatus, verificationStatus
	At, Ended, Discharged      time.Time
}

func (a *API) conditionKind() *kind {
	patientParam := param{kind: referenceParam, targets: []string{"Patient"}}
	k := &kind{name: "Condition", params: map[string]param{
		"patient":             patientParam,
		"subject":             patientParam,
		"encounter":           {kind: referenceParam, targets: []string{"Encounter"}},
		"code":                {kind: tokenParam},
		"category":            {kind: tokenParam},
		"clinical-status":     {kind: tokenParam},
		"verification-status": {kind: tokenParam},
		"recorded-date":       {kind: dateParam, sorts: true},
	}}
	t := conditionTable()
	k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		rows, err := loadDiagnoses(ctx, a.reader(ctx), "d.id", ids)
		var items []*item
		for _, row := range rows {
			items = append(items, a.conditionItem(row))
		}
		return items, err
	}
	return k
}

func (a *API) conditionItem(row diagnosisRow) *item {
	c := &Condition{
		ClinicalStatus:     concept(hl7+"condition-clinical", row.Clinical, ""),
		VerificationStatus: concept(hl7+"condition-ver-status", row.Verified, ""),
		Category: []Concept{
			*concept(hl7+"condition-category", "encounter-diagnosis", "Encounter Diagnosis"),
			{Coding: []Coding{{System: codeStage, Code: row.Stage}, {System: codeRank, Code: row.Rank}}},
		},
		Code:    &Concept{Coding: []Coding{{System: icd10, Code: row.Code}}, Text: row.Text},
		Subject: refTo("Patient", row.PatientID), Encounter: refTo("Encounter", row.StayID),
		RecordedDate: moment(row.At), Recorder: a.practitionerRef(row.ByPIN, row.ByName),
	}
	i := &item{
		kind: "Condition", id: row.ID, resource: c, updated: latest(row.At, row.Ended, row.Discharged),
		person: true, subject: row.PIN,
	}
	i.refer("patient", c.Subject)
	i.refer("subject", c.Subject)
	i.refer("encounter", c.Encounter)
	return i
}
