package document

import (
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
)

// document answers Composition/id/$document: the Composition with everything
// that it names, as far as the token opens it. Nothing is stored.
func (m *maker) document(w http.ResponseWriter, r *http.Request, on fhir.Target) error {
	for name, values := range r.URL.Query() {
		if name != "_format" && name != "_pretty" && (name != "persist" || values[0] != "false") {
			return fhir.Refuse(http.StatusBadRequest, "not-supported", "card.fhir.refused_parameter", "Name", clipped(name))
		}
	}
	ctx := r.Context()
	caller, err := m.api.Caller(r)
	if err != nil {
		return err
	}
	first, err := caller.Items(ctx, "Composition", []string{on.ID})
	if err != nil {
		return err
	}
	if len(first) == 0 {
		return fail.New(fail.NotFound, "card.fhir.not_found")
	}
	named, err := gather.Named(ctx, caller, first, slices.DeleteFunc(m.api.Kinds(), func(k string) bool { return k == "AuditEvent" }), nil)
	if err != nil {
		return err
	}
	if err := caller.Tell(ctx, "fhir.document", append(slices.Clone(first), named...)); err != nil {
		return err
	}
	return fhir.Send(w, http.StatusOK, m.bundle(Entry{m.api.Address() + "/Composition/" + on.ID, first[0].JSON()}, nil, named))
}

func clipped(name string) string {
	if len(name) > 60 {
		return name[:60]
	}
	return name
}
