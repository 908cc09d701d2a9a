package console

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// span is a time over which sign-ins are counted, in steps.
type span struct {
	name  string // in the address, and of its word
	unit  string // of a step: hour, day, week, month
	steps int
}

var spans = []span{
	{"hours", "hour", 24},
	{"days", "day", 30},
	{"weeks", "week", 12},
	{"months", "month", 12},
}

func spanOf(name string) span {
	if i := slices.IndexFunc(spans, func(s span) bool { return s.name == name }); i >= 0 {
		return spans[i]
	}
	return spans[0]
}

// bounds are where the steps begin, and where the last one ends, after now. Hours,
// days and months are those of Bishkek, weeks begin on Monday.
func (s span) bounds(now time.Time) []time.Time {
	local := now.In(clock.Bishkek)
	year, month, day := local.Date()
	all := make([]time.Time, 0, s.steps+1)
	for back := s.steps - 1; back >= -1; back-- {
		switch s.unit {
		case "hour":
			all = append(all, time.Date(year, month, day, local.Hour()-back, 0, 0, 0, clock.Bishkek))
		case "day":
			all = append(all, time.Date(year, month, day-back, 0, 0, 0, 0, clock.Bishkek))
		case "week":
			monday := day - (int(local.Weekday())+6)%7
			all = append(all, time.Date(year, month, monday-7*back, 0, 0, 0, 0, clock.Bishkek))
		default:
			all = append(all, time.Date(year, month-time.Month(back), 1, 0, 0, 0, 0, clock.Bishkek))
		}
	}
	return all
}

// cell is how many sign-ins of a method ended so within a step.
type cell struct {
	step    int
	method  door.Method
	entered bool
	n       int
}

// statistic is what was counted over a span.
type statistic struct {
	span    span
	begins  []time.Time // of the steps
	entered []int       // by step
	refused []int
	methods []methodCount // the most used first
	table   map[door.Method][]int
}

type methodCount struct {
	method           door.Method
	entered, refused int
}

func (c *Console) count(ctx context.Context, s span) (statistic, error) {
	bounds := s.bounds(c.Clock.Now())
	st := statistic{span: s, begins: bounds[:s.steps], entered: make([]int, s.steps), refused: make([]int, s.steps), table: map[door.Method][]int{}}
	cells, err := c.cells(ctx, bounds, s.unit == "hour")
	if err != nil {
		return statistic{}, err
	}
	for _, each := range cells {
		i := slices.IndexFunc(st.methods, func(m methodCount) bool { return m.method == each.method })
		if i < 0 {
			i, st.methods = len(st.methods), append(st.methods, methodCount{method: each.method})
			st.table[each.method] = make([]int, s.steps)
		}
		if each.entered {
			st.entered[each.step] += each.n
			st.methods[i].entered += each.n
			st.table[each.method][each.step] += each.n
		} else {
			st.refused[each.step] += each.n
			st.methods[i].refused += each.n
		}
	}
	slices.SortStableFunc(st.methods, func(a, b methodCount) int { return b.entered + b.refused - a.entered - a.refused })
	return st, nil
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
