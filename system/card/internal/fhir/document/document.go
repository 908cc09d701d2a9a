// Package document makes documents of a record: the case history and the
// discharge epicrisis of a stay and the exchange card 113/у of a pregnancy as
// Composition with its $document, their DocumentReference, and the International Patient Summary (HL7 IPS, $summary).
//
// A document is a Bundle that stands alone: the Composition, then everything that
// its sections name, as far as the reader may see it. Each section has a
// narrative that a person can read, made here and escaped.
package document

import (
	"net/http"

	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

const (
	loinc   = "http://loinc.org"
	hl7     = "http://terminology.hl7.org/CodeSystem/"
	unknown = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
)

// Offers are the types of this room.
func Offers() []fhir.Offer { return []fhir.Offer{compositions, documentReferences} }

// Mount offers the operations.
func Mount(a *fhir.API) {
	m := &maker{a}
	a.Operate(fhir.Operation{
		Kind: "Composition", Name: "$document", Instance: true, Methods: []string{http.MethodGet},
		Definition: "http://hl7.org/fhir/OperationDefinition/Composition-document", Serve: m.document,
	})
	a.Operate(fhir.Operation{
		Kind: "Patient", Name: "$summary", Instance: true, Methods: []string{http.MethodGet},
		Definition: "http://hl7.org/fhir/uv/ips/OperationDefinition/summary", Serve: m.summary,
	})
}

type maker struct{ api *fhir.API }

// Composition is the FHIR resource.
type Composition struct {
	datatype.Base
	Identifier *datatype.Identifier  `json:"identifier,omitempty"`
	Status     string                `json:"status"`
	Type       *datatype.Concept     `json:"type"`
	Subject    *datatype.Reference   `json:"subject,omitempty"`
	Encounter  *datatype.Reference   `json:"encounter,omitempty"`
	Date       string                `json:"date"`
	Author     []*datatype.Reference `json:"author"`
	Title      string                `json:"title"`
	Custodian  *datatype.Reference   `json:"custodian,omitempty"`
	Section    []Section             `json:"section,omitempty"`
}

// Section is a part of a document.
type Section struct {
	Title       string                `json:"title"`
	Code        *datatype.Concept     `json:"code,omitempty"`
	Text        *Narrative            `json:"text,omitempty"`
	Entry       []*datatype.Reference `json:"entry,omitempty"`
	EmptyReason *datatype.Concept     `json:"emptyReason,omitempty"`
}

// Narrative is what a person reads.
type Narrative struct {
	Status string `json:"status"`
	Div    string `json:"div"`
}

// DocumentReference is the FHIR resource: where a document is to be had.
type DocumentReference struct {
	datatype.Base
	Status    string                `json:"status"`
	DocStatus string                `json:"docStatus,omitempty"`
	Type      *datatype.Concept     `json:"type,omitempty"`
	Category  []datatype.Concept    `json:"category,omitempty"`
	Subject   *datatype.Reference   `json:"subject,omitempty"`
	Date      string                `json:"date,omitempty"`
	Author    []*datatype.Reference `json:"author,omitempty"`
	Custodian *datatype.Reference   `json:"custodian,omitempty"`
	Content   []Content             `json:"content"`
	Context   *Context              `json:"context,omitempty"`
}

// Content is a form in which it is to be had.
type Content struct {
	Attachment Attachment       `json:"attachment"`
	Format     *datatype.Coding `json:"format,omitempty"`
}

// Attachment is where.
type Attachment struct {
	ContentType string `json:"contentType"`
	URL         string `json:"url"`
	Title       string `json:"title,omitempty"`
	Creation    string `json:"creation,omitempty"`
}

// Context is the stay that it tells of.
type Context struct {
	Encounter []*datatype.Reference `json:"encounter,omitempty"`
	Period    *datatype.Period      `json:"period,omitempty"`
}
