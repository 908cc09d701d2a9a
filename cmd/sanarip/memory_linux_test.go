package main

import (
	"os"
	"strings"
	"testing"
)

func TestOnlyThePartsOfTheProgramThatNobodyWritesToAreGivenBack(t *testing.T) {
	for line, want := range map[string]bool{
		"00400000-01d96000 r-xp 00000000 fe:00 42 /opt/sanarip\n":           true,
		"01d96000-0371a000 r--p 01996000 fe:00 42 /opt/sanarip\n":           true,
		"0371a000-0393e000 rw-p 0331a000 fe:00 42 /opt/sanarip\n":           false,
		"7f00-7f01 r--p 00000000 fe:00 43 /lib/libc.so.6\n":                 false,
		"c000000000-c000400000 rw-p 00000000 00:00 0\n":                     false,
		"00400000-01d96000 r-xp 00000000 fe:00 42 /opt/sanarip (deleted)\n": false,
		"nonsense": false,
	} {
		if _, _, ok := unchanging(line, "/opt/sanarip"); ok != want {
			t.Errorf("%q: %v", line, ok)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(maps)) {
		if _, size, ok := unchanging(line, program); ok && size > 0 {
			found++
		}
	}
	if found == 0 {
		t.Fatal("nothing of the program was found in its own maps")
	}
	giveBack() // and everything works on
}
