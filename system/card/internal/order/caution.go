package order

import (
	"crypto/sha256"
	_ "embed" // what is related
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
)

// related says which drugs have to do with a word of an alert: the same substance,
// or a class with cross allergy. It is no reference book: what it does not know
// the doctor sees in the banner.
//
//go:embed related.csv
var related string

type relation struct {
	written []string // parts of words in an alert, Cyrillic and Latin
	drugs   []string // parts of names
}

var relations = sync.OnceValue(func() []relation {
	in := csv.NewReader(strings.NewReader(related))
	in.Comma = ';'
	rows, err := in.ReadAll()
	if err != nil {
		panic("order: related.csv: " + err.Error())
	}
	var all []relation
	for _, row := range rows[1:] {
		all = append(all, relation{strings.Fields(row[0]), strings.Fields(row[1])})
	}
	return all
})

// common are words of alerts that name no substance.
var common = []string{
	"аллерг", "непереносим", "реакци", "анафила", "крапивниц", "сыпь", "отек", "отёк", "квинке", "бронхоспазм", "приступ", "лекарств", "препарат", "средств", "антибиотик",
	"тяжел", "тяжёл", "группа", "кровь", "крови", "диабет", "астма", "бронхиальн", "кардиостимулятор", "беремен", "после", "года", "году", "детств", "дары", "ооруу", "шок",
}

// opposed is the first alert that speaks against what is ordered, "" for none: the
// order names the alert's substance, or one that is related to it.
func opposed(ordered string, alerts []string) string {
	ordered = text.Fold(ordered)
	for _, alert := range alerts {
		folded := text.Fold(alert)
		for _, r := range relations() {
			if containsAny(folded, r.written) && containsAny(ordered, r.drugs) {
				return alert
			}
		}
		for _, word := range strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) }) {
			if stem := stem(word); stem != "" && strings.Contains(ordered, stem) {
				return alert
			}
		}
	}
	return ""
}

// told names what speaks against an order, "" for nothing: a tick answers what was
// read, and not what came up after it, of another drug in the same form.
func told(against []fail.Finding) string {
	if len(against) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, f := range against {
		_, _ = fmt.Fprintln(sum, f.Key, f.Args)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func containsAny(s string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(s, text.Fold(part)) {
			return true
		}
	}
	return false
}

// stem is the word without its ending, "" for one that is short or names nothing.
func stem(word string) string {
	letters := []rune(word)
	if len(letters) < 5 {
		return ""
	}
	for _, c := range common {
		if strings.HasPrefix(word, text.Fold(c)) {
			return ""
		}
	}
	if len(letters) >= 7 {
		letters = letters[:len(letters)-2]
	}
	return string(letters)
}
