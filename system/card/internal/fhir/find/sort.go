package find

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// maxSorts is how many parameters may stand in _sort.
const maxSorts = 5

// Sort is a parameter by which the matches are ordered.
type Sort struct {
	Name string
	Down bool
}

// readSort reads the parameters of _sort, the most important first. What would
// stand behind _id orders nothing: no two have one.
func (q *Query) readSort(k *Kind, raw string) bool {
	for one := range strings.SplitSeq(raw, ",") {
		by, down := strings.CutPrefix(one, "-")
		p, ok := k.Params[by]
		if !ok || !p.Sorts || len(q.Sorts) == maxSorts || slices.ContainsFunc(q.Sorts, func(s Sort) bool { return s.Name == by }) {
			return false
		}
		q.Sorts = append(q.Sorts, Sort{by, down})
	}
	return true
}

// order are the parameters that order before the ids do, and whether the ids go down.
func (q *Query) order() (sorts []Sort, idsDown bool) {
	for at, s := range q.Sorts {
		if s.Name == "_id" {
			return q.Sorts[:at], s.Down
		}
	}
	if len(q.Sorts) > 0 {
		idsDown = q.Sorts[len(q.Sorts)-1].Down
	}
	return q.Sorts, idsDown
}

// comesFirst compares by the keys of the order, each a moment or a day. Without an
// order, and where all are alike, neither does.
func comesFirst(a, b []string, sorts []Sort) bool {
	for at, s := range sorts {
		if at >= len(a) || at >= len(b) {
			return false
		}
		if x, y := sortable(a[at]), sortable(b[at]); x != y {
			return (x < y) != s.Down
		}
	}
	return false
}

// sortable is microseconds of a number, or of the day that the text is.
func sortable(s string) int64 {
	if low, _, ok := r4.Span(s); ok && len(s) == 10 && s[4] == '-' {
		return low.UnixMicro()
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
