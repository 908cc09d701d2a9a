package account

import (
	_ "embed"
	"math"
	"slices"
	"strings"
	"unicode"
)

// localText is Kyrgyz and Russian words that passwords here are made of, in
// their own letters; ү, ө, ң stand as у, о, н, as the keys are.
//
//go:embed password_local.txt
var localText string

var localWords = setOf(localText)

// enough is how many guesses, as a power of two, a password must withstand: 10⁹,
// a year of a core at our hash. zxcvbn calls one safe against guessing that is
// slowed down from a tenth of that.
var enough = math.Log2(1e9)

// pattern is what a part of a password was recognised as; the key of the
// sentence that tells it.
type pattern string

const (
	unknown   pattern = ""
	ofWords   pattern = "identity.password.common"
	ofLayout  pattern = "identity.password.layout"
	ofKeys    pattern = "identity.password.keys"
	ofRepeats pattern = "identity.password.repeat"
	ofDates   pattern = "identity.password.date"
)

// estimate is how many guesses somebody who knows how people make passwords
// needs, as a power of two, and what most of the password is. The method is that
// of zxcvbn (Wheeler, USENIX Security 2016): the cheapest way to put the
// password together out of words, keys, sequences, repetitions, dates and
// characters at random.
type estimate struct {
	bits    float64
	pattern pattern
}

// estimator keeps what it found out about parts.
type estimator map[string]estimate

const (
	mostParts   = 10 // of a password: the work grows with them, and more are as good as strange
	longestPart = 24 // characters of a word, a row, a date: longer ones are several
)

// of estimates a password of few characters: the work grows with their square.
func (e estimator) of(password string) estimate {
	if known, ok := e[password]; ok {
		return known
	}
	runes := []rune(password)
	n := len(runes)
	type way struct {
		bits    float64
		from    int
		pattern pattern
	}
	ways := make([][]way, mostParts+1) // [parts][characters]
	for k := range ways {
		ways[k] = slices.Repeat([]way{{bits: math.Inf(1)}}, n+1)
	}
	ways[0][0] = way{}
	for i := range n {
		for j := i + 1; j <= n; j++ {
			part := e.part(runes[i:j])
			for k := range mostParts {
				if bits := ways[k][i].bits + part.bits; bits < ways[k+1][j].bits {
					ways[k+1][j] = way{bits, i, part.pattern}
				}
			}
		}
	}
	best, parts, orders := estimate{bits: math.Inf(1)}, 0, 0.0
	for k := 1; k <= mostParts; k++ {
		orders += math.Log2(float64(k)) // the parts may stand in any order
		if bits := ways[k][n].bits + orders; bits < best.bits {
			best.bits, parts = bits, k
		}
	}
	covers := map[pattern]int{}
	for at, k := n, parts; k > 0; k-- {
		w := ways[k][at]
		covers[w.pattern] += at - w.from
		at = w.from
	}
	most := 0
	for _, p := range []pattern{ofWords, ofLayout, ofKeys, ofRepeats, ofDates} {
		if covers[p] > most {
			best.pattern, most = p, covers[p]
		}
	}
	e[password] = best
	return best
}

// part is the cheapest way to guess a part as one piece.
func (e estimator) part(runes []rune) estimate {
	n := len(runes)
	best := estimate{bits: max(float64(n)*math.Log2(10), math.Log2(11))}
	at := func(bits float64, p pattern) {
		if bits < best.bits {
			best = estimate{bits, p}
		}
	}
	if n < 2 {
		return best
	}
	if n >= 3 && n <= longestPart {
		lower := strings.ToLower(string(runes))
		capitals := capitalBits(runes)
		if bits, p := wordBits(lower); p != unknown {
			if same(lower) {
				p = ofRepeats // also where it stands in a list: that says more
			}
			at(bits+capitals, p)
		}
		if inRow(lower) {
			at(math.Log2(float64(len(rows)*2*4*n))+capitals, ofKeys)
			best.pattern = ofKeys // also where it stands in a list: that says more
		}
		if bits, ok := walkBits(lower); ok {
			at(bits+capitals, ofKeys)
		}
		if bits, ok := sequenceBits([]rune(lower)); ok {
			p := ofRepeats
			if strings.Trim(lower, "0123456789") == "" {
				p = ofKeys // digits in their order are a row
			}
			at(bits+capitals, p)
		}
		if bits, ok := dateBits(lower); ok {
			at(bits, ofDates)
		}
	}
	for p := 1; p <= n/2; p++ {
		if n%p != 0 || !slices.Equal(runes[p:], runes[:n-p]) {
			continue
		}
		once := e.of(string(runes[:p]))
		says := ofRepeats
		if once.pattern != unknown && p > 2 {
			says = once.pattern
		}
		at(once.bits+math.Log2(float64(n/p)), says)
		break // the shortest piece
	}
	return best
}

