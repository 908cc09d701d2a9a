package writing

import (
	"iter"
	"strings"
)

// Lines are the lines of a text that are not empty.
func Lines(body string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for l := range strings.SplitSeq(body, "\n") {
			if l = strings.TrimSpace(l); l != "" && !yield(l) {
				return
			}
		}
	}
}
