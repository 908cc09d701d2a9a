package r4

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// The bounds of one JSON text. Its bytes are bounded by who reads it.
const maxDepth = 60

// node is one value of the tree; numbers are offsets in the text or places in
// the list of nodes.
type node struct {
	kind             byte // { [ " 0 t n (t: true or false)
	start, end       int32
	keyStart, keyEnd int32 // of a member, without quotes
	first, next      int32 // first child, next sibling; 0 for none (0 is the root)
}

type tree struct {
	text  []byte
	nodes []node
	at    int
}

// syntax is where a text stops being JSON.
type syntax struct{ at int }

func (s *syntax) Error() string { return "no JSON" }

// parse reads JSON (RFC 8259) in UTF-8 without a second reading of strings.
func parse(text []byte) (t *tree, err error) {
	t = &tree{text: text, nodes: make([]node, 0, len(text)/16+8)}
	if !utf8.Valid(text) {
		return nil, &syntax{0}
	}
	t.space()
	if _, ok := t.value(0); !ok {
		return nil, &syntax{t.at}
	}
	t.space()
	if t.at != len(text) {
		return nil, &syntax{t.at}
	}
	return t, nil
}

func (t *tree) space() {
	for t.at < len(t.text) {
		switch t.text[t.at] {
		case ' ', '\n', '\r', '\t':
			t.at++
		default:
			return
		}
	}
}

func (t *tree) add(kind byte) int32 {
	t.nodes = append(t.nodes, node{kind: kind, start: int32(t.at)}) //nolint:gosec // texts are bounded far below 2 GB
	return int32(len(t.nodes) - 1)                                  //nolint:gosec // as above
}

func (t *tree) value(depth int) (int32, bool) {
	if t.at >= len(t.text) || depth > maxDepth {
		return 0, false
	}
	switch c := t.text[t.at]; {
	case c == '{' || c == '[':
		return t.container(c, depth)
	case c == '"':
		n := t.add('"')
		ok := t.quoted()
		t.nodes[n].end = int32(t.at) //nolint:gosec // as above
		return n, ok
	case c == '-' || c >= '0' && c <= '9':
		n := t.add('0')
		ok := t.number()
		t.nodes[n].end = int32(t.at) //nolint:gosec // as above
		return n, ok
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(t.text[t.at:], []byte(word)) {
			kind := byte('t')
			if word == "null" {
				kind = 'n'
			}
			n := t.add(kind)
			t.at += len(word)
			t.nodes[n].end = int32(t.at) //nolint:gosec // as above
			return n, true
		}
	}
	return 0, false
}

func (t *tree) container(open byte, depth int) (int32, bool) {
	n := t.add(open)
	shut := byte('}')
	if open == '[' {
		shut = ']'
	}
	t.at++
	t.space()
	last := int32(0)
	for first := true; ; first = false {
		if t.at >= len(t.text) {
			return 0, false
		}
		if t.text[t.at] == shut && first {
			break
		}
		var keyStart, keyEnd int
		if open == '{' {
			if t.text[t.at] != '"' {
				return 0, false
			}
			keyStart = t.at + 1
			if !t.quoted() {
				return 0, false
			}
			keyEnd = t.at - 1
			t.space()
			if t.at >= len(t.text) || t.text[t.at] != ':' {
				return 0, false
			}
			t.at++
			t.space()
		}
		child, ok := t.value(depth + 1)
		if !ok {
			return 0, false
		}
		t.nodes[child].keyStart, t.nodes[child].keyEnd = int32(keyStart), int32(keyEnd) //nolint:gosec // as above
		if last == 0 {
			t.nodes[n].first = child
		} else {
			t.nodes[last].next = child
		}
		last = child
		t.space()
		if t.at >= len(t.text) {
			return 0, false
		}
		if t.text[t.at] == shut {
			break
		}
		if t.text[t.at] != ',' {
			return 0, false
		}
		t.at++
		t.space()
	}
	t.at++
	t.nodes[n].end = int32(t.at) //nolint:gosec // as above
	return n, true
}

// quoted passes over a string.
func (t *tree) quoted() bool {
	for t.at++; t.at < len(t.text); t.at++ {
		switch c := t.text[t.at]; {
		case c == '"':
			t.at++
			return true
		case c < 0x20:
			return false
		case c == '\\':
			t.at++
			if t.at >= len(t.text) {
				return false
			}
			switch t.text[t.at] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if t.at+4 >= len(t.text) {
					return false
				}
				for _, h := range t.text[t.at+1 : t.at+5] {
					if (h < '0' || h > '9') && (h < 'a' || h > 'f') && (h < 'A' || h > 'F') {
						return false
					}
				}
				t.at += 4
			default:
				return false
			}
		}
	}
	return false
}

func (t *tree) digits() bool {
	from := t.at
	for t.at < len(t.text) && t.text[t.at] >= '0' && t.text[t.at] <= '9' {
		t.at++
	}
	return t.at > from
}

func (t *tree) number() bool {
	if t.text[t.at] == '-' {
		t.at++
	}
	from := t.at
	if !t.digits() || t.text[from] == '0' && t.at > from+1 {
		return false
	}
	if t.at < len(t.text) && t.text[t.at] == '.' {
		t.at++
		if !t.digits() {
			return false
		}
	}
	if t.at < len(t.text) && (t.text[t.at] == 'e' || t.text[t.at] == 'E') {
		t.at++
		if t.at < len(t.text) && (t.text[t.at] == '+' || t.text[t.at] == '-') {
			t.at++
		}
		return t.digits()
	}
	return true
}

func (t *tree) key(n int32) string { return string(t.text[t.nodes[n].keyStart:t.nodes[n].keyEnd]) }

func (t *tree) raw(n int32) []byte { return t.text[t.nodes[n].start:t.nodes[n].end] }

// str is the string that a node holds, "" if it holds none.
func (t *tree) str(n int32) string {
	if t.nodes[n].kind != '"' {
		return ""
	}
	raw := t.raw(n)
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// scalar is the text of a string, a number or a flag.
func (t *tree) scalar(n int32) string {
	if t.nodes[n].kind == '"' {
		return t.str(n)
	}
	return string(t.raw(n))
}

// member is the child of that name, 0 for none.
func (t *tree) member(n int32, name string) int32 {
	if t.nodes[n].kind != '{' {
		return 0
	}
	for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
		if string(t.text[t.nodes[c].keyStart:t.nodes[c].keyEnd]) == name {
			return c
		}
	}
	return 0
}

// each gives the items of a list, or the value itself where it is none.
func (t *tree) each(n int32, give func(int32)) {
	if t.nodes[n].kind != '[' {
		give(n)
		return
	}
	for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
		give(c)
	}
}
