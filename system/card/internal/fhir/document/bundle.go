package document

import (
	"encoding/json"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Bundle is a document: it stands alone and has a number of its own.
type Bundle struct {
	ResourceType string               `json:"resourceType"`
	Meta         *Profiles            `json:"meta,omitempty"`
	Identifier   *datatype.Identifier `json:"identifier"`
	Type         string               `json:"type"`
	Timestamp    string               `json:"timestamp"`
	Entry        []Entry              `json:"entry"`
}

// Profiles are those that a resource keeps to.
type Profiles struct {
	Profile []string `json:"profile"`
}

// Entry is one resource of the document.
type Entry struct {
	FullURL  string          `json:"fullUrl"`
	Resource json.RawMessage `json:"resource"`
}

// bundle is the document that begins with the composition.
func (m *maker) bundle(first Entry, more []Entry, items []fhir.Item) *Bundle {
	b := &Bundle{
		ResourceType: "Bundle", Type: "document", Timestamp: datatype.Instant(m.api.Now()),
		Identifier: &datatype.Identifier{System: "urn:ietf:rfc:3986", Value: "urn:uuid:" + id.New()}, Entry: append([]Entry{first}, more...),
	}
	for _, i := range items {
		b.Entry = append(b.Entry, Entry{m.api.Address() + "/" + i.Kind() + "/" + i.ID(), i.JSON()})
	}
	return b
}

// fresh is a resource that is made for the document alone.
func fresh(resource any) (Entry, error) {
	data, err := datatype.Encode(resource)
	return Entry{"urn:uuid:" + id.New(), data}, err
}
