package history

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

func newestFirst(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Root, a.Root))
	})
}

// lines are the lines of a text that are not empty.
func lines(body string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for l := range strings.SplitSeq(body, "\n") {
			if l = strings.TrimSpace(l); l != "" && !yield(l) {
				return
			}
		}
	}
}
