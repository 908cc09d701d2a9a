package find

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
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// Limits of a search.
const (
	DefaultCount = 20
	MaxCount     = 100  // resources a page
	MaxIncluded  = 1000 // further resources a page by _include and _revinclude
	MaxCriteria  = 30
	maxValues    = 50      // values of one parameter, parted by commas
	maxValue     = 300     // bytes of one value
	maxSearch    = 8 << 10 // bytes of all parameters
)

type ParamType string

// The types of search parameters, as the CapabilityStatement names them.
const (
	TokenParam     ParamType = "token"
	ReferenceParam ParamType = "reference"
	DateParam      ParamType = "date"
	StringParam    ParamType = "string"
)

// Param declares a search parameter of a kind.
type Param struct {
	Kind    ParamType
	Targets []string // reference: the types it leads to
	Day     bool     // date: a calendar day without a zone
	Sorts   bool     // may stand in _sort
	of      string   // on the shelf: the parameter whose marks are read, "" for its own
	Secret  bool     // token: a ПИН may be meant, which never stands in a URL
}

// Value is one of the alternatives of a criterion.
type Value struct {
	System    string // token: before the bar
	HasSystem bool   // token: there was a bar
	Text      string // token: code; reference: id; string: what was typed
	kind      string // reference: its type, "" if it was not said
	date      dateValue
}

// Leading is the value of a reference to the resource.
func Leading(kind, id string) Value { return Value{kind: kind, Text: id} }

// Criterion is a parameter with its alternatives.
type Criterion struct {
	Name     string
	Param    Param
	modifier string // exact, contains, not, missing or ""
	missing  bool   // :missing=true
	Values   []Value
}

const (
	notModifier     = "not"
	missingModifier = "missing"
)

// Negative says that what has no value of the parameter meets the criterion.
func (c Criterion) Negative() bool {
	return c.modifier == notModifier || c.modifier == missingModifier && c.missing
}

// Modified says that a modifier turns the criterion round.
func (c Criterion) Modified() bool { return c.modifier == notModifier || c.modifier == missingModifier }

// condition is the criterion as SQL; write is nil where the rows have no such
// value.
func (c Criterion) condition(b *Builder, write Column) string {
	met := Never
	if write != nil {
		met = write(b, c)
	}
	if c.Negative() {
		return "(CASE WHEN " + met + " THEN 0 ELSE 1 END) = 1" // NULL is no value
	}
	return met
}

// Include is _include or _revinclude: the resources that kind's parameter
// leads to, or that lead here by it.
type Include struct {
	Kind, Param, Target string
	Iterate             bool // also of what was included before
}

// Query is a search as it was understood.
type Query struct {
	Criteria []Criterion
	Count    int    // 0: the total alone
	Sorts    []Sort // none: by the ids
	Includes []Include
	Reverse  []Include
	Chains   []Chain
	Has      []Has
	Elements []string   // of the matches, nil for all
	Summary  string     // of the matches, "" for the whole
	Ignored  []string   // parameters that are none of ours: named in the answer
	Used     url.Values // what was understood, for the link to self
	After    []string   // keys of the last item of the page before, nil on the first
}

// IDs are those that the query names, nil if it names none: a directory need
// not be read whole for one resource.
func (q *Query) IDs() []string {
	for _, c := range q.Criteria {
		if c.Name == "_id" {
			ids := []string{}
			for _, v := range c.Values {
				ids = append(ids, v.Text)
			}
			return ids
		}
	}
	return nil
}

// Identifier is the one that the search looks for, if it asks for nothing else and
// begins at its first page.
func (q *Query) Identifier() (Value, bool) {
	if len(q.Criteria) != 1 || len(q.Chains)+len(q.Has)+len(q.Sorts) > 0 || q.After != nil || q.Count < DefaultCount {
		return Value{}, false
	}
	c := q.Criteria[0]
	if c.Name != "identifier" || c.modifier != "" || len(c.Values) != 1 || c.Values[0].Text == "" {
		return Value{}, false
	}
	return c.Values[0], true
}

