package fhir

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/patch"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// patch answers PATCH /Type/id by a JSON Patch: what it makes is written as by PUT,
// with the same checks and rights. Without If-Match it is done to the version that
// is there when it is written.
func (a *API) patch(w http.ResponseWriter, r *http.Request, k *find.Kind, id string) error {
	ctx := r.Context()
	c, err := a.writer(r, k, access.UpdateAction)
	if err != nil {
		return err
	}
	// Whether an operation fits tells what is there.
	allowed, err := c.Reach(k.Name, access.ReadAction)
	if err != nil {
		return err
	}
	if err := goodID(id); err != nil {
		return err
	}
	sent, err := patchOf(w, r)
	if err != nil {
		return err
	}
	made := func(now *find.Item) ([]byte, error) { return a.applied(ctx, c, sent, now) }
	readable := func(now *find.Item) ([]byte, error) {
		if seen, err := k.Among(ctx, allowed, []string{now.ID}); err != nil || len(seen) == 0 {
			return nil, errors.Join(err, fail.New(fail.NotFound, "card.fhir.not_found"))
		}
		return made(now)
	}
	if done, err := a.updateOwn(w, r, c, k, id, readable); done || err != nil {
		return err
	}
	match := r.Header.Get("If-Match")
	for attempt := 0; ; attempt++ {
		change, err := a.patched(ctx, c, k, id, sent, match)
		if err != nil {
			return err
		}
		err = a.write(w, r, c, k, change)
		t, refused := errors.AsType[*outcome.Trouble](err)
		if !refused || t.Status != http.StatusPreconditionFailed || match != "" || attempt == mostRetries {
			return err
		}
	}
}

// applied is what the patch makes of the resource. Where it does not fit the
// caller learns of what is there: that is a reading.
func (a *API) applied(ctx context.Context, c access.Caller, sent patch.Patch, now *find.Item) ([]byte, error) {
	text, err := sent.Apply(now.JSON)
	if m, ok := errors.AsType[*patch.Misfit](err); ok {
		if err := a.record(ctx, c, "fhir.read", "", []*find.Item{now}); err != nil {
			return nil, err
		}
		return nil, outcome.Troubled(http.StatusUnprocessableEntity, "processing", "card.fhir.patch_fails", "Number", m.Operation+1)
	}
	return text, err
}

// patched is the change that the patch makes of the version that is there now,
// which is match unless that is "".
func (a *API) patched(ctx context.Context, c access.Caller, k *find.Kind, id string, sent patch.Patch, match string) (shelf.Change, error) {
	change := shelf.Change{Method: shelf.Update, Kind: k.Name, ID: id, Entry: -1}
	allowed, err := c.Reach(k.Name, access.ReadAction)
	if err != nil {
		return change, err
	}
	items, err := k.Items(ctx, allowed, []string{id})
	switch {
	case err != nil:
		return change, err
	case len(items) == 0:
		return change, fail.New(fail.NotFound, "card.fhir.not_found")
	case match != "" && !sameVersion(match, items[0].Version):
		return change, outcome.Troubled(http.StatusPreconditionFailed, "conflict", "card.fhir.version_gone")
	}
	text, err := a.applied(ctx, c, sent, items[0])
	if err != nil {
		return change, err
	}
	change.IfMatch = versionOf(`W/"` + items[0].Version + `"`)
	if change.Resource, err = readAs(k, text); err != nil {
		return change, err
	}
	if change.Resource.ID != id {
		t := outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.other_id")
		t.Issues[0].Path = k.Name + ".id"
		return change, t
	}
	return change, nil
}

// patchIn is the patch of an entry of a Bundle: a Binary of its media type.
func patchIn(e r4.Entry) (patch.Patch, error) {
	media, data, ok := "", []byte(nil), false
	if e.Resource != nil {
		media, data, ok = e.Resource.Binary()
	}
	if media, _, err := mime.ParseMediaType(media); !ok || err != nil || media != patch.MediaType || len(data) > patch.MostBytes {
		return nil, outcome.Troubled(http.StatusUnsupportedMediaType, "not-supported", "card.fhir.patch_binary")
	}
	sent, err := patch.Read(data)
	if err != nil {
		return nil, outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.bad_patch")
	}
	return sent, nil
}

// mostRetries is how often a patch without If-Match is done anew to what another
// has written meanwhile.
const mostRetries = 8

// patchOf reads the patch of the request.
func patchOf(w http.ResponseWriter, r *http.Request) (patch.Patch, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != patch.MediaType {
		t := outcome.Troubled(http.StatusUnsupportedMediaType, "not-supported", "card.fhir.patch_only")
		t.Header = http.Header{"Accept-Patch": {patch.MediaType}}
		return nil, t
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, patch.MostBytes))
	if err != nil {
		if tooLarge(err) {
			return nil, fail.New(fail.TooLarge, "card.fhir.too_big", "Most", patch.MostBytes>>20)
		}
		return nil, fail.Wrap(err, fail.BadRequest, "card.fhir.cut_body")
	}
	sent, err := patch.Read(data)
	if err != nil {
		return nil, outcome.Troubled(http.StatusBadRequest, "invalid", "card.fhir.bad_patch")
	}
	return sent, nil
}
