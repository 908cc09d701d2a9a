package find

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// NameMatches compares a name as FHIR's string parameters do: by the beginning
// of any of its words, whole with the modifier exact, anywhere with contains.
func NameMatches(name, modifier, wanted string) bool {
	if modifier == "exact" {
		return name == wanted
	}
	folded, part := text.Fold(name), text.Fold(wanted)
	if part == "" {
		return false
	}
	if modifier == "contains" {
		return strings.Contains(folded, part)
	}
	return strings.HasPrefix(folded, part) || strings.Contains(folded, " "+part)
}

func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func whole(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
