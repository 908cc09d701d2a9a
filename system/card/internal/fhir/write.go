package fhir

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// writable says that systems may write resources of the type.
func writable(k *find.Kind) bool { return !slices.Contains(generated, k.Name) && r4.Known(k.Name) }

// mayWrite says that the caller may do so to resources of the type: a system, or
// an app of a doctor or nurse (see bounds).
func mayWrite(c access.Caller, k *find.Kind, want access.Action) error {
	if !writable(k) {
		t := outcome.Troubled(http.StatusMethodNotAllowed, "not-supported", "card.fhir.read_only")
		t.Header = http.Header{"Allow": {allow(http.MethodGet)}}
		return t
	}
	r, err := c.Reach(k.Name, want)
	if err != nil {
		return err
	}
	switch {
	case r.All:
	case len(clinics(c)) == 0:
		return fail.New(fail.Forbidden, "card.fhir.staff_write")
	case k.Name == "Patient": // would tell whom the card knows
		return fail.New(fail.Forbidden, "card.fhir.registered_here")
	}
	return nil
}

// clinics are the organisations where the caller treats patients.
func clinics(c access.Caller) []string {
	var all []string
	for _, p := range c.Posts {
		if slices.Contains(desk.Ward, p.Role) && !slices.Contains(all, p.Organisation) {
			all = append(all, p.Organisation)
		}
	}
	return all
}

// work is what the caller wants written. A person is held to what they could do
// in the card itself: their app writes about patients of their hospitals alone,
// and changes what was written through it, never what another system did.
func (a *API) work(c access.Caller, changes ...shelf.Change) *shelf.Work {
	w := &shelf.Work{Changes: changes, Author: c.Author(), Records: writeRecords(c)}
	if c.Token.Machine {
		return w
	}
	w.Allowed = func(ctx context.Context, q db.Querier, t shelf.Touched) error {
		forbidden := func(key string) error {
			return &shelf.Refusal{Status: http.StatusForbidden, Code: "forbidden", Key: key, Entry: -1}
		}
		if t.Nobody {
			return forbidden("card.fhir.tells_of_nobody")
		}
		if slices.ContainsFunc(t.Authors, func(author string) bool { return author != c.Author() }) {
			return forbidden("card.fhir.others_wrote")
		}
		within, err := kept.Within(ctx, q, t.People, clinics(c))
		if err == nil && !within {
			err = forbidden("card.fhir.not_your_patient")
		}
		return err
	}
	return w
}

// personal says that the caller may ask by the condition. A person may by
// identifiers alone: any other would tell what is written of those whom they may
// not see.
func personal(c access.Caller, q *find.Query) error {
	if c.Token.Machine {
		return nil
	}
	for _, one := range q.Criteria {
		whole := one.Name == "identifier" && !slices.ContainsFunc(one.Values, func(v find.Value) bool { return v.System == "" || v.Text == "" })
		if !whole {
			return outcome.Troubled(http.StatusBadRequest, "not-supported", "card.fhir.person_condition")
		}
	}
	return nil
}

// faults are what is wrong with a resource, as issues. at is where it stands,
// "" for by itself.
func faults(r *r4.Resource, at string) []outcome.Issue {
	var all []outcome.Issue
	for _, f := range r.Faults {
		one := outcome.Issue{Code: faultCodes[f.What], Key: "card.fhir.fault." + string(f.What), Args: fail.Args(f.Args...), Path: within(at, f.Path)} // text: card.fhir.fault.*
		if one.Code == "" {
			one.Code = "structure"
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
func unfit(issues []outcome.Issue) *outcome.Trouble {
	status := http.StatusUnprocessableEntity
	for _, i := range issues {
		if i.Key == "card.fhir.fault.no_json" || i.Key == "card.fhir.fault.no_kind" {
			status = http.StatusBadRequest
		}
	}
	return &outcome.Trouble{Status: status, Issues: issues}
}

// refusal is why the shelf did not do it, as an error of the API.
func refusal(r *shelf.Refusal) *outcome.Trouble {
	i := outcome.Issue{Code: r.Code, Key: r.Key, Args: fail.Args(r.Args...), Path: r.Path, About: r.ID}
	if r.Entry >= 0 {
		i.Path = within("Bundle.entry["+strconv.Itoa(r.Entry)+"].resource", r.Path)
		if r.Path == "" {
			i.Path = "Bundle.entry[" + strconv.Itoa(r.Entry) + "]"
		}
	}
	t := &outcome.Trouble{Status: r.Status, Issues: []outcome.Issue{i}}
	if r.Status == http.StatusMethodNotAllowed {
		t.Header = http.Header{"Allow": {allow(http.MethodGet)}}
	}
	return t
}

// goodID says that a client may give a resource this id: ids stand in URLs, so
// none may be a ПИН.
func goodID(id string) error {
	if !find.ValidID(id) {
		return outcome.Troubled(http.StatusBadRequest, "value", "card.fhir.bad_id")
	}
	if _, err := pin.Parse(id); err == nil {
		return outcome.Troubled(http.StatusBadRequest, "security", "card.fhir.pin_in_url")
	}
	return nil
}

// writeRecords are the access records of what the caller has written, one a
// person, type and act.
func writeRecords(c access.Caller) func([]shelf.Done) []audit.Record {
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
			records = append(records, c.RecordOf(one.subject, one.action, objects[one]))
		}
		return records
	}
}

// versionOf reads an ETag of If-Match: W/"3". What is no number, as the card's own
// versions are none, matches nothing on the shelf.
func versionOf(header string) int64 {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return 0
	}
	n, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(header, "W/"), `"`), 10, 64)
	if err != nil || n < 1 {
		return -1
	}
	return n
}

// foreign is the resource from outside of that id, within the reach; nil for
// none. Whoever reads it is recorded with it.
func (a *API) foreign(ctx context.Context, c access.Caller, k *find.Kind, id string, r access.Reach) (*shelf.Resource, error) {
	return a.shelf.Get(ctx, k.Name, id, func(shelf.Resource) bool { return r.All }, func(found shelf.Resource) []audit.Record {
		if found.Patient == "" {
			return nil
		}
		return []audit.Record{c.RecordOf(found.PIN, "fhir.read", found.Kind+"/"+found.ID)}
	})
}
