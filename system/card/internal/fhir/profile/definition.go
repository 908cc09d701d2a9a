package profile

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

// Canonical is below which everything of our own is named.
const Canonical = "https://sanarip.kg/fhir"

const (
	version   = "1.0.0"
	day       = "2026-11-22" // of the version
	publisher = "Sanarip"
	r4        = "4.0.1"
	base      = "http://hl7.org/fhir/StructureDefinition/"
	hl7       = "http://terminology.hl7.org/CodeSystem/"
)

// Written is when the definitions of this version were made.
func Written() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, clock.Bishkek) }

// Definition is one resource that defines.
type Definition struct {
	Kind  string // StructureDefinition, ValueSet, CodeSystem
	ID    string
	URL   string
	Name  string
	Of    string // the type that a profile narrows; "" for others
	JSON  []byte // as it is sent and stands in docs/fhir
	Bound bool   // a profile of a type, no extension
}

// All are the definitions, profiles first, each kind in the order of the tables.
var All = sync.OnceValue(func() []Definition {
	var all []Definition
	for _, s := range append(profiles(), extensions()...) {
		all = append(all, Definition{Kind: s.ResourceType, ID: s.ID, URL: s.URL, Name: s.Name, Of: s.Type, JSON: written(s), Bound: s.Type != "Extension"})
	}
	for _, c := range systems {
		s := c.system()
		all = append(all, Definition{Kind: s.ResourceType, ID: s.ID, URL: s.URL, Name: s.Name, JSON: written(s)})
	}
	for _, v := range valueSets() {
		all = append(all, Definition{Kind: v.ResourceType, ID: v.ID, URL: v.URL, Name: v.Name, JSON: written(v)})
	}
	return all
})

// Profiles are the addresses of the profiles of a type.
func Profiles(kind string) []string {
	var all []string
	for _, d := range All() {
		if d.Bound && d.Of == kind {
			all = append(all, d.URL)
		}
	}
	slices.Sort(all)
	return all
}

// head is what every defining resource begins with.
type head struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	URL          string `json:"url"`
	Version      string `json:"version"`
	Name         string `json:"name"`
	Title        string `json:"title"`
	Status       string `json:"status"`
	Experimental bool   `json:"experimental"`
	Date         string `json:"date"`
	Publisher    string `json:"publisher"`
	Description  string `json:"description"`
}

func headed(kind, id, title, description string) head {
	name := "Sanarip"
	for part := range strings.SplitSeq(id, "-") {
		name += strings.ToUpper(part[:1]) + part[1:]
	}
	if kind == "ValueSet" {
		name += "Codes"
	}
	return head{
		ResourceType: kind, ID: id, URL: Canonical + "/" + kind + "/" + id, Version: version, Name: name, Title: title, Status: "active",
		Date: day, Publisher: publisher, Description: description,
	}
}

// StructureDefinition is the FHIR resource.
type StructureDefinition struct {
	head
	FHIRVersion    string           `json:"fhirVersion"`
	Kind           string           `json:"kind"`
	Abstract       bool             `json:"abstract"`
	Context        []ExtensionPlace `json:"context,omitempty"`
	Type           string           `json:"type"`
	BaseDefinition string           `json:"baseDefinition"`
	Derivation     string           `json:"derivation"`
	Differential   Differential     `json:"differential"`
}

// ExtensionPlace is where an extension may stand.
type ExtensionPlace struct {
	Type       string `json:"type"`
	Expression string `json:"expression"`
}

// Differential is what a profile says beyond its base.
type Differential struct {
	Element []Element `json:"element"`
}

// Element is an ElementDefinition.
type Element struct {
	ID          string        `json:"id"`
	Path        string        `json:"path"`
	SliceName   string        `json:"sliceName,omitempty"`
	Slicing     *Slicing      `json:"slicing,omitempty"`
	Short       string        `json:"short,omitempty"`
	Min         *int          `json:"min,omitempty"`
	Max         string        `json:"max,omitempty"`
	Type        []ElementType `json:"type,omitempty"`
	FixedURI    string        `json:"fixedUri,omitempty"`
	PatternURI  string        `json:"patternUri,omitempty"`
	PatternCode string        `json:"patternCode,omitempty"`
	PatternText string        `json:"patternString,omitempty"`
	PatternFlag *bool         `json:"patternBoolean,omitempty"`
	PatternOne  *Coding       `json:"patternCoding,omitempty"`
	Pattern     *Concept      `json:"patternCodeableConcept,omitempty"`
	MaxLength   int           `json:"maxLength,omitempty"`
	MustSupport bool          `json:"mustSupport,omitempty"`
	Binding     *Binding      `json:"binding,omitempty"`
}

