package r4

import (
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// Mark is a value under which a search finds the resource.
type Mark struct {
	Param  string
	System string // of a token
	Code   string // token: the code; string: folded for search; reference: Type/id; date: as it is written
	Low    int64  // date: unix microseconds from, until
	High   int64
	Link   int // reference: its place in Links, whose target stands for Code; -1 for none
}

// Far ends of a period that has one end alone.
const (
	Past   = -1 << 60
	Future = 1<<63 - 1
)

const (
	maxMarks   = 500 // of one resource: more is no resource but an archive
	maxMarkLen = 300 // bytes
)

// Marks are the values of the resource for every search parameter of its type,
// looked for once. They are not for several to ask for at a time, nor to change.
func (r *Resource) Marks() []Mark {
	if r.def == nil || r.marked {
		return r.marks
	}
	m := &marker{r: r, t: r.tree, links: make(map[int32]int, len(r.Links))}
	for i, l := range r.Links {
		m.links[l.start] = i
	}
	for _, p := range load().params[r.Kind] {
		if p.Of != "" {
			continue
		}
		m.param = p
		for _, at := range p.paths {
			m.walk(r.root, r.def, at.steps, at.as)
		}
	}
	r.marks, r.marked = m.marks, true
	return r.marks
}

type marker struct {
	r     *Resource
	t     *tree
	param Param
	links map[int32]int
	marks []Mark
}

func (m *marker) add(one Mark) {
	one.Param = m.param.Name
	if len(one.Code) > maxMarkLen {
		one.Code = strings.ToValidUTF8(one.Code[:maxMarkLen], "")
	}
	if len(one.System) > maxMarkLen {
		one.System = strings.ToValidUTF8(one.System[:maxMarkLen], "")
	}
	for i := len(m.marks) - 1; i >= 0 && m.marks[i].Param == one.Param; i-- {
		if m.marks[i] == one {
			return
		}
	}
	if len(m.marks) < maxMarks {
		m.marks = append(m.marks, one)
	}
}

func (m *marker) walk(n int32, def *definition, steps []string, as string) {
	if m.t.nodes[n].kind != '{' {
		return
	}
	for c := m.t.nodes[n].first; c != 0; c = m.t.nodes[c].next {
		what, ok := def.members[string(m.t.text[m.t.nodes[c].keyStart:m.t.nodes[c].keyEnd])]
		if !ok || what.beside || what.element.name != steps[0] {
			continue
		}
		if len(steps) > 1 {
			if what.typ.def != nil {
				m.t.each(c, func(item int32) { m.walk(item, what.typ.def, steps[1:], as) })
			}
			continue
		}
		if as != "" && what.typ.name != as {
			continue
		}
		m.t.each(c, func(item int32) { m.value(item, what.typ.name) })
	}
}

func (m *marker) str(n int32, name string) string {
	if c := m.t.member(n, name); c != 0 {
		return m.t.str(c)
	}
	return ""
}

func (m *marker) value(n int32, typ string) {
	switch m.param.Type {
	case "token":
		m.token(n, typ)
	case "reference":
		if c := m.t.member(n, "reference"); c != 0 {
			if at, ok := m.links[m.t.nodes[c].start]; ok {
				m.add(Mark{Link: at})
			}
		}
		if typ == "canonical" || typ == "uri" {
			m.add(Mark{Code: m.t.str(n), Link: -1})
		}
	case "date":
		m.date(n, typ)
	case "string":
		m.words(n, typ)
	}
}

func (m *marker) token(n int32, typ string) {
	coding := func(c int32) {
		if code := m.str(c, "code"); code != "" {
			m.add(Mark{System: m.str(c, "system"), Code: code, Link: -1})
		}
	}
	switch typ {
	case "CodeableConcept":
		if list := m.t.member(n, "coding"); list != 0 {
			m.t.each(list, coding)
		}
	case "Coding":
		coding(n)
	case "Identifier":
		if v := m.str(n, "value"); v != "" {
			m.add(Mark{System: m.str(n, "system"), Code: v, Link: -1})
		}
	case "ContactPoint":
		if v := m.str(n, "value"); v != "" {
			m.add(Mark{Code: v, Link: -1})
		}
	default:
		if k := m.t.nodes[n].kind; k == '"' || k == 't' || k == '0' {
			if s := m.t.scalar(n); s != "" {
				m.add(Mark{Code: s, Link: -1})
			}
		}
	}
}

func (m *marker) date(n int32, typ string) {
	switch typ {
	case "date", "dateTime", "instant":
		if low, high, ok := Span(m.t.str(n)); ok {
			m.add(Mark{Code: m.t.str(n), Low: low.UnixMicro(), High: high.UnixMicro(), Link: -1})
		}
	case "Period":
		one := Mark{Low: Past, High: Future, Link: -1}
		start, end := m.str(n, "start"), m.str(n, "end")
		if low, _, ok := Span(start); ok {
			one.Low, one.Code = low.UnixMicro(), start
		}
		if _, high, ok := Span(end); ok {
			one.High = high.UnixMicro()
		}
		if start != "" || end != "" {
			m.add(one)
		}
	case "Timing":
		if list := m.t.member(n, "event"); list != 0 {
			m.t.each(list, func(c int32) { m.date(c, "dateTime") })
		}
	}
}

func (m *marker) words(n int32, typ string) {
	add := func(s string) {
		if folded := text.Fold(s); folded != "" {
			m.add(Mark{Code: folded, Link: -1})
		}
	}
	switch typ {
	case "HumanName":
		for _, name := range []string{"text", "family", "given", "prefix", "suffix"} {
			if c := m.t.member(n, name); c != 0 {
				m.t.each(c, func(item int32) { add(m.t.str(item)) })
			}
		}
	case "Address":
		for _, name := range []string{"text", "city", "district", "state", "country", "postalCode", "line"} {
			if c := m.t.member(n, name); c != 0 {
				m.t.each(c, func(item int32) { add(m.t.str(item)) })
			}
		}
	default:
		add(m.t.str(n))
	}
}

// Identifiers are the resource's own identifiers, system and value.
func (r *Resource) Identifiers() [][2]string {
	var all [][2]string
	if r.def == nil {
		return nil
	}
	list := r.tree.member(r.root, "identifier")
	if list == 0 {
		return nil
	}
	r.tree.each(list, func(n int32) {
		var one [2]string
		for i, name := range []string{"system", "value"} {
			if c := r.tree.member(n, name); c != 0 {
				one[i] = r.tree.str(c)
			}
		}
		if one[1] != "" {
			all = append(all, one)
		}
	})
	return all
}
