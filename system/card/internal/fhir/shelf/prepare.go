package shelf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// prepare asks, for all works at once, for whatever they need to know: it takes
// the turns of conditions, locks what is to be changed and looks up what is
// referred to.
func (b *batch) prepare(ctx context.Context, group []*waiting) error {
	turns := map[string]bool{}
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
				turns[turn(c.Kind, c.Condition)] = true
				b.matches[c.Kind+"?"+c.Condition] = nil
			}
			if c.Kind == "Patient" && c.Resource != nil {
				for _, pin := range b.pins(c.Resource) {
					if one.work.Join && c.ID != "" {
						owned[key{c.Kind, c.ID}] = true
					}
					turns[turn("Patient", "pin="+pin)] = true
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
				if kind, condition, ok := strings.Cut(value, "?"); ok && r4.Known(kind) {
					b.matches[value] = nil
					turns[turn(kind, condition)] = true
				} else if kind, id, ok := r4.Literal(value); ok {
					links[key{kind, id}] = true
				}
			}
		}
	}
	if err := b.takeTurns(ctx, slices.Sorted(maps.Keys(turns))); err != nil {
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
		kind, condition, _ := strings.Cut(asked, "?")
		ids, err := b.s.Own.Match(ctx, b.tx, kind, condition)
		if err != nil {
			return err
		}
		b.matches[asked] = ids
		for _, id := range ids {
			targets[key{kind, id}], owned[key{kind, id}] = true, true
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

// turn names the row at which writes of a condition take turns. The numbers of
// things name them whatever else the condition says, so those of one number take
// turns even with different words.
func turn(kind, condition string) string {
	values, err := url.ParseQuery(condition)
	if err == nil {
		for name := range values {
			if strings.HasPrefix(name, "_") && name != "_id" {
				values.Del(name)
			}
		}
		if numbers := values["identifier"]; len(numbers) > 0 {
			values = url.Values{"identifier": {slices.Min(numbers)}}
		}
		condition = values.Encode()
	}
	sum := sha256.Sum256([]byte(kind + "?" + condition))
	return hex.EncodeToString(sum[:20])
}
