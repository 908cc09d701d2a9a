package account

import (
	"cmp"
	"encoding/json"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/nbutton23/zxcvbn-go/data"
)

// rankedWords is words with how early guessers try them. Sorted, one a line: the
// word, a blank, a letter for its rank (a up to 2, b up to 4, c up to 8 …). It is
// searched as it lies: one piece of memory, a byte for a byte.
type rankedWords string

// frequent is what people choose, as lists of leaked passwords, of names and of
// English words count it: those of zxcvbn, as its Go library carries them, packed.
// They are unpacked when the first password is looked at, in a tenth of a second,
// and take a megabyte from then on: a process in which nobody chooses one pays
// nothing. (The library's own estimator unpacks them in every process that starts.)
var frequent = sync.OnceValue(func() rankedWords {
	type entry struct {
		word string
		rank int // the first is 1
	}
	var all []entry
	for _, name := range []string{"Passwords", "FemaleNames", "MaleNames", "Surnames", "English"} {
		var read struct{ List []string }
		if err := json.Unmarshal(data.MustAsset("data/"+name+".json"), &read); err != nil {
			panic("account: the list " + name + " of the library: " + err.Error()) // it stands in the program
		}
		for i, word := range read.List {
			all = append(all, entry{strings.ToLower(word), i + 1})
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(strings.Compare(a.word, b.word), cmp.Compare(a.rank, b.rank))
	})
	all = slices.CompactFunc(all, func(a, b entry) bool { return a.word == b.word }) // the earlier rank stays
	size := 0
	for _, each := range all {
		size += len(each.word) + len(" a\n")
	}
	var text strings.Builder
	text.Grow(size)
	for _, each := range all {
		text.WriteString(each.word)
		text.WriteByte(' ')
		text.WriteByte('a' + byte(max(bits.Len(uint(each.rank-1)), 1)) - 1)
		text.WriteByte('\n')
	}
	return rankedWords(text.String())
})

// letter is that of the word's rank; 0 if the word is not there.
func (w rankedWords) letter(word string) byte {
	low, high := 0, len(w) // starts of lines
	for low < high {
		middle := low + (high-low)/2
		start := strings.LastIndexByte(string(w[:middle]), '\n') + 1
		end := start + strings.IndexByte(string(w[start:]), '\n')
		there, letter := string(w[start:end-2]), w[end-1]
		switch strings.Compare(word, there) {
		case 0:
			return letter
		case -1:
			high = start
		default:
			low = end + 1
		}
	}
	return 0
}