// wordBits is the rank of the word as it stands, with signs for letters,
// backwards, or typed with the keyboard on the other language.
func wordBits(lower string) (float64, pattern) {
	best, found := math.Inf(1), unknown
	try := func(word string, more float64, p pattern) {
		if bits, ok := rank(word); ok && bits+more < best {
			best, found = bits+more, p
		}
	}
	try(lower, 0, ofWords)
	signs := 0
	for _, each := range []*strings.Replacer{leet, leetL} {
		if plain := each.Replace(lower); plain != lower {
			for i := range min(len(plain), len(lower)) {
				if plain[i] != lower[i] {
					signs++
				}
			}
			try(plain, math.Log2(float64(1+signs))+1, ofWords)
		}
	}
	try(backwards(lower), 1, ofWords)
	if other, ok := otherLayout(lower); ok && len([]rune(other)) >= 4 {
		try(other, 1, ofLayout)
		try(latin(other), 2, ofLayout)
		if localWords[other] && found != unknown {
			found = ofLayout // also where it stands in a list: that says more
		}
	}
	return best, found
}

// leetL is leet with the other letter that 1 and ! stand for.
var leetL = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "l", "!", "l", "0", "o", "5", "s", "$", "s", "7", "t", "8", "b", "6", "g", "9", "g")

// rank is how early guessers try the word, as a power of two.
func rank(word string) (float64, bool) {
	best := math.Inf(1)
	if letter := frequent().letter(word); letter != 0 {
		best = float64(letter-'a') + 1
	}
	if commonWords[word] || localWords[word] {
		best = min(best, 10)
	}
	return best, !math.IsInf(best, 1)
}

func backwards(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}

// The keys of both layouts, key by key.
const (
	latinKeys    = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
	cyrillicKeys = "ёйцукенгшщзхъфывапролджэячсмитьбю"
)

var otherKey = func() map[rune]rune {
	keys := map[rune]rune{}
	cyrillic := []rune(cyrillicKeys)
	for i, latin := range []rune(latinKeys) {
		keys[latin], keys[cyrillic[i]] = cyrillic[i], latin
	}
	for shifted, plain := range map[rune]rune{'{': '[', '}': ']', ':': ';', '"': '\'', '<': ',', '>': '.', '~': '`'} {
		keys[shifted] = keys[plain]
	}
	return keys
}()

// otherLayout is what the same keys write with the keyboard on the other
// language; false where a character is not on them.
func otherLayout(lower string) (string, bool) {
	var out strings.Builder
	for _, r := range lower {
		other, ok := otherKey[r]
		if !ok {
			return "", false
		}
		out.WriteRune(other)
	}
	return out.String(), true
}

// capitalBits is how many ways there are to put the capitals.
func capitalBits(runes []rune) float64 {
	capitals, small := 0, 0
	for _, r := range runes {
		switch {
		case unicode.IsUpper(r):
			capitals++
		case unicode.IsLower(r):
			small++
		}
	}
	switch {
	case capitals == 0:
		return 0
	case small == 0, capitals == 1 && (unicode.IsUpper(runes[0]) || unicode.IsUpper(runes[len(runes)-1])):
		return 1
	}
	ways := 0.0
	for i := 1; i <= min(capitals, small); i++ {
		ways += choose(capitals+small, i)
	}
	return math.Log2(ways)
}

func choose(n, k int) float64 {
	ways := 1.0
	for i := range k {
		ways = ways * float64(n-i) / float64(i+1)
	}
	return ways
}
