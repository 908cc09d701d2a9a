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

// number is an identifier: what nearly every condition names.
type number struct{ kind, system, value string }

// numberOf is a number that whatever meets the condition must bear. There is
// none where the condition names none, several of which one is enough, one
// without its system, or looks at other resources.
func numberOf(kind, condition string) (number, bool) {
	values, err := url.ParseQuery(condition)
	if err != nil {
		return number{}, false
	}
	for name := range values {
		if strings.Contains(name, ".") || strings.HasPrefix(name, "_has") {
			return number{}, false
		}
	}
	found := values["identifier"]
	if len(found) == 0 || strings.ContainsAny(found[0], `,\$`) {
		return number{}, false
	}
	system, value, ok := strings.Cut(found[0], "|")
	return number{kind, system, value}, ok && system != "" && value != ""
}

// written is what this batch has made of one resource. A condition that was
// tried before may be met by it now, or no longer.
type written struct {
	numbers []number // that a new resource bears
	changed bool     // it was there before, with numbers that are not known here
}

// note keeps for later works what this change writes.
func (b *batch) note(c Change, now *row) {
	w := written{changed: now != nil}
	if c.Resource != nil {
		for _, m := range c.Resource.Marks() {
			if m.Param == "identifier" {
				w.numbers = append(w.numbers, number{c.Kind, m.System, m.Code})
			}
		}
	}
	b.written = append(b.written, w)
}

// stale says that the answer to the condition may have changed since it was
// asked for.
func (b *batch) stale(asked string) bool {
	kind, condition, _ := strings.Cut(asked, "?")
	since := b.written[b.askedAt[asked]:]
	n, ok := numberOf(kind, condition)
	return slices.ContainsFunc(since, func(w written) bool { return !ok || w.changed || slices.Contains(w.numbers, n) })
}

// freshen tries those conditions of the work again that earlier works of the
// batch may have answered: differently worded ones find one thing.
func (b *batch) freshen(ctx context.Context, w *Work) error {
	asked := map[string]bool{}
	for _, c := range w.Changes {
		if c.Asked {
			asked[c.Kind+"?"+c.Condition] = true
		}
		if c.Resource == nil {
			continue
		}
		for _, l := range c.Resource.Links {
			if value := b.local(l.Value); strings.Contains(value, "?") {
				if _, ok := b.matches[value]; ok {
					asked[value] = true
				}
			}
		}
	}
	maps.DeleteFunc(asked, func(one string, _ bool) bool { return !b.stale(one) })
	if len(asked) == 0 {
		return nil
	}
	if err := b.flush(ctx); err != nil {
		return err
	}
	targets, owned := map[key]bool{}, map[key]bool{}
	for _, one := range slices.Sorted(maps.Keys(asked)) {
		if err := b.match(ctx, one, targets, owned); err != nil {
			return err
		}
	}
	if err := b.readCurrent(ctx, targets, nil); err != nil {
		return err
	}
	return b.readOwn(ctx, owned)
}

// match tries one condition and notes what it finds as what is to be read.
func (b *batch) match(ctx context.Context, asked string, targets, owned map[key]bool) error {
	kind, condition, _ := strings.Cut(asked, "?")
	ids, err := b.s.Own.Match(ctx, b.tx, kind, condition)
	if err != nil {
		return err
	}
	b.matches[asked], b.askedAt[asked] = ids, len(b.written)
	for _, id := range ids {
		targets[key{kind, id}], owned[key{kind, id}] = true, true
	}
	return nil
}

// turns are the rows and types at which writes of conditions take turns, so that
// of those who would make one thing at the same moment one does.
type turns struct {
	rows  map[string]bool
	types map[string]bool // true: alone, false: beside others whose conditions name a number
}

// ofCondition adds the turns of a condition: those of one number wait for each
// other, whatever else they say; one without a number waits for all of its type.
func (t turns) ofCondition(kind, condition string) {
	n, ok := numberOf(kind, condition)
	if ok {
		t.rows[rowOf(n.kind, "identifier", n.system, n.value)] = true
	}
	t.types[kind] = t.types[kind] || !ok
}

// ofPerson adds the turn of a ПИН.
func (t turns) ofPerson(pin string) { t.rows[rowOf("Patient", "pin", pin)] = true }

func rowOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:20])
}

// conditionOfLink says that a reference is a search (Type?parameters).
func conditionOfLink(value string) (kind, condition string, ok bool) {
	kind, condition, ok = strings.Cut(value, "?")
	return kind, condition, ok && r4.Known(kind)
}
