package fhir

import (
	"github.com/sanarip/sanarip/system/card/internal/fhir/definition"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

func (a *API) kindsOffered() map[string]*find.Kind {
	all := map[string]*find.Kind{}
	own := append(a.archive.Kinds(), definition.Sets())
	for _, offer := range a.offers {
		own = append(own, a.offered(offer(a)))
	}
	for _, k := range own {
		if known := all[k.Name]; known != nil { // two rooms have records of the type
			known.Join(k)
			continue
		}
		k.Params["_id"] = find.Param{Kind: find.TokenParam, Sorts: true}
		all[k.Name] = k
	}
	a.shelve(all)
	if k := all["Provenance"]; k != nil { // of the card's own to a few types; other systems tell of any
		target := k.Params["target"]
		target.Targets = find.Names(all)
		k.Params["target"] = target
	}
	return all
}
