package assurance_test

import (
	"slices"
	"testing"

	. "github.com/sanarip/sanarip/system/identity/internal/assurance"
)

func TestLevelsAreOrdered(t *testing.T) {
	for i, a := range Levels {
		for j, b := range Levels {
			if a.AtLeast(b) != (i >= j) {
				t.Errorf("%s at least %s: %v", a, b, a.AtLeast(b))
			}
			if got := Least(a, b); got != Levels[min(i, j)] {
				t.Errorf("least of %s and %s is %s", a, b, got)
			}
		}
	}
	if Level("").AtLeast(Low) || Level("root").AtLeast(Low) {
		t.Error("no level reaches one")
	}
}

func TestClassesThatASignInMeets(t *testing.T) {
	if got := ACRs(Substantial, []string{"pwd", "otp"}); !slices.Equal(got, []string{"urn:sanarip:acr:substantial", "urn:sanarip:acr:low"}) {
		t.Error(got)
	}
	if got := ACRs(High, []string{"hwk", "user"}); got[0] != PhishingResistant || len(got) != 4 {
		t.Error(got)
	}
}
