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
		case name == "resourceType" || name == "id":
			write(name, value)
		case name == "meta":
			marked, err := subsetted(value)
			if err != nil {
				return nil, err
			}
			write(name, marked)
		case known && (m.element.least > 0 || slices.Contains(names, m.element.name)):
			write(name, value)
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
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
