package patient

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// latin writes Cyrillic letters as a passport's Latin line would, several to
// one where clerks differ: ө and о, ү and у, ң and н, й, ы and и.
var latin = strings.NewReplacer(
	"а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "e", "ж", "j", "з", "z", "и", "i", "й", "i", "к", "k", "л", "l",
	"м", "m", "н", "n", "ң", "n", "о", "o", "ө", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ү", "u", "ф", "f", "х", "h",
	"ц", "c", "ч", "c", "ш", "s", "щ", "s", "ъ", "", "ы", "i", "ь", "", "э", "e", "ю", "iu", "я", "ia", "ғ", "g", "қ", "k", "ұ", "u", "і", "i", "ә", "a", "һ", "h",
)

// spelling brings the ways of writing one sound in Latin letters together.
var spelling = strings.NewReplacer(
	"shch", "s", "dzh", "j", "kh", "h", "sh", "s", "ch", "c", "ts", "c", "zh", "j", "dj", "j", "ng", "n", "ye", "e", "yo", "e", "yu", "iu", "ya", "ia",
	"y", "i", "w", "v", "q", "k", "x", "ks", "ph", "f", "oe", "o", "ue", "u", "ö", "o", "ü", "u", "ñ", "n", "ş", "s", "ç", "c", "ğ", "g", "ı", "i",
)

// AlikeKey is what two spellings of one name have in common: surname and given
// name in one alphabet, without doubled letters, the words in order of the
// alphabet (a clerk may have changed their places). "" without a name.
func AlikeKey(familyName, givenName string) string {
	words := strings.FieldsFunc(text.Fold(familyName+" "+givenName), func(r rune) bool { return r == ' ' || r == '-' || r == '\'' || r == '’' })
	for i, w := range words {
		words[i] = single(spelling.Replace(spelling.Replace(latin.Replace(w))))
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	slices.Sort(words)
	return strings.Join(words, " ")
}

// single leaves one of letters that stand doubled.
func single(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		if r != last {
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// FillKeys makes the keys of those who were registered before there were any, or
// by another way than Register: some at a time, and says whether any were left.
func FillKeys(ctx context.Context, d *db.DB) (more bool, err error) {
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		names, err := keyless(ctx, tx, keysAtOnce)
		if err != nil {
			return err
		}
		more = len(names) == keysAtOnce
		for patientID, name := range names {
			if err := setKey(ctx, tx, patientID, AlikeKey(name[0], name[1])); err != nil {
				return err
			}
		}
		return nil
	})
	return more, err
}

const keysAtOnce = 500
