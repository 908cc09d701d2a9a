package r4

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

//go:embed r4.json.gz
var packed []byte

// Param is a search parameter of a type.
type Param struct {
	Name    string
	Type    string   // token, reference, date, string
	Targets []string // of a reference
	Of      string   // the parameter whose marks it reads, narrowed to Targets; "" for its own
	paths   []path
}

type path struct {
	steps []string
	as    string // the type of a choice, "" for any
}

type definition struct {
	name      string
	primitive bool
	resource  bool
	elements  []*element
	members   map[string]member
}

type element struct {
	name     string
	least    int
	most     int // 0: any number
	choice   bool
	summary  bool // of a resource: part of its summary
	types    []*elementType
	codes    map[string]bool // of a required binding: "code" and "system|code"; nil for none
	codesOf  string
	position int
}

type elementType struct {
	name    string
	targets []string // types a Reference may lead to, nil for any
	def     *definition
}

// member is what a name in an object stands for.
type member struct {
	element *element
	typ     *elementType
	beside  bool // "_name": id and extensions of a primitive
}

type library struct {
	types  map[string]*definition
	params map[string][]Param
}

var load = sync.OnceValue(func() *library {
	in, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err) // the file is part of the program
	}
	var file struct {
		Types map[string]struct {
			Kind     string `json:"k"`
			Abstract int    `json:"a"`
			Elements []struct {
				Name   string `json:"n"`
				Least  int    `json:"m"`
				Most   int    `json:"x"`
				Choice int    `json:"c"`
				Short  int    `json:"s"`
				Types  []struct {
					Name    string   `json:"c"`
					Targets []string `json:"r"`
				} `json:"t"`
				Codes string `json:"b"`
			} `json:"e"`
		} `json:"types"`
		Sets   map[string][]string `json:"sets"`
		Params map[string][]struct {
			Name    string   `json:"n"`
			Type    string   `json:"t"`
			Targets []string `json:"r"`
			Of      string   `json:"o"`
			Paths   []struct {
				Path string `json:"p"`
				As   string `json:"a"`
			} `json:"p"`
		} `json:"params"`
	}
	if err := json.NewDecoder(in).Decode(&file); err != nil {
		panic(err)
	}
	sets := map[string]map[string]bool{}
	for name, codes := range file.Sets {
		set := make(map[string]bool, 2*len(codes))
		for _, code := range codes {
			set[code] = true
			set[code[strings.LastIndexByte(code, '|')+1:]] = true
		}
		sets[name] = set
	}
	l := &library{types: map[string]*definition{}, params: map[string][]Param{}}
	for name, t := range file.Types {
		l.types[name] = &definition{name: name, primitive: t.Kind == "primitive", resource: t.Kind == "resource" && t.Abstract == 0, members: map[string]member{}}
	}
	for name, t := range file.Types {
		d := l.types[name]
		for i, e := range t.Elements {
			one := &element{name: e.Name, least: e.Least, most: e.Most, choice: e.Choice == 1, summary: e.Short == 1, codes: sets[e.Codes], codesOf: e.Codes, position: i}
			for _, typ := range e.Types {
				et := &elementType{name: typ.Name, targets: typ.Targets, def: l.types[typ.Name]}
				one.types = append(one.types, et)
				key := e.Name
				if one.choice {
					key += strings.ToUpper(typ.Name[:1]) + typ.Name[1:]
				}
				d.members[key] = member{element: one, typ: et}
				if et.def != nil && et.def.primitive {
					d.members["_"+key] = member{element: one, typ: et, beside: true}
				}
			}
			d.elements = append(d.elements, one)
		}
	}
	for name, params := range file.Params {
		for _, p := range params {
			one := Param{Name: p.Name, Type: p.Type, Targets: p.Targets, Of: p.Of}
			for _, at := range p.Paths {
				one.paths = append(one.paths, path{strings.Split(at.Path, "."), at.As})
			}
			l.params[name] = append(l.params[name], one)
		}
	}
	return l
})

// Params are the search parameters of the type, by name.
func Params(kind string) []Param { return load().params[kind] }

// Known says that there is such a type of resource.
func Known(kind string) bool {
	d, ok := load().types[kind]
	return ok && d.resource
}

// Kinds are all types of resources, sorted.
func Kinds() []string {
	var all []string
	for name, d := range load().types {
		if d.resource {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
