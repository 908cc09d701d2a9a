package fhir

import (
	"context"
	"time"
)

// Encounter is the FHIR resource: a stay, or one department of it.
type Encounter struct {
	Base
	Identifier      []Identifier           `json:"identifier,omitempty"`
	Status          string                 `json:"status"`
	Class           Coding                 `json:"class"`
	ServiceType     *Concept               `json:"serviceType,omitempty"`
	Priority        *Concept               `json:"priority,omitempty"`
	Subject         *Reference             `json:"subject,omitempty"`
	Participant     []EncounterParticipant `json:"participant,omitempty"`
	Period          *Period                `json:"period,omitempty"`
	Diagnosis       []EncounterDiagnosis   `json:"diagnosis,omitempty"`
	Hospitalization *Hospitalization       `json:"hospitalization,omitempty"`
	Location        []EncounterLocation    `json:"location,omitempty"`
	ServiceProvider *Reference             `json:"serviceProvider,omitempty"`
	PartOf          *Reference             `json:"partOf,omitempty"`
}

// EncounterParticipant is who looked after the patient.
type EncounterParticipant struct {
	Type       []Concept  `json:"type,omitempty"`
	Individual *Reference `json:"individual,omitempty"`
}

// EncounterDiagnosis ties a diagnosis to the stay.
type EncounterDiagnosis struct {
	Condition *Reference `json:"condition"`
	Use       *Concept   `json:"use,omitempty"`
	Rank      int        `json:"rank,omitempty"`
}

// Hospitalization is how the patient came and went.
type Hospitalization struct {
	Extension            []Extension `json:"extension,omitempty"`
	AdmitSource          *Concept    `json:"admitSource,omitempty"`
	Origin               *Reference  `json:"origin,omitempty"`
	Destination          *Reference  `json:"destination,omitempty"`
	DischargeDisposition *Concept    `json:"dischargeDisposition,omitempty"`
}

// EncounterLocation is where the patient lay, and when.
type EncounterLocation struct {
	Location *Reference `json:"location"`
	Status   string     `json:"status,omitempty"`
	Period   *Period    `json:"period,omitempty"`
}

// stayRow is a stay with the rows that belong to it.
type stayRow struct {
	ID, PatientID, PIN, Organisation, State, Kind string
	BroughtBy, Referrer, Department, BedID        string
	DoctorPIN, DoctorName                         string
	Outcome, Result, TransferredTo, Form          string
	Admitted, Discharged, Created, FormIssued     time.Time
	Diagnoses                                     []diagnosisRow
	Moves                                         []moveRow
}

// moveRow is a time in a department.
type moveRow struct {
	ID, StayID, PatientID, PIN, Organisation string
	Department, BedID, ByPIN, ByName         string
	From, Until                              time.Time
}

func (a *API) encounterKind() *kind {
	patientParam := param{kind: referenceParam, targets: []string{"Patient"}}
	k := &kind{name: "Encounter", params: map[string]param{
		"identifier":       {kind: tokenParam},
		"patient":          patientParam,
		"subject":          patientParam,
		"status":           {kind: tokenParam},
		"class":            {kind: tokenParam},
		"date":             {kind: dateParam, sorts: true},
		"part-of":          {kind: referenceParam, targets: []string{"Encounter"}},
		"participant":      {kind: referenceParam, targets: []string{"Practitioner"}},
		"diagnosis":        {kind: referenceParam, targets: []string{"Condition"}},
		"service-provider": {kind: referenceParam, targets: []string{"Organization"}},
	}}
	t := encounterTable(a.ids)
	k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		stays, err := loadStays(ctx, a.reader(ctx), ids)
		if err != nil {
			return nil, err
		}
		moves, err := loadMoves(ctx, a.reader(ctx), "m.id", ids)
		if err != nil {
			return nil, err
		}
		var items []*item
		for _, row := range stays {
			items = append(items, a.stayItem(row))
		}
		for _, row := range moves {
			items = append(items, a.moveItem(row))
		}
		return items, nil
	}
	return k
}

var inpatient = Coding{System: hl7 + "v3-ActCode", Code: "IMP", Display: "inpatient encounter"}

