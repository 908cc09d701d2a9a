package fhir

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// Canonical addresses of our own identifiers, codes and extensions. They are
// names: nothing need answer there.
const (
	canonical = "https://sanarip.kg/fhir"

	sidPIN          = canonical + "/sid/pin"          // ПИН, 14 digits
	sidPassport     = canonical + "/sid/passport"     // series and number of the passport
	sidPolicy       = canonical + "/sid/policy"       // number of the insurance policy
	sidForm066      = canonical + "/sid/form066"      // 17-digit number of form 066/у
	sidOrganisation = canonical + "/sid/organisation" // 6-digit code of НИСУР
	sidDepartment   = canonical + "/sid/department"   // 2-digit code within the organisation
	sidBed          = canonical + "/sid/bed"          // НИСУР's id of a bed
	sidINN          = canonical + "/sid/inn"          // ИНН of a legal entity
	sidOKPO         = canonical + "/sid/okpo"         // ОКПО
	sidPractitioner = canonical + "/sid/practitioner" // stands for a member of staff, is not the ПИН
	sidFundCase     = canonical + "/sid/fund-case"    // the fund's id of a case

	codeOperation  = canonical + "/CodeSystem/operation"
	codeStage      = canonical + "/CodeSystem/diagnosis-stage" // referral, admission, clinical, final, postmortem
	codeRank       = canonical + "/CodeSystem/diagnosis-rank"  // main, complication, comorbid
	codeBroughtBy  = canonical + "/CodeSystem/brought-by"
	codeOutcome    = canonical + "/CodeSystem/hospitalization-outcome" // discharged, transferred, died
	codeClaimItem  = canonical + "/CodeSystem/claim-item"
	codeFundRule   = canonical + "/CodeSystem/fund-rule"
	codeCaseGroup  = canonical + "/CodeSystem/case-group" // КЗГ
	codeAdjudicate = canonical + "/CodeSystem/adjudication"

	extResult       = canonical + "/StructureDefinition/hospitalization-result" // recovered, improved, unchanged, worse
	extAnaesthesia  = canonical + "/StructureDefinition/anaesthesia"
	extFindingField = canonical + "/StructureDefinition/finding-field" // as insuranceapi.Case names its members
	extRegion       = canonical + "/StructureDefinition/region"        // СОАТЕ

	icd10 = "http://hl7.org/fhir/sid/icd-10"
	hl7   = "http://terminology.hl7.org/CodeSystem/"
)

// Base is what every resource starts with.
type Base struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id,omitempty"`
	Meta         *Meta  `json:"meta,omitempty"`
}

func (b *Base) base() *Base { return b }

type resource = Resource

// Meta is the version of a resource.
type Meta struct {
	VersionID   string `json:"versionId,omitempty"`
	LastUpdated string `json:"lastUpdated,omitempty"`
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

// concept is a Concept of one code.
func concept(system, code, display string) *Concept {
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

func refTo(kind, id string) *Reference {
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

// moment is a dateTime; "" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Bishkek).Format("2006-01-02T15:04:05-07:00")
}

// instant is an instant, to the millisecond.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Bishkek).Format("2006-01-02T15:04:05.000-07:00")
}

func period(from, until time.Time) *Period {
	if from.IsZero() && until.IsZero() {
		return nil
	}
	return &Period{Start: moment(from), End: moment(until)}
}

// latest is the latest of the moments.
func latest(moments ...time.Time) time.Time {
	var newest time.Time
	for _, t := range moments {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

// item is one resource with what the server must know of it.
type item struct {
	kind, id string
	resource resource
	updated  time.Time // latest moment that the rows know of; zero: they know none
	person   bool      // the resource tells of a person: its reading is recorded
	subject  string    // that person's ПИН, "" if there is none
	refs     map[string][]string
	raw      *shelf.Resource // of a resource from outside
	version  string
	json     []byte
}

// refer notes under a search parameter which resources the item leads to, for
// _include.
func (i *item) refer(param string, references ...*Reference) {
	for _, r := range references {
		if r == nil || r.Reference == "" {
			continue
		}
		if i.refs == nil {
			i.refs = map[string][]string{}
		}
		i.refs[param] = append(i.refs[param], r.Reference)
	}
}

// seal writes the resource down. The version is a digest of the content, so it
// changes exactly when the content does, whatever row it came from.
func (i *item) seal() error {
	b := i.resource.base()
	b.ResourceType, b.ID, b.Meta = i.kind, i.id, nil
	bare, err := encode(i.resource)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(bare)
	i.version = hex.EncodeToString(sum[:8])
	b.Meta = &Meta{VersionID: i.version, LastUpdated: instant(i.updated)}
	i.json, err = encode(i.resource)
	return err
}
