package r4

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Fault is one thing that is wrong with a resource.
type Fault struct {
	Path string // Observation.component[1].code
	What What
	Args []any // name, value, name, value… for the sentence
}

// What is the kind of a fault; the words of card.fhir.fault.* tell it.
type What string

// The kinds of faults.
const (
	NoJSON       What = "no_json"       // At: byte
	NoKind       What = "no_kind"       // not a type of R4
	Unknown      What = "unknown"       // Member
	Twice        What = "twice"         // Member
	Missing      What = "missing"       // Member
	TooMany      What = "too_many"      // a list where there may be one
	NoList       What = "no_list"       // one where a list stands
	WrongType    What = "wrong_type"    // Type
	Format       What = "format"        // Type
	Empty        What = "empty"         // an empty list or object
	OneOf        What = "one_of"        // two members of a choice; Member
	NoCode       What = "no_code"       // Set
	WrongTarget  What = "wrong_target"  // Targets
	NoTarget     What = "no_target"     // Reference: what it names is not here
	NoContained  What = "no_contained"  // Reference
	Rule         What = "rule"          // Rule: id and words of an invariant
	TooManyFault What = "too_many_more" // no more are told
)

// mostFaults are told of one resource.
const mostFaults = 50

// Link is a reference in a resource.
type Link struct {
	Path    string
	Value   string   // as it is written
	Targets []string // types it may lead to, nil for any
	start   int32    // of the string in the text, with its quotes
	end     int32
	loose   bool // an address that is a reference only if the bundle has what it names
}

// Loose says that the link is an address that need not lead anywhere.
func (l Link) Loose() bool { return l.loose }

// Resource is a resource that was read.
type Resource struct {
	Kind   string
	ID     string
	Links  []Link
	Faults []Fault

	tree *tree
	root int32
	def  *definition

	marked bool // marks are known
	marks  []Mark
}

// Read reads and checks one resource. Whatever is wrong stands in Faults; with
// NoJSON or NoKind there is nothing else to be had of the resource.
func Read(text []byte) *Resource {
	t, err := parse(text)
	if err != nil {
		at := 0
		if s, ok := errors.AsType[*syntax](err); ok {
			at = s.at
		}
		return &Resource{Faults: []Fault{{What: NoJSON, Args: []any{"At", at}}}}
	}
	return readAt(t, 0)
}

func readAt(t *tree, root int32) *Resource {
	r := &Resource{tree: t, root: root}
	c := &checker{t: t, r: r, l: load()}
	c.resource(root, true)
	return r
}

// Usable says that the text was a resource at all.
func (r *Resource) Usable() bool { return r.def != nil }

type step struct {
	name  string
	index int // -1: not in a list
}

type checker struct {
	t         *tree
	r         *Resource
	l         *library
	steps     []step
	contained []string // ids of what is contained, once it was asked for
	asked     bool
	inside    int     // depth of contained resources
	places    []int32 // see object
}

