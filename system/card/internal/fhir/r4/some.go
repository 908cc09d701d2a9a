package r4

import (
	"bytes"
	"encoding/json"
	"slices"
)

// HasElement says that resources of the type have the element (name, value[x] as
// value).
func HasElement(kind, name string) bool {
	d := load().types[kind]
	return d != nil && slices.ContainsFunc(d.elements, func(e *element) bool { return e.name == name })
}

// Some is the resource with the elements of the names and those that R4 demands,
// marked as less than the whole (SUBSETTED).
func Some(resource []byte, kind string, names []string) ([]byte, error) {
	return some(resource, kind, func(e *element) bool { return e.least > 0 || slices.Contains(names, e.name) })
}

// Summary is the resource as _summary asks for it: "true" the elements that R4 has
// in summaries, "text" the narrative, "data" all but the narrative; what R4 demands
// is always in it, and the mark SUBSETTED.
func Summary(resource []byte, kind, how string) ([]byte, error) {
	return some(resource, kind, func(e *element) bool {
		switch how {
		case "text":
			return e.least > 0 || e.name == "text"
		case "data":
			return e.name != "text"
		}
		return e.least > 0 || e.summary
	})
}

// always are in every part of a resource: whom it is about and what changes its
// meaning.
var always = []string{"resourceType", "id", "implicitRules", "modifierExtension"}

func some(resource []byte, kind string, wanted func(*element) bool) ([]byte, error) {
	d := load().types[kind]
	in := json.NewDecoder(bytes.NewReader(resource))
	if _, err := in.Token(); err != nil || d == nil { // {
		return resource, err
	}
	out := bytes.NewBufferString("{")
	write := func(name string, value []byte) {
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + name + `":`)
		out.Write(value)
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, err
		}
		switch m, known := d.members[name]; {
		case slices.Contains(always, name):
			write(name, value)
		case name == "meta":
			marked, err := subsetted(value)
			if err != nil {
				return nil, err
			}
			write(name, marked)
		case known && wanted(m.element):
			write(name, value)
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// Part says that the resource is marked as less than the whole: written in place of
// the whole it would lose what was left out.
func (r *Resource) Part() bool {
	meta := r.tree.member(r.root, "meta")
	if r.def == nil || meta == 0 {
		return false
	}
	part := false
	if tags := r.tree.member(meta, "tag"); tags != 0 {
		r.tree.each(tags, func(n int32) {
			if m := r.tree.member(n, "code"); m != 0 && r.tree.str(m) == "SUBSETTED" {
				part = true
			}
		})
	}
	return part
}

func subsetted(meta []byte) ([]byte, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(meta, &m); err != nil {
		return nil, err
	}
	var tags []json.RawMessage
	if len(m["tag"]) > 0 {
		if err := json.Unmarshal(m["tag"], &tags); err != nil {
			return nil, err
		}
	}
	tag, err := json.Marshal(append(tags, json.RawMessage(`{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`)))
	if err != nil {
		return nil, err
	}
	m["tag"] = tag
	return json.Marshal(m)
}