// AskedPIN is the ПИН that the search names, if it names one alone.
func (q *Query) AskedPIN() string {
	for _, chain := range q.Chains {
		if asked := chain.Query.AskedPIN(); asked != "" {
			return asked
		}
	}
	for _, has := range q.Has {
		if asked := has.Query.AskedPIN(); asked != "" {
			return asked
		}
	}
	for _, c := range q.Criteria {
		if c.Param.Secret && len(c.Values) == 1 && (!c.Values[0].HasSystem || c.Values[0].System == datatype.SIDPIN) {
			if asked, err := pin.Parse(c.Values[0].Text); err == nil {
				return asked
			}
		}
	}
	return ""
}

// ReadQuery understands the parameters of a search of the kind. What is wrong
// with a known parameter is an error; an unknown one is one if strict, and
// noted otherwise. origin is the address of the API, under which absolute
// references are our own.
func ReadQuery(kinds map[string]*Kind, k *Kind, in url.Values, origin string, strict bool, now time.Time) (*Query, error) {
	q := &Query{Count: DefaultCount, Used: url.Values{}}
	var wrong []outcome.Issue
	fault := func(name, key string, pairs ...any) {
		wrong = append(wrong, outcome.Issue{Code: "invalid", Key: key, Args: fail.Args(append(pairs, "Name", Clip(name))...), Expression: Clip(name)})
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
			if key, ok := q.around(kinds, k, name, raw, origin, now); ok {
				if key != "" {
					fault(name, key)
					continue
				}
				q.Used.Add(name, raw)
				continue
			}
			p, ok := k.Params[bare]
			if !ok {
				if strict {
					wrong = append(wrong, outcome.Issue{Code: "not-supported", Key: "card.fhir.refused_parameter", Args: fail.Args("Name", Clip(name)), Expression: Clip(name)})
				} else {
					q.Ignored = append(q.Ignored, Clip(name))
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
			q.Criteria = append(q.Criteria, c)
			q.Used.Add(name, raw)
		}
	}
	// A search travels on in the links of its pages.
	if len(q.Criteria) > MaxCriteria || q.asked() > maxAround || len(q.Used.Encode()) > maxSearch {
		wrong = append(wrong, outcome.Issue{Code: "too-costly", Key: "card.fhir.too_many_parameters"})
	}
	if len(wrong) > 0 {
		return nil, &outcome.Trouble{Status: 400, Issues: wrong}
	}
	return q, nil
}

// control takes the parameters that are the same for every kind.
func (q *Query) control(kinds map[string]*Kind, k *Kind, name, raw string) (known bool, key string) {
	switch name {
	case "_count":
		n, err := strconv.Atoi(raw)
		if err != nil || n < 0 {
			return true, "card.fhir.bad_count"
		}
		q.Count = min(n, MaxCount)
		q.Used.Set(name, strconv.Itoa(q.Count))
	case "_sort":
		if !q.readSort(k, raw) {
			return true, "card.fhir.bad_sort"
		}
		q.Used.Add(name, raw)
	case "_include", "_include:iterate":
		i, ok := readInclude(kinds, raw)
		i.Iterate = name != "_include"
		switch {
		case raw == "*" && !i.Iterate:
			q.Includes = append(q.Includes, includeAll(k)...)
		case !ok || i.Kind != k.Name && !i.Iterate:
			return true, "card.fhir.bad_include"
		default:
			q.Includes = append(q.Includes, i)
		}
		q.Used.Add(name, raw)
	case "_revinclude", "_revinclude:iterate":
		i, ok := readInclude(kinds, raw)
		i.Iterate = name != "_revinclude"
		if !ok || !i.Iterate && (!slices.Contains(kinds[i.Kind].Params[i.Param].Targets, k.Name) || i.Target != "" && i.Target != k.Name) {
			return true, "card.fhir.bad_include"
		}
		q.Reverse = append(q.Reverse, i)
		q.Used.Add(name, raw)
	case "_elements":
		for element := range strings.SplitSeq(raw, ",") {
			element = strings.TrimPrefix(strings.TrimSpace(element), k.Name+".")
			if !r4.HasElement(k.Name, element) {
				return true, "card.fhir.bad_elements"
			}
			q.Elements = append(q.Elements, element)
		}
		q.Used.Add(name, raw)
	case "_summary":
		if !slices.Contains([]string{"true", "false", "text", "data", "count"}, raw) {
			return true, "card.fhir.bad_summary"
		}
		switch raw {
		case "count":
			q.Count = 0
		case "false":
		default:
			q.Summary = raw
		}
		q.Used.Set(name, raw)
	case "_total": // always exact
		if !slices.Contains([]string{"none", "estimate", "accurate"}, raw) {
			return true, "card.fhir.bad_value"
		}
	case "_format", "_pretty":
		// _format is judged before; JSON is written one way
	default:
		return false, ""
	}
	if len(q.Includes)+len(q.Reverse) > MaxCriteria {
		return true, "card.fhir.too_many_parameters"
	}
	return true, ""
}

// includeAll is what _include=* stands for: every reference that can be searched by.
func includeAll(k *Kind) []Include {
	var all []Include
	for _, name := range slices.Sorted(maps.Keys(k.Params)) {
		if k.Params[name].Kind == ReferenceParam {
			all = append(all, Include{Kind: k.Name, Param: name})
		}
	}
	return all
}

func readInclude(kinds map[string]*Kind, raw string) (Include, bool) {
	parts := strings.Split(raw, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return Include{}, false
	}
	i := Include{Kind: parts[0], Param: parts[1]}
	if len(parts) == 3 {
		i.Target = parts[2]
	}
	k, ok := kinds[i.Kind]
	if !ok {
		return Include{}, false
	}
	p, ok := k.Params[i.Param]
	return i, ok && p.Kind == ReferenceParam && (i.Target == "" || slices.Contains(p.Targets, i.Target))
}

// readCriterion understands one parameter, or gives the key of what is wrong.
func readCriterion(name, modifier string, p Param, raw, origin string, now time.Time) (Criterion, string) {
	c := Criterion{Name: name, Param: p, modifier: modifier}
	if !clean(raw) {
		return c, "card.fhir.bad_value"
	}
	if modifier == missingModifier && name != "_id" {
		c.missing = raw == "true"
		if !c.missing && raw != "false" {
			return c, "card.fhir.bad_missing"
		}
		return c, ""
	}
	allowed := modifier == "" ||
		p.Kind == TokenParam && modifier == notModifier && name != "_id" ||
		p.Kind == StringParam && (modifier == "exact" || modifier == "contains") ||
		p.Kind == ReferenceParam && slices.Contains(p.Targets, modifier)
	if !allowed {
		return c, "card.fhir.bad_modifier"
	}
	parts := SplitEscaped(raw, ',')
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
		c.Values = append(c.Values, v)
	}
	if len(c.Values) == 0 {
		return c, "card.fhir.bad_value"
	}
	return c, ""
}

