package clinical

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/request"
)

// Observation is the FHIR resource: one vital sign of a line of the temperature
// sheet, or the values of one laboratory answer.
type Observation struct {
	datatype.Base
	Status            string                `json:"status"`
	Category          []datatype.Concept    `json:"category,omitempty"`
	Code              *datatype.Concept     `json:"code"`
	Subject           *datatype.Reference   `json:"subject"`
	Encounter         *datatype.Reference   `json:"encounter,omitempty"`
	EffectiveDateTime string                `json:"effectiveDateTime,omitempty"`
	Issued            string                `json:"issued,omitempty"`
	Performer         []*datatype.Reference `json:"performer,omitempty"`
	Measured
	Component []ObservationComponent `json:"component,omitempty"`
}

// ObservationComponent is one value of several.
type ObservationComponent struct {
	Code *datatype.Concept `json:"code"`
	Measured
}

// Measured is a value with the range that it was held against.
type Measured struct {
	ValueQuantity  *Quantity          `json:"valueQuantity,omitempty"`
	ValueString    string             `json:"valueString,omitempty"`
	Interpretation []datatype.Concept `json:"interpretation,omitempty"`
	ReferenceRange []Range            `json:"referenceRange,omitempty"`
}

// Quantity is a number with its unit.
type Quantity struct {
	Value      json.Number `json:"value"`
	Comparator string      `json:"comparator,omitempty"` // <, >
	Unit       string      `json:"unit,omitempty"`
	System     string      `json:"system,omitempty"`
	Code       string      `json:"code,omitempty"`
}

// Range is what is usual.
type Range struct {
	Low  *Quantity `json:"low,omitempty"`
	High *Quantity `json:"high,omitempty"`
	Text string    `json:"text,omitempty"`
}

// vital is a vital sign: its name in ids, its code of LOINC and its unit of UCUM.
type vital struct{ name, code, display, unit, ucum string }

// Vital signs, by the profiles of FHIR R4 (hl7.org/fhir/R4/observation-vitalsigns.html).
var (
	temperature = vital{"temperature", "8310-5", "Body temperature", "°C", "Cel"}
	pulse       = vital{"pulse", "8867-4", "Heart rate", "/min", "/min"}
	pressure    = vital{"pressure", "85354-9", "Blood pressure panel with all children optional", "", ""}
	systolic    = vital{"", "8480-6", "Systolic blood pressure", "mmHg", "mm[Hg]"}
	diastolic   = vital{"", "8462-4", "Diastolic blood pressure", "mmHg", "mm[Hg]"}
	respiration = vital{"respiration", "9279-1", "Respiratory rate", "/min", "/min"}
	saturation  = vital{"saturation", "2708-6", "Oxygen saturation in Arterial blood", "%", "%"}
)

func (v vital) concept() *datatype.Concept {
	c := datatype.Code(loinc, v.code, v.display)
	if v == saturation { // by pulse oximetry, says the profile
		c.Coding = append(c.Coding, datatype.Coding{System: loinc, Code: "59408-5", Display: "Oxygen saturation in Arterial blood by Pulse oximetry"})
	}
	return c
}

func (v vital) quantity(value string) *Quantity {
	return &Quantity{Value: json.Number(value), Unit: v.unit, System: ucum, Code: v.ucum}
}

// signRow is a line of the temperature sheet.
type signRow struct {
	Root, StayID, PatientID, PIN, ByPIN, ByName                      string
	Version                                                          int64
	Temperature, Pulse, Systolic, Diastolic, Respiration, Saturation int64
	At, Signed                                                       time.Time
}

// answerRow is the newest answer to a request.
type answerRow struct {
	RequestID, StayID, PatientID, PIN string
	Kind, Code, Name, Question        string
	ByPIN, ByName, Conclusion         string
	Findings                          []request.Finding
	Version                           int64
	At, Signed                        time.Time
}

func observations(a *fhir.API) fhir.Source {
	return fhir.Source{
		Kind: "Observation", Table: observationTable(a),
		Params: map[string]fhir.Param{
			"patient": patientParam, "subject": patientParam, "encounter": encounterParam, "performer": staffParam,
			"code": tokenParam, "category": tokenParam, "status": tokenParam, "date": dateParam, "_lastUpdated": dateParam,
		},
		Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
			roots, requests := map[string][]string{}, []string{}
			for _, id := range ids {
				if at := strings.LastIndexByte(id, '-'); at > 0 && isVital(id[at+1:]) {
					roots[id[:at]] = append(roots[id[:at]], id[at+1:])
				} else {
					requests = append(requests, id)
				}
			}
			rows, err := loadSigns(ctx, q, sorted(roots))
			if err != nil {
				return nil, err
			}
			var all []fhir.Made
			for _, row := range rows {
				for _, name := range roots[row.Root] {
					all = append(all, signMade(a, row, name))
				}
			}
			answers, err := loadAnswers(ctx, q, requests)
			for _, row := range answers {
				all = append(all, laboratoryMade(a, row))
			}
			return all, err
		},
	}
}

