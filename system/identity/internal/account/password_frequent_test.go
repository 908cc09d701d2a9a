package account

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/nbutton23/zxcvbn-go/data"
)

// The list can be searched: it is sorted, each word stands there once and is
// found with its rank, what is between is not found.
func TestFrequentWordsAreFound(t *testing.T) {
	list := frequent()
	var words []string
	for line := range strings.Lines(string(list)) {
		word, letter := line[:len(line)-3], line[len(line)-2]
		if found := list.letter(word); found != letter {
			t.Fatalf("%s: %c, not %c", word, found, letter)
		}
		if word != strings.ToLower(word) || list.letter(word+"\x01") != 0 {
			t.Fatal(word)
		}
		words = append(words, word)
	}
	if !slices.IsSorted(words) || len(slices.Compact(words)) != len(words) {
		t.Fatal("not sorted")
	}
	if len(words) < 80_000 || len(list) > 2<<20 {
		t.Fatalf("%d words, %d bytes", len(words), len(list))
	}
	for word, letter := range map[string]byte{"password": 'a', "123456": 'a', "12345678": 'b', "1234": 'b', "qwerty": 'c', "mary": 'a', "": 0, "\xff": 0, "zzzzzzzzzz": 0} {
		if found := list.letter(word); found != letter {
			t.Errorf("%q: %q, not %q", word, found, letter)
		}
	}
}

// What the lists begin with is refused, dressed up as the rules ask.
func TestFrequentWordsAreRefused(t *testing.T) {
	for name, most := range map[string]int{"Passwords": 500, "FemaleNames": 100, "MaleNames": 100, "Surnames": 100, "English": 200} {
		var read struct{ List []string }
		if err := json.Unmarshal(data.MustAsset("data/"+name+".json"), &read); err != nil {
			t.Fatal(err)
		}
		for _, word := range read.List[:most] {
			dressed := strings.ToUpper(word[:1]) + word[1:] + "-1"
			dressed += strings.Repeat("1", max(0, 10-len(dressed)))
			if Guessable(word) == "" || Guessable(dressed) == "" {
				t.Errorf("%s: %s is taken", name, dressed)
			}
		}
	}
}
