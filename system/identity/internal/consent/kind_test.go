package consent_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
)

// Whatever can be granted is told to the person in words, in each language.
func TestEveryKindHasWords(t *testing.T) {
	words := text.MustLoad(os.DirFS("../.."))
	for _, lang := range []text.Lang{text.KY, text.RU, text.EN} {
		ctx := text.With(t.Context(), words, lang)
		for _, kind := range cardapi.FHIRKinds {
			if said := consent.Describe(ctx, "patient/"+kind+".rs"); strings.Contains(said, kind) || strings.Contains(said, "identity.") || !strings.Contains(said, ": ") {
				t.Errorf("%s in %s: %q", kind, lang, said)
			}
		}
	}
}
