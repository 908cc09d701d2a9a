package fhir

import (
	"encoding/json"
	"net/url"
	"time"
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

// cursor is a place in a search. It travels sealed, so that neither a ПИН nor a
// name of a search by POST gets into a URL. It opens nothing: each page is
// answered within the reach of the token it is asked with.
type cursor struct {
	Kind   string     `json:"k"`
	Params url.Values `json:"p"`
	After  []string   `json:"a,omitempty"`
	Until  int64      `json:"u"` // unix seconds
}

const cursorLife = 24 * time.Hour

func (a *API) cursorLink(kind string, params url.Values, after []string) (string, error) {
	plain, err := json.Marshal(cursor{Kind: kind, Params: params, After: after, Until: a.clock.Now().Add(cursorLife).Unix()})
	if err != nil {
		return "", err
	}
	return a.base + "/" + kind + "?_cursor=" + a.ids.hide(plain), nil
}

func (a *API) openCursor(kind, hidden string) (cursor, bool) {
	var c cursor
	plain, ok := a.ids.reveal(hidden)
	if !ok || json.Unmarshal(plain, &c) != nil {
		return c, false
	}
	return c, c.Kind == kind && a.clock.Now().Unix() < c.Until
}
