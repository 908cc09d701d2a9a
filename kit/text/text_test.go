package text_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
)

func catalogue(t *testing.T, json string) (*text.Catalogue, error) {
	t.Helper()
	return text.Load(fstest.MapFS{"text/a.json": {Data: []byte(json)}})
}

func TestPluralsOfThreeLanguages(t *testing.T) {
	c, err := catalogue(t, `{"days": {
		"ky": {"other": "{{.Count}} күн"},
		"ru": {"one": "{{.Count}} день", "few": "{{.Count}} дня", "many": "{{.Count}} дней", "other": "{{.Count}} дня"},
		"en": {"one": "{{.Count}} day", "other": "{{.Count}} days"}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		lang  text.Lang
		count int
		want  string
	}{
		{text.RU, 1, "1 день"},
		{text.RU, 2, "2 дня"},
		{text.RU, 5, "5 дней"},
		{text.RU, 11, "11 дней"},
		{text.RU, 21, "21 день"},
		{text.KY, 1, "1 күн"},
		{text.KY, 5, "5 күн"},
		{text.EN, 1, "1 day"},
		{text.EN, 2, "2 days"},
	} {
		ctx := text.With(t.Context(), c, tc.lang)
		if got := text.T(ctx, "days", "Count", tc.count); got != tc.want {
			t.Errorf("%s %d: %q, want %q", tc.lang, tc.count, got, tc.want)
		}
	}
}

func TestLoadRefusesWhatIsIncomplete(t *testing.T) {
	for _, bad := range []string{
		`{"a": {"ky": "а", "ru": "а"}}`,
		`{"a": {"ky": "а", "ru": "", "en": "a"}}`,
		`{"a": {"ky": "а", "ru": "а", "en": "a", "de": "a"}}`,
		`{"a": {"ky": {"one": "а"}, "ru": "а", "en": "a"}}`,
		`{`,
	} {
		if _, err := catalogue(t, bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	twice := fstest.MapFS{
		"text/a.json": {Data: []byte(`{"a": {"ky": "а", "ru": "а", "en": "a"}}`)},
		"text/b.json": {Data: []byte(`{"a": {"ky": "а", "ru": "а", "en": "a"}}`)},
	}
	if _, err := text.Load(twice); err == nil {
		t.Error("a key that stands twice was taken")
	}
}

func TestAccept(t *testing.T) {
	for header, want := range map[string]text.Lang{
		"": text.KY, "ru-RU,ru;q=0.9,en;q=0.8": text.RU, "en-US": text.EN, "ky-KG": text.KY, "ja": text.KY, "%%%": text.KY,
	} {
		if got := text.Accept(header); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestFoldAndFormats(t *testing.T) {
	if got := text.Fold("  Пневмония,\tНЕУТОЧНЁННАЯ Өпкө  "); got != "пневмония, неуточненная өпкө" {
		t.Errorf("%q", got)
	}
	if got := text.Fold("Й"); got != "й" { // composed from two runes
		t.Errorf("%q", got)
	}
	c, err := catalogue(t, `{"a": {"ky": "a", "ru": "a", "en": "a"}}`)
	if err != nil {
		t.Fatal(err)
	}
	in := map[text.Lang]context.Context{}
	for _, lang := range []text.Lang{text.KY, text.RU, text.EN} {
		in[lang] = text.With(t.Context(), c, lang)
	}
	for tyiyn, want := range map[int64]string{0: "0", 99: "0,99", 100: "1", 101: "1,01", 125000: "1 250", 125050: "1 250,50", -5: "−0,05", 99_999: "999,99", 100_000: "1 000", 123456789: "1 234 567,89"} {
		for lang, ctx := range in {
			want := want
			if lang == text.EN {
				want = strings.Replace(want, ",", ".", 1)
			}
			if got := strings.ReplaceAll(text.Amount(ctx, tyiyn), "\u00a0", " "); got != want {
				t.Errorf("%s: %d: %q, want %q", lang, tyiyn, got, want)
			}
		}
	}
	for tyiyn, want := range map[int64]string{0: "0", 1: "+ 0,01", -1: "− 0,01", 125050: "+ 1 250,50", -125050: "− 1 250,50"} {
		got := text.Change(in[text.RU], tyiyn)
		if strings.ReplaceAll(got, "\u00a0", " ") != want || strings.Contains(got, " ") { // a sign never stands alone at a line's end
			t.Errorf("%d: %q, want %q", tyiyn, got, want)
		}
	}
	for lang, want := range map[text.Lang]string{text.KY: "× 1,0500", text.RU: "× 1,0500", text.EN: "× 1.0500"} {
		if got, kept := text.Decimal(in[lang], "× 1.0500"), text.Decimal(in[lang], "× 1,0500"); got != want || kept != want {
			t.Errorf("%s: %q, %q", lang, got, kept)
		}
	}
	if got := text.Date(clock.Date{Year: 2026, Month: 11, Day: 2}); got != "02.11.2026" {
		t.Error(got)
	}
	if got := (text.Words{RU: "Терапия"}).In(text.KY); got != "Терапия" {
		t.Error(got)
	}
}

func TestWordsOfAKeyAndOfACode(t *testing.T) {
	c, err := catalogue(t, `{"read": {"ky": "окуду: {{.What}}", "ru": "прочитал: {{.What}}", "en": "read: {{.What}}"}, "seen": {"ky": "көрдү", "ru": "видел", "en": "saw"}}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Words("read", "What", 7), (text.Words{KY: "окуду: 7", RU: "прочитал: 7", EN: "read: 7"}); got != want {
		t.Errorf("%+v", got)
	}
	if got, want := c.WordsOr("seen", "x"), (text.Words{KY: "көрдү", RU: "видел", EN: "saw"}); got != want {
		t.Errorf("%+v", got)
	}
	if got := c.WordsOr("new.code", "code"); got != text.Same("code") {
		t.Errorf("%+v", got)
	}
}

func TestJoined(t *testing.T) {
	for want, words := range map[string][]string{"Асанова Айгүл Маратовна": {"Асанова", "Айгүл", "Маратовна"}, "Асанова Айгүл": {"Асанова", "Айгүл", ""}, "Айгүл": {"", "Айгүл"}, "": {"", ""}} {
		if got := text.Joined(words...); got != want {
			t.Errorf("%q: %q", words, got)
		}
	}
}
