package icd

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/sanarip/sanarip/kit/text"
)

// limit is the most suggestions a search gives.
const limit = 20

// entry is a usable code, prepared for comparison.
type entry struct {
	code   Code
	bare   string // I210
	folded string // of words: a word begins after a space
}

// index is the classification in memory. Entries stand from the shortest name
// to the longest, so that each rank fills up in the order it is shown.
type index struct {
	version int64
	entries []entry
}

// index is the newest one: another process may have imported since.
func (b *Book) index(ctx context.Context) (*index, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	version, err := version(ctx, b.db.Read)
	if err != nil {
		return nil, err
	}
	if b.at != nil && b.at.version == version {
		return b.at, nil
	}
	codes, err := usable(ctx, b.db.Read)
	if err != nil {
		return nil, err
	}
	b.at = newIndex(version, codes)
	return b.at, nil
}

func newIndex(version int64, codes []Code) *index {
	x := &index{version: version, entries: make([]entry, 0, len(codes))}
	for _, c := range codes {
		x.entries = append(x.entries, entry{code: c, bare: strings.ReplaceAll(c.Code, ".", ""), folded: words(c.Name)})
	}
	slices.SortFunc(x.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(len(a.folded), len(b.folded)), cmp.Compare(a.bare, b.bare))
	})
	return x
}

// words folds a text and parts its words with single spaces, one before the
// first. A Cyrillic letter becomes one byte: in UTF-8 every second byte is the
// same, which makes looking for a part of a word several times slower.
func words(s string) string {
	var b strings.Builder
	space := true
	for _, r := range text.Fold(s) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteByte(short(r))
	}
	return b.String()
}

// short is a folded letter as one byte; letters of further alphabets share one.
func short(r rune) byte {
	switch {
	case r < 0x80:
		return byte(r)
	case r >= 'а' && r <= 'я':
		return byte(r-'а') + 0x80
	case r == 'ң':
		return 0xa0
	case r == 'ө':
		return 0xa1
	case r == 'ү':
		return 0xa2
	}
	return 0xff
}

// token is a word of the query: what it is as words, and as the beginning of a code.
type token struct {
	word string
	code string // "" when it cannot be one
}

var codeStart = regexp.MustCompile(`^[A-Z][0-9]{1,4}$`)

func tokens(query string) []token {
	var all []token
	for part := range strings.FieldsSeq(query) {
		code := strings.ReplaceAll(lookalike.Replace(strings.ToUpper(part)), ".", "")
		if !codeStart.MatchString(code) {
			code = ""
		}
		if len(part) == 1 && part[0] < 0x80 && unicode.IsLetter(rune(part[0])) {
			code = strings.ToUpper(part) // one Latin letter: a chapter's worth of codes
		}
		if code != "" {
			all = append(all, token{code: code, word: strings.TrimSpace(words(part))})
			continue
		}
		for word := range strings.FieldsSeq(words(part)) {
			all = append(all, token{word: word})
		}
		if len(all) >= 12 {
			return all[:12]
		}
	}
	return all
}

// The ranks of a match, the best first.
const (
	codeExact = iota
	codePrefix
	nameStart
	wordStart
	inside
	ranks
)

func (x *index) search(query string, most int) []Code {
	asked := tokens(query)
	if len(asked) == 0 {
		return nil
	}
	var found [ranks][]Code
	for i := range x.entries {
		rank := x.entries[i].rank(asked)
		if rank < ranks && len(found[rank]) < most {
			found[rank] = append(found[rank], x.entries[i].code)
		}
	}
	// Codes are looked for in their own order, words by how near they are.
	slices.SortFunc(found[codePrefix], func(a, b Code) int { return cmp.Compare(a.Code, b.Code) })
	best := slices.Concat(found[:]...)
	return best[:min(len(best), most)]
}

// rank is the worst that any word of the query gets; ranks when one is missing.
func (e *entry) rank(asked []token) int {
	worst := 0
	for i, t := range asked {
		rank := ranks
		if t.code != "" && strings.HasPrefix(e.bare, t.code) {
			rank = codePrefix
			if e.bare == t.code {
				rank = codeExact
			}
		} else if t.word != "" {
			rank = e.rankWord(t.word, i == 0)
		}
		if rank == ranks {
			return ranks
		}
		worst = max(worst, rank)
	}
	return worst
}

func (e *entry) rankWord(word string, first bool) int {
	at := strings.Index(e.folded, word)
	switch {
	case at < 0:
		return ranks
	case at == 1 && first:
		return nameStart
	}
	for at > 0 {
		if e.folded[at-1] == ' ' {
			return wordStart
		}
		next := strings.Index(e.folded[at+1:], word)
		if next < 0 {
			return inside
		}
		at += 1 + next
	}
	return inside
}