// Slicing says by what the slices of a list are told apart.
type Slicing struct {
	Discriminator []Discriminator `json:"discriminator"`
	Rules         string          `json:"rules"`
}

// Discriminator is one thing by which they are.
type Discriminator struct {
	Type string `json:"type"`
	Path string `json:"path"`
}

// ElementType is a type that an element may have.
type ElementType struct {
	Code          string   `json:"code"`
	Profile       []string `json:"profile,omitempty"`
	TargetProfile []string `json:"targetProfile,omitempty"`
}

// Binding is from which codes an element is taken.
type Binding struct {
	Strength string `json:"strength"`
	ValueSet string `json:"valueSet"`
}

// Coding is a code of a code system.
type Coding struct {
	System string `json:"system,omitempty"`
	Code   string `json:"code,omitempty"`
}

// Concept is a CodeableConcept.
type Concept struct {
	Coding []Coding `json:"coding,omitempty"`
}

// say is one thing that is said of an element.
type say func(*Element)

// el is an element by its id: Patient.identifier:pin.system. Its path is the id
// without the names of slices.
func el(id string, says ...say) Element {
	var path []string
	e := Element{ID: id}
	for part := range strings.SplitSeq(id, ".") {
		name, slice, _ := strings.Cut(part, ":")
		path = append(path, name)
		e.SliceName = slice
	}
	e.Path = strings.Join(path, ".")
	for _, s := range says {
		s(&e)
	}
	return e
}

func least(n int) say { return func(e *Element) { e.Min = &n } }

func most(n string) say { return func(e *Element) { e.Max = n } }

func must() say { return least(1) }

func one() say {
	return func(e *Element) {
		least(1)(e)
		e.Max = "1"
	}
}

func known() say { return func(e *Element) { e.MustSupport = true } }

func short(words string) say { return func(e *Element) { e.Short = words } }

func long(n int) say { return func(e *Element) { e.MaxLength = n } }

func uri(address string) say { return func(e *Element) { e.PatternURI = address } }

func code(c string) say { return func(e *Element) { e.PatternCode = c } }

func words(s string) say { return func(e *Element) { e.PatternText = s } }

func flag(b bool) say { return func(e *Element) { e.PatternFlag = &b } }

func coding(system, code string) say {
	return func(e *Element) { e.PatternOne = &Coding{system, code} }
}

func concept(system, code string) say {
	return func(e *Element) { e.Pattern = &Concept{[]Coding{{system, code}}} }
}

func from(set string) say {
	return func(e *Element) { e.Binding = &Binding{"required", Canonical + "/ValueSet/" + set} }
}

func typed(codes ...string) say {
	return func(e *Element) {
		for _, c := range codes {
			e.Type = append(e.Type, ElementType{Code: c})
		}
	}
}

// to says where a reference leads: our own profiles by their id, types of R4 by
// their name.
func to(targets ...string) say {
	return func(e *Element) {
		t := ElementType{Code: "Reference"}
		for _, target := range targets {
			address := base + target
			if target == strings.ToLower(target) {
				address = Canonical + "/StructureDefinition/" + target
			}
			t.TargetProfile = append(t.TargetProfile, address)
		}
		e.Type = []ElementType{t}
	}
}

func sliced(by, path string) say {
	return func(e *Element) { e.Slicing = &Slicing{[]Discriminator{{by, path}}, "open"} }
}

// extended is the slice of an extension of ours.
func extended(id string) say {
	return func(e *Element) {
		e.Type = []ElementType{{Code: "Extension", Profile: []string{Canonical + "/StructureDefinition/" + id}}}
		e.Max = "1"
	}
}

func define(id, of, title, description string, elements ...[]Element) StructureDefinition {
	s := StructureDefinition{
		head: headed("StructureDefinition", id, title, description), FHIRVersion: r4, Kind: "resource", Type: of, BaseDefinition: base + of,
		Derivation: "constraint", Differential: Differential{slices.Concat(append([][]Element{{el(of)}}, elements...)...)},
	}
	return s
}

func extension(id, title, description, place, kind string, says ...say) StructureDefinition {
	s := define(id, "Extension", title, description, []Element{
		el("Extension.url", func(e *Element) { e.FixedURI = Canonical + "/StructureDefinition/" + id }),
		el("Extension.value[x]", append([]say{must(), typed(kind)}, says...)...),
	})
	s.Kind, s.Context = "complex-type", []ExtensionPlace{{"element", place}}
	return s
}

// written is JSON of two spaces, as files have it.
func written(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // the tables are part of the program
	}
	return b.Bytes()
}
