// Package region holds the seven oblasts and two cities of the country, by their
// СОАТЕ codes, and where each stands on the tile map.
package region

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// Region is one of the nine. Column and Row are its place on the map.
type Region struct {
	Code   string     `json:"code"`
	Name   text.Words `json:"name"`
	Column int        `json:"column"`
	Row    int        `json:"row"`
}

//go:embed regions.json
var regionsJSON []byte

// All are the regions in the order of the map, from the north-west.
var All = func() []Region {
	var list []Region
	if err := json.Unmarshal(regionsJSON, &list); err != nil {
		panic("regions.json: " + err.Error()) // embedded: a test reads it first
	}
	return list
}()

// Known says whether the code is one of the nine.
func Known(code string) bool {
	return slices.ContainsFunc(All, func(r Region) bool { return r.Code == code })
}

// Name is the region's name; the code itself for an unknown one.
func Name(code string) text.Words {
	for _, r := range All {
		if r.Code == code {
			return r.Name
		}
	}
	return text.Same(code)
}

// Within says whether the territory's СОАТЕ code (14 digits) lies in the region:
// the first five digits are those of the oblast or the city.
func Within(territory, code string) bool {
	return len(territory) == 14 && strings.Trim(territory, "0123456789") == "" && len(code) == 14 && territory[:5] == code[:5]
}
