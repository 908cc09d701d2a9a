package fhir

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
)

// Limits of a search.
const (
	defaultCount = 20
	maxCount     = 100  // resources a page
	maxIncluded  = 1000 // further resources a page by _include and _revinclude
	maxCriteria  = 30
	maxValues    = 50      // values of one parameter, parted by commas
	maxValue     = 300     // bytes of one value
	maxSearch    = 8 << 10 // bytes of all parameters
)

type paramType string

// The types of search parameters, as the CapabilityStatement names them.
const (
	tokenParam     paramType = "token"
	referenceParam paramType = "reference"
	dateParam      paramType = "date"
	stringParam    paramType = "string"
)

// param declares a search parameter of a kind.
type param struct {
	kind    paramType
	targets []string // reference: the types it leads to
	day     bool     // date: a calendar day without a zone
	sorts   bool     // may stand in _sort
	of      string   // on the shelf: the parameter whose marks are read, "" for its own
	secret  bool     // token: a ПИН may be meant, which never stands in a URL
}

// value is one of the alternatives of a criterion.
type value struct {
	system    string // token: before the bar
	hasSystem bool   // token: there was a bar
	text      string // token: code; reference: id; string: what was typed
	kind      string // reference: its type, "" if it was not said
	date      dateValue
}

// criterion is a parameter with its alternatives.
type criterion struct {
	name     string
	param    param
	modifier string // exact, contains or ""
	values   []value
}

// include is _include or _revinclude: the resources that kind's parameter
// leads to, or that lead here by it.
type include struct {
	kind, param, target string
}

// query is a search as it was understood.
type query struct {
	criteria []criterion
	count    int // 0: the total alone
	sort     string
	down     bool
	includes []include
	reverse  []include
	ignored  []string   // parameters that are none of ours: named in the answer
	used     url.Values // what was understood, for the link to self
	after    []string   // keys of the last item of the page before, nil on the first
}

// readQuery understands the parameters of a search of the kind. What is wrong
// with a known parameter is an error; an unknown one is one if strict, and
// noted otherwise. origin is the address of the API, under which absolute
// references are our own.
func readQuery(kinds map[string]*kind, k *kind, in url.Values, origin string, strict bool, now time.Time) (*query, error) {
	q := &query{count: defaultCount, used: url.Values{}}
	var wrong []issue
	fault := func(name, key string, pairs ...any) {
		wrong = append(wrong, issue{code: "invalid", key: key, args: fail.Args(append(pairs, "Name", clip(name))...), expression: clip(name)})
	}
	for _, name := range slices.Sorted(maps.Keys(in)) {
		for _, raw := range in[name] {
			bare, modifier, _ := strings.Cut(name, ":")
			switch known, err := q.control(kinds, k, name, raw); {
			case err != "":
				fault(name, err)
				continue
			case known:
				continue
			}
			p, ok := k.params[bare]
			if !ok {
				if strict {
					wrong = append(wrong, issue{code: "not-supported", key: "card.fhir.unknown_parameter", args: fail.Args("Name", clip(name)), expression: clip(name)})
				} else {
					q.ignored = append(q.ignored, clip(name))
				}
				continue
			}
			if strings.TrimSpace(raw) == "" {
				continue // as if it were not there, says the specification
			}
			c, key := readCriterion(bare, modifier, p, raw, origin, now)
			if key != "" {
				fault(name, key)
				continue
			}
			q.criteria = append(q.criteria, c)
			q.used.Add(name, raw)
		}
	}
	// A search travels on in the links of its pages.
	if len(q.criteria) > maxCriteria || len(q.used.Encode()) > maxSearch {
		wrong = append(wrong, issue{code: "too-costly", key: "card.fhir.too_many_parameters"})
	}
	if len(wrong) > 0 {
		return nil, &trouble{status: 400, issues: wrong}
	}
	return q, nil
}