func readValue(p Param, modifier, part, origin string, now time.Time) (Value, string) {
	switch p.Kind {
	case TokenParam:
		bar := SplitEscaped(part, '|')
		switch len(bar) {
		case 1:
			return Value{Text: Unescape(bar[0])}, ""
		case 2:
			return Value{System: Unescape(bar[0]), HasSystem: true, Text: Unescape(bar[1])}, ""
		}
		return Value{}, "card.fhir.bad_value"
	case ReferenceParam:
		text := strings.TrimPrefix(Unescape(part), origin+"/")
		kind, id, typed := strings.Cut(text, "/")
		if !typed {
			kind = modifier
		} else {
			if !slices.Contains(p.Targets, kind) || modifier != "" && modifier != kind {
				return Value{}, "card.fhir.bad_reference"
			}
			text = id
		}
		if !ValidID(text) {
			return Value{}, "card.fhir.bad_reference"
		}
		return Value{Text: text, kind: kind}, ""
	case DateParam:
		d, ok := readDate(Unescape(part), p.Day, now)
		if !ok {
			return Value{}, "card.fhir.bad_date"
		}
		return Value{date: d}, ""
	case StringParam:
		return Value{Text: Unescape(part)}, ""
	}
	return Value{}, "card.fhir.bad_value"
}

// clean refuses what no database takes: broken UTF-8 and control characters.
func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

func ValidID(s string) bool {
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

// SplitEscaped parts at the separator where no backslash stands before it.
func SplitEscaped(s string, separator byte) []string {
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

func Unescape(s string) string { return unescaper.Replace(s) }

func Clip(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// CarriesPIN finds a ПИН among parameters of a URL, where none may stand: they
// are kept in histories and in the logs of every machine on the way.
func CarriesPIN(in url.Values) (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(in)) {
		for _, raw := range in[name] {
			for _, part := range SplitEscaped(raw, ',') {
				bar := SplitEscaped(part, '|')
				last := bar[len(bar)-1]
				if len(bar) > 1 && Unescape(bar[0]) == datatype.SIDPIN && last != "" {
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
