package text_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/text"
)

func TestFours(t *testing.T) {
	for in, want := range map[string]string{"": "", "2d50": "2d50", "2d50cb8c1": "2d50 cb8c 1"} {
		if got := text.Fours(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
