package access

import "strings"

// Action is what a caller wants of a kind.
type Action byte

// The actions, as SMART App Launch 2 names them in a scope.
const (
	ReadAction   Action = 'r'
	SearchAction Action = 's'
	CreateAction Action = 'c'
	UpdateAction Action = 'u'
	DeleteAction Action = 'd'
)

// Contexts of SMART scopes.
const (
	SystemContext  = "system"
	UserContext    = "user"
	patientContext = "patient"
)

// grants says whether the scope opens the action on the kind in the context:
// system/*.read, user/Patient.rs, patient/Encounter.s. A scope narrowed by
// parameters (SMART 2: patient/Condition.rs?category=…) is not understood here
// and opens nothing, since opening all would be more than was granted.
func grants(scope, context, kind string, want Action) bool {
	rest, ok := strings.CutPrefix(scope, context+"/")
	if !ok {
		return false
	}
	name, rights, ok := strings.Cut(rest, ".")
	if !ok || name != "*" && name != kind {
		return false
	}
	switch rights {
	case "*": // SMART 1, as the next two
		return true
	case "read":
		return want == ReadAction || want == SearchAction
	case "write":
		return want == CreateAction || want == UpdateAction || want == DeleteAction
	}
	// SMART 2: a subset of cruds in that order.
	const order = "cruds"
	last, found := -1, false
	for i := range len(rights) {
		at := strings.IndexByte(order, rights[i])
		if at <= last {
			return false
		}
		last = at
		found = found || rights[i] == byte(want)
	}
	return found
}
