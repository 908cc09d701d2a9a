package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
)

// kickOff answers the request for an export: it is begun, and where to look.
func (d *Desk) kickOff(w http.ResponseWriter, r *http.Request, on fhir.Target) error {
	ctx := r.Context()
	caller, err := d.API.Caller(r)
	if err != nil {
		return err
	}
	client, machine := caller.Client()
	if !machine {
		return fail.New(fail.Forbidden, "card.fhir.machines_only")
	}
	if !slices.ContainsFunc(r.Header.Values("Prefer"), func(v string) bool { return strings.Contains(v, "respond-async") }) {
		return fhir.Refuse(http.StatusBadRequest, "required", "card.fhir.async_only")
	}
	request, err := d.read(r.URL.Query(), caller)
	if err != nil {
		return err
	}
	request.URL, request.Client, request.Patients = d.API.Address()+strings.TrimPrefix(r.URL.RequestURI(), "/fhir/R4"), client, on.Kind != ""
	if on.Kind == "Group" {
		if request.Members, err = members(ctx, caller, on.ID); err != nil {
			return err
		}
		request.Group = true
	}
	links := d.links(request)
	for kind := range request.Filters {
		if !slices.ContainsFunc(links, func(l gather.Link) bool { return l.Kind == kind }) {
			return fhir.Refuse(http.StatusBadRequest, "invalid", "card.fhir.outside_compartment")
		}
	}
	if len(links) == 0 {
		return fhir.Refuse(http.StatusBadRequest, "invalid", "card.fhir.outside_compartment")
	}
	now := d.Clock.Now()
	e := export{ID: id.New(), Client: client, Request: request, At: now, Expires: now.Add(life)}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := remove(ctx, tx, "", now); err != nil {
			return err
		}
		n, err := underWay(ctx, tx, client)
		if err != nil {
			return err
		}
		if n >= mostAtOnce {
			t := outcome.Troubled(http.StatusTooManyRequests, "throttled", "card.fhir.too_many_exports")
			t.Header = http.Header{"Retry-After": {strconv.Itoa(int(again.Seconds()))}}
			return t
		}
		if err := insert(ctx, tx, e); err != nil {
			return err
		}
		if _, err = d.Queue.Add(ctx, tx, jobKind, e.ID, job.Options{}); err != nil {
			return err
		}
		_, err = d.Queue.Add(ctx, tx, expireJob, e.ID, job.Options{At: e.Expires})
		return err
	})
	if err != nil {
		return err
	}
	d.Queue.Wake()
	w.Header().Set("Content-Location", d.API.Address()+"/$export-job/"+e.ID)
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// read reads the parameters of a kick-off. What is not understood is refused: a
// filter that was left out in silence would give more than was asked for.
func (d *Desk) read(query url.Values, caller fhir.Caller) (Request, error) {
	var request Request
	bad := func(name, key string) error {
		if len(name) > 60 {
			name = name[:60]
		}
		return fhir.Refuse(http.StatusBadRequest, "invalid", key, "Name", name)
	}
	var asked []string
	for name, values := range query {
		switch name {
		case "_outputFormat":
			if !slices.Contains([]string{"application/fhir+ndjson", "application/fhir ndjson", "application/ndjson", "ndjson"}, values[0]) {
				return request, bad(name, "card.fhir.ndjson_only")
			}
		case "_since":
			t, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(values[0], " ", "+"))
			if err != nil {
				return request, bad(name, "card.fhir.bad_instant")
			}
			request.Since = t
		case "_type":
			for kind := range strings.SplitSeq(strings.Join(values, ","), ",") {
				if !slices.Contains(d.API.Kinds(), kind) {
					return request, bad(name, "card.fhir.unknown_type")
				}
				if err := caller.Need(kind); err != nil {
					return request, err
				}
				asked = append(asked, kind)
			}
		case "_typeFilter":
			if err := d.filters(&request, values); err != nil {
				return request, err
			}
		default:
			return request, bad(name, "card.fhir.refused_parameter")
		}
	}
	for _, kind := range d.API.Kinds() {
		if caller.May(kind) && (asked == nil && kind != "AuditEvent" || slices.Contains(asked, kind)) {
			request.Kinds = append(request.Kinds, kind)
		}
	}
	if len(request.Kinds) == 0 {
		return request, caller.Need("Patient")
	}
	for kind := range request.Filters {
		if err := caller.Need(kind); err != nil {
			return request, err
		}
		if !slices.Contains(request.Kinds, kind) { // of a type that is not asked for
			return request, bad("_typeFilter", "card.fhir.filter_type")
		}
	}
	return request, nil
}

