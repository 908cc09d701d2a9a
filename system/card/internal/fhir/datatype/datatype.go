package datatype

import (
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

// Canonical addresses of our own identifiers, codes and extensions. They are
// names: nothing need answer there.
const (
	Canonical = "https://sanarip.kg/fhir"

	SIDPIN          = Canonical + "/sid/pin"          // ПИН, 14 digits
	SIDPassport     = Canonical + "/sid/passport"     // series and number of the passport
	SIDPolicy       = Canonical + "/sid/policy"       // number of the insurance policy
	SIDForm066      = Canonical + "/sid/form066"      // 17-digit number of form 066/у
	SIDOrganisation = Canonical + "/sid/organisation" // 6-digit code of НИСУР
	SIDDepartment   = Canonical + "/sid/department"   // 2-digit code within the organisation
	SIDBed          = Canonical + "/sid/bed"          // НИСУР's id of a bed
	SIDINN          = Canonical + "/sid/inn"          // ИНН of a legal entity
	SIDOKPO         = Canonical + "/sid/okpo"         // ОКПО
	SIDPractitioner = Canonical + "/sid/practitioner" // stands for a member of staff, is not the ПИН
	SIDFundCase     = Canonical + "/sid/fund-case"    // the fund's id of a case
	SIDReferral     = Canonical + "/sid/referral"     // number of form 057/у or 028/у
	SIDChain        = Canonical + "/sid/referral-chain"

	CodeOperation  = Canonical + "/CodeSystem/operation"
	CodeSide       = Canonical + "/CodeSystem/body-side"       // left, right, both
	CodeStage      = Canonical + "/CodeSystem/diagnosis-stage" // referral, admission, clinical, final, postmortem
	CodeRank       = Canonical + "/CodeSystem/diagnosis-rank"  // main, complication, comorbid
	CodeBroughtBy  = Canonical + "/CodeSystem/brought-by"
	CodeOutcome    = Canonical + "/CodeSystem/hospitalization-outcome" // discharged, transferred, died
	CodeClaimItem  = Canonical + "/CodeSystem/claim-item"
	CodeFundRule   = Canonical + "/CodeSystem/fund-rule"
	CodeCaseGroup  = Canonical + "/CodeSystem/case-group" // КЗГ
	CodeAdjudicate = Canonical + "/CodeSystem/adjudication"

	ExtResult       = Canonical + "/StructureDefinition/hospitalization-result" // recovered, improved, unchanged, worse
	ExtAnaesthesia  = Canonical + "/StructureDefinition/anaesthesia"
	ExtFindingField = Canonical + "/StructureDefinition/finding-field" // as insuranceapi.Case names its members
	ExtRegion       = Canonical + "/StructureDefinition/region"        // СОАТЕ

	ICD10 = "http://hl7.org/fhir/sid/icd-10"
	HL7   = "http://terminology.hl7.org/CodeSystem/"
)

// Base is what every resource starts with.
type Base struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id,omitempty"`
	Meta         *Meta  `json:"meta,omitempty"`
}

func (b *Base) base() *Base { return b }

// BaseOf is what the resource starts with.
func BaseOf(r Resource) *Base { return r.base() }

// Resource is a struct that begins with Base.
type Resource interface{ base() *Base }

// Profiled begins a resource that keeps to the profile of ours.
func Profiled(profile string) Base {
	return Base{Meta: &Meta{Profile: []string{Canonical + "/StructureDefinition/" + profile}}}
}

// Meta is the version of a resource, and the profiles that it keeps to.
type Meta struct {
	VersionID   string   `json:"versionId,omitempty"`
	LastUpdated string   `json:"lastUpdated,omitempty"`
	Profile     []string `json:"profile,omitempty"`
}

// Coding is a code of a code system.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code,omitempty"`
	Display string `json:"display,omitempty"`
}

// Concept is a CodeableConcept.
type Concept struct {
	Coding []Coding `json:"coding,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// Code is a Concept of one code.
func Code(system, code, display string) *Concept {
	return &Concept{Coding: []Coding{{System: system, Code: code, Display: display}}}
}

// Identifier names a thing in a system of numbers.
type Identifier struct {
	Use    string   `json:"use,omitempty"`
	Type   *Concept `json:"type,omitempty"`
	System string   `json:"system,omitempty"`
	Value  string   `json:"value,omitempty"`
}

// Reference leads to another resource.
type Reference struct {
	Reference  string      `json:"reference,omitempty"`
	Type       string      `json:"type,omitempty"`
	Identifier *Identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

// To leads to a resource; nil for no id.
func To(kind, id string) *Reference {
	if id == "" {
		return nil
	}
	return &Reference{Reference: kind + "/" + id}
}

// Period is a time from, until.
type Period struct {
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
}

// Extension carries what R4 has no member for.
type Extension struct {
	URL         string      `json:"url"`
	ValueString string      `json:"valueString,omitempty"`
	ValueCode   string      `json:"valueCode,omitempty"`
	ValueURI    string      `json:"valueUri,omitempty"`
	Extension   []Extension `json:"extension,omitempty"`
}

// HumanName is a person's name.
type HumanName struct {
	Extension []Extension `json:"extension,omitempty"`
	Use       string      `json:"use,omitempty"`
	Text      string      `json:"text,omitempty"`
	Family    string      `json:"family,omitempty"`
	Given     []string    `json:"given,omitempty"` // given name, patronymic
}

// Address is where somebody lives or works.
type Address struct {
	Extension []Extension `json:"extension,omitempty"`
	Use       string      `json:"use,omitempty"`
	Text      string      `json:"text,omitempty"`
	Country   string      `json:"country,omitempty"`
}

// Money is an amount.
type Money struct {
	Value    json.Number `json:"value"`
	Currency string      `json:"currency"`
}

// Annotation is a note.
type Annotation struct {
	Text string `json:"text"`
}

// Moment is a dateTime; "" for the zero time.
func Moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Bishkek).Format("2006-01-02T15:04:05-07:00")
}

// Instant is an instant, to the millisecond.
func Instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Bishkek).Format("2006-01-02T15:04:05.000-07:00")
}

// Span is a period; nil for none.
func Span(from, until time.Time) *Period {
	if from.IsZero() && until.IsZero() {
		return nil
	}
	return &Period{Start: Moment(from), End: Moment(until)}
}

// Latest is the latest of the moments.
func Latest(moments ...time.Time) time.Time {
	var newest time.Time
	for _, t := range moments {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}
