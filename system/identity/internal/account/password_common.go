package account

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
)

// commonText is what people make passwords of: compiled for this file by hand
// from what lists of leaked passwords are known to be made of (words for
// "password", names, places, football, love, keyboard rows) and from Kyrgyz and
// Russian names and places written in Latin letters. Sorted, one a line, of three
// letters or more.
//
//go:embed password_common.txt
var commonText string

var commonWords = setOf(commonText)

func setOf(lines string) map[string]bool {
	words := map[string]bool{}
	for word := range strings.Lines(lines) {
		if word = strings.TrimSpace(word); word != "" {
			words[word] = true
		}
	}
	return words
}

// rows are keys in the order in which fingers and children go.
var rows = []string{
	"qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfvtgbyhnujmikolp", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0",
	"abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю",
}

// leet is how signs and digits stand for letters.
var leet = strings.NewReplacer("@", "a", "4", "a", "3", "e", "1", "i", "!", "i", "0", "o", "5", "s", "$", "s", "7", "t", "8", "b")

// Guessable is the key of the sentence that says why guessers come at the
// password soon, "" where they do not: it takes them few guesses, or it is
// nothing but words of the list, rows of keys and repetitions, whatever digits
// and signs stand around or for them.
func Guessable(password string) string {
	if len([]rune(password)) > 64 {
		return "" // more work than a guesser takes on, and than we do
	}
	guess := estimator{}.of(password)
	lower := strings.ToLower(password)
	switch {
	case guess.bits < enough && guess.pattern != unknown:
		return string(guess.pattern)
	case guess.bits < enough, made(lettersOf(lower)), made(lettersOf(leet.Replace(trimmed(lower)))), poor(lower):
		return string(ofWords)
	}
	return ""
}

// trimmed is without the digits and signs at the ends: they are an ornament.
func trimmed(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// made says that the letters are common words and rows, one after the other, and
// nothing else.
func made(letters string) bool {
	if letters == "" {
		return true // digits and signs alone
	}
	reached := make([]bool, len(letters)+1)
	reached[0] = true
	for i := range letters {
		if !reached[i] {
			continue
		}
		for j := i + 1; j <= len(letters); j++ {
			if part := letters[i:j]; commonWords[part] || inRow(part) || same(part) {
				reached[j] = true
			}
		}
	}
	return reached[len(letters)]
}

// inRow says that the part stands in a row of keys, forwards or backwards.
func inRow(part string) bool {
	if len(part) < 3 {
		return false
	}
	back := []rune(part)
	slices.Reverse(back)
	return slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, part) || strings.Contains(row, string(back)) })
}

func same(part string) bool { return len(part) >= 3 && strings.Trim(part, part[:1]) == "" }

// poor says that the password has hardly different characters, or is one piece
// again and again.
func poor(s string) bool {
	different := map[rune]bool{}
	for _, r := range s {
		different[r] = true
	}
	if len(different) < 5 {
		return true
	}
	for n := 2; n <= len(s)/2; n++ {
		if len(s)%n == 0 && strings.Repeat(s[:n], len(s)/n) == s && made(lettersOf(s[:n])) {
			return true
		}
	}
	return false
}

// Personal says that the password has in it what others know of the person: a
// name, the ПИН or birth date, the phone, the name of the e-mail box.
func Personal(password string, a Account) bool {
	lower := strings.ToLower(password)
	plain := leet.Replace(lower)
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, lower)
	for _, name := range []string{a.FamilyName, a.GivenName, a.Patronymic} {
		for _, each := range []string{strings.ToLower(name), latin(name)} {
			if len([]rune(each)) >= 4 && (strings.Contains(lower, each) || strings.Contains(plain, each)) {
				return true
			}
		}
	}
	if box, _, _ := strings.Cut(strings.ToLower(a.Email), "@"); len(box) >= 4 && strings.Contains(lower, box) {
		return true
	}
	known := []string{a.PIN}
	if !a.BirthDate.IsZero() {
		iso := strings.ReplaceAll(a.BirthDate.String(), "-", "") // yyyymmdd
		year, month, day := iso[:4], iso[4:6], iso[6:]
		known = append(known, iso, day+month+year, month+day+year, day+month+year[2:], year[2:]+month+day)
	}
	if len(a.Phone) > 6 {
		known = append(known, a.Phone[len(a.Phone)-6:])
	}
	return slices.ContainsFunc(known, func(each string) bool { return each != "" && strings.Contains(digits, each) })
}

// latin writes a name as people here do without Cyrillic keys.
func latin(name string) string {
	var out strings.Builder
	for _, r := range strings.ToLower(name) {
		if to, ok := letters[r]; ok {
			out.WriteString(to)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

var letters = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "j", 'з': "z", 'и': "i", 'й': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'ң': "n",
	'о': "o", 'ө': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ү': "u", 'ф': "f", 'х': "h", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "sh", 'ъ': "", 'ы': "y", 'ь': "",
	'э': "e", 'ю': "iu", 'я': "ia",
}
