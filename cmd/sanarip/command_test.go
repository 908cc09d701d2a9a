package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/identity/identityapi"
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

// Who asks for help gets it and no error; who types a flag that is none is told so
// in a line, with another exit code than a command that failed.
func TestHelpAndWrongFlags(t *testing.T) {
	for _, args := range []string{"run --help", "help run", "config -h", "verify audit --help", "import fhir --help", "exchange-key --help"} {
		var out bytes.Buffer
		if err := dispatch(t.Context(), strings.Fields(args), &out); err != nil || !strings.Contains(out.String(), "--data") {
			t.Errorf("%s: %v %s", args, err, out.String())
		}
	}
	for _, args := range []string{"run --nosuch", "migrate twice", "config extra", "verify", "verify f --json", "exchange-key nosuch", "client-secret nosuch", "client-secret conformance", "verify audit --heads", "nosuch"} {
		if err := dispatch(t.Context(), append(strings.Fields(args), "--data="+t.TempDir()), io.Discard); !errors.Is(err, errUsage) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// The machines of the demo get their secrets as systems do, each its own.
func TestSecretsOfClients(t *testing.T) {
	data, seen := t.TempDir(), map[string]bool{}
	for _, name := range append([]string{"card", "portal"}, identityapi.DemoMachines...) {
		var out, again bytes.Buffer
		for _, each := range []*bytes.Buffer{&out, &again} {
			if err := dispatch(t.Context(), []string{"client-secret", name, "--data", data}, each); err != nil {
				t.Fatal(err)
			}
		}
		if len(out.String()) < 40 || out.String() != again.String() || seen[out.String()] {
			t.Errorf("%s: %s, %s", name, out.String(), again.String())
		}
		seen[out.String()] = true
	}
}

// A database that is away is told once, not by each of ten systems.
func TestWhatAllFailOfIsToldOnce(t *testing.T) {
	h := &house{parts: []part{{name: "exchange"}, {name: "card"}, {name: "portal"}}}
	err := h.failed([]error{io.ErrClosedPipe, errors.New("no room"), io.ErrClosedPipe})
	if err == nil || err.Error() != "exchange, portal: io: read/write on closed pipe\ncard: no room" || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
	if err := h.failed(make([]error, 3)); err != nil {
		t.Error(err)
	}
}