func isVital(name string) bool {
	switch name {
	case temperature.name, pulse.name, pressure.name, respiration.name, saturation.name:
		return true
	}
	return false
}

func signMade(a *fhir.API, row signRow, name string) fhir.Made {
	subject, encounter, refs := ofStay(row.PatientID, row.StayID)
	by := a.Practitioner(row.ByPIN, row.ByName)
	refs["performer"] = []*datatype.Reference{by}
	o := &Observation{
		Status: statusOf(row.Version), Category: []datatype.Concept{*datatype.Code(hl7+"observation-category", "vital-signs", "Vital Signs")},
		Subject: subject, Encounter: encounter, EffectiveDateTime: datatype.Moment(row.At), Issued: datatype.Instant(row.Signed), Performer: some(by),
	}
	whole := func(v vital, n int64) {
		o.Code, o.ValueQuantity = v.concept(), v.quantity(strconv.FormatInt(n, 10))
	}
	switch name {
	case temperature.name:
		o.Code, o.ValueQuantity = temperature.concept(), temperature.quantity(tenths(row.Temperature))
	case pulse.name:
		whole(pulse, row.Pulse)
	case respiration.name:
		whole(respiration, row.Respiration)
	case saturation.name:
		whole(saturation, row.Saturation)
	case pressure.name:
		o.Code = pressure.concept()
		o.Component = []ObservationComponent{
			{systolic.concept(), Measured{ValueQuantity: systolic.quantity(strconv.FormatInt(row.Systolic, 10))}},
			{diastolic.concept(), Measured{ValueQuantity: diastolic.quantity(strconv.FormatInt(row.Diastolic, 10))}},
		}
	}
	return fhir.Made{ID: row.Root + "-" + name, Resource: o, Updated: row.Signed, PIN: row.PIN, Refs: refs}
}

func statusOf(version int64) string {
	if version > 1 {
		return "amended"
	}
	return "final"
}

func tenths(n int64) string { return strconv.FormatInt(n/10, 10) + "." + strconv.FormatInt(n%10, 10) }

// some are those that there are.
func some(references ...*datatype.Reference) []*datatype.Reference {
	var all []*datatype.Reference
	for _, r := range references {
		if r != nil {
			all = append(all, r)
		}
	}
	return all
}

func laboratoryMade(a *fhir.API, row answerRow) fhir.Made {
	subject, encounter, refs := ofStay(row.PatientID, row.StayID)
	by := a.Practitioner(row.ByPIN, row.ByName)
	refs["performer"] = []*datatype.Reference{by}
	o := &Observation{
		Base: datatype.Profiled("laboratory-result"), Status: statusOf(row.Version), Category: []datatype.Concept{*datatype.Code(hl7+"observation-category", "laboratory", "Laboratory")},
		Code: row.concept(), Subject: subject, Encounter: encounter, EffectiveDateTime: datatype.Moment(row.At), Issued: datatype.Instant(row.Signed), Performer: some(by),
	}
	for _, f := range row.Findings {
		o.Component = append(o.Component, ObservationComponent{&datatype.Concept{Text: f.Name}, measured(f)})
	}
	return fhir.Made{ID: row.RequestID, Resource: o, Updated: row.Signed, PIN: row.PIN, Refs: refs}
}

// concept is what was asked for: a code of the card's catalogue if it is there.
func (row answerRow) concept() *datatype.Concept {
	c := &datatype.Concept{Text: row.Name}
	if row.Code != "" {
		c.Coding = []datatype.Coding{{System: codeTest, Code: row.Code}}
	}
	return c
}

// measured is a value as the laboratory wrote it: a number if it is one.
func measured(f request.Finding) Measured {
	var m Measured
	quantity := func(n float64) *Quantity {
		return &Quantity{Value: json.Number(strconv.FormatFloat(n, 'f', -1, 64)), Unit: f.Unit}
	}
	value := strings.ReplaceAll(strings.TrimSpace(f.Value), ",", ".")
	bare := strings.TrimSpace(strings.TrimLeft(value, "<>"))
	if n, err := strconv.ParseFloat(bare, 64); err == nil && n < 1e15 && n > -1e15 {
		m.ValueQuantity = quantity(n)
		if bare != value {
			m.ValueQuantity.Comparator = value[:1]
		}
	} else {
		m.ValueString = f.Value
	}
	if f.Low != 0 || f.High != 0 {
		m.ReferenceRange = []Range{{Low: quantity(f.Low), High: quantity(f.High)}}
		code := map[int]datatype.Coding{-1: {Code: "L", Display: "Low"}, 0: {Code: "N", Display: "Normal"}, 1: {Code: "H", Display: "High"}}[f.Out()]
		if m.ValueQuantity != nil {
			m.Interpretation = []datatype.Concept{*datatype.Code(hl7+"v3-ObservationInterpretation", code.Code, code.Display)}
		}
	}
	return m
}
