// Package text speaks Kyrgyz, Russian and English. A system keeps its words in
// text/*.json, one object a key with its three languages side by side, so that a
// missing one shows at once:
//
//	{"card.admit.title": {"ky": "Жатыргызуу", "ru": "Госпитализация", "en": "Admission"},
//	 "card.days": {"ky": {"other": "{{.Count}} күн"},
//	               "ru": {"one": "{{.Count}} день", "few": "{{.Count}} дня", "many": "{{.Count}} дней", "other": "{{.Count}} дня"},
//	               "en": {"one": "{{.Count}} day", "other": "{{.Count}} days"}}}
//
// Plural forms are chosen by the argument Count (CLDR rules, by go-i18n).
package text

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Lang is one of the three languages.
type Lang string

// The languages, in the order in which they are offered.
const (
	KY Lang = "ky"
	RU Lang = "ru"
	EN Lang = "en"
)

// Langs lists the languages in the order in which they are offered.
var Langs = []Lang{KY, RU, EN}

// Parse gives the language named, if it is one of ours.
func Parse(s string) (Lang, bool) {
	l := Lang(s)
	return l, slices.Contains(Langs, l)
}

var matcher = language.NewMatcher([]language.Tag{language.Make("ky"), language.Russian, language.English})

// Accept picks the language of an Accept-Language header; Kyrgyz, the state
// language, when nothing fits.
func Accept(header string) Lang {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return KY
	}
	_, index, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return KY
	}
	return Langs[index]
}

// Catalogue holds the words of one site.
type Catalogue struct {
	plain      map[Lang]map[string]string // sentences that have no arguments, as they are
	sentences  map[Lang]map[string]sentence
	localizers map[Lang]*i18n.Localizer
	bundle     *i18n.Bundle
	keys       map[string]struct{}
	// Always are arguments that every sentence may use: what is set once for the
	// site, as how long a code holds. It is filled before anything is said.
	Always map[string]any
}

