package fhir

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// writable says that systems may write resources of the type.
func writable(k *kind) bool { return !slices.Contains(generated, k.name) && r4.Known(k.name) }

// mayWrite says that the caller may do so to resources of the type. Only
// systems write: what people change they change in the card.
func (c caller) mayWrite(k *kind, want action) error {
	if !writable(k) {
		t := troubled(http.StatusMethodNotAllowed, "not-supported", "card.fhir.read_only")
		t.header = http.Header{"Allow": {http.MethodGet}}
		return t
	}
	r, err := c.reach(k.name, want)
	if err != nil {
		return err
	}
	if !r.all {
		return fail.New(fail.Forbidden, "card.fhir.machines_write")
	}
	return nil
}

// faults are what is wrong with a resource, as issues. at is where it stands,
// "" for by itself.
func faults(r *r4.Resource, at string) []issue {
	var all []issue
	for _, f := range r.Faults {
		one := issue{code: faultCodes[f.What], key: "card.fhir.fault." + string(f.What), args: fail.Args(f.Args...), path: within(at, f.Path)} // text: card.fhir.fault.*
		if one.code == "" {
			one.code = "structure"
		}
		all = append(all, one)
	}
	return all
}

var faultCodes = map[r4.What]string{
	r4.Missing: "required", r4.Format: "value", r4.NoCode: "code-invalid", r4.NoTarget: "not-found", r4.WrongTarget: "value",
	r4.NoContained: "not-found", r4.Rule: "invariant", r4.TooManyFault: "incomplete",
}

// within is the path of an element of a resource that stands in a bundle.
func within(at, path string) string {
	if at == "" {
		return path
	}
	if _, rest, ok := strings.Cut(path, "."); ok {
		return at + "." + rest
	}
	return at
}

// unfit is the answer to a resource that is not as R4 has it.
func unfit(issues []issue) *trouble {
	status := http.StatusUnprocessableEntity
	for _, i := range issues {
		if i.key == "card.fhir.fault.no_json" || i.key == "card.fhir.fault.no_kind" {
			status = http.StatusBadRequest
		}
	}
	return &trouble{status: status, issues: issues}
}

// refusal is why the shelf did not do it, as an error of the API.
func refusal(r *shelf.Refusal) *trouble {
	i := issue{code: r.Code, key: r.Key, args: fail.Args(r.Args...), path: r.Path, about: r.ID}
	if r.Entry >= 0 {
		i.path = within("Bundle.entry["+strconv.Itoa(r.Entry)+"].resource", r.Path)
		if r.Path == "" {
			i.path = "Bundle.entry[" + strconv.Itoa(r.Entry) + "]"
		}
	}
	t := &trouble{status: r.Status, issues: []issue{i}}
	if r.Status == http.StatusMethodNotAllowed {
		t.header = http.Header{"Allow": {http.MethodGet}}
	}
	return t
}

// goodID says that a client may give a resource this id: ids stand in URLs, so
// none may be a ПИН.
func goodID(id string) error {
	if !validID(id) {
		return troubled(http.StatusBadRequest, "value", "card.fhir.bad_id")
	}
	if _, err := pin.Parse(id); err == nil {
		return troubled(http.StatusBadRequest, "security", "card.fhir.pin_in_url")
	}
	return nil
}

// writeRecords are the access records of what the caller has written, one a
// person, type and act.
func writeRecords(c caller) func([]shelf.Done) []audit.Record {
	return func(done []shelf.Done) []audit.Record {
		type act struct{ subject, patient, kind, action string }
		var acts []act
		objects := map[act]string{}
		for _, d := range done {
			if d.Patient == "" || d.Status == 0 {
				continue
			}
			action := "fhir.read"
			switch {
			case d.Same:
			case d.Status == http.StatusCreated:
				action = "fhir.create"
			case d.Deleted:
				action = "fhir.delete"
			default:
				action = "fhir.update"
			}
			one := act{d.PIN, d.Patient, d.Kind, action}
			if _, ok := objects[one]; ok {
				objects[one] = d.Kind // more than one of them
				continue
			}
			acts = append(acts, one)
			objects[one] = d.Kind + "/" + d.ID
		}
		records := make([]audit.Record, 0, len(acts))
		for _, one := range acts {
			records = append(records, c.recordOf(one.subject, one.action, objects[one]))
		}
		return records
	}
}

// recordOf is an access record of what the caller did.
func (c caller) recordOf(subject, action, object string) audit.Record {
	r := audit.Record{
		ActorPIN: c.token.PIN, ActorName: c.token.Name, Via: "card", Action: action, Subject: subject, Object: object, Purpose: c.purpose(subject),
	}
	if r.ActorName == "" {
		r.ActorName = c.token.ClientID
	}
	if len(c.posts) > 0 {
		r.ActorRole, r.Organisation = c.posts[0].Title.RU, c.posts[0].OrganisationName.RU
	}
	return r
}

// versionOf reads an ETag of If-Match: W/"3". The card's own versions are
// digests and match nothing on the shelf.
func versionOf(header string) (int64, error) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return 0, nil
	}
	text := strings.Trim(strings.TrimPrefix(header, "W/"), `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, troubled(http.StatusPreconditionFailed, "conflict", "card.fhir.version_gone")
	}
	return n, nil
}

// foreign is the resource from outside of that id, within the reach; nil for
// none. Whoever reads it is recorded with it.
func (a *API) foreign(ctx context.Context, c caller, k *kind, id string, r reach) (*shelf.Resource, error) {
	return a.shelf.Get(ctx, k.name, id, func(shelf.Resource) bool { return r.all }, func(found shelf.Resource) []audit.Record {
		if found.Patient == "" {
			return nil
		}
		return []audit.Record{c.recordOf(found.PIN, "fhir.read", found.Kind+"/"+found.ID)}
	})
}
