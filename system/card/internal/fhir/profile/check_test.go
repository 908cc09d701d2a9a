package profile_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

type object = map[string]any

// shelf is what stands in docs/fhir: a stranger has nothing else.
type shelf struct {
	profiles map[string]*part           // by address, as a tree of elements
	types    map[string]string          // the type that a profile narrows
	codes    map[string]map[string]bool // of a value set, "system|code"
}

// part is an element of a differential with those below it.
type part struct {
	name   string
	def    object
	below  []*part
	slices []*part
}

func open(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{profiles: map[string]*part{}, types: map[string]string{}, codes: map[string]map[string]bool{}}
	systems := map[string][]any{}
	var sets []object
	for _, file := range files(t, docs) {
		d := read(t, file)
		address := d["url"].(string)
		switch d["resourceType"] {
		case "CodeSystem":
			systems[address] = d["concept"].([]any)
		case "ValueSet":
			sets = append(sets, d)
		case "StructureDefinition":
			s.types[address] = d["type"].(string)
			s.profiles[address] = tree(t, d["differential"].(object)["element"].([]any))
		default:
			t.Errorf("%s defines nothing", file)
		}
	}
	for _, set := range sets {
		all := map[string]bool{}
		for _, i := range set["compose"].(object)["include"].([]any) {
			include := i.(object)
			concepts, named := include["concept"].([]any)
			if !named {
				concepts = systems[include["system"].(string)]
			}
			for _, c := range concepts {
				all[include["system"].(string)+"|"+c.(object)["code"].(string)] = true
			}
		}
		if len(all) == 0 && !strings.HasSuffix(set["url"].(string), "/icd-10") { // its codes are the card's table
			t.Errorf("%s has no codes", set["url"])
		}
		s.codes[set["url"].(string)] = all
	}
	return s
}

// tree hangs the elements below each other by their ids.
func tree(t *testing.T, elements []any) *part {
	t.Helper()
	root := &part{def: elements[0].(object)}
	for _, e := range elements[1:] {
		def, at := e.(object), root
		steps := strings.Split(def["id"].(string), ".")[1:]
		for n, step := range steps {
			name, slice, sliced := strings.Cut(step, ":")
			at = at.child(&at.below, name)
			if sliced {
				if at.def["slicing"] == nil {
					t.Errorf("%s: a slice where nothing is sliced", def["id"])
				}
				at = at.child(&at.slices, slice)
			}
			if n == len(steps)-1 {
				if len(at.def) > 0 {
					t.Errorf("%s stands there twice", def["id"])
				}
				at.def = def
			}
		}
	}
	return root
}

func (p *part) child(among *[]*part, name string) *part {
	for _, c := range *among {
		if c.name == name {
			return c
		}
	}
	c := &part{name: name, def: object{}}
	*among = append(*among, c)
	return c
}

// faults are what a resource does that its profile forbids; met is told of each
// element that there was something for.
func (s *shelf) faults(profile string, resource object, met func(id string)) []string {
	root, ok := s.profiles[profile]
	if !ok || s.types[profile] != resource["resourceType"] {
		return []string{"no profile " + profile + " of a " + fmt.Sprint(resource["resourceType"])}
	}
	c := &checker{s: s, met: met}
	c.object(root, resource, s.types[profile])
	return c.found
}

type checker struct {
	s     *shelf
	met   func(id string)
	found []string
}

func (c *checker) fault(at, what string, args ...any) {
	c.found = append(c.found, at+": "+fmt.Sprintf(what, args...))
}

// values are those of an element, with the names of a choice.
func values(o object, name string) (all []any, keys []string) {
	add := func(key string, v any) {
		if list, ok := v.([]any); ok {
			all = append(all, list...)
		} else {
			all = append(all, v)
		}
		keys = append(keys, key)
	}
	bare, choice := strings.CutSuffix(name, "[x]")
	for key, v := range o {
		rest, ok := strings.CutPrefix(key, bare)
		if key == bare && !choice || choice && ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' {
			add(key, v)
		}
	}
	return all, keys
}

func (c *checker) object(p *part, o object, at string) {
	for _, child := range p.below {
		all, keys := values(o, child.name)
		here := at + "." + child.name
		c.count(child.def, len(all), here)
		for _, key := range keys {
			if types, ok := child.def["type"].([]any); ok && strings.HasSuffix(child.name, "[x]") {
				kind := strings.ToLower(strings.TrimPrefix(key, strings.TrimSuffix(child.name, "[x]")))
				if !slices.ContainsFunc(types, func(t any) bool { return strings.ToLower(t.(object)["code"].(string)) == kind }) {
					c.fault(here, "may not be a %s", kind)
				}
			}
		}
		counts := map[*part]int{}
		for _, v := range all {
			c.value(child, v, here)
			for _, slice := range child.slices {
				if c.belongs(child, slice, v) {
					counts[slice]++
					c.value(slice, v, here+":"+slice.name)
					break
				}
			}
		}
		for _, slice := range child.slices {
			c.count(slice.def, counts[slice], here+":"+slice.name)
		}
	}
}

