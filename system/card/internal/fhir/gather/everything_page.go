package gather

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

const (
	usualCount = 100
	mostCount  = 500
	pageLife   = 24 * time.Hour
)

// place is how far the gathering has come. It travels sealed in the link to the
// next page, which is answered within the reach of the token it is asked with.
type place struct {
	Kind  string   `json:"k"` // Patient or Encounter
	ID    string   `json:"i"`
	Types []string `json:"t,omitempty"`
	Since int64    `json:"s,omitempty"` // unix microseconds, 0: all
	Count int      `json:"c"`
	Link  int      `json:"l"`
	After []string `json:"a,omitempty"`
	Until int64    `json:"u"` // unix seconds
}

func (g *gatherer) serve(w http.ResponseWriter, r *http.Request, on fhir.Target) error {
	ctx := r.Context()
	caller, err := g.api.Caller(r)
	if err != nil {
		return err
	}
	at, err := g.begin(r.URL.Query(), on)
	if err != nil {
		return err
	}
	about, err := caller.Items(ctx, on.Kind, []string{on.ID})
	if err != nil {
		return err
	}
	if len(about) == 0 {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	items, next, err := g.page(r, caller, at)
	if err != nil {
		return err
	}
	named, err := Named(ctx, caller, items, supporting, at.Types)
	if err != nil {
		return err
	}
	if err := caller.Tell(ctx, "fhir.everything", append(slices.Clone(items), named...)); err != nil {
		return err
	}
	b := &datatype.Bundle{Type: "searchset", Timestamp: datatype.Instant(g.api.Now())}
	b.ResourceType = "Bundle"
	b.Link = []datatype.BundleLink{{Relation: "self", URL: g.api.Address() + "/" + on.Kind + "/" + on.ID + "/$everything"}}
	if next != nil {
		link, err := g.link(*next)
		if err != nil {
			return err
		}
		b.Link = append(b.Link, datatype.BundleLink{Relation: "next", URL: link})
	}
	for _, i := range items {
		b.Entry = append(b.Entry, g.entry(i, "match"))
	}
	for _, i := range named {
		b.Entry = append(b.Entry, g.entry(i, "include"))
	}
	return fhir.Send(w, http.StatusOK, b)
}

func (g *gatherer) entry(i fhir.Item, mode string) datatype.BundleEntry {
	return datatype.BundleEntry{FullURL: g.api.Address() + "/" + i.Kind() + "/" + i.ID(), Resource: i.JSON(), Search: &datatype.BundleSearch{Mode: mode}}
}

// begin reads the parameters, or where the page before left it.
func (g *gatherer) begin(query url.Values, on fhir.Target) (place, error) {
	if hidden := query.Get("_cursor"); hidden != "" {
		var at place
		plain, ok := g.api.Reveal(hidden)
		if !ok || json.Unmarshal(plain, &at) != nil || at.Kind != on.Kind || at.ID != on.ID || g.api.Now().Unix() >= at.Until {
			return at, fail.New(fail.BadRequest, "card.fhir.bad_cursor")
		}
		return at, nil
	}
	at := place{Kind: on.Kind, ID: on.ID, Count: usualCount}
	for name, values := range query {
		value := values[0]
		switch name {
		case "_format", "_pretty":
		case "_count":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return at, refused(name, "card.fhir.bad_count")
			}
			at.Count = min(n, mostCount)
		case "_since":
			t, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(value, " ", "+"))
			if err != nil {
				return at, refused(name, "card.fhir.bad_instant")
			}
			at.Since = t.UnixMicro()
		case "_type":
			for kind := range strings.SplitSeq(strings.Join(values, ","), ",") {
				if !slices.Contains(g.api.Kinds(), kind) {
					return at, refused(name, "card.fhir.unknown_type")
				}
				at.Types = append(at.Types, kind)
			}
		default: // start and end too: what is left out in silence would be missed
			return at, refused(name, "card.fhir.refused_parameter")
		}
	}
	return at, nil
}

func refused(name, key string) error {
	if len(name) > 60 {
		name = name[:60]
	}
	return fhir.Refuse(http.StatusBadRequest, "invalid", key, "Name", name)
}

// page gathers up to Count resources from the place on. A type that the token
// does not open is left out.
func (g *gatherer) page(r *http.Request, caller fhir.Caller, at place) (items []fhir.Item, next *place, err error) {
	links := wanted(Compartment(g.api, at.Kind), at.Types)
	late, err := g.api.Late(r.Context())
	if err != nil {
		return nil, nil, err
	}
	for ; at.Link < len(links); at.Link, at.After = at.Link+1, nil {
		link := links[at.Link]
		if !caller.May(link.Kind) {
			continue
		}
		for {
			if len(items) >= at.Count {
				return items, &at, nil
			}
			found, after, err := caller.Find(r.Context(), link.Kind, url.Values{link.Param: {at.ID}}, at.Count-len(items), at.After)
			if err != nil {
				return nil, nil, err
			}
			for _, i := range found {
				if at.Since == 0 || !g.api.Unchanged(i, time.UnixMicro(at.Since), late) {
					items = append(items, i)
				}
			}
			if at.After = after; after == nil {
				break
			}
		}
	}
	return items, nil, nil
}

func (g *gatherer) link(at place) (string, error) {
	at.Until = g.api.Now().Add(pageLife).Unix()
	plain, err := json.Marshal(at)
	if err != nil {
		return "", err
	}
	return g.api.Address() + "/" + at.Kind + "/" + at.ID + "/$everything?_cursor=" + g.api.Hide(plain), nil
}
