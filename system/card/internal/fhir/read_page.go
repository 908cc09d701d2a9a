package fhir

import (
	"net/http"
	"strings"

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
	if allowed.all && writable(k) { // with whoever reads at the same moment
		found, err := a.foreign(ctx, c, k, id, allowed)
		if err != nil {
			return err
		}
		if found != nil {
			if found.Deleted {
				return gone()
			}
			return a.sendItem(w, r, foreignItem(found))
		}
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
	return a.sendItem(w, r, items[0])
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
