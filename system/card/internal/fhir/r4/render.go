package r4

import (
	"encoding/json"
	"slices"
)

// Render writes the resource with the id, its version and moment, and its links
// replaced where the function gives another text ("" leaves the link).
func (r *Resource) Render(id, version, updated string, link func(i int) string) []byte {
	t := r.tree
	out := make([]byte, 0, int(t.nodes[r.root].end-t.nodes[r.root].start)+120)
	out = append(out, `{"resourceType":"`+r.Kind+`","id":"`+id+`","meta":{"versionId":"`+version+`","lastUpdated":"`+updated+`"`...)
	if meta := t.member(r.root, "meta"); meta != 0 {
		for c := t.nodes[meta].first; c != 0; c = t.nodes[c].next {
			switch t.key(c) {
			case "versionId", "lastUpdated":
			default:
				out = r.splice(append(out, ','), t.nodes[c].keyStart-1, t.nodes[c].end, link)
			}
		}
	}
	out = append(out, '}')
	for c := t.nodes[r.root].first; c != 0; c = t.nodes[c].next {
		switch t.key(c) {
		case "resourceType", "id", "meta":
		default:
			out = r.splice(append(out, ','), t.nodes[c].keyStart-1, t.nodes[c].end, link)
		}
	}
	return append(out, '}')
}

// splice copies a part of the text with its links replaced. Links stand in the
// order of the text.
func (r *Resource) splice(out []byte, from, to int32, link func(i int) string) []byte {
	i, _ := slices.BinarySearchFunc(r.Links, from, func(l Link, at int32) int { return int(l.start - at) })
	for ; i < len(r.Links) && r.Links[i].start < to; i++ {
		with := link(i)
		if with == "" {
			continue
		}
		quoted, err := json.Marshal(with)
		if err != nil {
			continue // a string always can be written
		}
		out = compact(out, r.tree.text[from:r.Links[i].start])
		out = append(out, quoted...)
		from = r.Links[i].end
	}
	return compact(out, r.tree.text[from:to])
}

// compact copies JSON without the white space between its parts. The part never
// begins within a string.
func compact(out, part []byte) []byte {
	within := false
	for i := 0; i < len(part); i++ {
		c := part[i]
		switch {
		case within:
			out = append(out, c)
			if c == '\\' && i+1 < len(part) {
				i++
				out = append(out, part[i])
			} else if c == '"' {
				within = false
			}
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
		default:
			within = c == '"'
			out = append(out, c)
		}
	}
	return out
}
