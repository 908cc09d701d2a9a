package datatype

import (
	"encoding/json"
	"strconv"
)

// Bundle is the answer to a search.
type Bundle struct {
	Base
	Type      string        `json:"type"`
	Timestamp string        `json:"timestamp,omitempty"`
	Total     *int          `json:"total,omitempty"`
	Link      []BundleLink  `json:"link,omitempty"`
	Entry     []BundleEntry `json:"entry,omitempty"`
}

// BundleLink is the way to this page and the next.
type BundleLink struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

// BundleEntry is one resource found.
type BundleEntry struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource"`
	Search   *BundleSearch   `json:"search,omitempty"`
}

// BundleSearch says why the entry is there: match, include or outcome.
type BundleSearch struct {
	Mode string `json:"mode"`
}

// Encode writes the bundle down. The resources are JSON already and are copied as
// they are: to read them again would cost more than all the rest.
func (b *Bundle) Encode() ([]byte, error) {
	bare := *b
	bare.Entry = nil
	head, err := Encode(&bare)
	if err != nil || len(b.Entry) == 0 {
		return head, err
	}
	size := len(head) + 16
	for i := range b.Entry {
		size += len(b.Entry[i].Resource) + len(b.Entry[i].FullURL) + 64
	}
	data := append(make([]byte, 0, size), head[:len(head)-1]...)
	data = append(data, `,"entry":[`...)
	for i := range b.Entry {
		if i > 0 {
			data = append(data, ',')
		}
		if data, err = b.Entry[i].append(data); err != nil {
			return nil, err
		}
	}
	return append(data, "]}"...), nil
}

func (e *BundleEntry) append(data []byte) ([]byte, error) {
	data = append(data, '{')
	if e.FullURL != "" {
		url, err := Encode(e.FullURL)
		if err != nil {
			return nil, err
		}
		data = append(append(append(data, `"fullUrl":`...), url...), ',')
	}
	data = append(append(data, `"resource":`...), e.Resource...)
	if e.Search != nil {
		data = strconv.AppendQuote(append(data, `,"search":{"mode":`...), e.Search.Mode)
		data = append(data, '}')
	}
	return append(data, '}'), nil
}
