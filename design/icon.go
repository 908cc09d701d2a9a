package design

import (
	"maps"
	"slices"
)

// IconNames lists the icons, sorted.
func IconNames() []string { return slices.Sorted(maps.Keys(iconShapes)) }
