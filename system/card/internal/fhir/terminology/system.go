package terminology

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/profile"
)

// concept is a code with its words.
type concept struct {
	System, Code string
	Words        []words // the first one is shown to whom no other suits
	Parent       string
	Usable       bool // may be chosen: no heading, not withdrawn
}

type words struct {
	Lang text.Lang
	Text string
}

// display is the concept's words in the language, or in the one that it has.
func (c concept) display(lang text.Lang) string {
	for _, w := range c.Words {
		if w.Lang == lang {
			return w.Text
		}
	}
	if len(c.Words) == 0 {
		return ""
	}
	return c.Words[0].Text
}

// called says that the words are those of the concept in some language.
func (c concept) called(said string) bool {
	return slices.ContainsFunc(c.Words, func(w words) bool { return text.Fold(w.Text) == text.Fold(said) })
}

// book is all that the room knows.
type book struct {
	icd     *icd.Book
	systems map[string][]concept // by address
	names   map[string]string
	sets    map[string]profile.ValueSet
	ids     map[string]string // id of our own code systems and sets, by "CodeSystem/id": their address
}

func newBook(classification *icd.Book) *book {
	b := &book{icd: classification, systems: map[string][]concept{}, names: map[string]string{}, sets: map[string]profile.ValueSet{}, ids: map[string]string{}}
	for _, s := range profile.Codes() {
		b.names[s.URL], b.ids["CodeSystem/"+s.ID] = s.Name, s.URL
		for _, c := range s.Concept {
			one := concept{System: s.URL, Code: c.Code, Words: []words{{text.RU, c.Display}}, Usable: true}
			for _, d := range c.Designation {
				one.Words = append(one.Words, words{text.Lang(d.Language), d.Value})
			}
			b.systems[s.URL] = append(b.systems[s.URL], one)
		}
	}
	for _, s := range profile.Sets() {
		b.sets[s.URL], b.ids["ValueSet/"+s.ID] = s, s.URL
		for _, in := range s.Compose.Include {
			if len(in.Concept) == 0 || strings.HasPrefix(in.System, profile.Canonical) {
				continue
			}
			for _, c := range in.Concept { // of HL7's systems we know what our sets name
				b.systems[in.System] = append(b.systems[in.System], concept{System: in.System, Code: c.Code, Words: []words{{text.EN, c.Display}}, Usable: true})
			}
		}
	}
	b.names[datatype.ICD10] = "ICD10"
	return b
}

// find is the concept of the system, as it was at the moment.
func (b *book) find(ctx context.Context, system, code string, at time.Time) (concept, bool, error) {
	if system == datatype.ICD10 {
		c, ok, err := b.icd.FindOn(ctx, code, at)
		return ofICD(c), ok, err
	}
	for _, c := range b.systems[system] {
		if c.Code == code {
			return c, true, nil
		}
	}
	return concept{}, false, nil
}

func ofICD(c icd.Code) concept {
	return concept{System: datatype.ICD10, Code: c.Code, Words: []words{{text.RU, c.Name}}, Parent: c.Parent, Usable: c.Usable}
}

// in says whether the concept stands in the set.
func in(set profile.ValueSet, c concept) bool {
	for _, i := range set.Compose.Include {
		if i.System != c.System {
			continue
		}
		if len(i.Concept) == 0 && c.Usable {
			return true
		}
		if slices.ContainsFunc(i.Concept, func(one profile.CodeConcept) bool { return one.Code == c.Code }) {
			return true
		}
	}
	return false
}

// page is a part of the set as it was at the moment, those whose code or words fit the filter, and how
// many there are.
func (b *book) page(ctx context.Context, set profile.ValueSet, filter string, at time.Time, offset, count int) ([]concept, int, error) {
	var all []concept
	for _, i := range set.Compose.Include {
		if i.System == datatype.ICD10 { // such a set has nothing else
			codes, total, err := b.icd.Page(ctx, filter, at, offset, count)
			for _, c := range codes {
				all = append(all, ofICD(c))
			}
			return all, total, err
		}
		for _, c := range b.systems[i.System] {
			if in(set, c) && fits(c, filter) {
				all = append(all, c)
			}
		}
	}
	from := min(offset, len(all))
	return all[from:min(from+count, len(all))], len(all), nil
}

func fits(c concept, filter string) bool {
	wanted := text.Fold(filter)
	return filter == "" || strings.Contains(text.Fold(c.Code), wanted) ||
		slices.ContainsFunc(c.Words, func(w words) bool { return strings.Contains(text.Fold(w.Text), wanted) })
}