func (c *checker) count(def object, n int, at string) {
	if least, ok := def["min"].(json.Number); ok {
		if m, _ := strconv.Atoi(least.String()); n < m {
			c.fault(at, "%d, at least %d", n, m)
		}
	}
	if most, ok := def["max"].(string); ok && most != "*" {
		if m, err := strconv.Atoi(most); err != nil || n > m {
			c.fault(at, "%d, at most %s", n, most)
		}
	}
	if id, ok := def["id"].(string); ok && (n > 0 || def["max"] == "0") {
		c.met(id)
	}
}

func (c *checker) value(p *part, v any, at string) {
	if want, ok := wanted(p.def); ok && !fits(want, v) {
		c.fault(at, "is not %v", want)
	}
	if most, ok := p.def["maxLength"].(json.Number); ok {
		if m, _ := strconv.Atoi(most.String()); utf8.RuneCountInString(fmt.Sprint(v)) > m {
			c.fault(at, "longer than %d", m)
		}
	}
	if b, ok := p.def["binding"].(object); ok {
		if set, known := c.s.codes[b["valueSet"].(string)]; !known || !bound(set, v) {
			c.fault(at, "has no code of %s", b["valueSet"])
		}
	}
	types, _ := p.def["type"].([]any)
	for _, t := range types {
		c.typed(t.(object), v, at)
	}
	if o, ok := v.(object); ok {
		c.object(p, o, at)
	} else if len(p.below) > 0 && p.name != "" {
		c.fault(at, "is no object")
	}
}

// typed checks where a reference leads, and what an extension holds.
func (c *checker) typed(t object, v any, at string) {
	o, ok := v.(object)
	if !ok {
		return
	}
	if targets, ok := t["targetProfile"].([]any); ok {
		kind, _, literal := strings.Cut(fmt.Sprint(o["reference"]), "/")
		if !literal {
			kind, _ = o["type"].(string)
		}
		if !slices.ContainsFunc(targets, func(one any) bool {
			if of, ours := c.s.types[one.(string)]; ours {
				return of == kind
			}
			address, hl7 := strings.CutPrefix(one.(string), "http://hl7.org/fhir/StructureDefinition/")
			return hl7 && address == kind
		}) {
			c.fault(at, "leads to a %q", kind)
		}
	}
	if profiles, ok := t["profile"].([]any); ok {
		p, known := c.s.profiles[profiles[0].(string)]
		if !known {
			c.fault(at, "no profile %s", profiles[0])
			return
		}
		c.object(p, o, at)
	}
}

// belongs says that the value is one of the slice.
func (c *checker) belongs(list, slice *part, v any) bool {
	for _, d := range list.def["slicing"].(object)["discriminator"].([]any) {
		path := d.(object)["path"].(string)
		if path == "$this" {
			want, ok := wanted(slice.def)
			if !ok || !fits(want, v) {
				return false
			}
			continue
		}
		o, ok := v.(object)
		if !ok {
			return false
		}
		if types, ok := slice.def["type"].([]any); ok && path == "url" {
			if o["url"] != types[0].(object)["profile"].([]any)[0] {
				return false
			}
			continue
		}
		want, ok := wanted(slice.child(&slice.below, path).def)
		if !ok || !fits(want, o[path]) {
			return false
		}
	}
	return true
}

// wanted is the pattern or the fixed value of an element.
func wanted(def object) (any, bool) {
	for name, v := range def {
		if strings.HasPrefix(name, "pattern") || strings.HasPrefix(name, "fixed") {
			return v, true
		}
	}
	return nil, false
}

// fits says that all of the pattern is in the value.
func fits(pattern, v any) bool {
	switch p := pattern.(type) {
	case object:
		o, ok := v.(object)
		if !ok {
			return false
		}
		for name, part := range p {
			if !fits(part, o[name]) {
				return false
			}
		}
		return true
	case []any:
		list, ok := v.([]any)
		return ok && !slices.ContainsFunc(p, func(part any) bool {
			return !slices.ContainsFunc(list, func(one any) bool { return fits(part, one) })
		})
	}
	return pattern == v
}

// bound says that the value has a code of the set. A bare code is one of the
// slice's own system, so any system of the set does.
func bound(set map[string]bool, v any) bool {
	switch v := v.(type) {
	case string:
		for known := range set {
			if strings.HasSuffix(known, "|"+v) {
				return true
			}
		}
	case object:
		codings, ok := v["coding"].([]any)
		if !ok {
			codings = []any{v}
		}
		return slices.ContainsFunc(codings, func(one any) bool {
			o := one.(object)
			return set[fmt.Sprintf("%v|%v", o["system"], o["code"])]
		})
	}
	return false
}

const docs = "../../../../../docs/fhir"

func files(t *testing.T, folder string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(all) == 0 {
		t.Fatalf("nothing in %s: %v", folder, err)
	}
	return all
}

func read(t *testing.T, file string) object {
	t.Helper()
	data, err := os.ReadFile(file) //nolint:gosec // our own documentation
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, data)
}

func decoded(t *testing.T, data []byte) object {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}
