package throttle

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// declared are all limits of the program.
var declared []Limit

// Declare makes a limit known by its kind, so that an operator can set it. It is
// for variables of packages; a kind that stands twice is a mistake of ours.
func Declare(l Limit) Limit {
	if slices.ContainsFunc(declared, func(known Limit) bool { return known.Kind == l.Kind }) {
		panic("throttle: the kind " + l.Kind + " is declared twice")
	}
	declared = append(declared, l)
	return l
}

// Declared are all limits of the program, by kind.
func Declared() []Limit {
	return slices.SortedFunc(slices.Values(declared), func(a, b Limit) int { return strings.Compare(a.Kind, b.Kind) })
}

// String is the limit as Parse reads it: password=5/1h0m0s/30s/15m0s.
func (l Limit) String() string {
	return fmt.Sprintf("%s=%d/%s/%s/%s", l.Kind, l.Free, l.Window, l.Lock, l.Longest)
}

// Parse reads limits as an operator writes them: KIND=FREE/WINDOW/LOCK/LONGEST,
// several with semicolons between. A kind that there is not, and a limit that
// limits nothing, is an error.
func Parse(text string) (map[string]Limit, error) {
	limits := map[string]Limit{}
	for each := range strings.SplitSeq(text, ";") {
		if strings.TrimSpace(each) == "" {
			continue
		}
		l, err := parse(strings.TrimSpace(each))
		if err != nil {
			return nil, err
		}
		limits[l.Kind] = l
	}
	return limits, nil
}

func parse(text string) (Limit, error) {
	kind, rule, _ := strings.Cut(text, "=")
	parts := strings.Split(rule, "/")
	l := Limit{Kind: strings.TrimSpace(kind)}
	if !slices.ContainsFunc(declared, func(known Limit) bool { return known.Kind == l.Kind }) {
		return Limit{}, fmt.Errorf("there is no limit %q", l.Kind)
	}
	if len(parts) != 4 {
		return Limit{}, fmt.Errorf("%q is not KIND=FREE/WINDOW/LOCK/LONGEST", text)
	}
	var err error
	if l.Free, err = strconv.ParseInt(strings.TrimSpace(parts[0]), 10, 64); err != nil || l.Free < 1 || l.Free > 1_000_000 {
		return Limit{}, fmt.Errorf("limit %s: %q is no number of attempts from 1 to 1000000", l.Kind, parts[0])
	}
	for i, to := range []*time.Duration{&l.Window, &l.Lock, &l.Longest} {
		// What is longer than a month is no limit but a ban.
		if *to, err = time.ParseDuration(strings.TrimSpace(parts[i+1])); err != nil || *to < time.Second || *to > 30*24*time.Hour {
			return Limit{}, fmt.Errorf("limit %s: %q is no time from 1s to 720h", l.Kind, parts[i+1])
		}
	}
	if l.Longest < l.Lock {
		return Limit{}, fmt.Errorf("limit %s: the longest lock is shorter than the first", l.Kind)
	}
	return l, nil
}
