package fhir

import (
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

// read answers GET /Type/id. What is out of the caller's reach is not told from
// what is not there.
func (a *API) read(w http.ResponseWriter, r *http.Request, k *find.Kind, id string) error {
	ctx := r.Context()
	c, allowed, err := a.admitted(r, k, access.ReadAction)
	if err != nil {
		return err
	}
	if !find.ValidID(id) {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	if allowed.All && writable(k) { // with whoever reads at the same moment
		found, err := a.foreign(ctx, c, k, id, allowed)
		if err != nil {
			return err
		}
		if found != nil {
			if found.Deleted {
				return gone()
			}
			return a.sendItem(w, r, find.ForeignItem(found))
		}
	}
	items, err := k.Items(ctx, allowed, []string{id})
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