var memberOf = regexp.MustCompile(`^Patient/([A-Za-z0-9.-]{1,64})$`)

// members are the patients of a Group.
func members(ctx context.Context, caller fhir.Caller, groupID string) ([]string, error) {
	items, err := caller.Items(ctx, "Group", []string{groupID})
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, fail.New(fail.NotFound, "card.fhir.not_found")
	}
	var group struct {
		Member []struct {
			Inactive bool
			Entity   struct{ Reference string }
		}
	}
	if err := json.Unmarshal(items[0].JSON(), &group); err != nil {
		return nil, err
	}
	all := []string{}
	for _, m := range group.Member {
		if found := memberOf.FindStringSubmatch(m.Entity.Reference); found != nil && !m.Inactive {
			all = append(all, found[1])
		}
	}
	return all, nil
}

// follow answers how far an export is, gives its files and takes it back.
func (d *Desk) follow(w http.ResponseWriter, r *http.Request, on fhir.Target) error {
	ctx := r.Context()
	caller, err := d.API.Caller(r)
	if err != nil {
		return err
	}
	client, machine := caller.Client()
	if len(on.Rest) == 0 || len(on.Rest) > 2 {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	e, found, err := d.find(ctx, on.Rest[0])
	if err != nil {
		return err
	}
	if !found || !machine || e.Client != client || !d.Clock.Now().Before(e.Expires) {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	for _, kind := range e.Request.Kinds { // rights may have been taken back meanwhile
		if err := caller.Need(kind); err != nil {
			return err
		}
	}
	switch {
	case len(on.Rest) == 2 && r.Method != http.MethodDelete:
		return d.download(w, r, e, on.Rest[1])
	case len(on.Rest) == 2:
		return fhir.Refuse(http.StatusMethodNotAllowed, "not-supported", "card.fhir.unknown_operation")
	case r.Method == http.MethodDelete:
		if err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return remove(ctx, tx, e.ID, d.Clock.Now()) }); err != nil {
			return err
		}
		w.WriteHeader(http.StatusAccepted)
		return nil
	case e.State == "waiting":
		w.Header().Set("X-Progress", strings.TrimSpace("in progress "+e.Progress)) // the type that is written
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	if e.State == "failed" {
		return fhir.Refuse(http.StatusInternalServerError, "exception", "card.fhir.export_failed")
	}
	return d.manifest(w, r, e)
}

type output struct {
	Type  string `json:"type"`
	URL   string `json:"url"`
	Count int    `json:"count"`
}

func (d *Desk) manifest(w http.ResponseWriter, r *http.Request, e export) error {
	files, err := d.files(r.Context(), e.ID)
	if err != nil {
		return err
	}
	all, gone := []output{}, []output{}
	for _, f := range files {
		o := output{f.Kind, d.API.Address() + "/$export-job/" + e.ID + "/" + strconv.Itoa(f.Number), f.Count}
		if f.Kind == deletions {
			o.Type = "Bundle"
			gone = append(gone, o)
			continue
		}
		all = append(all, o)
	}
	data, err := json.Marshal(map[string]any{
		"transactionTime": datatype.Instant(e.Moment), "request": e.Request.URL, "requiresAccessToken": true, "output": all, "deleted": gone, "error": []any{},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Expires", e.Expires.UTC().Format(http.TimeFormat))
	_, err = w.Write(data)
	return err
}

func (d *Desk) download(w http.ResponseWriter, r *http.Request, e export, which string) error {
	number, err := strconv.Atoi(which)
	if err != nil || e.State != "done" {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	body, found, err := d.content(r.Context(), e.ID, number)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	w.Header().Set("Content-Type", "application/fhir+ndjson")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, err = w.Write(body)
	return err
}
