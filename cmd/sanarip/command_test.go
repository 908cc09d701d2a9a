package main

import (
	"flag"
	"slices"
	"strings"
	"testing"
)

// `sanarip client-secret card --data DIR` is what people type.
func TestFlagsStandAnywhere(t *testing.T) {
	for _, c := range []struct{ args, data, rest string }{
		{"--data d card", "d", "card"},
		{"card --data d", "d", "card"},
		{"a --data d b", "d", "a b"},
		{"a", "", "a"},
		{"--data d", "d", ""},
		{"--data d -- --data e", "d", "--data e"},
		{"", "", ""},
	} {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		data := flags.String("data", "", "")
		rest, err := anywhere(flags, strings.Fields(c.args))
		if err != nil || *data != c.data || !slices.Equal(rest, strings.Fields(c.rest)) {
			t.Errorf("%q: data %q, rest %q, %v", c.args, *data, rest, err)
		}
	}
}
