package contract

import (
	"reflect"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

type object = map[string]any

// OpenAPI describes the endpoints of one service as OpenAPI 3.0.3, made from
// the structs of its contract, so that it cannot say anything else than them.
func OpenAPI(endpoints []Endpoint) any {
	first := endpoints[0]
	d := describer{schemas: object{}}
	paths := object{}
	for _, e := range endpoints {
		path := e.Path
		if path == "" {
			path = "/"
		}
		paths[path] = object{"post": object{
			"summary":     e.Summary,
			"operationId": e.Service + strings.ReplaceAll(e.Path, "/", "-"),
			"parameters":  headers,
			"requestBody": object{"required": true, "content": d.json(e.In)},
			"responses": object{
				"200":     object{"description": "The answer", "content": d.json(e.Out)},
				"default": object{"description": "The provider refused: kind and key say why, findings name fields", "content": object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}}},
			},
		}}
	}
	d.schemas["Problem"] = problem
	return object{
		"openapi": "3.0.3",
		"info": object{
			"title":       exchangeapi.NameOf(first.Provider) + "/" + first.Service,
			"version":     "1",
			"description": "Called through the exchange only: POST /r1/" + first.Provider.String() + "/" + first.Service + "{path}",
		},
		"servers":    []object{{"url": "/r1/" + first.Provider.String() + "/" + first.Service}},
		"paths":      paths,
		"components": object{"schemas": d.schemas},
	}
}

var headers = []object{
	{"name": exchangeapi.HeaderClient, "in": "header", "required": true, "schema": object{"type": "string"}, "description": "INSTANCE/CLASS/MEMBER/SUBSYSTEM of who asks"},
	{"name": exchangeapi.HeaderID, "in": "header", "schema": object{"type": "string", "maxLength": 255}, "description": "The same for a repetition of the same request"},
	{"name": exchangeapi.HeaderUser, "in": "header", "schema": object{"type": "string", "maxLength": 255}, "description": "ПИН of the person who acts"},
	{"name": exchangeapi.HeaderIssue, "in": "header", "schema": object{"type": "string", "maxLength": 255}, "description": "Why: a code or a case's number"},
}

var problem = object{
	"type": "object", "required": []string{"kind", "key"},
	"properties": object{
		"kind": object{"type": "string"}, "key": object{"type": "string"}, "args": object{"type": "object"},
		"findings": object{"type": "array", "items": object{"type": "object", "properties": object{
			"field": object{"type": "string"}, "key": object{"type": "string"}, "args": object{"type": "object"},
		}}},
	},
}

type describer struct{ schemas object }

func (d describer) json(t reflect.Type) object {
	return object{"application/json": object{"schema": d.schema(t)}}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	dateType = reflect.TypeFor[clock.Date]()
	byteType = reflect.TypeFor[[]byte]()
)

func (d describer) schema(t reflect.Type) object {
	switch t {
	case timeType:
		return object{"type": "string", "format": "date-time"}
	case dateType:
		return object{"type": "string", "format": "date"}
	case byteType:
		return object{"type": "string", "format": "byte", "nullable": true} // base64
	}
	switch t.Kind() { //nolint:exhaustive // contracts hold no others; the test calls every one
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Float64:
		return object{"type": "number", "format": "double"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Slice:
		return object{"type": "array", "nullable": true, "items": d.schema(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.Struct:
		if t.Name() == "" {
			return object{"type": "object"}
		}
		return object{"$ref": "#/components/schemas/" + d.name(t)}
	}
	panic("contract: no schema for " + t.String())
}

// name gives the struct's name and describes it once. Structs of several
// packages may bear one name: the package goes before it.
func (d describer) name(t reflect.Type) string {
	pkg := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	name := strings.TrimSuffix(pkg, "api") + "." + t.Name()
	if _, done := d.schemas[name]; done {
		return name
	}
	described := object{"type": "object"}
	d.schemas[name] = described // before its fields: structs may hold themselves
	properties := object{}
	var required []string
	d.fields(t, properties, &required)
	described["properties"] = properties
	if len(required) > 0 {
		described["required"] = required
	}
	return name
}

func (d describer) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			d.fields(f.Type, properties, required)
			continue
		case !f.IsExported() || tag == "-":
			continue
		case tag == "":
			tag = f.Name
		}
		properties[tag] = d.schema(f.Type)
		if !strings.Contains(options, "omit") {
			*required = append(*required, tag)
		}
	}
}
