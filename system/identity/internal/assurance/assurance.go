// Package assurance names how sure ЕСИ is of a person: how well the account was
// proofed, and how strongly its owner proved at the sign-in to be its owner. The
// levels are those of Regulation (EU) 910/2014, article 8, whose meaning the
// connected systems know.
package assurance

import "slices"

// Level is how sure ЕСИ is.
type Level string

// The levels. Low: the data fit the register, nobody saw the person. Substantial:
// the face or an operator confirmed them, or they signed in with two factors.
// High: a card or a key that cannot be copied or phished.
const (
	Low         Level = "low"
	Substantial Level = "substantial"
	High        Level = "high"
)

// Levels are all levels, the lowest first.
var Levels = []Level{Low, Substantial, High}

// PhishingResistant is the class of a sign-in that no false page can pass on
// (OpenID Connect Extended Authentication Profile ACR Values 1.0, 3).
const PhishingResistant = "phr"

// Parse is the level of the word.
func Parse(word string) (Level, bool) {
	l := Level(word)
	return l, slices.Contains(Levels, l)
}

// AtLeast says whether l reaches least.
func (l Level) AtLeast(least Level) bool {
	return slices.Index(Levels, l) >= slices.Index(Levels, least) && slices.Contains(Levels, l)
}

// ACR is the level as OpenID Connect names it (acr_values).
func (l Level) ACR() string { return "urn:sanarip:acr:" + string(l) }

// Least is the lower of the two: an account proofed low does not become more by
// a strong key, nor a weak sign-in by a well proofed account.
func Least(a, b Level) Level {
	if a.AtLeast(b) {
		return b
	}
	return a
}

// Resists says whether the methods of a sign-in (RFC 8176) resist phishing: a
// key bound to the origin, or a card that signed a challenge of ours.
func Resists(amr []string) bool {
	return slices.Contains(amr, "hwk") || slices.Contains(amr, "swk") || slices.Contains(amr, "sc")
}

// ACRs are the classes that a sign-in of the level and methods meets, the
// strongest first.
func ACRs(l Level, amr []string) []string {
	var met []string
	if Resists(amr) {
		met = append(met, PhishingResistant)
	}
	for _, each := range slices.Backward(Levels) {
		if l.AtLeast(each) {
			met = append(met, each.ACR())
		}
	}
	return met
}
