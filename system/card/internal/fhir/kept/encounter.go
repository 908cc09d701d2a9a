package kept

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

// Encounter is the FHIR resource: a stay, or one department of it.
type Encounter struct {
	datatype.Base
	Identifier      []datatype.Identifier  `json:"identifier,omitempty"`
	Status          string                 `json:"status"`
	Class           datatype.Coding        `json:"class"`
	ServiceType     *datatype.Concept      `json:"serviceType,omitempty"`
	Priority        *datatype.Concept      `json:"priority,omitempty"`
	Subject         *datatype.Reference    `json:"subject,omitempty"`
	Participant     []EncounterParticipant `json:"participant,omitempty"`
	Period          *datatype.Period       `json:"period,omitempty"`
	Diagnosis       []EncounterDiagnosis   `json:"diagnosis,omitempty"`
	Hospitalization *Hospitalization       `json:"hospitalization,omitempty"`
	Location        []EncounterLocation    `json:"location,omitempty"`
	ServiceProvider *datatype.Reference    `json:"serviceProvider,omitempty"`
	PartOf          *datatype.Reference    `json:"partOf,omitempty"`
}

// EncounterParticipant is who looked after the patient.
type EncounterParticipant struct {
	Type       []datatype.Concept  `json:"type,omitempty"`
	Individual *datatype.Reference `json:"individual,omitempty"`
}

// EncounterDiagnosis ties a diagnosis to the stay.
type EncounterDiagnosis struct {
	Condition *datatype.Reference `json:"condition"`
	Use       *datatype.Concept   `json:"use,omitempty"`
	Rank      int                 `json:"rank,omitempty"`
}

// Hospitalization is how the patient came and went.
type Hospitalization struct {
	Extension            []datatype.Extension `json:"extension,omitempty"`
	AdmitSource          *datatype.Concept    `json:"admitSource,omitempty"`
	Origin               *datatype.Reference  `json:"origin,omitempty"`
	Destination          *datatype.Reference  `json:"destination,omitempty"`
	DischargeDisposition *datatype.Concept    `json:"dischargeDisposition,omitempty"`
}

