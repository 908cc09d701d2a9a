package gather

import (
	"context"
	"regexp"
	"slices"

	"github.com/sanarip/sanarip/system/card/internal/fhir"
)

var reference = regexp.MustCompile(`"reference":\s*"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})"`)

// Named are the resources of the kinds that the items lead to and that are not
// among them, each once, with what those lead to in turn, as far as the caller
// reaches them. only narrows the kinds; empty does not.
func Named(ctx context.Context, caller fhir.Caller, items []fhir.Item, kinds, only []string) ([]fhir.Item, error) {
	have := map[string]bool{}
	for _, i := range items {
		have[i.Kind()+"/"+i.ID()] = true
	}
	var all []fhir.Item
	for level := items; len(level) > 0; {
		ids := map[string][]string{}
		for _, i := range level {
			for _, m := range reference.FindAllStringSubmatch(string(i.JSON()), -1) {
				kind, id := m[1], m[2]
				if have[kind+"/"+id] || !slices.Contains(kinds, kind) || len(only) > 0 && !slices.Contains(only, kind) {
					continue
				}
				have[kind+"/"+id] = true
				ids[kind] = append(ids[kind], id)
			}
		}
		level = nil
		for _, kind := range kinds {
			if len(ids[kind]) == 0 || !caller.May(kind) {
				continue
			}
			found, err := caller.Items(ctx, kind, ids[kind])
			if err != nil {
				return nil, err
			}
			level = append(level, found...)
		}
		all = append(all, level...)
	}
	return all, nil
}
