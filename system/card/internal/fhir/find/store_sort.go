package find

import "strings"

// order are the keys by which the rows of the search are read, the last of them
// those that tell rows apart. By what a row does not know, all are alike.
func (t *Table) order(search *Query) []Key {
	sorts, idsDown := search.order()
	order := make([]Key, 0, len(sorts)+len(t.Keys))
	for _, s := range sorts {
		k, ok := t.Sorts[s.Name]
		if !ok {
			k = Key{Expr: "CAST(0 AS BIGINT)", Number: true}
		}
		k.down = s.Down
		order = append(order, k)
	}
	for _, k := range t.Keys {
		k.down = idsDown
		order = append(order, k)
	}
	return order
}

// beyond is the condition of the rows behind the keys of the page before. Where
// all keys go one way it is a comparison of rows, which an index may answer.
func beyond(b *Builder, order []Key, after []string) (string, bool) {
	if len(after) != len(order) {
		return "", false
	}
	var left, right []string
	oneWay := true
	for i, k := range order {
		oneWay = oneWay && k.down == order[0].down
		left = append(left, k.Expr)
		if !k.Number {
			right = append(right, b.Arg(after[i]))
			continue
		}
		n, ok := whole(after[i])
		if !ok {
			return "", false
		}
		right = append(right, b.Arg(n))
	}
	sign := func(k Key) string {
		if k.down {
			return " < "
		}
		return " > "
	}
	switch {
	case len(left) == 1:
		return left[0] + sign(order[0]) + right[0], true
	case oneWay:
		return "(" + strings.Join(left, ", ") + ")" + sign(order[0]) + "(" + strings.Join(right, ", ") + ")", true
	}
	var ways []string
	for i, k := range order {
		var way []string
		for at := range i {
			way = append(way, left[at]+" = "+right[at])
		}
		ways = append(ways, "("+strings.Join(append(way, left[i]+sign(k)+right[i]), " AND ")+")")
	}
	return AnyOf(ways), true
}
