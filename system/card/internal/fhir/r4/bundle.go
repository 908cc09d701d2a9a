package r4

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
	text0 := func(n int32, name string) string {
		if n == 0 {
			return ""
		}
		if m := t.member(n, name); m != 0 {
			return t.str(m)
		}
		return ""
	}
	t.each(list, func(n int32) {
		request := t.member(n, "request")
		e := Entry{
			FullURL: text0(n, "fullUrl"), Method: text0(request, "method"), URL: text0(request, "url"), IfMatch: text0(request, "ifMatch"),
			IfNoneMatch: text0(request, "ifNoneMatch"), IfNoneExist: text0(request, "ifNoneExist"),
		}
		if m := t.member(n, "resource"); m != 0 {
			e.Resource = readAt(t, m)
		}
		entries = append(entries, e)
	})
	return bundle, kind, entries
}
