package fhir

import (
	"encoding/json"
	"net/url"
	"time"
)

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
	return a.base + "/" + kind + "?_cursor=" + a.ids.Hide(plain), nil
}

func (a *API) openCursor(kind, hidden string) (cursor, bool) {
	var c cursor
	plain, ok := a.ids.Reveal(hidden)
	if !ok || json.Unmarshal(plain, &c) != nil {
		return c, false
	}
	return c, c.Kind == kind && a.clock.Now().Unix() < c.Until
}
