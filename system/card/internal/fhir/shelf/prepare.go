package shelf

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// prepare asks, for all works at once, for whatever they need to know: it takes
// the turns of conditions, locks what is to be changed and looks up what is
// referred to.
func (b *batch) prepare(ctx context.Context, group []*waiting) error {
	waits := turns{rows: map[string]bool{}, types: map[string]bool{}}
	targets, links, owned := map[key]bool{}, map[key]bool{}, map[key]bool{}
	for _, one := range group {
		fulls := map[string]bool{}
		for _, c := range one.work.Changes {
			if c.FullURL != "" {
				fulls[c.FullURL] = true
			}
		}
		for _, c := range one.work.Changes {
			if c.Asked {
				waits.ofCondition(c.Kind, c.Condition)
				b.matches[c.Kind+"?"+c.Condition] = nil
			}
			if c.Kind == "Patient" && c.Resource != nil {
				for _, pin := range b.pins(c.Resource) {
					if one.work.Join && c.ID != "" {
						owned[key{c.Kind, c.ID}] = true
					}
					waits.ofPerson(pin)
					b.bearers[pin] = ""
				}
			}
			if c.Method != Create && c.ID != "" {
				targets[key{c.Kind, c.ID}] = true
				owned[key{c.Kind, c.ID}] = true
			}
			if c.Resource == nil {
				continue
			}
			for _, l := range c.Resource.Links {
				if fulls[l.Value] {
					continue
				}
				if one.work.Known != nil {
					if kind, id, ok := one.work.Known(l.Value); ok {
						links[key{kind, id}] = true
						continue
					}
				}
				if l.Loose() {
					continue
				}
				value := b.local(l.Value)
				if kind, condition, ok := conditionOfLink(value); ok {
					b.matches[value] = nil
					waits.ofCondition(kind, condition)
				} else if kind, id, ok := r4.Literal(value); ok {
					links[key{kind, id}] = true
				}
			}
		}
	}
	if err := b.takeTurns(ctx, waits); err != nil {
		return err
	}
	if err := b.bearersHere(ctx, slices.Sorted(maps.Keys(b.bearers))); err != nil {
		return err
	}
	for pin, here := range b.bearers {
		if here != "" {
			continue
		}
		id, err := b.s.Own.Bearer(ctx, b.tx, pin)
		if err != nil {
			return err
		}
		b.bearers[pin] = id
	}
	for asked := range b.matches {
		if err := b.match(ctx, asked, targets, owned); err != nil {
			return err
		}
	}
	if err := b.readCurrent(ctx, targets, links); err != nil {
		return err
	}
	for k := range links {
		if r := b.current[k]; r == nil || r.Deleted {
			owned[k] = true
		}
	}
	return b.readOwn(ctx, owned)
}

// readOwn looks up what the shelf has not among the card's own records.
func (b *batch) readOwn(ctx context.Context, wanted map[key]bool) error {
	byKind := map[string][]string{}
	for k := range wanted {
		if b.current[k] == nil {
			byKind[k.kind] = append(byKind[k.kind], k.id)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		people, err := b.s.Own.Has(ctx, b.tx, kind, byKind[kind])
		if err != nil {
			return err
		}
		for id, person := range people {
			b.own[key{kind, id}] = person
		}
	}
	return nil
}

// pins are the ПИН that a Patient bears; there should be one.
func (b *batch) pins(r *r4.Resource) []string {
	var pins []string
	for _, i := range r.Identifiers() {
		if i[0] == b.s.SIDPIN && !slices.Contains(pins, i[1]) {
			pins = append(pins, i[1])
		}
	}
	return pins
}

// local is a reference without our own address before it.
func (b *batch) local(reference string) string {
	if b.s.Base != "" {
		if rest, ok := strings.CutPrefix(reference, b.s.Base+"/"); ok {
			return rest
		}
	}
	return reference
}
