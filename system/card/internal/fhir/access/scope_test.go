package access

import "testing"

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		scope        string
		read, search bool
	}{
		{"system/*.read", true, true},
		{"system/Patient.read", true, true},
		{"system/Encounter.read", false, false},
		{"system/*.rs", true, true},
		{"system/Patient.r", true, false},
		{"system/Patient.s", false, true},
		{"system/Patient.cruds", true, true},
		{"system/Patient.*", true, true},
		{"system/Patient.write", false, false},
		{"system/Patient.sr", false, false}, // not in the order of the specification
		{"system/Patient.rr", false, false},
		{"system/Patient.rs?_id=1", false, false}, // narrowed: not understood, so nothing
		{"system/Patient.", false, false},
		{"system/Patient", false, false},
		{"user/Patient.read", false, false},
		{"systems/*.read", false, false},
		{"", false, false},
	} {
		if got := grants(c.scope, SystemContext, "Patient", ReadAction); got != c.read {
			t.Errorf("%q read: %v", c.scope, got)
		}
		if got := grants(c.scope, SystemContext, "Patient", SearchAction); got != c.search {
			t.Errorf("%q search: %v", c.scope, got)
		}
	}
}
