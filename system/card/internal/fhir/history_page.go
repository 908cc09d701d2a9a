package fhir

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

func newID() string { return id.New() }

// gone is the answer where a resource was deleted.
func gone() error { return outcome.Troubled(http.StatusGone, "deleted", "card.fhir.deleted") }

// versionRead answers GET /Type/id/_history/version. Of the card's own records
// there is the present version alone.
func (a *API) versionRead(w http.ResponseWriter, r *http.Request, k *find.Kind, id, version string) error {
	ctx := r.Context()
	c, allowed, err := a.admitted(r, k, access.ReadAction)
	if err != nil {
		return err
	}
	if !find.ValidID(id) || !find.ValidID(version) {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	if n, err := strconv.ParseInt(version, 10, 64); err == nil && n > 0 && len(version) < 16 {
		past, err := a.shelf.Version(ctx, k.Name, id, n)
		if err != nil {
			return err
		}
		if past != nil && !allowed.All { // who may see the newest may see the others
			passed, err := k.Among(ctx, allowed, []string{id})
			if err != nil {
				return err
			}
			if len(passed) == 0 {
				past = nil
			}
		}
		if past != nil {
			if err := a.record(ctx, c, "fhir.read", "", []*find.Item{find.ForeignItem(past)}); err != nil {
				return err
			}
			if past.Deleted {
				return gone()
			}
			return a.sendItem(w, r, find.ForeignItem(past))
		}
	}
	items, err := k.Items(ctx, allowed, []string{id})
	if err != nil {
		return err
	}
	if len(items) == 0 || items[0].Version != version {
		return fail.New(fail.NotFound, "card.fhir.no_version")
	}
	if err := a.record(ctx, c, "fhir.read", "", items); err != nil {
		return err
	}
	return a.sendItem(w, r, items[0])
}

// sendItem sends one resource with its version.
func (a *API) sendItem(w http.ResponseWriter, r *http.Request, i *find.Item) error {
	h := w.Header()
	h["Etag"] = []string{`W/"` + i.Version + `"`}
	if !i.Updated.IsZero() {
		h["Last-Modified"] = []string{i.Updated.UTC().Format(http.TimeFormat)}
	}
	if sameVersion(r.Header.Get("If-None-Match"), i.Version) || a.unchanged(r, i) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body := i.JSON
	if inAddress(r, "_elements") != "" || inAddress(r, "_summary") != "" {
		q, err := find.ReadPart(a.kinds[i.Kind], r.URL.Query())
		if err != nil {
			return err
		}
		if body, err = part(i, q.Elements, q.Summary); err != nil {
			return err
		}
	}
	send(w, http.StatusOK, body)
	return nil
}

// unchanged says that the resource is the same since the moment that the reader
// names, where no version is named (RFC 9110). It is said of types whose every
// version comes from outside: rows of the card's own know no moment of all that
// they tell, so of them the reader is sent the whole.
func (a *API) unchanged(r *http.Request, i *find.Item) bool {
	since := r.Header.Get("If-Modified-Since")
	if since == "" || r.Header.Get("If-None-Match") != "" || !a.kinds[i.Kind].Foreign {
		return false
	}
	at, err := http.ParseTime(since)
	return err == nil && !i.Updated.Truncate(time.Second).After(at)
}

// historyEntry is one version in a history.
type historyEntry struct {
	FullURL  string          `json:"fullUrl"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Request  historyRequest  `json:"request"`
	Response historyResponse `json:"response"`
}

type historyRequest struct {
	Method string `json:"method"`
	URL    string `json:"url"`
}

type historyResponse struct {
	Status       string `json:"status"`
	ETag         string `json:"etag"`
	LastModified string `json:"lastModified,omitempty"`
}

// historyBundle is a Bundle of versions, the newest first.
type historyBundle struct {
	datatype.Base
	Type  string                `json:"type"`
	Total *int                  `json:"total,omitempty"`
	Link  []datatype.BundleLink `json:"link,omitempty"`
	Entry []historyEntry        `json:"entry,omitempty"`
}

// history answers GET /Type/id/_history, and GET /Type/_history with id "". The
// card's own records are not versioned: of them one tells the present alone.
func (a *API) history(w http.ResponseWriter, r *http.Request, k *find.Kind, id string) error {
	ctx := r.Context()
	c, allowed, err := a.admitted(r, k, access.ReadAction)
	if err != nil {
		return err
	}
	params, after, err := a.historyParameters(r, k, id)
	if err != nil {
		return err
	}
	if !allowed.All {
		if id == "" {
			return fail.New(fail.Forbidden, "card.fhir.machines_history")
		}
		passed, err := k.Among(ctx, allowed, []string{id})
		if err != nil {
			return err
		}
		if len(passed) == 0 {
			return fail.New(fail.NotFound, "card.fhir.not_found")
		}
	}
	bounds, err := historyBounds(params)
	if err != nil {
		return err
	}
	count := bounds.Count
	b := &historyBundle{Type: "history"}
	b.ResourceType = "Bundle"
	versions, err := a.shelf.History(ctx, k.Name, id, bounds.Span, after, count+1)
	if err != nil {
		return err
	}
	shelved := len(versions) > 0 || id == "" || after.Version > 0
	if !shelved && !bounds.Span.Open() { // it may have versions, none in the time that is asked for
		some, err := a.shelf.History(ctx, k.Name, id, shelf.Span{}, after, 1)
		if err != nil {
			return err
		}
		shelved = len(some) > 0
	}
	var shown []*find.Item
	for n, v := range versions {
		if n == count {
			last := versions[n-1]
			asked := url.Values{"_history": {id}, "_count": {strconv.Itoa(count)}, "_since": params["_since"], "_at": params["_at"]}
			next, err := a.cursorLink(k.Name, asked, []string{
				strconv.FormatInt(last.Updated.UnixMicro(), 10), last.ID, strconv.FormatInt(last.Version, 10),
			})
			if err != nil {
				return err
			}
			b.Link = append(b.Link, datatype.BundleLink{Relation: "next", URL: a.historyLink(k, id, next)})
			break
		}
		shown = append(shown, find.ForeignItem(&versions[n]))
		b.Entry = append(b.Entry, a.historyEntry(v))
	}
	if !shelved {
		items, err := k.Items(ctx, allowed, []string{id})
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return fail.New(fail.NotFound, "card.fhir.not_found")
		}
		if bounds.Span.Holds(items[0].Updated) {
			shown = items
			b.Entry = append(b.Entry, historyEntry{
				FullURL: a.base + "/" + k.Name + "/" + id, Resource: items[0].JSON, Request: historyRequest{"PUT", k.Name + "/" + id},
				Response: historyResponse{"200", `W/"` + items[0].Version + `"`, datatype.Instant(items[0].Updated)},
			})
		}
	}
	if err := a.record(ctx, c, "fhir.read", "", shown); err != nil {
		return err
	}
	data, err := datatype.Encode(b)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, data)
	return nil
}

// historyLink leads to the next page of a history: the sealed cursor goes with
// the address of the history.
func (a *API) historyLink(k *find.Kind, id, link string) string {
	_, hidden, _ := strings.Cut(link, "?")
	if id == "" {
		return a.base + "/" + k.Name + "/_history?" + hidden
	}
	return a.base + "/" + k.Name + "/" + id + "/_history?" + hidden
}

func (a *API) historyParameters(r *http.Request, k *find.Kind, id string) (url.Values, shelf.Place, error) {
	params, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, shelf.Place{}, fail.Wrap(err, fail.BadRequest, "card.fhir.bad_query")
	}
	hidden := params.Get("_cursor")
	if hidden == "" {
		return params, shelf.Place{}, nil
	}
	c, ok := a.openCursor(k.Name, hidden)
	bad := fail.New(fail.BadRequest, "card.fhir.bad_cursor")
	if !ok || c.Params.Get("_history") != id || len(c.After) != 3 {
		return nil, shelf.Place{}, bad
	}
	micros, err1 := strconv.ParseInt(c.After[0], 10, 64)
	version, err2 := strconv.ParseInt(c.After[2], 10, 64)
	if errors.Join(err1, err2) != nil {
		return nil, shelf.Place{}, bad
	}
	return c.Params, shelf.Place{Updated: time.UnixMicro(micros), ID: c.After[1], Version: version}, nil
}

// bounds are what a history is asked for.
type bounds struct {
	Count int
	Span  shelf.Span
}

func historyBounds(params url.Values) (bounds, error) {
	all := bounds{Count: find.DefaultCount}
	if raw := params.Get("_count"); raw != "" {
		n, err := strconv.Atoi(raw)
		if err != nil || n < 1 {
			return all, fail.New(fail.BadRequest, "card.fhir.bad_count")
		}
		all.Count = min(n, find.MaxCount)
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		raw := strings.ReplaceAll(params.Get(name), " ", "+") // a "+" that was not escaped
		if raw == "" || !slices.Contains([]string{"_since", "_at", "_list"}, name) {
			continue
		}
		if name == "_list" {
			return all, outcome.Troubled(http.StatusBadRequest, "not-supported", "card.fhir.refused_parameter", "Name", name)
		}
		low, high, ok := r4.Span(raw)
		if !ok {
			return all, fail.New(fail.BadRequest, "card.fhir.bad_date", "Name", name)
		}
		if name == "_since" {
			all.Span.Since = low
		} else {
			all.Span.From, all.Span.Until = low, high
		}
	}
	return all, nil
}

func (a *API) historyEntry(v shelf.Resource) historyEntry {
	e := historyEntry{
		FullURL: a.base + "/" + v.Kind + "/" + v.ID, Resource: v.Body,
		Request:  historyRequest{http.MethodPut, v.Kind + "/" + v.ID},
		Response: historyResponse{"200", `W/"` + strconv.FormatInt(v.Version, 10) + `"`, datatype.Instant(v.Updated)},
	}
	switch {
	case v.Deleted:
		e.Request.Method, e.Response.Status = http.MethodDelete, "204"
	case v.Version == 1:
		e.Request = historyRequest{http.MethodPost, v.Kind}
		e.Response.Status = "201"
	}
	return e
}
