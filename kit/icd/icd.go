// Package icd keeps the classification of diseases, ICD-10 in Russian: it is
// imported from a file, and searched while a doctor types.
package icd

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

// Code is one heading or code of the classification.
type Code struct {
	Code   string // I21.0
	Name   string
	Parent string // code of the heading above, "" at the top
	Usable bool   // may stand as a diagnosis
}

// codeShape is a code of three, four or five characters. The fifth is the WHO's
// optional subdivision of chapters XIII and XIX: S02.00.
var codeShape = regexp.MustCompile(`^[A-Z][0-9]{2}(\.[0-9]{1,2})?$`)

// headingShape is a block (A00-A09) or a chapter (IX).
var headingShape = regexp.MustCompile(`^([A-Z][0-9]{2}-[A-Z][0-9]{2}|[IVXLC]{1,8})$`)

// Book is the classification of one database, searched in memory.
type Book struct {
	db *db.DB
	mu sync.Mutex
	at *index

	past struct {
		sync.Mutex
		at    *index
		until int64 // moment of the import that ended it
	}
}

// NewBook makes the book. Nothing is read before the first question.
func NewBook(d *db.DB) *Book { return &Book{db: d} }

// Find is the code, if the classification has it.
func (b *Book) Find(ctx context.Context, code string) (Code, bool, error) {
	return find(ctx, b.db.Read, code)
}

// Search is at most 20 usable codes, the best first. Words may come in any
// order and in part, Ё is Е; a code may be typed with Cyrillic letters that
// look like Latin ones.
func (b *Book) Search(ctx context.Context, query string) ([]Code, error) {
	at, err := b.index(ctx)
	if err != nil {
		return nil, err
	}
	return at.search(query, limit), nil
}

// Resolve is the usable code that the two values of a design.Combobox mean:
// the suggestion chosen, a code at the start of what was typed, or words that
// only one code has. Otherwise it is a *fail.Error that says what to do and, where
// words fit several, names the nearest: without scripts that is the search.
//
// What was chosen holds while its own words, or none, stand beside it. Where
// scripts are off, words that were typed over it do not clear it, and a code that
// the words do not name must not stay in silence.
func (b *Book) Resolve(ctx context.Context, value, typed string) (Code, error) {
	typed = strings.TrimSpace(typed)
	if len(value) > 16 || len(typed) > 2000 {
		return Code{}, fail.New(fail.Invalid, "kit.icd.choose")
	}
	first, _, _ := strings.Cut(typed, " ")
	for _, code := range []string{CodeOf(first), value} {
		if code == "" {
			continue
		}
		c, ok, err := b.Find(ctx, code)
		switch {
		case err != nil:
			return Code{}, err
		case !ok || code == value && typed != "" && CodeOf(first) != c.Code && !strings.EqualFold(typed, c.Name):
		case c.Usable:
			return c, nil
		default:
			return Code{}, b.unusable(ctx, c)
		}
	}
	if typed == "" {
		return Code{}, fail.New(fail.Invalid, "kit.icd.required")
	}
	found, err := b.Search(ctx, typed)
	switch {
	case err != nil:
		return Code{}, err
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		return Code{}, fail.New(fail.Invalid, "kit.icd.unknown")
	}
	return Code{}, fail.New(fail.Invalid, "kit.icd.several", "Codes", list(found))
}

func (b *Book) unusable(ctx context.Context, c Code) error {
	found, err := b.Search(ctx, c.Code)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fail.New(fail.Invalid, "kit.icd.withdrawn", "Code", c.Code)
	}
	return fail.New(fail.Invalid, "kit.icd.more_exact", "Code", c.Code, "Codes", list(found))
}

func list(found []Code) string {
	var b strings.Builder
	for i, c := range found[:min(5, len(found))] {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Code + " " + c.Name)
	}
	return b.String()
}

// Label is a code as pages show it: «I21.0 Острый трансмуральный инфаркт…».
func (c Code) Label() string { return c.Code + " " + c.Name }

var lookalike = strings.NewReplacer("А", "A", "В", "B", "С", "C", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "Т", "T", "Х", "X")

// CodeOf is the code that somebody typed («и21» is none, «I210» is I21.0, with
// Cyrillic «С50» it is C50; the marks of a dagger or asterisk code, as in «A17.0+»
// or «G01*», are no part of it), or "".
func CodeOf(typed string) string {
	s := strings.TrimRight(lookalike.Replace(strings.ToUpper(strings.TrimSpace(typed))), ".,:;+*†")
	s = strings.ReplaceAll(s, ",", ".")
	if len(s) > 3 && s[3] != '.' && !strings.Contains(s, "-") {
		s = s[:3] + "." + s[3:]
	}
	if !codeShape.MatchString(s) {
		return ""
	}
	return s
}