// EncounterLocation is where the patient lay, and when.
type EncounterLocation struct {
	Location *datatype.Reference `json:"location"`
	Status   string              `json:"status,omitempty"`
	Period   *datatype.Period    `json:"period,omitempty"`
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

func (a *Archive) encounterKind() *find.Kind {
	patientParam := find.Param{Kind: find.ReferenceParam, Targets: []string{"Patient"}}
	k := &find.Kind{Name: "Encounter", Params: map[string]find.Param{
		"identifier":       {Kind: find.TokenParam},
		"patient":          patientParam,
		"subject":          patientParam,
		"status":           {Kind: find.TokenParam},
		"class":            {Kind: find.TokenParam},
		"date":             {Kind: find.DateParam, Sorts: true},
		"part-of":          {Kind: find.ReferenceParam, Targets: []string{"Encounter"}},
		"participant":      {Kind: find.ReferenceParam, Targets: []string{"Practitioner"}},
		"diagnosis":        {Kind: find.ReferenceParam, Targets: []string{"Condition"}},
		"service-provider": {Kind: find.ReferenceParam, Targets: []string{"Organization"}},
	}}
	t := EncounterTable(a.ids)
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		return t.Find(ctx, a.Reader(ctx), r, q)
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		stays, err := loadStays(ctx, a.Reader(ctx), ids)
		if err != nil {
			return nil, err
		}
		moves, err := loadMoves(ctx, a.Reader(ctx), "m.id", ids)
		if err != nil {
			return nil, err
		}
		var items []*find.Item
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

var inpatient = datatype.Coding{System: datatype.HL7 + "v3-ActCode", Code: "IMP", Display: "inpatient encounter"}

func (a *Archive) stayItem(row stayRow) *find.Item {
	e := &Encounter{
		Base: datatype.Profiled("stay"), Status: "in-progress", Class: inpatient, Subject: datatype.To("Patient", row.PatientID),
		Period: datatype.Span(row.Admitted, row.Discharged), ServiceProvider: datatype.To("Organization", row.Organisation),
		Priority: datatype.Code(datatype.HL7+"v3-ActPriority", "EL", "elective"),
	}
	if row.State == "discharged" {
		e.Status = "finished"
	}
	if row.Kind == "emergency" {
		e.Priority = datatype.Code(datatype.HL7+"v3-ActPriority", "EM", "emergency")
	}
	if row.Form != "" {
		e.Identifier = []datatype.Identifier{{Use: "official", System: datatype.SIDForm066, Value: row.Form}}
	}
	doctor := a.PractitionerRef(row.DoctorPIN, row.DoctorName)
	if doctor != nil {
		e.Participant = []EncounterParticipant{{Type: []datatype.Concept{*datatype.Code(datatype.HL7+"v3-ParticipationType", "ATND", "attender")}, Individual: doctor}}
	}
	updated := []time.Time{row.Created, row.Discharged, row.FormIssued}
	var conditions []*datatype.Reference
	rank := 1
	for _, d := range row.Diagnoses {
		updated = append(updated, d.At, d.Ended)
		if !d.Ended.IsZero() {
			continue
		}
		ref := datatype.To("Condition", d.ID)
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
	i := &find.Item{Kind: "Encounter", ID: row.ID, Resource: e, Updated: datatype.Latest(updated...), Person: true, Subject: row.PIN}
	i.Refer("patient", e.Subject)
	i.Refer("subject", e.Subject)
	i.Refer("participant", doctor)
	i.Refer("service-provider", e.ServiceProvider)
	i.Refer("diagnosis", conditions...)
	return i
}

// diagnosisUse is the role of a diagnosis: our stage always, and the code of
// HL7 where it has one.
func diagnosisUse(stage, rank string) *datatype.Concept {
	c := &datatype.Concept{}
	add := func(code, display string) {
		c.Coding = append(c.Coding, datatype.Coding{System: datatype.HL7 + "diagnosis-role", Code: code, Display: display})
	}
	switch {
	case rank != "main":
		add("CM", "Comorbidity diagnosis")
	case stage == "admission":
		add("AD", "Admission diagnosis")
	case stage == "final":
		add("DD", "Discharge diagnosis")
	}
	c.Coding = append(c.Coding, datatype.Coding{System: datatype.CodeStage, Code: stage}, datatype.Coding{System: datatype.CodeRank, Code: rank})
	return c
}

func hospitalization(row stayRow) *Hospitalization {
	h := &Hospitalization{}
	if row.BroughtBy != "" {
		h.AdmitSource = datatype.Code(datatype.CodeBroughtBy, row.BroughtBy, "")
	}
	if row.Referrer != "" {
		h.Origin = &datatype.Reference{Type: "Organization", Display: row.Referrer}
	}
	if row.TransferredTo != "" {
		h.Destination = &datatype.Reference{Type: "Organization", Display: row.TransferredTo}
	}
	if row.Outcome != "" {
		h.DischargeDisposition = disposition(row.Outcome)
	}
	if row.Result != "" {
		h.Extension = []datatype.Extension{{URL: datatype.ExtResult, ValueCode: row.Result}}
	}
	if h.AdmitSource == nil && h.Origin == nil && h.Destination == nil && h.DischargeDisposition == nil && h.Extension == nil {
		return nil
	}
	return h
}

func disposition(outcome string) *datatype.Concept {
	c := &datatype.Concept{}
	switch outcome {
	case "discharged":
		c.Coding = append(c.Coding, datatype.Coding{System: datatype.HL7 + "discharge-disposition", Code: "home", Display: "Home"})
	case "transferred":
		c.Coding = append(c.Coding, datatype.Coding{System: datatype.HL7 + "discharge-disposition", Code: "other-hcf", Display: "Other healthcare facility"})
	case "died":
		c.Coding = append(c.Coding, datatype.Coding{System: datatype.HL7 + "discharge-disposition", Code: "exp", Display: "Expired"})
	}
	c.Coding = append(c.Coding, datatype.Coding{System: datatype.CodeOutcome, Code: outcome})
	return c
}

// places are the ward and the bed of a time in a department.
func places(m moveRow) []EncounterLocation {
	status := "completed"
	if m.Until.IsZero() {
		status = "active"
	}
	at := datatype.Span(m.From, m.Until)
	all := []EncounterLocation{{Location: datatype.To("Location", WardID(m.Organisation, m.Department)), Status: status, Period: at}}
	if m.BedID != "" {
		all = append(all, EncounterLocation{Location: datatype.To("Location", BedID(m.BedID)), Status: status, Period: at})
	}
	return all
}

func (a *Archive) moveItem(row moveRow) *find.Item {
	e := &Encounter{
		Base: datatype.Profiled("department-time"), Status: "finished", Class: inpatient, Subject: datatype.To("Patient", row.PatientID),
		Period: datatype.Span(row.From, row.Until), Location: places(row),
		ServiceProvider: datatype.To("Organization", row.Organisation), PartOf: datatype.To("Encounter", row.StayID),
	}
	if row.Until.IsZero() {
		e.Status = "in-progress"
	}
	i := &find.Item{Kind: "Encounter", ID: row.ID, Resource: e, Updated: datatype.Latest(row.From, row.Until), Person: true, Subject: row.PIN}
	i.Refer("patient", e.Subject)
	i.Refer("subject", e.Subject)
	i.Refer("part-of", e.PartOf)
	i.Refer("service-provider", e.ServiceProvider)
	return i
}
