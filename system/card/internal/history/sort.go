package history

import (
	"cmp"
	"slices"
)

func newestFirst(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Root, a.Root))
	})
}
