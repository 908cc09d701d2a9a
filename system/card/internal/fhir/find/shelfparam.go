package find

import "github.com/sanarip/sanarip/system/card/internal/fhir/r4"

func ShelfParams(name string) map[string]Param {
	params := map[string]Param{}
	for _, p := range r4.Params(name) {
		one := Param{Kind: ParamType(p.Type), Targets: p.Targets, of: p.Of, Sorts: p.Type == "date", Secret: p.Name == "identifier"}
		params[p.Name] = one
	}
	return params
}
