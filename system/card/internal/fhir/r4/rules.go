package r4

import "strings"

// rules are the invariants of R4 that do not follow from number and type, for
// the types that come most: their ids are those of the specification.
func (c *checker) rules(n int32, def *definition) {
	has := func(name string) bool { return c.t.member(n, name) != 0 }
	text := func(name string) string {
		if m := c.t.member(n, name); m != 0 {
			return c.t.str(m)
		}
		return ""
	}
	choice := func(prefix string) bool {
		for m := c.t.nodes[n].first; m != 0; m = c.t.nodes[m].next {
			if strings.HasPrefix(c.t.key(m), prefix) {
				return true
			}
		}
		return false
	}
	broken := func(when bool, id string) {
		if when {
			c.fault(c.path(), Rule, "Rule", id, "Words", ruleWords[id])
		}
	}
	switch def.name {
	case "Extension":
		broken(has("extension") == choice("value"), "ext-1")
	case "Period":
		start, end := text("start"), text("end")
		if start != "" && end != "" {
			from, _, ok1 := Span(start)
			_, until, ok2 := Span(end)
			broken(ok1 && ok2 && until.Before(from), "per-1")
		}
	case "Quantity", "Age", "Count", "Duration", "Distance":
		broken(has("code") && !has("system"), "qty-3")
	case "Attachment":
		broken(has("data") && !has("contentType"), "att-1")
	case "ContactPoint":
		broken(has("value") && !has("system"), "cpt-2")
	case "Observation":
		broken(has("dataAbsentReason") && choice("value"), "obs-6")
	case "Observation.referenceRange":
		broken(!has("low") && !has("high") && !has("text"), "obs-3")
	case "Patient.contact":
		broken(!has("name") && !has("telecom") && !has("address") && !has("organization"), "pat-1")
	case "Organization":
		broken(!has("identifier") && !has("name"), "org-1")
	case "Condition":
		c.condition(n, broken)
	case "AllergyIntolerance":
		broken(c.hasCode(n, "verificationStatus", "entered-in-error") && has("clinicalStatus"), "ait-2")
		broken(!c.hasCode(n, "verificationStatus", "entered-in-error") && !has("clinicalStatus"), "ait-1")
	case "Bundle":
		kind := text("type")
		broken(has("total") && kind != "searchset" && kind != "history", "bdl-1")
	}
	if def.resource && c.inside > 0 && !has("id") && def.name != "Parameters" && c.steps[len(c.steps)-1].name == "contained" {
		broken(true, "dom-3")
	}
	if def.resource && c.inside > 0 && has("contained") && c.steps[len(c.steps)-1].name == "contained" {
		broken(true, "dom-2")
	}
}

func (c *checker) condition(n int32, broken func(bool, string)) {
	wrong := c.hasCode(n, "verificationStatus", "entered-in-error")
	status := c.t.member(n, "clinicalStatus") != 0
	broken(wrong && status, "con-5")
	abated := false
	for m := c.t.nodes[n].first; m != 0; m = c.t.nodes[m].next {
		abated = abated || strings.HasPrefix(c.t.key(m), "abatement")
	}
	over := c.hasCode(n, "clinicalStatus", "resolved") || c.hasCode(n, "clinicalStatus", "remission") || c.hasCode(n, "clinicalStatus", "inactive")
	broken(abated && !over, "con-4")
	broken(!wrong && !status && c.hasCode(n, "category", "problem-list-item"), "con-3")
}

// hasCode says that a CodeableConcept, or one of a list, has the code.
func (c *checker) hasCode(n int32, member, code string) bool {
	found := false
	if m := c.t.member(n, member); m != 0 {
		c.t.each(m, func(concept int32) {
			if list := c.t.member(concept, "coding"); list != 0 {
				c.t.each(list, func(coding int32) {
					if m := c.t.member(coding, "code"); m != 0 && c.t.str(m) == code {
						found = true
					}
				})
			}
		})
	}
	return found
}

// ruleWords are the rules in the specification's own (English) words.
var ruleWords = map[string]string{
	"ext-1": "Must have either extensions or value[x], not both",
	"per-1": "If present, start SHALL have a lower value than end",
	"qty-3": "If a code for the unit is present, the system SHALL also be present",
	"att-1": "If the Attachment has data, it SHALL have a contentType",
	"cpt-2": "A system is required if a value is provided",
	"obs-3": "Must have at least a low or a high or text",
	"obs-6": "dataAbsentReason SHALL only be present if Observation.value[x] is not present",
	"pat-1": "SHALL at least contain a contact's details or a reference to an organization",
	"org-1": "The organization SHALL at least have a name or an identifier",
	"con-3": "Condition.clinicalStatus SHALL be present if verificationStatus is not entered-in-error and category is problem-list-item",
	"con-4": "If condition is abated, then clinicalStatus must be either inactive, resolved, or remission",
	"con-5": "Condition.clinicalStatus SHALL NOT be present if verificationStatus is entered-in-error",
	"ait-1": "AllergyIntolerance.clinicalStatus SHALL be present if verificationStatus is not entered-in-error",
	"ait-2": "AllergyIntolerance.clinicalStatus SHALL NOT be present if verificationStatus is entered-in-error",
	"bdl-1": "total only when a search or history",
	"dom-2": "If the resource is contained in another resource, it SHALL NOT contain nested Resources",
	"dom-3": "If the resource is contained in another resource, it SHALL be referred to from elsewhere in the resource",
}
