package workforceapi_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// A title that was kept in Russian is read in each language, and leads back to one.
func TestATitleIsReadInEachLanguage(t *testing.T) {
	seen := map[string]text.Words{}
	for _, title := range workforceapi.Titles {
		if other, twice := seen[title.Name.RU]; twice && other != title.Name {
			t.Errorf("%v and %v are one in Russian: who bore which cannot be told in Kyrgyz", other, title.Name)
		}
		seen[title.Name.RU] = title.Name
		for _, l := range text.Langs {
			if got := workforceapi.TitleHere(text.With(t.Context(), nil, l), title.Name.RU); got != title.Name.In(l) || got == "" {
				t.Errorf("%s in %s: %q", title.Code, l, got)
			}
		}
	}
	if got := workforceapi.TitleHere(text.With(t.Context(), nil, text.KY), "Звездочёт"); got != "Звездочёт" {
		t.Errorf("an unknown title: %q", got)
	}
}
