package observation

import (
	_ "embed" // the table
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sanarip/sanarip/kit/clock"
)

// usual is a line of usual.csv: the range of a sign at rest, in the units of
// Vitals, from an age on. A value outside is marked, never refused.
type usual struct {
	sign        string
	low, high   int // both included
	minYears    int // younger patients have no range here, and no mark
	from, until clock.Date
}

//go:embed usual.csv
var usualTable string

var usuals = sync.OnceValue(func() []usual {
	all, err := readUsual(usualTable)
	if err != nil {
		panic(err) // embedded; a test reads it
	}
	return all
})

func readUsual(table string) ([]usual, error) {
	lines, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, err
	}
	var all []usual
	for _, l := range lines[1:] {
		u := usual{sign: l[0]}
		for i, n := range []*int{&u.low, &u.high, &u.minYears} {
			if *n, err = strconv.Atoi(l[1+i]); err != nil {
				return nil, err
			}
		}
		var from, until bool
		u.from, from = clock.ParseDate(l[4])
		u.until, until = clock.ParseDate(l[5])
		if !from || !until && l[5] != "" {
			return nil, fmt.Errorf("observation: the days of %s cannot be read", u.sign)
		}
		all = append(all, u)
	}
	return all, nil
}

// Out says that the value is outside the usual range of somebody born then, on
// the day. Zero, not measured, never is; nor is anything where the age is unknown
// or has no range.
func Out(sign string, value int, born, on clock.Date) bool {
	if value == 0 || born.IsZero() {
		return false
	}
	i := slices.IndexFunc(usuals(), func(u usual) bool {
		return u.sign == sign && born.YearsAt(on) >= u.minYears && !on.Before(u.from) && (u.until.IsZero() || !u.until.Before(on))
	})
	return i >= 0 && (value < usuals()[i].low || value > usuals()[i].high)
}
