package terminology

import (
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/profile"
)

// answer is the FHIR resource Parameters, as it goes out.
type answer struct {
	datatype.Base
	Parameter []parameter `json:"parameter"`
}

type parameter struct {
	Name    string           `json:"name"`
	String  string           `json:"valueString,omitempty"`
	Code    string           `json:"valueCode,omitempty"`
	URI     string           `json:"valueUri,omitempty"`
	Boolean *bool            `json:"valueBoolean,omitempty"`
	Coding  *datatype.Coding `json:"valueCoding,omitempty"`
	Part    []parameter      `json:"part,omitempty"`
}

func told(parameters ...parameter) *answer {
	a := &answer{Parameter: parameters}
	a.ResourceType = "Parameters"
	return a
}

// designations are the concept's words in each language.
func designations(c concept) []parameter {
	var all []parameter
	for _, w := range c.Words {
		all = append(all, parameter{Name: "designation", Part: []parameter{{Name: "language", Code: string(w.Lang)}, {Name: "value", String: w.Text}}})
	}
	return all
}

// valueSet is an expanded ValueSet.
type valueSet struct {
	datatype.Base
	URL       string    `json:"url"`
	Version   string    `json:"version"`
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Status    string    `json:"status"`
	Expansion expansion `json:"expansion"`
}

type expansion struct {
	Identifier string          `json:"identifier"`
	Timestamp  string          `json:"timestamp"`
	Total      int             `json:"total"`
	Offset     int             `json:"offset"`
	Parameter  []expansionPart `json:"parameter,omitempty"`
	Contains   []contained     `json:"contains,omitempty"`
}

type expansionPart struct {
	Name   string `json:"name"`
	String string `json:"valueString,omitempty"`
	Code   string `json:"valueCode,omitempty"`
	Whole  *int   `json:"valueInteger,omitempty"`
	Moment string `json:"valueDateTime,omitempty"`
}

type contained struct {
	System      string                `json:"system"`
	Code        string                `json:"code"`
	Display     string                `json:"display"`
	Designation []profile.Designation `json:"designation,omitempty"`
}

// contains is the concept as an expansion shows it.
func contains(c concept, lang text.Lang, all bool) contained {
	one := contained{System: c.System, Code: c.Code, Display: c.display(lang)}
	for _, w := range c.Words {
		if all {
			one.Designation = append(one.Designation, profile.Designation{Language: string(w.Lang), Value: w.Text})
		}
	}
	return one
}

// capabilities is the FHIR resource TerminologyCapabilities.
type capabilities struct {
	datatype.Base
	URL         string       `json:"url"`
	Version     string       `json:"version"`
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	Status      string       `json:"status"`
	Date        string       `json:"date"`
	Kind        string       `json:"kind"`
	Software    named        `json:"software"`
	CodeSystem  []codeSystem `json:"codeSystem"`
	Expansion   expanding    `json:"expansion"`
	CodeSearch  string       `json:"codeSearch"`
	Validate    validating   `json:"validateCode"`
	Translation translating  `json:"translation"`
}

type named struct {
	Name string `json:"name"`
}

type codeSystem struct {
	URI     string          `json:"uri"`
	Version []systemVersion `json:"version"`
}

type systemVersion struct {
	Code      string   `json:"code,omitempty"`
	IsDefault bool     `json:"isDefault"`
	Language  []string `json:"language"`
}

type expanding struct {
	Paging    bool    `json:"paging"`
	Parameter []named `json:"parameter"`
	Filter    string  `json:"textFilter"`
}

type validating struct {
	Translations bool `json:"translations"`
}

type translating struct {
	NeedsMap bool `json:"needsMap"`
}
