package fhir

import (
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
)

// read answers GET /Type/id. What is out of the caller's reach is not told from
// what is not there.
func (a *API) read(w http.ResponseWriter, r *http.Request, k *kind, id string) error {
	ctx := r.Context()
	c, allowed, err := a.admitted(r, k, readAction)
	if err != nil {
		return err
	}
	if !validID(id) {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	items, err := k.items(ctx, allowed, []string{id})
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	if err := a.record(ctx, c, "fhir.read", "", items); err != nil {
		return err
	}
	tag := `W/"` + items[0].version + `"`
	w.Header().Set("ETag", tag)
	if !items[0].updated.IsZero() {
		w.Header().Set("Last-Modified", items[0].updated.UTC().Truncate(time.Second).Format(http.TimeFormat))
	}
	if sameVersion(r.Header.Get("If-None-Match"), items[0].version) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	send(w, http.StatusOK, items[0].json)
	return nil
}

// sameVersion says that the reader has the version already.
func sameVersion(header, version string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
		if tag == "*" || tag == `"`+version+`"` {
			return true
		}
	}
	return false
}