func (c *checker) path(more ...string) string {
	var b strings.Builder
	for i, s := range c.steps {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.name)
		if s.index >= 0 {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	for _, m := range more {
		b.WriteString("." + m)
	}
	return b.String()
}

func (c *checker) fault(path string, what What, args ...any) {
	switch {
	case len(c.r.Faults) < mostFaults:
		c.r.Faults = append(c.r.Faults, Fault{path, what, args})
	case len(c.r.Faults) == mostFaults:
		c.r.Faults = append(c.r.Faults, Fault{c.path(), TooManyFault, []any{"Most", mostFaults}})
	}
}

// resource checks one resource, the whole or one within.
func (c *checker) resource(n int32, whole bool) {
	if c.t.nodes[n].kind != '{' {
		c.fault(c.path(), NoKind, "Kind", "")
		return
	}
	kind := ""
	if m := c.t.member(n, "resourceType"); m != 0 {
		kind = c.t.str(m)
	}
	def, ok := c.l.types[kind]
	if !ok || !def.resource {
		c.fault(c.path(), NoKind, "Kind", clip(kind))
		return
	}
	if whole {
		c.r.Kind, c.r.def = kind, def
		if m := c.t.member(n, "id"); m != 0 {
			c.r.ID = c.t.str(m)
		}
		c.steps = append(c.steps, step{kind, -1})
		defer func() { c.steps = c.steps[:len(c.steps)-1] }()
	}
	c.object(n, def)
}

// object checks the members of an object against a type.
func (c *checker) object(n int32, def *definition) {
	if c.t.nodes[n].kind != '{' {
		c.fault(c.path(), WrongType, "Type", def.name)
		return
	}
	if c.t.nodes[n].first == 0 {
		c.fault(c.path(), Empty)
		return
	}
	// Nodes of the values and of what stands beside them, by place of the element.
	from, wide := len(c.places), len(def.elements)
	c.places = append(c.places, make([]int32, 2*wide)...)
	defer func() { c.places = c.places[:from] }()
	for m := c.t.nodes[n].first; m != 0; m = c.t.nodes[m].next {
		key := c.t.text[c.t.nodes[m].keyStart:c.t.nodes[m].keyEnd]
		what, ok := def.members[string(key)]
		if !ok {
			if def.resource && string(key) == "resourceType" {
				continue
			}
			c.fault(c.path(), Unknown, "Member", clip(string(key)))
			continue
		}
		at := from + what.element.position
		if what.beside {
			at += wide
		}
		if c.places[at] != 0 {
			if other := c.t.key(c.places[at]); other != string(key) {
				c.fault(c.path(), OneOf, "Member", what.element.name+"[x]")
			} else {
				c.fault(c.path(), Twice, "Member", string(key))
			}
			continue
		}
		c.places[at] = m
		c.member(m, what, n)
	}
	for _, e := range def.elements {
		v, b := c.places[from+e.position], c.places[from+wide+e.position]
		if e.least > 0 && v == 0 && b == 0 {
			name := e.name
			if e.choice {
				name += "[x]"
			}
			c.fault(c.path(name), Missing, "Member", name)
		}
		if v != 0 && c.t.nodes[v].kind == '[' && b != 0 && c.t.nodes[b].kind == '[' && c.count(v) != c.count(b) {
			c.fault(c.path(e.name), Rule, "Rule", "json", "Words", "_"+e.name)
		}
	}
	c.rules(n, def)
}

func (c *checker) count(n int32) int {
	count := 0
	for m := c.t.nodes[n].first; m != 0; m = c.t.nodes[m].next {
		count++
	}
	return count
}

// member checks one member: one value, or a list where the element repeats.
func (c *checker) member(m int32, what member, parent int32) {
	key := what.element.name
	if what.element.choice {
		key = c.t.key(m)
	}
	c.steps = append(c.steps, step{key, -1})
	defer func() { c.steps = c.steps[:len(c.steps)-1] }()
	list := c.t.nodes[m].kind == '['
	if what.element.most == 1 {
		if list {
			c.fault(c.path(), TooMany)
			return
		}
		c.value(m, what, parent)
		return
	}
	if !list {
		c.fault(c.path(), NoList)
		return
	}
	if c.t.nodes[m].first == 0 {
		c.fault(c.path(), Empty)
		return
	}
	if what.element.most > 1 && c.count(m) > what.element.most {
		c.fault(c.path(), TooMany)
	}
	top := len(c.steps) - 1
	i := 0
	for item := c.t.nodes[m].first; item != 0; item = c.t.nodes[item].next {
		c.steps[top].index = i
		i++
		primitive := what.typ.def != nil && what.typ.def.primitive
		if c.t.nodes[item].kind == 'n' && primitive {
			// A place of its own: the value or what stands beside it. Both may not lack.
			if !c.elsewhere(parent, what, i-1) {
				c.fault(c.path(), Empty)
			}
			continue
		}
		c.value(item, what, parent)
	}
}

// elsewhere says that the other of name and _name has something at the place.
func (c *checker) elsewhere(parent int32, what member, place int) bool {
	name := "_" + what.element.name
	if what.beside {
		name = what.element.name
	}
	other := c.t.member(parent, name)
	if other == 0 || c.t.nodes[other].kind != '[' {
		return false
	}
	for item := c.t.nodes[other].first; item != 0; item = c.t.nodes[item].next {
		if place == 0 {
			return c.t.nodes[item].kind != 'n'
		}
		place--
	}
	return false
}

func (c *checker) value(n int32, what member, _ int32) {
	def := what.typ.def
	switch {
	case what.beside:
		c.object(n, c.l.types["Element"])
		return
	case what.typ.name == "Resource" || def != nil && def.resource:
		c.inside++
		c.resource(n, false)
		c.inside--
		return
	case def == nil:
		return // a type of FHIRPath; resources have none
	case def.primitive:
		c.primitive(n, what)
		return
	}
	c.object(n, def)
	if what.element.codes != nil {
		c.coded(n, what)
	}
	if def.name == "Reference" {
		c.reference(n, what.typ.targets)
	}
}

func (c *checker) primitive(n int32, what member) {
	name := what.typ.name
	kind := c.t.nodes[n].kind
	switch name {
	case "boolean":
		if kind != 't' {
			c.fault(c.path(), WrongType, "Type", name)
		}
		return
	case "decimal", "integer", "positiveInt", "unsignedInt":
		if kind != '0' {
			c.fault(c.path(), WrongType, "Type", name)
		} else if !number(name, string(c.t.raw(n))) {
			c.fault(c.path(), Format, "Type", name)
		}
		return
	}
	if kind != '"' {
		c.fault(c.path(), WrongType, "Type", name)
		return
	}
	s := c.t.str(n)
	if len(c.steps) == 2 && c.steps[1].name == "id" {
		name = "id"
	}
	if ok := formats[name]; ok != nil && !ok(s) {
		c.fault(c.path(), Format, "Type", name)
		return
	}
	if what.element.codes != nil && name == "code" && !what.element.codes[s] {
		c.fault(c.path(), NoCode, "Code", clip(s), "Set", what.element.codesOf)
	}
	if (name == "uri" || name == "url" || name == "canonical") && strings.HasPrefix(s, "urn:uuid:") && c.steps[len(c.steps)-1].name != "system" {
		c.r.Links = append(c.r.Links, Link{Path: c.path(), Value: s, start: c.t.nodes[n].start, end: c.t.nodes[n].end, loose: true})
	}
}

func number(name, s string) bool {
	if name == "decimal" {
		return len(s) <= 40 && !strings.HasSuffix(s, ".")
	}
	v, err := strconv.ParseInt(s, 10, 32)
	return err == nil && (name != "positiveInt" || v > 0) && (name != "unsignedInt" || v >= 0)
}

// coded checks a Coding, CodeableConcept or Quantity of a required binding.
func (c *checker) coded(n int32, what member) {
	one := func(coding int32) bool {
		code, system := "", ""
		if m := c.t.member(coding, "code"); m != 0 {
			code = c.t.str(m)
		}
		if m := c.t.member(coding, "system"); m != 0 {
			system = c.t.str(m)
		}
		return what.element.codes[system+"|"+code]
	}
	switch what.typ.def.name {
	case "Coding":
		if !one(n) {
			c.fault(c.path(), NoCode, "Code", "", "Set", what.element.codesOf)
		}
	case "CodeableConcept":
		list := c.t.member(n, "coding")
		if list == 0 {
			if c.t.member(n, "text") == 0 && c.t.member(n, "extension") == 0 {
				c.fault(c.path(), NoCode, "Code", "", "Set", what.element.codesOf)
			}
			return
		}
		found := false
		c.t.each(list, func(coding int32) { found = found || c.t.nodes[coding].kind == '{' && one(coding) })
		if !found {
			c.fault(c.path(), NoCode, "Code", "", "Set", what.element.codesOf)
		}
	}
}

// reference notes where a Reference leads.
func (c *checker) reference(n int32, targets []string) {
	m := c.t.member(n, "reference")
	if m == 0 {
		if c.t.member(n, "identifier") == 0 && c.t.member(n, "display") == 0 && c.t.member(n, "extension") == 0 && c.t.member(n, "type") == 0 {
			c.fault(c.path(), Empty)
		}
		return
	}
	value := c.t.str(m)
	if rest, ok := strings.CutPrefix(value, "#"); ok {
		if rest != "" && !c.has(rest) {
			c.fault(c.path("reference"), NoContained, "Reference", clip(value))
		}
		return
	}
	if kind, _, ok := Literal(value); ok && !allowed(targets, kind) {
		c.fault(c.path("reference"), WrongTarget, "Reference", clip(value), "Targets", strings.Join(targets, ", "))
		return
	}
	c.r.Links = append(c.r.Links, Link{Path: c.path("reference"), Value: value, Targets: targets, start: c.t.nodes[m].start, end: c.t.nodes[m].end})
}

func allowed(targets []string, kind string) bool {
	if len(targets) == 0 {
		return true
	}
	for _, t := range targets {
		if t == kind {
			return true
		}
	}
	return false
}

// Allows says that the link may lead to the type.
func (l Link) Allows(kind string) bool { return allowed(l.Targets, kind) }

// has says that a contained resource has the id.
func (c *checker) has(id string) bool {
	if !c.asked {
		c.asked = true
		if list := c.t.member(c.r.root, "contained"); list != 0 {
			c.t.each(list, func(n int32) {
				if m := c.t.member(n, "id"); m != 0 {
					c.contained = append(c.contained, c.t.str(m))
				}
			})
		}
	}
	for _, one := range c.contained {
		if one == id {
			return true
		}
	}
	return false
}

// Literal takes a relative reference apart: Type/id, with or without a version.
func Literal(s string) (kind, id string, ok bool) {
	kind, rest, ok := strings.Cut(s, "/")
	if !ok || !Known(kind) {
		return "", "", false
	}
	id, version, has := strings.Cut(rest, "/")
	if has {
		number, found := strings.CutPrefix(version, "_history/")
		if !found || !ID(number) {
			return "", "", false
		}
	}
	return kind, id, ID(id)
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

func (f Fault) String() string { return fmt.Sprint(f.Path, ": ", f.What, " ", f.Args) }
