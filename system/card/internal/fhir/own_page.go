package fhir

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
)

// Updater does with a record of the card's own what a doctor's app asks for by
// PUT: a use case of the card, with its rules and rights. now is the record as the
// app has read it (If-Match), sent the resource that it wants in its place.
type Updater func(ctx context.Context, c Caller, now Item, sent []byte) error

// Updating lets apps of staff change the card's own records of the type. It is
// called before the first request.
func (a *API) Updating(kind string, u Updater) {
	if a.updaters == nil {
		a.updaters = map[string]Updater{}
	}
	a.updaters[kind] = u
}

// At is the person behind the token with their post in the organisation, that of
// a doctor before others; ok is false for a machine, and for who has none there.
func (c Caller) At(organisation string) (desk.Staff, bool) {
	staff := desk.Staff{PIN: c.c.Token.PIN, Name: c.c.Token.Name, Posts: c.c.Posts}
	ok := false
	for _, p := range c.c.Posts {
		if p.Organisation == organisation && (!ok || slices.Contains(desk.Doctors, p.Role) && !slices.Contains(desk.Doctors, staff.Post.Role)) {
			staff.Post, ok = p, true
		}
	}
	if staff.Name == "" {
		staff.Name = staff.Post.PersonName
	}
	return staff, ok && !c.c.Token.Machine
}

// updateOwn answers PUT of a record of the card's own, if that may be changed so
// by this caller; done is false where it is for the shelf to say. If-Match is
// required: of two who act at once one is told of the other. made gives what is wanted in place of the record.
func (a *API) updateOwn(w http.ResponseWriter, r *http.Request, c access.Caller, k *find.Kind, id string, made func(now *find.Item) ([]byte, error)) (done bool, err error) {
	ctx := r.Context()
	update := a.updaters[k.Name]
	if update == nil || c.Token.Machine || k.Own == nil {
		return false, nil
	}
	allowed, err := c.Reach(k.Name, access.UpdateAction)
	if err != nil {
		return true, err
	}
	q := &find.Query{Criteria: []find.Criterion{{Name: "_id", Param: k.Params["_id"], Values: []find.Value{{Text: id}}}}, Count: 1}
	f, err := k.Own(ctx, allowed, q)
	if err != nil || len(f.IDs) == 0 {
		return err != nil, err
	}
	now, err := k.Ordered(ctx, f.IDs)
	if err != nil || len(now) == 0 {
		return true, err
	}
	match := r.Header.Get("If-Match")
	switch {
	case match == "":
		return true, outcome.Troubled(http.StatusPreconditionRequired, "required", "card.fhir.match_required")
	case !sameVersion(match, now[0].Version):
		return true, outcome.Troubled(http.StatusPreconditionFailed, "conflict", "card.fhir.version_gone")
	}
	sent, err := made(now[0])
	if err != nil {
		return true, err
	}
	res, err := readAs(k, sent)
	if err != nil {
		return true, err
	}
	if res.ID != id {
		t := outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.other_id")
		t.Issues[0].Path = k.Name + ".id"
		return true, t
	}
	if err := update(ctx, Caller{a, c}, Item{now[0]}, sent); err != nil {
		return true, fielded(err)
	}
	items, err := k.Ordered(ctx, f.IDs)
	if err != nil || len(items) == 0 {
		return true, err
	}
	if err := a.record(ctx, c, "fhir.update", "", items); err != nil {
		return true, err
	}
	w.Header().Set("ETag", `W/"`+items[0].Version+`"`)
	switch preferred(r, "return") {
	case "minimal":
		w.WriteHeader(http.StatusOK)
		return true, nil
	case "OperationOutcome":
		data, err := datatype.Encode(outcome.Of(ctx, []outcome.Issue{{Severity: "information", Code: "informational", Key: "card.fhir.written"}}))
		if err == nil {
			send(w, http.StatusOK, data)
		}
		return true, err
	}
	send(w, http.StatusOK, items[0].JSON)
	return true, nil
}

// fielded tells each field that a use case found wrong as an issue of its own.
func fielded(err error) error {
	e := fail.As(err)
	if len(e.Findings) == 0 {
		return err
	}
	t := &outcome.Trouble{Status: http.StatusUnprocessableEntity}
	for _, f := range e.Findings {
		t.Issues = append(t.Issues, outcome.Issue{Code: "business-rule", Key: f.Key, Args: f.Args, Path: f.Field})
	}
	return t
}