func (a *API) stayItem(row stayRow) *item {
	e := &Encounter{
		Status: "in-progress", Class: inpatient, Subject: refTo("Patient", row.PatientID),
		Period: period(row.Admitted, row.Discharged), ServiceProvider: refTo("Organization", row.Organisation),
		Priority: concept(hl7+"v3-ActPriority", "EL", "elective"),
	}
	if row.State == "discharged" {
		e.Status = "finished"
	}
	if row.Kind == "emergency" {
		e.Priority = concept(hl7+"v3-ActPriority", "EM", "emergency")
	}
	if row.Form != "" {
		e.Identifier = []Identifier{{Use: "official", System: sidForm066, Value: row.Form}}
	}
	doctor := a.practitionerRef(row.DoctorPIN, row.DoctorName)
	if doctor != nil {
		e.Participant = []EncounterParticipant{{Type: []Concept{*concept(hl7+"v3-ParticipationType", "ATND", "attender")}, Individual: doctor}}
	}
	updated := []time.Time{row.Created, row.Discharged, row.FormIssued}
	var conditions []*Reference
	rank := 1
	for _, d := range row.Diagnoses {
		updated = append(updated, d.At, d.Ended)
		if !d.Ended.IsZero() {
			continue
		}
		ref := refTo("Condition", d.ID)
		conditions = append(conditions, ref)
		place := 1
		if d.Rank != "main" {
			rank++
			place = rank
		}
		e.Diagnosis = append(e.Diagnosis, EncounterDiagnosis{Condition: ref, Use: diagnosisUse(d.Stage, d.Rank), Rank: place})
	}
	e.Hospitalization = hospitalization(row)
	for _, m := range row.Moves {
		updated = append(updated, m.From, m.Until)
		e.Location = append(e.Location, places(m)...)
	}
	i := &item{kind: "Encounter", id: row.ID, resource: e, updated: latest(updated...), person: true, subject: row.PIN}
	i.refer("patient", e.Subject)
	i.refer("subject", e.Subject)
	i.refer("participant", doctor)
	i.refer("service-provider", e.ServiceProvider)
	i.refer("diagnosis", conditions...)
	return i
}

// diagnosisUse is the role of a diagnosis: our stage always, and the code of
// HL7 where it has one.
func diagnosisUse(stage, rank string) *Concept {
	c := &Concept{}
	add := func(code, display string) {
		c.Coding = append(c.Coding, Coding{System: hl7 + "diagnosis-role", Code: code, Display: display})
	}
	switch {
	case rank != "main":
		add("CM", "Comorbidity diagnosis")
	case stage == "admission":
		add("AD", "Admission diagnosis")
	case stage == "final":
		add("DD", "Discharge diagnosis")
	}
	c.Coding = append(c.Coding, Coding{System: codeStage, Code: stage}, Coding{System: codeRank, Code: rank})
	return c
}

func hospitalization(row stayRow) *Hospitalization {
	h := &Hospitalization{}
	if row.BroughtBy != "" {
		h.AdmitSource = concept(codeBroughtBy, row.BroughtBy, "")
	}
	if row.Referrer != "" {
		h.Origin = &Reference{Type: "Organization", Display: row.Referrer}
	}
	if row.TransferredTo != "" {
		h.Destination = &Reference{Type: "Organization", Display: row.TransferredTo}
	}
	if row.Outcome != "" {
		h.DischargeDisposition = disposition(row.Outcome)
	}
	if row.Result != "" {
		h.Extension = []Extension{{URL: extResult, ValueCode: row.Result}}
	}
	if h.AdmitSource == nil && h.Origin == nil && h.Destination == nil && h.DischargeDisposition == nil && h.Extension == nil {
		return nil
	}
	return h
}

func disposition(outcome string) *Concept {
	c := &Concept{}
	switch outcome {
	case "discharged":
		c.Coding = append(c.Coding, Coding{System: hl7 + "discharge-disposition", Code: "home", Display: "Home"})
	case "transferred":
		c.Coding = append(c.Coding, Coding{System: hl7 + "discharge-disposition", Code: "other-hcf", Display: "Other healthcare facility"})
	case "died":
		c.Coding = append(c.Coding, Coding{System: hl7 + "discharge-disposition", Code: "exp", Display: "Expired"})
	}
	c.Coding = append(c.Coding, Coding{System: codeOutcome, Code: outcome})
	return c
}

// places are the ward and the bed of a time in a department.
func places(m moveRow) []EncounterLocation {
	status := "completed"
	if m.Until.IsZero() {
		status = "active"
	}
	at := period(m.From, m.Until)
	all := []EncounterLocation{{Location: refTo("Location", wardID(m.Organisation, m.Department)), Status: status, Period: at}}
	if m.BedID != "" {
		all = append(all, EncounterLocation{Location: refTo("Location", bedID(m.BedID)), Status: status, Period: at})
	}
	return all
}

func (a *API) moveItem(row moveRow) *item {
	e := &Encounter{
		Status: "finished", Class: inpatient, Subject: refTo("Patient", row.PatientID),
		Period: period(row.From, row.Until), Location: places(row),
		ServiceProvider: refTo("Organization", row.Organisation), PartOf: refTo("Encounter", row.StayID),
	}
	if row.Until.IsZero() {
		e.Status = "in-progress"
	}
	i := &item{kind: "Encounter", id: row.ID, resource: e, updated: latest(row.From, row.Until), person: true, subject: row.PIN}
	i.refer("patient", e.Subject)
	i.refer("subject", e.Subject)
	i.refer("part-of", e.PartOf)
	i.refer("service-provider", e.ServiceProvider)
	return i
}
