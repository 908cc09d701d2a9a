// Package procedure keeps the table of operations: each code with its names and the
// days from and until which it is valid. It is imported from a file and searched
// while somebody types.
package procedure

import (
	"context"
	"embed"
	"regexp"
	"strings"
	"sync"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migration is the table of operations.
var Migration = db.Set{Name: "procedure", Files: migrations, Dir: "migration"}

// Code is an operation of the table for a time.
type Code struct {
	Code   string
	Name   text.Words
	From   clock.Date // first day
	Until  clock.Date // last day; zero: without end
	Paired bool       // of what stands left and right: its side must be said
}

// ValidOn says that the day is within the code's time.
func (c Code) ValidOn(day clock.Date) bool {
	return !day.Before(c.From) && (c.Until.IsZero() || !c.Until.Before(day))
}

// Label is a code as lists show it: «A16.18.1 Аппендэктомия».
func (c Code) Label(l text.Lang) string { return c.Code + " " + c.Name.In(l) }

var shape = regexp.MustCompile(`^[A-Z0-9][A-Z0-9./-]{0,19}$`)

var lookalike = strings.NewReplacer("А", "A", "В", "B", "С", "C", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "Т", "T", "Х", "X")

// CodeOf is the code as the table writes it: in capitals, with Latin letters where
// Cyrillic ones that look alike were typed. What has no shape of a code is "".
func CodeOf(typed string) string {
	s := strings.TrimRight(lookalike.Replace(strings.ToUpper(strings.TrimSpace(typed))), ".")
	if !shape.MatchString(s) {
		return ""
	}
	return s
}

// Under says that the code is that one or a part of it: A16.12.1 is under A16.12.
func Under(code, of string) bool { return code == of || strings.HasPrefix(code, of+".") }

// Book is the table of one database. A nil Book has no codes.
type Book struct {
	db *db.DB

	mu      sync.Mutex
	version int64
	entries []entry
}

// entry is a code prepared for comparison.
type entry struct {
	code   Code
	folded string
}

// NewBook makes the book. Nothing is read before the first question.
func NewBook(d *db.DB) *Book { return &Book{db: d} }

// Edition is the number of the import that the table is of, 0 while nothing was
// imported: then no code is right or wrong.
func (b *Book) Edition(ctx context.Context) (int64, error) {
	if b == nil {
		return 0, nil
	}
	v, err := version(ctx, b.db.Read)
	return v, db.Explain(err)
}

// all is the table in memory, by code and first day. Another process may have
// imported since.
func (b *Book) all(ctx context.Context) ([]entry, error) {
	edition, err := b.Edition(ctx)
	if err != nil || edition == 0 {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.version == edition {
		return b.entries, nil
	}
	codes, err := load(ctx, b.db.Read)
	if err != nil {
		return nil, db.Explain(err)
	}
	b.entries, b.version = make([]entry, 0, len(codes)), edition
	for _, c := range codes {
		b.entries = append(b.entries, entry{c, text.Fold(strings.Join([]string{c.Code, c.Name.KY, c.Name.RU, c.Name.EN}, " "))})
	}
	return b.entries, nil
}

// FindOn is the code as the table has it on the day; ok is false when it is not
// valid then.
func (b *Book) FindOn(ctx context.Context, code string, day clock.Date) (found Code, ok bool, err error) {
	all, err := b.all(ctx)
	if err != nil {
		return Code{}, false, err
	}
	code = CodeOf(code)
	for _, e := range all {
		if e.code.Code == code && e.code.ValidOn(day) {
			return e.code, true, nil
		}
	}
	return Code{}, false, nil
}

// Most is the most codes that words find.
const Most = 20

// Search is at most Most codes valid on the day whose code or name in any language
// has all the words, those whose code begins with what was typed first.
func (b *Book) Search(ctx context.Context, query string, day clock.Date) ([]Code, error) {
	all, err := b.all(ctx)
	if err != nil {
		return nil, err
	}
	wanted, begins := strings.Fields(text.Fold(query)), CodeOf(query)
	var first, rest []Code
	for _, e := range all {
		if len(wanted) == 0 || !e.code.ValidOn(day) {
			continue
		}
		if begins != "" && strings.HasPrefix(e.code.Code, begins) {
			first = append(first, e.code)
			continue
		}
		fits := true
		for _, word := range wanted {
			fits = fits && strings.Contains(e.folded, word)
		}
		if fits {
			rest = append(rest, e.code)
		}
	}
	first = append(first, rest...)
	return first[:min(len(first), Most)], nil
}

// Codes is the table as it is on the day, or with a zero day all of it.
func (b *Book) Codes(ctx context.Context, day clock.Date) ([]Code, error) {
	all, err := b.all(ctx)
	if err != nil {
		return nil, err
	}
	codes := []Code{}
	for _, e := range all {
		if day.IsZero() || e.code.ValidOn(day) {
			codes = append(codes, e.code)
		}
	}
	return codes, nil
}
