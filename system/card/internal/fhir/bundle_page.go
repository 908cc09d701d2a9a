package fhir

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// entryAnswer is one entry of the answer to a bundle.
type entryAnswer struct {
	FullURL  string          `json:"fullUrl,omitempty"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Response entryResponse   `json:"response"`
}

type entryResponse struct {
	Status       string          `json:"status"`
	Location     string          `json:"location,omitempty"`
	ETag         string          `json:"etag,omitempty"`
	LastModified string          `json:"lastModified,omitempty"`
	Outcome      json.RawMessage `json:"outcome,omitempty"`
}

type answerBundle struct {
	datatype.Base
	Type  string        `json:"type"`
	Entry []entryAnswer `json:"entry,omitempty"`
}

// bundle answers POST of a Bundle to the address of the API: a transaction is
// done wholly or not at all, a batch entry by entry.
func (a *API) bundle(w http.ResponseWriter, r *http.Request) error {
	token, ok := bearer(r)
	if !ok {
		return fail.New(fail.SignedOut, "card.fhir.no_token")
	}
	c, err := a.caller(r.Context(), token)
	if err != nil {
		return err
	}
	data, err := a.body(w, r)
	if err != nil {
		return err
	}
	b, kind, entries := r4.ReadBundle(data)
	if len(b.Faults) > 0 {
		return unfit(faults(b, ""))
	}
	answer := &answerBundle{Type: kind + "-response"}
	answer.ResourceType = "Bundle"
	switch kind {
	case "transaction":
		answer.Entry, err = a.transaction(r, c, entries)
	case "batch":
		answer.Entry, err = a.batch(r, c, entries)
	default:
		return outcome.Troubled(http.StatusBadRequest, "not-supported", "card.fhir.bundle_type")
	}
	if err != nil {
		return err
	}
	out, err := datatype.Encode(answer)
	if err != nil {
		return err
	}
	send(w, http.StatusOK, out)
	return nil
}

// planned is an entry as it will be done.
type planned struct {
	kind   *find.Kind
	change shelf.Change
	read   string // the address of a GET, "" for a change
	again  bool   // a patch of whatever version is there: it is made anew where that is another
}

// plan understands one entry. Errors are told with its place.
func (a *API) plan(ctx context.Context, c access.Caller, e r4.Entry, at int) (planned, error) {
	place := "Bundle.entry[" + strconv.Itoa(at) + "]"
	wrong := func(status int, code, key, path string, args ...any) error {
		t := outcome.Troubled(status, code, key, args...)
		t.Issues[0].Path = place + path
		return t
	}
	address := strings.TrimPrefix(strings.TrimPrefix(e.URL, a.base+"/"), "/")
	path, condition, asked := strings.Cut(address, "?")
	name, id, _ := strings.Cut(path, "/")
	k, ok := a.kinds[name]
	switch {
	case e.Method == "":
		return planned{}, wrong(http.StatusBadRequest, "required", "card.fhir.no_request", ".request.method")
	case e.Method == http.MethodGet || e.Method == http.MethodHead:
		return planned{kind: k, read: address}, nil
	case !ok:
		return planned{}, wrong(http.StatusBadRequest, "not-supported", "card.fhir.unknown_kind", ".request.url", "Kinds", strings.Join(find.Names(a.kinds), ", "))
	case asked && id != "" || strings.Contains(id, "/"):
		return planned{}, wrong(http.StatusBadRequest, "invalid", "card.fhir.bad_entry_url", ".request.url")
	}
	p := planned{kind: k, change: shelf.Change{Kind: name, ID: id, FullURL: e.FullURL, Entry: at, Resource: e.Resource, Asked: asked, Condition: condition}}
	want := access.CreateAction
	switch e.Method {
	case http.MethodPost:
		p.change.Method = shelf.Create
		if id != "" || asked {
			return p, wrong(http.StatusBadRequest, "invalid", "card.fhir.bad_entry_url", ".request.url")
		}
		p.change.ID = newID()
		if e.IfNoneExist != "" {
			p.change.Asked, p.change.Condition = true, strings.TrimPrefix(e.IfNoneExist, "?")
		}
	case http.MethodPut:
		want, p.change.Method = access.UpdateAction, shelf.Update
		p.change.IfNone = strings.TrimSpace(e.IfNoneMatch) == "*"
	case http.MethodDelete:
		want, p.change.Method, p.change.Resource = access.DeleteAction, shelf.Delete, nil
	case http.MethodPatch:
		if id == "" {
			return p, wrong(http.StatusBadRequest, "invalid", "card.fhir.bad_entry_url", ".request.url")
		}
		err := a.planPatch(ctx, c, &p, e)
		if t, ok := errors.AsType[*outcome.Trouble](err); ok {
			for i := range t.Issues {
				t.Issues[i].Path = place + ".resource"
			}
		}
		return p, err
	default:
		return p, wrong(http.StatusMethodNotAllowed, "not-supported", "card.fhir.not_in_bundle", ".request.method", "Method", find.Clip(e.Method))
	}
	if err := mayWrite(c, k, want); err != nil {
		return p, err
	}
	p.change.IfMatch = versionOf(e.IfMatch)
	if p.change.Asked {
		if err := a.conditionFor(c, k, p.change.Condition); err != nil {
			if refused, ok := errors.AsType[*shelf.Refusal](err); ok {
				refused.Entry = at
				return p, refusal(refused)
			}
			return p, err
		}
	}
	if p.change.Method == shelf.Delete {
		return p, nil
	}
	switch res := e.Resource; {
	case res == nil:
		return p, wrong(http.StatusBadRequest, "required", "card.fhir.no_resource", ".resource")
	case len(res.Faults) > 0:
		return p, unfit(faults(res, place+".resource"))
	case res.Kind != name:
		return p, wrong(http.StatusBadRequest, "invalid", "card.fhir.other_kind", ".resource", "Kind", name)
	case p.change.Method == shelf.Update && res.Part():
		return p, partWritten(place + ".resource")
	case p.change.Method == shelf.Update && id != "":
		if res.ID != id {
			return p, wrong(http.StatusBadRequest, "invalid", "card.fhir.other_id", ".resource.id")
		}
		return p, goodID(id)
	case p.change.Method == shelf.Update && res.ID != "":
		p.change.ID = res.ID
		return p, goodID(res.ID)
	case p.change.Method == shelf.Update && !asked:
		return p, wrong(http.StatusBadRequest, "invalid", "card.fhir.bad_entry_url", ".request.url")
	}
	return p, nil
}

// planPatch understands an entry that patches: what it makes of the resource is
// written like any other change.
func (a *API) planPatch(ctx context.Context, c access.Caller, p *planned, e r4.Entry) error {
	if err := mayWrite(c, p.kind, access.UpdateAction); err != nil {
		return err
	}
	if err := goodID(p.change.ID); err != nil {
		return err
	}
	sent, err := patchIn(e)
	if err != nil {
		return err
	}
	made, err := a.patched(ctx, c, p.kind, p.change.ID, sent, e.IfMatch)
	if err != nil {
		return err
	}
	made.FullURL, made.Entry = p.change.FullURL, p.change.Entry
	p.change, p.again = made, e.IfMatch == ""
	return nil
}

// transaction does all entries or none. Where a patched resource has another
// version by the time of writing, all is planned anew.
func (a *API) transaction(r *http.Request, c access.Caller, entries []r4.Entry) ([]entryAnswer, error) {
	for attempt := 0; ; attempt++ {
		plans, answers, err := a.tryTransaction(r, c, entries)
		if !outpaced(err, plans) || attempt == mostRetries {
			return answers, a.told(a.byItself(c, err))
		}
	}
}

// outpaced says that a patch was made of a version that is the newest no more.
func outpaced(err error, plans []planned) bool {
	refused, ok := errors.AsType[*shelf.Refusal](err)
	return ok && refused.Status == http.StatusPreconditionFailed && refused.Entry >= 0 && refused.Entry < len(plans) && plans[refused.Entry].again
}

func (a *API) tryTransaction(r *http.Request, c access.Caller, entries []r4.Entry) ([]planned, []entryAnswer, error) {
	work := a.work(c)
	plans := make([]planned, len(entries))
	places := make([]int, len(entries))
	var wrong []outcome.Issue
	for at, e := range entries {
		p, err := a.plan(r.Context(), c, e, at)
		if t, ok := errors.AsType[*outcome.Trouble](err); ok && t.Status != http.StatusMethodNotAllowed && t.Status != http.StatusPreconditionFailed {
			wrong = append(wrong, t.Issues...)
			if len(wrong) > maxIssues {
				break
			}
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		plans[at] = p
		if p.read == "" {
			places[at] = len(work.Changes)
			work.Changes = append(work.Changes, p.change)
		}
	}
	if len(wrong) > 0 {
		return nil, nil, unfit(wrong)
	}
	var done []shelf.Done
	if len(work.Changes) > 0 {
		var err error
		if done, err = a.shelf.Write(r.Context(), work); err != nil {
			return plans, nil, err
		}
	}
	answers := make([]entryAnswer, len(entries))
	for at, p := range plans {
		if p.read != "" {
			answers[at] = a.within(r, p.read)
			if status := answers[at].Response.Status; status >= "400" {
				answers[at].Resource = nil
			}
			continue
		}
		var err error
		if answers[at], err = a.entry(r, c, p.kind, done[places[at]]); err != nil {
			return nil, nil, err
		}
	}
	return plans, answers, nil
}

// byItself tells a person whose app changes a record of the card's own in a bundle
// that it is changed by itself: what a use case does has a transaction of its own.
func (a *API) byItself(c access.Caller, err error) error {
	refused, ok := errors.AsType[*shelf.Refusal](err)
	if !ok || refused.Key != "card.fhir.own_record" || c.Token.Machine || len(refused.Args) != 2 {
		return err
	}
	id, _ := refused.Args[1].(string)
	if kind, _, _ := strings.Cut(id, "/"); a.updaters[kind] == nil {
		return err
	}
	told := *refused
	told.Key = "card.fhir.own_in_bundle"
	return &told
}

// maxIssues are told of one bundle.
const maxIssues = 100

// entry is the answer of one entry that was done. Without a wish nothing is
// sent back but where it stands.
func (a *API) entry(r *http.Request, c access.Caller, k *find.Kind, d shelf.Done) (entryAnswer, error) {
	e := entryAnswer{Response: entryResponse{Status: strconv.Itoa(d.Status) + " " + http.StatusText(d.Status)}}
	if d.Status != http.StatusNoContent {
		e.FullURL, e.Response.Location = a.base+"/"+d.Kind+"/"+d.ID, a.location(d)
	}
	if !d.Own {
		e.Response.ETag, e.Response.LastModified = `W/"`+strconv.FormatInt(d.Version, 10)+`"`, datatype.Instant(d.Updated)
	}
	if d.Status == http.StatusNoContent {
		return e, nil
	}
	switch preferred(r, "return") {
	case "representation":
		body, err := a.answer(r, c, k, d)
		e.Resource = body
		return e, err
	case "OperationOutcome":
		body, err := a.answer(r, c, k, d)
		e.Response.Outcome = body
		return e, err
	}
	return e, nil
}

// atOnce is how many entries of a batch are done side by side.
const atOnce = 16

// batch does each entry by itself.
func (a *API) batch(r *http.Request, c access.Caller, entries []r4.Entry) ([]entryAnswer, error) {
	answers := make([]entryAnswer, len(entries))
	var all sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for _, reads := range []bool{false, true} { // what is read has been written
		for at, e := range entries {
			if (e.Method == http.MethodGet || e.Method == http.MethodHead) != reads {
				continue
			}
			turns <- struct{}{}
			all.Go(func() {
				defer func() { <-turns }()
				answers[at] = a.one(r, c, e, at)
			})
		}
		all.Wait()
	}
	return answers, r.Context().Err()
}

func (a *API) one(r *http.Request, c access.Caller, e r4.Entry, at int) entryAnswer {
	if address, ok := a.byUseCase(c, e); ok {
		return a.alone(r, e, address)
	}
	for attempt := 0; ; attempt++ {
		answer, p, err := a.tryOne(r, c, e, at)
		if err == nil {
			return answer
		}
		if refused, ok := errors.AsType[*shelf.Refusal](err); ok && p.again && refused.Status == http.StatusPreconditionFailed && attempt < mostRetries {
			continue
		}
		told := newAside()
		a.fail(told, r, a.told(err))
		return entryAnswer{Response: entryResponse{Status: told.line(), Outcome: told.body.Bytes()}}
	}
}

func (a *API) tryOne(r *http.Request, c access.Caller, e r4.Entry, at int) (entryAnswer, planned, error) {
	p, err := a.plan(r.Context(), c, e, at)
	if err != nil {
		return entryAnswer{}, p, err
	}
	if p.read != "" {
		return a.within(r, p.read), p, nil
	}
	p.change.FullURL = "" // entries of a batch do not know each other
	done, err := a.shelf.Write(r.Context(), a.work(c, p.change))
	if err != nil {
		return entryAnswer{}, p, err
	}
	answer, err := a.entry(r, c, p.kind, done[0])
	return answer, p, err
}

// byUseCase is the address of an entry that may change a record of the card's own:
// what a person's app asks for so is done by a use case, with a transaction of its
// own, which an entry of a batch has.
func (a *API) byUseCase(c access.Caller, e r4.Entry) (address string, ok bool) {
	address = strings.TrimPrefix(strings.TrimPrefix(e.URL, a.base+"/"), "/")
	kind, id, named := strings.Cut(address, "/")
	ok = named && id != "" && !strings.ContainsAny(address, "?#%") && e.Resource != nil && a.updaters[kind] != nil && !c.Token.Machine
	return address, ok && (e.Method == http.MethodPut || e.Method == http.MethodPatch)
}

// alone does an entry as if it had come by itself.
func (a *API) alone(r *http.Request, e r4.Entry, address string) entryAnswer {
	body, media := e.Resource.JSON(), mediaType
	if e.Method == http.MethodPatch {
		media, body, _ = e.Resource.Binary()
	}
	told := newAside()
	inner := r.Clone(context.WithValue(r.Context(), insideKey{}, true))
	inner.Method, inner.URL, inner.Body, inner.ContentLength = e.Method, &url.URL{Path: root + "/" + address}, io.NopCloser(bytes.NewReader(body)), int64(len(body))
	inner.Header = http.Header{"Authorization": r.Header["Authorization"], "Accept-Language": r.Header["Accept-Language"], "Prefer": r.Header["Prefer"], "Content-Type": {media}}
	if e.IfMatch != "" {
		inner.Header.Set("If-Match", e.IfMatch)
	}
	if err := a.route(told, inner); err != nil {
		a.fail(told, r, err)
		return entryAnswer{Response: entryResponse{Status: told.line(), Outcome: told.body.Bytes()}}
	}
	answer := entryAnswer{FullURL: a.base + "/" + address, Response: entryResponse{Status: told.line(), ETag: told.Header().Get("ETag")}}
	switch preferred(r, "return") {
	case "representation":
		answer.Resource = told.body.Bytes()
	case "OperationOutcome":
		answer.Response.Outcome = told.body.Bytes()
	}
	return answer
}

// aside takes an answer that goes into a bundle.
type aside struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAside() *aside { return &aside{header: http.Header{}, status: http.StatusOK} }

// line is the status as an entry of a Bundle tells it.
func (a *aside) line() string { return strconv.Itoa(a.status) + " " + http.StatusText(a.status) }

func (a *aside) Header() http.Header         { return a.header }
func (a *aside) WriteHeader(status int)      { a.status = status }
func (a *aside) Write(b []byte) (int, error) { return a.body.Write(b) }

// insideKey marks a request that stands in a bundle.
type insideKey struct{}

// within answers a GET that stands in a bundle, as if it had come by itself. A
// ПИН may be searched for: the address is in a body.
func (a *API) within(r *http.Request, address string) entryAnswer {
	target, err := url.Parse(root + "/" + address)
	told := newAside()
	if err == nil {
		inner := r.Clone(context.WithValue(r.Context(), insideKey{}, true))
		inner.Method, inner.URL, inner.Body, inner.ContentLength = http.MethodGet, target, http.NoBody, 0
		inner.Header = http.Header{"Authorization": r.Header["Authorization"], "Accept-Language": r.Header["Accept-Language"]}
		err = a.route(told, inner)
	} else {
		err = fail.Wrap(err, fail.BadRequest, "card.fhir.bad_entry_url")
	}
	if err != nil {
		a.fail(told, r, err)
		return entryAnswer{Response: entryResponse{Status: told.line(), Outcome: told.body.Bytes()}}
	}
	return entryAnswer{
		Resource: told.body.Bytes(),
		Response: entryResponse{Status: "200 OK", ETag: told.Header().Get("ETag")},
	}
}
