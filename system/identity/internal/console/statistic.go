package console

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// span is a time over which sign-ins are counted, in steps of equal length: as
// many as a page shows side by side.
type span struct {
	name  string // in the address, and of its word
	step  time.Duration
	steps int
}

var spans = []span{
	{"hours", time.Hour, 16},
	{"days", 24 * time.Hour, 14},
	{"weeks", 7 * 24 * time.Hour, 13},
}

func spanOf(name string) span {
	if i := slices.IndexFunc(spans, func(s span) bool { return s.name == name }); i >= 0 {
		return spans[i]
	}
	return spans[0]
}

// begin is the start of the first step, so that the last one holds now. Hours and
// days are those of Bishkek; weeks end with today.
func (s span) begin(now time.Time) time.Time {
	local := now.In(clock.Bishkek)
	last := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), 0, 0, 0, clock.Bishkek)
	if s.step > time.Hour {
		last = time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, clock.Bishkek).Add(24*time.Hour - s.step)
	}
	return last.Add(-time.Duration(s.steps-1) * s.step)
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
	begin   time.Time
	entered []int // by step
	refused []int
	methods []methodCount // the most used first
	table   map[door.Method][]int
}

type methodCount struct {
	method           door.Method
	entered, refused int
}

func (c *Console) count(ctx context.Context, s span) (statistic, error) {
	st := statistic{span: s, begin: s.begin(c.Clock.Now()), entered: make([]int, s.steps), refused: make([]int, s.steps), table: map[door.Method][]int{}}
	cells, err := c.cells(ctx, st.begin, s.step)
	if err != nil {
		return statistic{}, err
	}
	for _, each := range cells {
		if each.step < 0 || each.step >= s.steps {
			continue
		}
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
