// Package setting holds the lifetimes and numbers of ЕСИ that an operator may set
// otherwise. Each is declared beside what it rules, with the bounds that a
// standard, a document or sense gives it, and with its reason: from here come the
// keys of the configuration and the handbook's rows.
package setting

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Setting is a lifetime (Own, Least and Most are times) or a plain number.
type Setting struct {
	Name string // key of the configuration without "identity_"
	What string // what it rules, in a few words of the handbook
	Why  string // why so and not otherwise

	own, least, most int64
	time             bool
}

var declared []Setting

// Time declares a lifetime. It is for variables of packages; a name that stands
// twice, or a value outside of its own bounds, is a mistake of ours.
func Time(name string, own, least, most time.Duration, what, why string) Setting {
	return declare(Setting{Name: name, What: what, Why: why, own: int64(own), least: int64(least), most: int64(most), time: true})
}

// Number declares a number.
func Number(name string, own, least, most int64, what, why string) Setting {
	return declare(Setting{Name: name, What: what, Why: why, own: own, least: least, most: most})
}

func declare(s Setting) Setting {
	if slices.ContainsFunc(declared, func(known Setting) bool { return known.Name == s.Name }) {
		panic("setting: " + s.Name + " is declared twice")
	}
	if s.own < s.least || s.own > s.most || s.least < 1 {
		panic("setting: " + s.Name + " is not within its own bounds")
	}
	declared = append(declared, s)
	return s
}

type pair struct{ short, long Setting }

var within []pair

// Within declares that one setting must not be greater than another. The answer
// says whether the program's own are so.
func Within(short, long Setting) bool {
	within = append(within, pair{short, long})
	return short.own <= long.own
}

// Declared are all settings, by name.
func Declared() []Setting {
	return slices.SortedFunc(slices.Values(declared), func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
}

// Default is the program's own value, as an operator would write it.
func (s Setting) Default() string { return s.text(s.own) }

// Bounds are the least and the most that an operator may set.
func (s Setting) Bounds() (least, most string) { return s.text(s.least), s.text(s.most) }

// Doc is the setting's sentence in the handbook.
func (s Setting) Doc() string {
	least, most := s.Bounds()
	return s.What + ", " + least + " to " + most + ": " + s.Why
}

// text writes a value: 90m0s is 90m, 24h0m0s is 24h.
func (s Setting) text(value int64) string {
	if !s.time {
		return strconv.FormatInt(value, 10)
	}
	text := time.Duration(value).String()
	if cut, ok := strings.CutSuffix(text, "m0s"); ok {
		text = cut + "m"
	}
	if cut, ok := strings.CutSuffix(text, "h0m"); ok {
		text = cut + "h"
	}
	return text
}

// Values are what an operator set, by name. Those of a nil Values are the
// program's own.
type Values map[string]int64

// Read reads them from the configuration; what is not set is left to the program.
// A value that is none, or out of bounds, is an error that names the key.
func Read(text map[string]string) (Values, error) {
	values := Values{}
	var wrong error
	for _, s := range Declared() {
		written := strings.TrimSpace(text[s.Name])
		if written == "" {
			continue
		}
		value, err := s.parse(written)
		if err != nil || value < s.least || value > s.most {
			kind := "number"
			if s.time {
				kind = "time"
			}
			least, most := s.Bounds()
			wrong = errors.Join(wrong, fmt.Errorf("identity_%s: %q is no %s from %s to %s", s.Name, written, kind, least, most))
			continue
		}
		values[s.Name] = value
	}
	for _, p := range within {
		if short, long := values.of(p.short), values.of(p.long); short > long {
			wrong = errors.Join(wrong, fmt.Errorf("identity_%s (%s) must not be more than identity_%s (%s)", p.short.Name, p.short.text(short), p.long.Name, p.long.text(long)))
		}
	}
	return values, wrong
}

func (s Setting) parse(text string) (int64, error) {
	if !s.time {
		return strconv.ParseInt(text, 10, 64)
	}
	d, err := time.ParseDuration(text)
	return int64(d), err
}

// Time is the lifetime that holds.
func (v Values) Time(s Setting) time.Duration { return time.Duration(v.of(s)) }

// Number is the number that holds.
func (v Values) Number(s Setting) int64 { return v.of(s) }

func (v Values) of(s Setting) int64 {
	if value, ok := v[s.Name]; ok {
		return value
	}
	return s.own
}