// Load reads text/*.json of each file system into one catalogue. A key that
// stands twice, or lacks a language, is an error.
func Load(sources ...fs.FS) (*Catalogue, error) {
	c := &Catalogue{
		plain:      map[Lang]map[string]string{KY: {}, RU: {}, EN: {}},
		sentences:  map[Lang]map[string]sentence{KY: {}, RU: {}, EN: {}},
		localizers: map[Lang]*i18n.Localizer{},
		bundle:     i18n.NewBundle(language.Russian),
		keys:       map[string]struct{}{},
	}
	for _, source := range sources {
		files, err := fs.Glob(source, "text/*.json")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := c.read(source, file); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	for _, l := range Langs {
		c.localizers[l] = i18n.NewLocalizer(c.bundle, string(l))
	}
	return c, nil
}

// MustLoad is Load for embedded words, which tests have read before.
func MustLoad(sources ...fs.FS) *Catalogue {
	c, err := Load(sources...)
	if err != nil {
		panic(err)
	}
	return c
}

func (c *Catalogue) read(source fs.FS, file string) error {
	data, err := fs.ReadFile(source, file)
	if err != nil {
		return err
	}
	var entries map[string]map[Lang]json.RawMessage
	if err := json.Unmarshal(data, &entries); err != nil {
		return err
	}
	for key, forms := range entries {
		if _, twice := c.keys[key]; twice {
			return fmt.Errorf("key %s stands twice", key)
		}
		c.keys[key] = struct{}{}
		for _, l := range Langs {
			if err := c.add(key, l, forms[l]); err != nil {
				return fmt.Errorf("key %s, language %s: %w", key, l, err)
			}
		}
		if len(forms) != len(Langs) {
			return fmt.Errorf("key %s has a language that is none of ours", key)
		}
	}
	return nil
}

func (c *Catalogue) add(key string, l Lang, raw json.RawMessage) error {
	if len(raw) == 0 {
		return fmt.Errorf("missing")
	}
	message := &i18n.Message{ID: key}
	var plain string
	if err := json.Unmarshal(raw, &plain); err == nil {
		if strings.TrimSpace(plain) == "" {
			return fmt.Errorf("empty")
		}
		// One sentence for every number, also where the language knows several forms.
		if !strings.Contains(plain, "{{") {
			c.plain[l][key] = plain
			return nil
		}
		if s, ok := sentenceOf(plain); ok {
			c.sentences[l][key] = s
			return nil
		}
		message.One, message.Few, message.Many, message.Other = plain, plain, plain, plain
	} else {
		var forms struct{ One, Few, Many, Other string }
		if err := json.Unmarshal(raw, &forms); err != nil {
			return err
		}
		if forms.Other == "" {
			return fmt.Errorf("plural without the form other")
		}
		// A form left out is the form other: Kyrgyz nouns do not change after numbers.
		message.One, message.Few, message.Many, message.Other = cmp.Or(forms.One, forms.Other), cmp.Or(forms.Few, forms.Other), cmp.Or(forms.Many, forms.Other), forms.Other
	}
	return c.bundle.AddMessages(language.Make(string(l)), message)
}

// Keys lists all keys, sorted.
func (c *Catalogue) Keys() []string { return slices.Sorted(maps.Keys(c.keys)) }

// Has says whether the key exists.
func (c *Catalogue) Has(key string) bool {
	_, ok := c.keys[key]
	return ok
}

// Say is the sentence of the key in the language. An unknown key comes back in
// brackets, so that it is seen; a test in check/ finds it before a person does.
func (c *Catalogue) Say(l Lang, key string, args map[string]any) string {
	localizer := c.localizers[l]
	if localizer == nil {
		l, localizer = KY, c.localizers[KY]
	}
	if s, ok := c.plain[l][key]; ok {
		return s
	}
	if s, ok := c.sentences[l][key]; ok {
		return s.say(args, c.Always)
	}
	if len(c.Always) > 0 {
		all := maps.Clone(c.Always)
		maps.Copy(all, args)
		args = all
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: args}
	if count, ok := args["Count"]; ok {
		config.PluralCount = count
	}
	s, err := localizer.Localize(config)
	if err != nil {
		return "[" + key + "]"
	}
	return s
}

// Words is the sentence of the key in all three languages, as registers and
// messages take it; pairs are as in T.
func (c *Catalogue) Words(key string, pairs ...any) Words {
	named := pairsOf(pairs)
	return Words{KY: c.Say(KY, key, named), RU: c.Say(RU, key, named), EN: c.Say(EN, key, named)}
}

// WordsOr is Words for a key that is computed from a code and may not exist:
// the code itself is then the word.
func (c *Catalogue) WordsOr(key, code string) Words {
	if !c.Has(key) {
		return Same(code)
	}
	return c.Words(key)
}

type contextKey struct{}

type speaker struct {
	catalogue *Catalogue
	lang      Lang
}

// With gives the context a voice: a catalogue and a language.
func With(ctx context.Context, c *Catalogue, l Lang) context.Context {
	return context.WithValue(ctx, contextKey{}, speaker{c, l})
}

// LangOf is the language of the context, Kyrgyz if none was set.
func LangOf(ctx context.Context) Lang {
	if s, ok := ctx.Value(contextKey{}).(speaker); ok {
		return s.lang
	}
	return KY
}

// T is the sentence of the key in the context's language; pairs are name,
// value, name, value… for its arguments.
func T(ctx context.Context, key string, pairs ...any) string {
	return TArgs(ctx, key, pairsOf(pairs))
}

func pairsOf(pairs []any) map[string]any {
	if len(pairs) < 2 {
		return nil
	}
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return args
}

// TArgs is T with the arguments as a map (as errors carry them).
func TArgs(ctx context.Context, key string, args map[string]any) string {
	s, ok := ctx.Value(contextKey{}).(speaker)
	if !ok {
		return "[" + key + "]"
	}
	return s.catalogue.Say(s.lang, key, args)
}

// Words is a name in three languages, as registers keep them.
type Words struct {
	KY string `json:"ky"`
	RU string `json:"ru"`
	EN string `json:"en,omitempty"`
}

// Same is a name that is alike in every language: a code, where no words are known.
func Same(name string) Words { return Words{KY: name, RU: name, EN: name} }

// In is the name in the language; Russian where there is no other.
func (w Words) In(l Lang) string {
	s := w.RU
	switch l {
	case KY:
		s = w.KY
	case EN:
		s = w.EN
	case RU:
	}
	if s == "" {
		s = w.RU
	}
	return s
}

// Here is the name in the context's language.
func (w Words) Here(ctx context.Context) string { return w.In(LangOf(ctx)) }