// control takes the parameters that are the same for every kind.
func (q *query) control(kinds map[string]*kind, k *kind, name, raw string) (known bool, key string) {
	switch name {
	case "_count":
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 {
			return true, "card.fhir.bad_count"
		}
		q.count = min(n, maxCount)
		q.used.Set(name, strconv.Itoa(q.count))
	case "_sort":
		by, down := strings.CutPrefix(raw, "-")
		if p, ok := k.params[by]; !ok || !p.sorts {
			return true, "card.fhir.bad_sort"
		}
		q.sort, q.down = by, down
		q.used.Set(name, raw)
	case "_include":
		i, ok := readInclude(kinds, raw)
		if !ok || i.kind != k.name {
			return true, "card.fhir.bad_include"
		}
		q.includes = append(q.includes, i)
		q.used.Add(name, raw)
	case "_revinclude":
		i, ok := readInclude(kinds, raw)
		if !ok || !slices.Contains(kinds[i.kind].params[i.param].targets, k.name) || i.target != "" && i.target != k.name {
			return true, "card.fhir.bad_include"
		}
		q.reverse = append(q.reverse, i)
		q.used.Add(name, raw)
	case "_format", "_pretty", "_total":
		// _format is judged before; JSON is written one way, and the total is always exact
	default:
		return false, ""
	}
	if len(q.includes)+len(q.reverse) > maxCriteria {
		return true, "card.fhir.too_many_parameters"
	}
	return true, ""
}

func readInclude(kinds map[string]*kind, raw string) (include, bool) {
	parts := strings.Split(raw, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return include{}, false
	}
	i := include{kind: parts[0], param: parts[1]}
	if len(parts) == 3 {
		i.target = parts[2]
	}
	k, ok := kinds[i.kind]
	if !ok {
		return include{}, false
	}
	p, ok := k.params[i.param]
	return i, ok && p.kind == referenceParam && (i.target == "" || slices.Contains(p.targets, i.target))
}

// readCriterion understands one parameter, or gives the key of what is wrong.
func readCriterion(name, modifier string, p param, raw, origin string, now time.Time) (criterion, string) {
	c := criterion{name: name, param: p, modifier: modifier}
	if !clean(raw) {
		return c, "card.fhir.bad_value"
	}
	allowed := modifier == "" ||
		p.kind == stringParam && (modifier == "exact" || modifier == "contains") ||
		p.kind == referenceParam && slices.Contains(p.targets, modifier)
	if !allowed {
		return c, "card.fhir.bad_modifier"
	}
	parts := splitEscaped(raw, ',')
	if len(parts) > maxValues {
		return c, "card.fhir.too_many_values"
	}
	for _, part := range parts {
		if part == "" {
			continue
		}
		if len(part) > maxValue {
			return c, "card.fhir.bad_value"
		}
		v, key := readValue(p, modifier, part, origin, now)
		if key != "" {
			return c, key
		}
		c.values = append(c.values, v)
	}
	if len(c.values) == 0 {
		return c, "card.fhir.bad_value"
	}
	return c, ""
}

func readValue(p param, modifier, part, origin string, now time.Time) (value, string) {
	switch p.kind {
	case tokenParam:
		bar := splitEscaped(part, '|')
		switch len(bar) {
		case 1:
			return value{text: unescape(bar[0])}, ""
		case 2:
			return value{system: unescape(bar[0]), hasSystem: true, text: unescape(bar[1])}, ""
		}
		return value{}, "card.fhir.bad_value"
	case referenceParam:
		text := strings.TrimPrefix(unescape(part), origin+"/")
		kind, id, typed := strings.Cut(text, "/")
		if !typed {
			kind = modifier
		} else {
			if !slices.Contains(p.targets, kind) || modifier != "" && modifier != kind {
				return value{}, "card.fhir.bad_reference"
			}
			text = id
		}
		if !validID(text) {
			return value{}, "card.fhir.bad_reference"
		}
		return value{text: text, kind: kind}, ""
	case dateParam:
		d, ok := readDate(unescape(part), p.day, now)
		if !ok {
			return value{}, "card.fhir.bad_date"
		}
		return value{date: d}, ""
	case stringParam:
		return value{text: unescape(part)}, ""
	}
	return value{}, "card.fhir.bad_value"
}

// clean refuses what no database takes: broken UTF-8 and control characters.
func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

func validID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// splitEscaped parts at the separator where no backslash stands before it.
func splitEscaped(s string, separator byte) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case separator:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

var unescaper = strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\|`, `|`, `\$`, `$`)

func unescape(s string) string { return unescaper.Replace(s) }

func clip(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// carriesPIN finds a ПИН among parameters of a URL, where none may stand: they
// are kept in histories and in the logs of every machine on the way.
func carriesPIN(in url.Values) (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(in)) {
		for _, raw := range in[name] {
			for _, part := range splitEscaped(raw, ',') {
				bar := splitEscaped(part, '|')
				last := bar[len(bar)-1]
				if len(bar) > 1 && unescape(bar[0]) == sidPIN && last != "" {
					return name, true
				}
				if i := strings.LastIndexByte(last, '/'); i >= 0 {
					last = last[i+1:]
				}
				if _, err := pin.Parse(last); err == nil {
					return name, true
				}
			}
		}
	}
	return "", false
}
