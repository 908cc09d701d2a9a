package find

import (
	"strconv"
)

// Both searches two places, or more, as one. Each is read on from where the page
// before left it: the cursor holds the keys of all. Without an order the card's
// own stand first. What it has found has no keys: it is not searched as a place of
// another Both.
func Both(q *Query, finds ...func(*Query) (Found, error)) (Found, error) {
	parts := make([]Found, len(finds))
	before := splitKeys(q.After, len(finds))
	var all Found
	for at, find := range finds {
		one := *q
		one.After = before[at]
		f, err := find(&one)
		if err != nil {
			return f, err
		}
		parts[at] = f
		all.Total += f.Total
		all.items = append(all.items, f.items...)
	}
	sorts, _ := q.order()
	places := make([]int, len(finds))
	for len(all.IDs) < q.Count {
		next := -1
		for at, f := range parts {
			if places[at] == len(f.IDs) {
				continue
			}
			if next < 0 || comesFirst(f.keys[places[at]], parts[next].keys[places[next]], sorts) {
				next = at
			}
		}
		if next < 0 {
			break
		}
		all.IDs = append(all.IDs, parts[next].IDs[places[next]])
		before[next] = parts[next].keys[places[next]]
		places[next]++
	}
	for at, f := range parts {
		if q.Count > 0 && (places[at] < len(f.IDs) || f.After != nil) {
			all.After = joinKeys(before)
		}
	}
	return all, nil
}

// joinKeys writes several lists of keys as one: each with its length before it.
func joinKeys(lists [][]string) []string {
	var all []string
	for _, list := range lists {
		all = append(append(all, strconv.Itoa(len(list))), list...)
	}
	return all
}

func splitKeys(all []string, n int) [][]string {
	lists := make([][]string, n)
	for at := range lists {
		if len(all) == 0 {
			break
		}
		size, err := strconv.Atoi(all[0])
		if err != nil || size < 0 || size >= len(all) {
			break
		}
		if size > 0 {
			lists[at] = all[1 : 1+size]
		}
		all = all[1+size:]
	}
	return lists
}
