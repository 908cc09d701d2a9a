package r4

import std "encoding/base64" // the room has a base64 of its own

// Entry is one entry of a Bundle, as it was sent.
type Entry struct {
	FullURL     string
	Method      string
	URL         string
	IfMatch     string
	IfNoneMatch string
	IfNoneExist string
	Resource    *Resource // nil if there is none
}

// BundleType is the type of a Bundle.
func (r *Resource) BundleType() string {
	if m := r.tree.member(r.root, "type"); m != 0 {
		return r.tree.str(m)
	}
	return ""
}

// JSON is the resource as it was sent.
func (r *Resource) JSON() []byte { return r.tree.raw(r.root) }

// Binary is what a Binary holds, with its media type; ok is false for any other
// resource, and for one that is not written as base64.
func (r *Resource) Binary() (media string, data []byte, ok bool) {
	if r.Kind != "Binary" {
		return "", nil, false
	}
	if m := r.tree.member(r.root, "contentType"); m != 0 {
		media = r.tree.str(m)
	}
	if m := r.tree.member(r.root, "data"); m != 0 {
		written, err := std.StdEncoding.DecodeString(r.tree.str(m))
		return media, written, err == nil
	}
	return media, nil, true
}

// ReadBundle reads a Bundle: its type and entries, each resource checked by
// itself. Faults are those of the Bundle without its resources.
func ReadBundle(text []byte) (bundle *Resource, kind string, entries []Entry) {
	t, err := parse(text)
	if err != nil {
		return Read(text), "", nil
	}
	bundle = &Resource{tree: t}
	if t.nodes[0].kind == '{' {
		if m := t.member(0, "resourceType"); m != 0 {
			bundle.Kind = t.str(m)
		}
	}
	if bundle.Kind != "Bundle" {
		bundle.Faults = []Fault{{What: NoKind, Args: []any{"Kind", clip(bundle.Kind)}}}
		return bundle, "", nil
	}
	bundle.def = load().types["Bundle"]
	kind = bundle.BundleType()
	list := t.member(0, "entry")
	if list == 0 {
		return bundle, kind, nil
	}
	if t.nodes[list].kind != '[' {
		bundle.Faults = []Fault{{Path: "Bundle.entry", What: NoList}}
		return bundle, kind, nil
	}
	t.each(list, func(n int32) { entries = append(entries, t.entry(n)) })
	return bundle, kind, entries
}

// entry reads the entry at the node.
func (t *tree) entry(n int32) Entry {
	text := func(n int32, name string) string {
		if n >= 0 {
			if m := t.member(n, name); m != 0 {
				return t.str(m)
			}
		}
		return ""
	}
	request := t.member(n, "request")
	if request == 0 {
		request = -1
	}
	e := Entry{
		FullURL: text(n, "fullUrl"), Method: text(request, "method"), URL: text(request, "url"), IfMatch: text(request, "ifMatch"),
		IfNoneMatch: text(request, "ifNoneMatch"), IfNoneExist: text(request, "ifNoneExist"),
	}
	if m := t.member(n, "resource"); m != 0 {
		e.Resource = readAt(t, m)
	}
	return e
}

// ReadEntry reads one entry of a Bundle by itself, for bundles that are read
// piece by piece. The error says that it is no JSON object.
func ReadEntry(text []byte) (Entry, error) {
	t, err := parse(text)
	if err != nil {
		return Entry{}, err
	}
	if t.nodes[0].kind != '{' {
		return Entry{}, &syntax{0}
	}
	return t.entry(0), nil
}

// Code is one coding of an element.
type Code struct{ System, Code, Display string }

// Codes are the codings of the resource's own code.
func (r *Resource) Codes() []Code {
	if r.def == nil {
		return nil
	}
	concept := r.tree.member(r.root, "code")
	if concept == 0 {
		return nil
	}
	list := r.tree.member(concept, "coding")
	if list == 0 {
		return nil
	}
	var all []Code
	r.tree.each(list, func(n int32) {
		var c Code
		for name, into := range map[string]*string{"system": &c.System, "code": &c.Code, "display": &c.Display} {
			if m := r.tree.member(n, name); m != 0 {
				*into = r.tree.str(m)
			}
		}
		all = append(all, c)
	})
	return all
}
