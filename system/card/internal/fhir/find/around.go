package find

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
)

// Limits of searches by what is around the resource.
const (
	MaxLed    = 200  // resources that a link of a chain may mean
	MaxHaving = 1000 // resources that may lead here by _has
	maxAround = 6    // further searches that one search may ask for
	maxLinks  = 4    // of a chain
)

// Chain is a criterion of what the resource leads to: patient.identifier. Whoever
// searches finds what it means within the caller's reach, and adds Among.
type Chain struct {
	name  string
	param Param
	Kind  string // that it leads to
	Query *Query // of that kind; may have a chain of its own
}

// Among is the criterion that one of the ids is led to.
func (c Chain) Among(ids []string) Criterion {
	one := Criterion{Name: c.name, Param: c.param}
	for _, id := range ids {
		one.Values = append(one.Values, Leading(c.Kind, id))
	}
	return one
}

// Has is a criterion of what leads to the resource: _has:Observation:patient:code,
// or _has:Encounter:patient:_has:Condition:encounter:code over several steps.
// Whoever searches finds those within the caller's reach, and adds To.
type Has struct {
	Kind  string // that leads here
	Param string // by which it does
	Query *Query // of that kind
}

// To is the criterion that one of the items leads here, to the kind k.
func (h Has) To(kinds map[string]*Kind, k *Kind, items []*Item) Criterion {
	one := Criterion{Name: "_id", Param: k.Params["_id"]}
	seen := map[string]bool{}
	for _, i := range items {
		for _, reference := range i.Leads(kinds[h.Kind], h.Param) {
			kind, id, _ := strings.Cut(reference, "/")
			if kind == k.Name && !seen[id] {
				seen[id] = true
				one.Values = append(one.Values, Value{Text: id})
			}
		}
	}
	return one
}

// asked is how many further searches the search asks for.
func (q *Query) asked() int {
	n := len(q.Chains) + len(q.Has)
	for _, c := range q.Chains {
		n += c.Query.asked()
	}
	for _, h := range q.Has {
		n += h.Query.asked()
	}
	return n
}

// around understands a parameter that asks about what the resource leads to, or
// what leads to it; ok is false where it is neither.
func (q *Query) around(kinds map[string]*Kind, k *Kind, name, raw, origin string, now time.Time) (key string, ok bool) {
	if rest, ok := strings.CutPrefix(name, "_has:"); ok {
		has, key := readHas(kinds, k, rest, raw, origin, now)
		if key == "" {
			q.Has = append(q.Has, has)
		}
		return key, true
	}
	chain, key, ok := readChain(kinds, k, name, raw, origin, now, maxLinks)
	if ok && key == "" {
		q.Chains = append(q.Chains, chain)
	}
	return key, ok
}

// readHas understands what stands behind "_has:", Observation:patient:code.
func readHas(kinds map[string]*Kind, k *Kind, rest, raw, origin string, now time.Time) (Has, string) {
	const bad = "card.fhir.bad_has"
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) < 3 {
		return Has{}, bad
	}
	from := kinds[parts[0]]
	if from == nil {
		return Has{}, bad
	}
	by, known := from.Params[parts[1]]
	if !known || by.Kind != ReferenceParam || !slices.Contains(by.Targets, k.Name) {
		return Has{}, bad
	}
	has := Has{Kind: from.Name, Param: parts[1], Query: &Query{Count: MaxHaving}}
	if strings.Count(rest, "_has:") > maxAround {
		return has, bad
	}
	// Behind it stands a parameter, or a step further: a chain or another _has.
	if key, further := has.Query.around(kinds, from, parts[2], raw, origin, now); further {
		return has, key
	}
	bare, modifier, _ := strings.Cut(parts[2], ":")
	of, there := from.Params[bare]
	if !there {
		return has, bad
	}
	c, key := readCriterion(bare, modifier, of, raw, origin, now)
	has.Query.Criteria = []Criterion{c}
	return has, key
}

// readChain understands a chained parameter, patient.identifier,
// subject:Patient.identifier or encounter.service-provider.identifier; ok is false
// where it is none of ours.
func readChain(kinds map[string]*Kind, k *Kind, name, raw, origin string, now time.Time, links int) (chain Chain, key string, ok bool) {
	const bad = "card.fhir.bad_chain"
	link, rest, chained := strings.Cut(name, ".")
	by, kind, _ := strings.Cut(link, ":")
	p, known := k.Params[by]
	if !chained || !known || p.Kind != ReferenceParam {
		return chain, "", false
	}
	if kind == "" && (by == "patient" || by == "subject") {
		kind = "Patient"
	}
	if kind == "" && len(p.Targets) == 1 {
		kind = p.Targets[0]
	}
	target := kinds[kind]
	if target == nil || !slices.Contains(p.Targets, kind) || links == 0 {
		return chain, bad, true
	}
	of := &Query{Count: MaxLed}
	chain = Chain{name: by, param: p, Kind: kind, Query: of}
	if strings.Contains(rest, ".") {
		further, key, ok := readChain(kinds, target, rest, raw, origin, now, links-1)
		if !ok {
			key = bad
		}
		of.Chains = []Chain{further}
		return chain, key, true
	}
	bare, modifier, _ := strings.Cut(rest, ":")
	param, known := target.Params[bare]
	if !known {
		return chain, bad, true
	}
	c, key := readCriterion(bare, modifier, param, raw, origin, now)
	of.Criteria = []Criterion{c}
	return chain, key, true
}

// ReadPart understands what a read asks for of the resource: _elements and _summary.
func ReadPart(k *Kind, in url.Values) (*Query, error) {
	q := &Query{Count: 1, Used: url.Values{}}
	for _, name := range []string{"_elements", "_summary"} {
		for _, raw := range in[name] {
			_, key := q.control(nil, k, name, raw)
			if key == "" && q.Count == 0 { // there is nothing to count
				key = "card.fhir.bad_summary"
			}
			if key != "" {
				return nil, &outcome.Trouble{Status: http.StatusBadRequest, Issues: []outcome.Issue{{Code: "invalid", Key: key, Args: fail.Args("Name", name), Expression: name}}}
			}
		}
	}
	return q, nil
}
