package text_test

import (
	"testing"
	"testing/fstest"

	"github.com/sanarip/sanarip/kit/text"
)

func TestOneSentenceForEveryNumber(t *testing.T) {
	c, err := text.Load(fstest.MapFS{"text/a.json": {Data: []byte(`{"a": {"ky": "Саны: {{.Count}}", "ru": "Число: {{.Count}}", "en": "Number: {{.Count}}"}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[text.Lang]string{text.KY: "Саны: ", text.RU: "Число: ", text.EN: "Number: "} {
		for _, count := range []int{0, 1, 2, 5, 21} {
			if got := c.Say(lang, "a", map[string]any{"Count": count}); got[:len(want)] != want {
				t.Errorf("%s %d: %s", lang, count, got)
			}
		}
	}
}
