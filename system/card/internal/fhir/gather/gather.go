// Package gather answers Patient/$everything and Encounter/$everything: all that
// leads to one patient or one stay, page by page, with the staff, places and
// organisations that it names.
package gather

import (
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/system/card/internal/fhir"
)

const definitions = "http://hl7.org/fhir/OperationDefinition/"

// Mount offers the operations.
func Mount(a *fhir.API) {
	g := &gatherer{a}
	for _, kind := range []string{"Patient", "Encounter"} {
		a.Operate(fhir.Operation{
			Kind: kind, Name: "$everything", Instance: true, Methods: []string{http.MethodGet},
			Definition: definitions + kind + "-everything", Serve: g.serve,
		})
	}
}

type gatherer struct{ api *fhir.API }

// Link is a type of resource with the search parameter that leads to what is
// gathered about.
type Link struct{ Kind, Param string }

// Compartment are the types that belong to a Patient or an Encounter, itself
// first. Who looked at the data is left to those who ask for it by name.
func Compartment(a *fhir.API, of string) []Link {
	all := []Link{{of, "_id"}}
	names := []string{"patient", "subject", "beneficiary", "individual"}
	if of == "Encounter" {
		names = []string{"encounter", "context", "part-of"}
		all = append(all, Link{"Encounter", "part-of"})
	}
	for _, kind := range a.Kinds() {
		if kind == of {
			continue
		}
		if param := a.Leading(kind, of, names...); param != "" {
			all = append(all, Link{kind, param})
		}
	}
	return all
}

// supporting are the types that are added because something names them.
var supporting = []string{"Location", "Medication", "Organization", "Practitioner", "PractitionerRole"}

// wanted leaves the types that were asked for.
func wanted(links []Link, kinds []string) []Link {
	return slices.DeleteFunc(links, func(l Link) bool {
		if len(kinds) == 0 {
			return l.Kind == "AuditEvent"
		}
		return !slices.Contains(kinds, l.Kind)
	})
}
